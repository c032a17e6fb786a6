//! A node: the chain, the content store and the HTTP interface over both.
//!
//! ```text
//!  client ──HTTP──► http (rates, bodies, problems) ──► api (endpoints) ──► chain, content store
//!                                                      retention ──pins──► content store
//! ```
//! Invariants: nothing here decides who may do what, the ledger does; every body, queue and wait has a
//! named limit; every refusal is a problem that says what to do; what an order or a registered model names
//! is not collected before its time.

mod admission;
mod api;
mod http;
mod metrics;
mod node;
mod pulse;
mod retention;
mod rows;
mod views;

pub mod dev;

pub use assay_chain::{
    CheckError, CheckedExport, ExportError, ExportFormat, Exported, NetworkConfig, Retention,
    WINDOW_BLOCKS_MIN, check_export, export,
};
pub use http::{Origin, OriginError, RateLimit};
pub use node::{Node, NodeConfig, StartError};
pub use rows::state_view;
