//! Proofs that other systems make, verified as a coprocessor's customer would: key, statement and proof in,
//! accepted or [`Refused`] out.
//!
//! | system | key | public part | proof |
//! |---|---|---|---|
//! | [`groth16`] over BN254, as Circom and snarkjs make them | [`groth16::Key`] | [`groth16::Signals`] | [`groth16::Proof`] |
//! | [`risc0`], the zkVM RISC Zero | [`risc0::Key`]: a program, and the release that is trusted | the journal | [`risc0::Seal`] |
//!
//! [`System::verify_bytes`] is the door for whoever stores keys and proofs as bytes. What stands behind it is the
//! same in every build: two verifiers that would answer differently could not agree on a block. The feature
//! `risc0` adds a reader of whole receipts for those who hold one, and changes no answer.
//!
//! Invariants: a key, a list of signals and a proof have one spelling as bytes; points are on their curve, in the
//! group of prime order and never neutral; each size has a named limit that is checked first; no bytes panic.
//! A statement may have many proofs (Groth16 proofs can be randomised anew by anyone), so a proof's bytes
//! identify nothing.

#![forbid(unsafe_code)]

pub mod groth16;
pub mod risc0;

mod field;
mod refused;

pub use refused::{NumberFault, Part, PointFault, Refused};

/// Whose proofs can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// Groth16 over BN254.
    Groth16,
    /// Seals of RISC Zero's zkVM.
    Risc0,
}

impl System {
    /// The first byte of a registered key of this system, before the system's own bytes. No version of keys of tensor
    /// programs is one of these.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Groth16 => 2,
            Self::Risc0 => 3,
        }
    }

    /// The system of a registered key's first byte.
    pub fn of_tag(tag: u8) -> Option<Self> {
        [Self::Groth16, Self::Risc0]
            .into_iter()
            .find(|system| system.tag() == tag)
    }

    /// The public part of a statement about an input and an output: the signals of a circuit begin with its outputs,
    /// as Circom numbers them; a program's journal begins with the input it read.
    pub fn public(self, input: &[u8], output: &[u8]) -> Vec<u8> {
        match self {
            Self::Groth16 => [output, input].concat(),
            Self::Risc0 => [input, output].concat(),
        }
    }

    /// Checks that `proof` proves `public` under `key`, all in their canonical bytes.
    ///
    /// A Groth16 key is read, checked and prepared anew each time, for two thirds of the cost; who verifies many
    /// proofs of one key keeps a [`groth16::Key`].
    ///
    /// # Errors
    /// [`Refused`]; its [`part`](Refused::part) says whose bytes are at fault.
    pub fn verify_bytes(self, key: &[u8], public: &[u8], proof: &[u8]) -> Result<(), Refused> {
        match self {
            Self::Groth16 => {
                let key = groth16::Key::from_bytes(key)?;
                let signals = groth16::Signals::from_bytes(public)?;
                let proof = groth16::Proof::from_bytes(proof)?;
                groth16::verify(&key, &signals, &proof)
            }
            Self::Risc0 => {
                let key = risc0::Key::from_bytes(key)?;
                let seal = risc0::Seal::from_bytes(proof)?;
                risc0::verify(&key, public, &seal)
            }
        }
    }
}

#[cfg(test)]
mod tests;
