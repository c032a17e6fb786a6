//! The mathematics of topics: who earned how much of an epoch's emission, from what its participants sent.
//!
//! ```text
//!  submissions of an epoch ─┐
//!  state of the topic ──────┴─► Mechanism::settle ─► next state, Settlement ─► payout::split ─► grains
//! ```
//! Two mechanisms stand behind one trait: [`yuma`], by which validators' weights on miners become incentive and
//! dividends, and [`synthesis`], by which inferences, forecasts of their losses and the losses that reputers measured
//! become one inference of the network and everyone's share. A topic chooses one; the ledger feeds it and pays.
//!
//! Numbers are IEEE 754 doubles, of which only operations are used that the standard rounds exactly, in an order that
//! this crate fixes; exponentials and logarithms come from `libm`, which is made of them. So results are the same bits
//! on every platform (docs/adr/0020-numbers-of-topics.md). The crate knows no clock, thread, file or hash order.
//!
//! Reading order: [`mechanism`] (what both have in common), [`yuma`], [`synthesis`], [`payout`] (fractions into
//! grains), [`number`], and two that no ledger uses: [`lab`] asks by simulation whether honest work pays, [`backtest`]
//! what synthesis would have made of models over a recorded series.

#![forbid(unsafe_code)]
#![deny(clippy::iter_over_hash_type, clippy::cast_possible_truncation)]

pub mod backtest;
pub mod lab;
pub mod mechanism;
pub mod number;
pub mod payout;
pub mod synthesis;
pub mod yuma;

pub use mechanism::{Mechanism, Role, Settlement, Share, permits};
