//! Consensus: Commonware's simplex, marshal and authenticated state around the ledger.
//!
//! Commonware's types stay inside this module and the handle that owns it.

pub(crate) mod application;
pub(crate) mod archive;
pub(crate) mod block;
pub(crate) mod database;
pub(crate) mod engine;
pub(crate) mod network;
pub(crate) mod sync;
