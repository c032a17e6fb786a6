//! Succinct proofs that a program computed an output: their format, their verifier, their soundness.
//!
//! A proof of inference convinces whoever has the program, or only its [`ProofKey`], that the program, executed
//! exactly, gives an output for an input. It is *succinct*, not hiding: input and output are part of the
//! statement, and it reveals evaluations of activations and of committed weights at random points.
//!
//! ```text
//!  output ─ claim at a random point ─► rounding ─► product ─► … ─► product ─ claim on the input
//!                                         │ columns                │ columns
//!                                         └──────► one lookup argument ──► one opening of one commitment
//! ```
//! Invariants: every size follows from the program ([`Outline`]), none from the proof; everything that a side
//! sends is absorbed before the next challenge; a proof has one spelling; proofs below
//! [`SECURITY_BITS_MIN`](security::SECURITY_BITS_MIN) bits of soundness are neither made nor accepted.
//!
//! Linear layers and reshapes of int8 programs can be proven so far; [`Unsupported`] names what cannot.
//! Sources: Thaler's sumcheck for matrix products (2013), logup* (eprint 2025/946), WHIR (eprint 2024/1586).

#![forbid(unsafe_code)]

pub mod commitment;
pub mod field;
pub mod lookup;
pub mod outline;
pub mod proof;
pub mod security;
pub mod statement;
pub mod transcript;
pub mod verify;

pub use outline::{Outline, Unsupported};
pub use proof::{PROOF_BYTES_MAX, Proof, ProofFormatError};
pub use security::SecurityReport;
pub use statement::{StatementError, verify_bytes};
pub use verify::{ProofKey, Refused, verify, verify_committed};
