//! Whether bytes prove what they state: the entry for whoever has bytes alone, as a chain does.

use crate::{Proof, ProofFormatError, ProofKey, Refused, verify_committed};
use assay_model::{Tensor, TensorError};

/// Why bytes prove nothing.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The key cannot be read.
    #[error("the {bytes} bytes are no proof key that this program knows")]
    Key {
        /// How many.
        bytes: usize,
    },
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
/// [`StatementError`].
pub fn verify_bytes(
    key: &[u8],
    input: &[u8],
    output: &[u8],
    proof: &[u8],
) -> Result<(), StatementError> {
    let key = read_key(key)?;
    let tensor = |what, bytes| {
        Tensor::from_bytes(bytes).map_err(|source| StatementError::Tensor { what, source })
    };
    let (input, output) = (tensor("input", input)?, tensor("output", output)?);
    let proof = Proof::from_bytes(proof)?;
    Ok(verify_committed(&key, &input, &output, &proof)?)
}

/// No version of keys has bytes.
fn read_key(bytes: &[u8]) -> Result<ProofKey, StatementError> {
    Err(StatementError::Key { bytes: bytes.len() })
}
