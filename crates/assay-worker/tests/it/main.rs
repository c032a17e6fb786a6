//! Providers against a real node: they sell, cheat, die and come back. Miners against whoever asks them.

mod support;

mod batch;
mod examples;
mod miner;
mod proof;
mod recovery;
mod settlement;
