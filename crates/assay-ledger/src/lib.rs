//! The ledger: money, bonds, offers, orders and their checks, as a pure and synchronous state machine.
//!
//! ```text
//!  Ledger (finalised tables) ─┐
//!  Changes of pending blocks ─┴─► Execution::begin ─► apply(tx)* ─► finish ─► Changes, events, roots
//! ```
//! A block begins with what time brings (an epoch's pay, expiries, then draws), goes on with its transactions in order,
//! and ends as [`Changes`] over its parents; nothing is written in place, so competing blocks can be
//! executed side by side and losers are simply dropped.
//!
//! Invariants, asserted in [`Execution::finish`]: balances + bonds + unbondings + escrow + burnt = issued;
//! every open order has a moment at which time will move it on; a lock never exceeds its bond.
//! The crate knows no clock, thread, file or hash order: the same blocks give the same bytes everywhere.
//! Rules: `docs/rules.md`.
//!
//! Reading order: [`rows`] (what is stored), [`tables`] (how), `block` (how a block runs), then `bank`,
//! `emission`, `stake`, `registry`, `names`, `market` and `check`.

#![forbid(unsafe_code)]
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

pub mod rows;
pub mod tables;

mod block;
mod ledger;

mod bank;
mod emission;
mod stake;
mod topic;

mod names;
mod registry;

mod market;

pub mod check;

mod audit;

pub use audit::{AuditError, Totals};
pub use block::{BlockEnv, Executed, Execution, Outcome};
pub use emission::{EpochStatus, Schedule};
pub use ledger::{GenesisError, Ledger, REDRAWS_LIMIT, Sizes};
pub use market::draw_weight;
pub use names::name_price;
pub use tables::{Changes, LoadError, Row, RowBytes};

#[cfg(test)]
mod tests;
