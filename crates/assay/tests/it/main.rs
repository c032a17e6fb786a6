//! Flows over the real binary: what a person types, what they see, and the exit code.

mod backtest;
mod bad_input;
mod config;
mod demo;
mod doctor;
mod help;
mod market;
mod model;
mod name;
mod network;
mod program;
mod prove;
mod receipt;
mod state;
mod topic;
mod topic_ask;
mod wallet;
