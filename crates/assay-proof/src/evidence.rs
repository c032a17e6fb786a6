//! Whether bytes prove what they state: the entry for whoever has bytes alone, as a chain does.

use crate::{KeyFormatError, Proof, ProofFormatError, ProofKey, Refused, verify_committed};
use assay_model::{Tensor, TensorError};
use std::slice;

/// Why bytes prove nothing.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyFormatError),
    /// Input or output cannot be read.
    #[error("the {what} is no tensor: {source}")]
    Tensor {
        /// Which of them.
        what: &'static str,
        /// What the decoder said.
        source: TensorError,
    },
    /// The proof cannot be read.
    #[error(transparent)]
    Proof(#[from] ProofFormatError),
    /// The proof does not hold.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Checks that `proof` shows that the model of `key` computes `output` from `input`, all in their canonical
/// bytes. The answer is a function of these bytes on every machine, and no bytes panic.
///
/// # Errors
/// [`EvidenceError`].
pub fn verify_bytes(
    key: &[u8],
    input: &[u8],
    output: &[u8],
    proof: &[u8],
) -> Result<(), EvidenceError> {
    let key = ProofKey::from_bytes(key)?;
    let tensor = |what, bytes| {
        Tensor::from_bytes(bytes).map_err(|source| EvidenceError::Tensor { what, source })
    };
    let (input, output) = (tensor("input", input)?, tensor("output", output)?);
    let proof = Proof::from_bytes(proof)?;
    let (inputs, outputs) = (slice::from_ref(&input), slice::from_ref(&output));
    Ok(verify_committed(&key, inputs, outputs, &proof)?)
}
