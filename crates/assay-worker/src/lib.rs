//! The provider behind `assay provide`: follows the chain, takes jobs, computes, commits, reveals.
//!
//! | module | is |
//! |---|---|
//! | [`job`] | one order as its seller lives it: a pure state machine |
//! | `desk` | drives all jobs with what ledger, network and machine report |
//! | `library` | the models served: fetched, checked, planned, timed |
//! | `prover` | proofs of their answers: keys, what a proof costs, evidence that holds |
//! | [`Machine`], [`HardwareRecord`] | what it sells with, and how fast that is |
//! | `answers` | answers on disk before anything about them is sent |
//! | `outbox` | transactions in batches, one task per lane |
//! | [`Provider`] | start, progress, stop |
//! | [`miner`] | a server of its own: answers what validators of a topic ask |
//!
//! A provider speaks to the ledger as any stranger does, through `assay-client`.
//!
//! Invariants: it accepts only what it holds and can finish in time; it never commits to two answers of one
//! order, whatever is killed when; after a restart it goes on from what the ledger and its disk say, so there
//! is no other state that could contradict them, not even a place in the event stream.

#![forbid(unsafe_code)]

pub mod job;
pub mod miner;

mod answers;
mod desk;
mod event;
mod hardware;
mod library;
mod outbox;
mod prover;
mod provider;

pub use answers::AnswersError;
pub use event::{Progress, ProviderEvent};
pub use hardware::{HARDWARE_FILE, HardwareError, HardwareRecord, Machine, Speed};
pub use job::{Misbehaviour, Note};
pub use library::ModelError;
pub use provider::{LANES, Provider, ProviderConfig, ProviderError, measure};
