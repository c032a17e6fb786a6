//! Tests of the rules, on a small world of named accounts.

mod approval;
mod blocks;
mod draw;
mod ladders;
mod layers;
mod quorum;
mod window;
mod world;
