//! Providers against a real node: they sell, cheat, die and come back.

mod support;

mod batch;
mod examples;
mod proof;
mod recovery;
mod settlement;
