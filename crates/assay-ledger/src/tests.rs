//! Tests of the rules, on a small world of named accounts.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    reason = "the tests' own numbers are small, and their oracle is a probability"
)]

mod approval;
mod blocks;
mod draw;
mod emission;
mod ladders;
mod layers;
mod names;
mod proof;
mod quorum;
mod score;
mod synthesis;
mod topics;
mod window;
mod world;
