//! A backtest: what inference synthesis would have made of models' answers over a recorded series.
//!
//! ```text
//!  a model's answers, round by round ─┐
//!  the series: the truth of a round ──┴─► Recording ─┐
//!  seed ─► Order: who comes when ────────────────────┴─► run ─► Run ─► Figures
//! ```
//! A round is an epoch of a topic with one label: miners that have come infer, forecasters foretell their losses, one
//! honest reputer measures everything, and the next round begins with what this one taught. Models are asked once for
//! the whole series; what they answered before they come in some order is left out of that order's synthesis, and
//! known only to the comparison in hindsight.
//!
//! What is compared are mean *errors* (squares or absolute differences), not the logarithms that synthesis learns from:
//! a mean of logarithms would forgive a rare large miss. Every comparison of two is over the same rounds:
//!
//! | with | over the rounds in which the network inferred and … |
//! |---|---|
//! | the simple mean of those present | all of them |
//! | a miner *while present* | it had come and answered |
//! | a miner *all along* | it answered, come or not: as if somebody had known it from the first round |
//!
//! The best miner in hindsight is the one whose error is smallest in units of the network's over the same rounds, among
//! those with [`HINDSIGHT_ROUNDS_MIN`] of all rounds, so that luck over a few rounds does not count. Nobody can know it
//! beforehand.
//!
//! Invariant: neither errors nor rewards of a run depend on answers before a miner's arrival, except in *all along*.
//!
//! Reading order: [`Recording`], [`Order`], [`run`], [`Figures`], [`plot`].

mod figures;
mod order;
mod plot;
mod recording;
mod run;

pub use figures::{Compared, Figures, HINDSIGHT_ROUNDS_MIN, MinerFigures};
pub use order::Order;
pub use plot::plot;
pub use recording::{PARTICIPANTS_MAX, Recording, RecordingError, VALUE_MAX};
pub use run::{Round, Run, run};

#[cfg(test)]
mod tests;
