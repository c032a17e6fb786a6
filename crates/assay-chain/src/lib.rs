//! The engine of a node: blocks, mempool, consensus, authenticated state, history.
//!
//! ```text
//!  submit ──► mempool ──► propose ─┐                         ┌─► history (redb) ──► subscribers, queries
//!                                  ├─► consensus ─► finalized ┤
//!               peers ──► process ─┘   (Commonware)           └─► tables in memory = database (QMDB)
//! ```
//! [`Chain`] is the handle that everything else uses; Commonware's types do not leave this crate.
//!
//! Invariants:
//! - nothing is reported final that a crash could lose ([`history`](crate::Location) states the order of
//!   what becomes durable when);
//! - the tables in memory, the database and the headers have the same roots: compared for every block when
//!   it is checked and when it is final, and at every start;
//! - [`replay`] of all blocks, as an archive node keeps them, gives the same roots on any machine.
//!
//! Deliberately absent: a change of the validator set (it needs a new epoch's engine), a mempool that outlives
//! its process (an answer to `submit` promises nothing; only a final block does).

mod chain;
mod consensus;
mod core;
mod evidence;
mod export;
mod folder;
mod history;
mod mempool;
mod proof;
mod replay;
mod standalone;
mod state;
mod time;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod testkit;

pub use chain::{
    Chain, ChainConfig, ChainError, FinalizedBlock, NetworkConfig, StartError, Status,
    Subscription, TransactionStatus,
};
pub use consensus::{
    archive::{Retention, WINDOW_BLOCKS, WINDOW_BLOCKS_MIN},
    engine::OpenError,
};
pub use core::{ExecutedBlock, RebuildError};
pub use export::{
    CheckError, CheckedExport, ExportError, ExportFormat, Exported, check_export, export,
};
pub use folder::FolderError;
pub use history::{HistoryError, Location, PAGE_ROWS_MAX};
pub use mempool::{AdmitError, MempoolLimits, MempoolStatus};
pub use proof::{Certificate, ProveError};
pub use replay::{ReplayError, ReplayReport, replay};
pub use standalone::{BlockCost, Loaded, Sealed, Standalone, StandaloneError};
pub use state::{BlockResult, Refusal};
pub use time::HEARTBEAT;
