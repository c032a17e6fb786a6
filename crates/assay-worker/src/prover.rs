//! Proofs of a model's answers: made on the threads that compute, verified before anybody sees them.
//!
//! A false proof costs its seller the lock, so what the prover says is checked with the verifier that the chain
//! runs, on the bytes that are delivered.
//!
//! Memory: a prover keeps a copy of the program, the weights as field elements in their code at rate ½ and the
//! Merkle tree over it, some twenty bytes a weight in all, as long as the provider lives. Each proof that is being
//! made takes up to forty bytes a weight more.

use crate::job::Note;
use assay_model::{program::Program, tensor::Tensor};
use assay_proof::verify_bytes;
use assay_prover::CommittedModel;
use assay_types::{Blob, OUTPUT_BYTES_MAX, PROOF_INPUT_BYTES_MAX, ProofEvidence, ProofKeyId};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// What the smallest proof takes on one core, in nanoseconds: grinding, queries, and its verification.
const NS_AT_LEAST: u64 = 60_000_000;
/// What each committed number of an inference ([`assay_proof::Outline::cells`]) adds.
const NS_PER_CELL: u64 = 900;
/// What each weight adds: its part in the opening of the commitment.
const NS_PER_WEIGHT: u64 = 300;

/// One model whose answers can be proven.
pub(crate) struct Prover {
    model: CommittedModel,
    key: ProofKeyId,
    key_bytes: Vec<u8>,
    /// Time of the last proof, or what it is expected to be, in microseconds.
    prove_us: AtomicU64,
    /// How long the commitment to the weights took.
    took: Duration,
}

impl Prover {
    /// Commits to the weights of `program`: 8 ms for a hundred thousand, a quarter of a second for four million.
    ///
    /// # Errors
    /// [`Note::CannotProve`] for a program that no proof covers, or whose answers do not fit a delivery.
    pub(crate) fn of(program: Program) -> Result<Self, Note> {
        let begun = Instant::now();
        let name = program.model_id();
        let refused = |reason: &dyn std::fmt::Display| {
            tracing::info!("model {name} cannot be proven: {reason}");
            Note::CannotProve
        };
        let weights = program.parameter_bytes() as u64;
        let model = CommittedModel::of(program).map_err(|error| refused(&error))?;
        let key_bytes = model.key().to_bytes().map_err(|error| refused(&error))?;
        let cells = model.key().outline.cells() as u64;
        Ok(Self {
            key: ProofKeyId::of_key(&key_bytes),
            key_bytes,
            prove_us: AtomicU64::new(expected_us(cells, weights)),
            model,
            took: begun.elapsed(),
        })
    }

    /// The key that its proofs are verified with.
    pub(crate) const fn key(&self) -> ProofKeyId {
        self.key
    }

    /// How long the commitment to the weights took.
    pub(crate) const fn took(&self) -> Duration {
        self.took
    }

    /// What a proof takes on one core, in microseconds: as long as the last one did.
    pub(crate) fn prove_us(&self) -> u64 {
        self.prove_us.load(Ordering::Relaxed)
    }

    /// Whether a proof about `input` under `key` can be delivered.
    ///
    /// # Errors
    /// [`Note::ForeignKey`], [`Note::CannotProve`].
    pub(crate) fn admits(&self, key: ProofKeyId, input: &Tensor) -> Result<(), Note> {
        if key != self.key {
            return Err(Note::ForeignKey);
        }
        let fits = input.to_bytes().len() <= PROOF_INPUT_BYTES_MAX;
        fits.then_some(()).ok_or(Note::CannotProve)
    }

    /// Runs the model on `input` and proves it; the evidence holds.
    ///
    /// # Errors
    /// [`Note::CannotExecute`], [`Note::OutputTooLarge`], [`Note::NotProven`].
    pub(crate) fn prove(&self, input: &Tensor) -> Result<ProofEvidence, Note> {
        let begun = Instant::now();
        let failed = |reason: &dyn std::fmt::Display| {
            tracing::warn!("a proof was not made: {reason}");
            Note::NotProven
        };
        let inputs = std::slice::from_ref(input);
        let proven = self.model.prove(inputs).map_err(|error| failed(&error))?;
        let output = proven.outputs.first().ok_or(Note::NotProven)?.to_bytes();
        if output.len() > OUTPUT_BYTES_MAX {
            return Err(Note::OutputTooLarge);
        }
        let proof = proven.proof.to_bytes().map_err(|error| failed(&error))?;
        let input = input.to_bytes();
        verify_bytes(&self.key_bytes, &input, &output, &proof).map_err(|error| failed(&error))?;
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.prove_us.store(took_us, Ordering::Relaxed);
        Ok(ProofEvidence {
            key: Blob::new(self.key_bytes.clone()).map_err(|error| failed(&error))?,
            input: Blob::new(input).map_err(|error| failed(&error))?,
            output: Blob::new(output).map_err(|error| failed(&error))?,
            proof: Blob::new(proof).map_err(|error| failed(&error))?,
        })
    }
}

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prover")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// What a first proof is expected to take, in microseconds, rounded up. Later ones take what the last one took.
const fn expected_us(cells: u64, weights: u64) -> u64 {
    let cells = cells.saturating_mul(NS_PER_CELL);
    let weights = weights.saturating_mul(NS_PER_WEIGHT);
    let whole = NS_AT_LEAST.saturating_add(cells).saturating_add(weights);
    whole.div_ceil(1_000)
}

#[cfg(test)]
mod tests;
