//! Proof files: a proof with what it states, for whoever has only the model or its key.
//!
//! Canonical bytes, numbers big-endian, nothing follows:
//!
//! ```text
//! 1   version
//! 1   weights: 0 public, 1 committed
//! 32  model id
//! 2   inferences, 1 … SAMPLES_MAX
//! then for each   4 length, input    4 length, output    as canonical tensors
//! 4 length, proof, as [`Proof::to_bytes`] writes it
//! ```
//! Tensors and proofs have one spelling each, so a file has one too.

use crate::{
    frame::SAMPLES_MAX,
    proof::{Proof, ProofFormatError},
};
use assay_model::{Tensor, TensorError};
use assay_types::ModelId;

/// The format's version, its first byte.
pub const PROOF_FILE_VERSION: u8 = 1;
/// Longest file: the inputs of the largest proof, [`SAMPLES_MAX`] coloured pictures of 256 by 256 pixels, and room
/// for outputs and proof.
pub const PROOF_FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How the verifier of a proof knows the model's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsMode {
    /// It has them.
    Public,
    /// It has a key, which commits to them.
    Committed,
}

/// Inferences and the proof of them all.
#[derive(Clone)]
pub struct ProofFile {
    /// Who can verify it.
    pub weights: WeightsMode,
    /// Which model is said to have run. Verification binds it: proofs of other models do not hold.
    pub model: ModelId,
    /// What it was given.
    pub inputs: Vec<Tensor>,
    /// What it is said to have answered, in the same order.
    pub outputs: Vec<Tensor>,
    /// That it did.
    pub proof: Proof,
}

/// Why bytes are no proof file.
#[derive(Debug, thiserror::Error)]
pub enum ProofFileError {
    /// More than any file has.
    #[error("the proof file has {bytes} bytes; {PROOF_FILE_BYTES_MAX} are the most")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Of a version that this program does not know.
    #[error("the proof file has version {found}; this program knows {PROOF_FILE_VERSION}")]
    Version {
        /// Its first byte.
        found: u8,
    },
    /// It ends within a part.
    #[error("the proof file ends within its {part}")]
    Truncated {
        /// Which.
        part: &'static str,
    },
    /// Neither public nor committed.
    #[error("the proof file's weights are neither public nor committed")]
    Weights,
    /// No inference, more than one proof is about, or not one output for each input.
    #[error(
        "a proof file is about 1 to {SAMPLES_MAX} inferences, each with its output; these are {inputs} inputs and {outputs} outputs"
    )]
    Samples {
        /// Inputs.
        inputs: usize,
        /// Outputs.
        outputs: usize,
    },
    /// An input or output is no tensor.
    #[error("the proof file's {what} {number} is no tensor")]
    Tensor {
        /// Which of them.
        what: &'static str,
        /// Of which inference, from 1.
        number: usize,
        /// What the decoder said.
        source: TensorError,
    },
    /// The proof in it is none.
    #[error(transparent)]
    Proof(#[from] ProofFormatError),
    /// Something follows.
    #[error("{bytes} bytes follow the proof file's end")]
    Trailing {
        /// How many.
        bytes: usize,
    },
}

impl ProofFile {
    /// Its bytes.
    ///
    /// # Errors
    /// [`ProofFileError::Samples`], [`ProofFileError::Proof`] and [`ProofFileError::TooLong`]: what nobody would read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProofFileError> {
        let samples = self.inputs.len();
        check_samples(samples, self.outputs.len())?;
        let mut bytes = vec![PROOF_FILE_VERSION, self.weights.number()];
        bytes.extend(self.model.as_bytes());
        bytes.extend((samples as u16).to_be_bytes());
        for (input, output) in self.inputs.iter().zip(&self.outputs) {
            push(&mut bytes, &input.to_bytes());
            push(&mut bytes, &output.to_bytes());
        }
        push(&mut bytes, &self.proof.to_bytes()?);
        if bytes.len() > PROOF_FILE_BYTES_MAX {
            return Err(ProofFileError::TooLong { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads bytes; trailing ones are refused. Whether the proof holds is another question.
    ///
    /// # Errors
    /// [`ProofFileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofFileError> {
        if bytes.len() > PROOF_FILE_BYTES_MAX {
            return Err(ProofFileError::TooLong { bytes: bytes.len() });
        }
        let mut rest = bytes;
        let [found] = array(&mut rest, "head")?;
        if found != PROOF_FILE_VERSION {
            return Err(ProofFileError::Version { found });
        }
        let [weights] = array(&mut rest, "head")?;
        let weights = WeightsMode::of_number(weights).ok_or(ProofFileError::Weights)?;
        let model = ModelId::new(array(&mut rest, "head")?);
        let samples = usize::from(u16::from_be_bytes(array(&mut rest, "head")?));
        check_samples(samples, samples)?;
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for number in 1..=samples {
            inputs.push(tensor(&mut rest, "input", number)?);
            outputs.push(tensor(&mut rest, "output", number)?);
        }
        let proof = Proof::from_bytes(part(&mut rest, "proof")?)?;
        if !rest.is_empty() {
            return Err(ProofFileError::Trailing { bytes: rest.len() });
        }
        Ok(Self {
            weights,
            model,
            inputs,
            outputs,
            proof,
        })
    }
}

impl WeightsMode {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Committed => "committed",
        }
    }

    const fn number(self) -> u8 {
        match self {
            Self::Public => 0,
            Self::Committed => 1,
        }
    }

    const fn of_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Public),
            1 => Some(Self::Committed),
            _ => None,
        }
    }
}

fn check_samples(inputs: usize, outputs: usize) -> Result<(), ProofFileError> {
    let is_one = inputs == outputs && (1..=SAMPLES_MAX).contains(&inputs);
    is_one
        .then_some(())
        .ok_or(ProofFileError::Samples { inputs, outputs })
}

/// Writes a part with its length.
///
/// # Panics
/// When it has 4 GiB or more, which neither tensors nor proofs have.
fn push(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).expect("tensors and proofs are shorter than 4 GiB");
    bytes.extend(length.to_be_bytes());
    bytes.extend(part);
}

fn array<const N: usize>(rest: &mut &[u8], part: &'static str) -> Result<[u8; N], ProofFileError> {
    let (found, after) = rest
        .split_first_chunk()
        .ok_or(ProofFileError::Truncated { part })?;
    *rest = after;
    Ok(*found)
}

/// A part with its length before it.
fn part<'a>(rest: &mut &'a [u8], part: &'static str) -> Result<&'a [u8], ProofFileError> {
    let length = u32::from_be_bytes(array(rest, part)?) as usize;
    let (found, after) = rest
        .split_at_checked(length)
        .ok_or(ProofFileError::Truncated { part })?;
    *rest = after;
    Ok(found)
}

fn tensor(rest: &mut &[u8], what: &'static str, number: usize) -> Result<Tensor, ProofFileError> {
    let bytes = part(rest, what)?;
    Tensor::from_bytes(bytes).map_err(|source| ProofFileError::Tensor {
        what,
        number,
        source,
    })
}
