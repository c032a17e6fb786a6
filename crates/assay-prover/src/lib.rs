//! The prover of inferences: an output, and a proof that a program gives it.
//!
//! It executes the program once, commits to what its roundings drop and keep, and answers challenges from the
//! output back to the input. The protocol is `assay-proof`'s, which says what can be proven and how sound it is;
//! nothing here is trusted by a verifier.

#![forbid(unsafe_code)]

mod fold;
mod memory;
mod progress;
mod prove;
mod sumcheck;
mod witness;

pub use memory::memory_bytes;
pub use progress::{Observer, Progress, Step};
pub use prove::{CommittedModel, ProveError, Proven, prove, prove_observed};
