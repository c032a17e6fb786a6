//! Content: bytes that are named by their BLAKE3 hash, kept as long as somebody needs them, and never trusted before
//! they are checked.
//!
//! Three parts, each usable without the others:
//!
//! | part | what it does |
//! |---|---|
//! | [`tree`], [`stream`] | the encoding in which content travels, and its check while it arrives: pure functions and state machines, no I/O |
//! | [`store`] | a folder of contents: streamed writes that are atomic, verified reads, pins, collection |
//! | [`transport`] | how content is fetched from elsewhere, behind a trait; broken transfers go on where they stopped |
//!
//! Invariant: no byte of a content leaves this crate before it was checked against the content's id, whether it comes
//! from the disk or from a stranger.
//!
//! Source: `docs/adr/0004-content-store.md`.
pub mod store;
pub mod stream;
pub mod transport;
pub mod tree;

pub use store::{
    Collected, Error, Lease, Limits, Owner, Pin, PutOptions, Reader, Stats, Store, Stored, Upload,
};
pub use stream::{DecodeError, Decoder, Group, encode, encoded_len};
pub use transport::{Download, FetchError, Transport, TransportError, download};

/// How long a content outlives the settlement of the order that named it: the buyer may still ask for it, and a
/// receipt can still be compared with what it speaks of.
pub const CONTENT_RETENTION_MS: u64 = 7 * 24 * 3_600_000;

/// How long an upload is leased, in ledger time: it goes then unless a transaction has named it. Ten times as
/// long as a transaction of the SDK may wait for its block.
pub const UPLOAD_LEASE_MS: u64 = 10 * 60_000;

/// Media type of the encoding of [`stream`], for transports that name one.
pub const ENCODED_MEDIA_TYPE: &str = "application/vnd.assay.bao";
