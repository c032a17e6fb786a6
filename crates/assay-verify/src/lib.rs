//! Certificate to header to receipt: all that checking a receipt links.
//!
//! Whoever holds an [`Anchor`] (a chain's id and its validators' keys, got from someone it trusts) checks a
//! receipt offline, without a node, a runtime or a database:
//!
//! ```text
//! anchor ── a quorum of keys signed ──► last header ── parent ids ──► header ── event root ──► receipt
//! ```
//!
//! Invariant: a proof that verifies was made final by a quorum of the anchor's validators, and no bit of it
//! can be changed without being refused. The anchor speaks for these validators in every epoch; a network
//! that changes its validators hands out a new anchor.
//!
//! Source: `commonware-consensus` 2026.10, `simplex::types::Finalization` under the ed25519 scheme. Its crate
//! brings a runtime along, so the signed bytes are built here by hand and the tests compare them with what
//! Commonware signs. Deviation: votes are listed with their signers instead of a bitmap.

#![forbid(unsafe_code)]

mod anchor;
mod certificate;
mod receipt;

pub use anchor::{ANCHOR_TEXT_BYTES_MAX, Anchor, AnchorError};
pub use certificate::{CertificateError, verify_header};
pub use receipt::{
    ParseError, RECEIPT_PROOF_BYTES_MAX, VerifyError, parse_receipt, verify_receipt,
};
