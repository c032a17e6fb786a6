//! Succinct proofs that a program computed an output: their format, their verifier, their soundness.
//!
//! A proof of inference convinces whoever has the program, or only its [`ProofKey`], that the program, executed
//! exactly, gives an output for an input. It is *succinct*, not hiding: input and output are part of the
//! statement, and it reveals evaluations of activations and of committed weights at random points.
//!
//! ```text
//!  columns committed ─► random point ─► relations ─► products ─► links ─► values ─► lookups ─► openings
//! ```
//! Each value that is computed leaves *columns*: the parts of its accumulators. After these are committed to, all
//! *relations* between values and their operands are checked at one random point, together: no step waits for
//! another layer. Four batches of sums follow ([`relations`], [`links`], [`settle`], [`lookup`]), and each
//! commitment is opened once.
//!
//! Invariants: every size follows from the program ([`Outline`]), none from the proof; everything that a side
//! sends is absorbed before the next challenge; a proof has one spelling; proofs below
//! [`SECURITY_BITS_MIN`](security::SECURITY_BITS_MIN) bits of soundness are neither made nor accepted.
//!
//! Sources: Thaler's sumcheck for matrix products (2013), logup* (eprint 2025/946), WHIR (eprint 2024/1586).

#![forbid(unsafe_code)]

pub mod commitment;
pub mod evidence;
pub mod field;
pub mod file;
pub mod frame;
pub mod key;
pub mod layout;
pub mod links;
pub mod lookup;
pub mod outline;
pub mod parameters;
pub mod proof;
pub mod relations;
pub mod security;
pub mod settle;
pub mod statement;
pub mod sums;
pub mod transcript;
pub mod verify;

pub use evidence::{EvidenceError, verify_bytes};
pub use file::{PROOF_FILE_BYTES_MAX, ProofFile, ProofFileError, WeightsMode};
pub use frame::{Frame, SAMPLES_MAX};
pub use key::{KEY_BYTES_MAX, KeyFormatError, ProofKey};
pub use outline::{Outline, Unsupported};
pub use proof::{PROOF_BYTES_MAX, Proof, ProofFormatError};
pub use security::SecurityReport;
pub use verify::{Refused, verify, verify_committed};
