//! The economics lab: does honest work pay, in a topic of Yuma consensus, under our rules and under upstream's?
//!
//! ```text
//!  Population ─┐
//!  Rules ──────┼─► Setup ─► simulate(seed) ─► Earnings ─┐
//!  Strategy ───┘                                        ├─► Row: deviating over honest ─► table, plot
//!              the same, played honestly ─► Earnings ───┘
//! ```
//! One party deviates, all others are honest, and nothing but its strategy differs between both runs: qualities,
//! entrants, absences and errors of measurement are drawn from streams of their own, which nobody's play moves.
//! Epochs are settled by [`Yuma`](crate::yuma::Yuma) itself; the lab adds what our ledger or upstream's runtime puts
//! around it: when weights can be read and whom they are meant for, what a slot costs, and who gives way.
//!
//! What was found, with the tables: docs/topics-lab.md. In short:
//! - Commit–reveal takes from a copier what it gains where weights are open, but not the cost of measuring that it
//!   saves. It makes copying a loss where qualities change more from epoch to epoch than a measurement errs.
//! - Commitments must be closed before reveals are read ([`Readable::AfterCommitting`]): that takes up to four points
//!   more from a copier below half of the stake, and up to eight from half on.
//! - [`Rules::ours`] takes classic bonds, the whole penalty, and a moving average of 0.95 instead of upstream's 0.9.
//!   Classic bonds reward most who weighs a newcomer first, which a copier without a guess cannot; with longer ones it
//!   begins to pay to give newcomers more than was measured.
//! - Honest play is *not* the best answer for half of the stake or more, for a miner whose copied answers pass as
//!   another's, for a validator of little stake to whom measuring costs a large part of its dividends, and against a
//!   copier that guesses at newcomers, by as much as measuring costs.
//!
//! What is left out:
//! - Stakes do not grow: dividends are taken out, so that a row is of one share of the stake.
//! - Validators keep their slots. Takes, delegation, fees and the topic owner's part change no ratio here.
//! - Validators that measure do so anew in each epoch, without memory.
//! - Upstream's time lock is modelled as one epoch, opened at settlement, with weights that count as of the latest
//!   commitment, as its `commit_weights` sets the last update; its runtime was not run.

pub(crate) mod random;
mod slots;

mod plot;
mod rules;
mod setup;
mod simulate;
mod table;
mod validators;

pub use plot::plot;
pub use rules::{Crowded, Readable, Rules, Secrecy, Unjudged};
pub use setup::{Population, Setup, SetupError, Side, Strategy};
pub use simulate::{Earnings, simulate};
pub use table::{Row, Study, StudyOptions, study, table};

#[cfg(test)]
mod tests;
