#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test that overflows fails, as it should"
)]

mod arbitrary;
mod examples;

mod address;
mod amount;
mod ask;
mod bounds;
mod canonical;
mod fixtures;
mod merkle;
mod miner_address;
mod names;
mod quorum_on_paper;
mod rejection;
mod signature;
mod statement;
