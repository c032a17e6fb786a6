//! Certificate to header to receipt or row: all that checking what a chain says links.
//!
//! Whoever holds an [`Anchor`] (a chain's id and its validators' keys, got from someone it trusts) checks a
//! receipt, or a row of the ledger, offline, without a node, a runtime or a database:
//!
//! ```text
//! anchor ── a quorum of keys signed ──► last header ── parent ids ──► header ─┬─ event root ──► receipt
//!                                                                             └─ state root ──► row, or none
//! ```
//!
//! Invariant: a proof that verifies was made final by a quorum of the anchor's validators, and no bit of it
//! can be changed without being refused. The anchor speaks for these validators in every epoch; a network
//! that changes its validators hands out a new anchor. A receipt is for ever; a row was so after the block
//! that its proof names.
//!
//! Source: `commonware-consensus` 2026.10, `simplex::types::Finalization` under the ed25519 scheme, and
//! `commonware-storage` 2026.10, `qmdb::current`. Both bring a runtime along, so the signed bytes and the
//! tree's hashes are built here by hand, and the tests compare them with what Commonware signs and proves.
//! Deviation: votes are listed with their signers instead of a bitmap; see [`StatePath`] for the tree's.
//!
//! [`StatePath`]: assay_types::StatePath

#![forbid(unsafe_code)]

mod anchor;
mod certificate;
mod operation;
mod parse;
mod receipt;
mod state;

pub use anchor::{ANCHOR_TEXT_BYTES_MAX, Anchor, AnchorError};
pub use certificate::{CertificateError, verify_final, verify_header};
pub use parse::ParseError;
pub use receipt::{RECEIPT_PROOF_BYTES_MAX, VerifyError, parse_receipt, verify_receipt};
pub use state::{ProvenRow, STATE_PROOF_BYTES_MAX, StateError, parse_state, verify_state};

use {certificate::put_varint, parse::parse};
