//! Consensus: Commonware's simplex, marshal and authenticated state around the ledger.
//!
//! Commonware's types stay inside this module and the handle that owns it.

pub(crate) mod application;
pub(crate) mod archive;
pub(crate) mod block;
pub(crate) mod database;
pub(crate) mod engine;
pub(crate) mod gossip;
pub(crate) mod network;
pub(crate) mod pace;
pub(crate) mod pruning;
pub(crate) mod recorder;
pub(crate) mod sync;

/// What a test makes one validator do wrong.
#[cfg(test)]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// Proposes blocks with a wrong state root.
    pub(crate) wrong_roots: bool,
    /// Its clock is ahead by this.
    pub(crate) clock_ahead: std::time::Duration,
    /// Its log of blocks claims to be durable without syncing.
    pub(crate) no_block_sync: bool,
}
