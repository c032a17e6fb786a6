//! The proof and its bytes.
//!
//! A version byte, then the parts in order as `postcard` writes them; field elements are four bytes each. Bytes
//! that a decoded proof would not be written as again are refused, so a proof has one spelling.

use crate::{
    commitment::{Commitment, Opening},
    field::{Base, Extension},
};
use p3_multi_stark::logup_star::LogupStarProof;
use p3_sumcheck::generic_degree::GenericDegreeProof;
use serde::{Deserialize, Serialize};

/// The format's version, its first byte.
pub const PROOF_VERSION: u8 = 3;
/// Longest proof.
pub const PROOF_BYTES_MAX: usize = 512 * 1024;

/// A sumcheck's messages.
pub type Sumcheck = GenericDegreeProof<Base, Extension>;

/// Everything that the prover sends, in its order.
#[derive(Clone, Serialize, Deserialize)]
pub struct Proof {
    /// Root over all columns; `None` when no value has any.
    pub commitment: Option<Commitment>,
    /// What each relation claims at the random point, value by value.
    pub relations: Vec<Extension>,
    /// Each bias there; empty where the verifier knows them.
    pub biases: Vec<Extension>,
    /// Products: of weights with operands, and of values.
    pub products: Phase,
    /// The sums of links, where several make one claim.
    pub shares: Vec<Extension>,
    /// Windows and views.
    pub links: Phase,
    /// All claims on values with columns.
    pub values: Phase,
    /// The lookups of all columns, argument by argument.
    pub lookups: Vec<LogupStarProof<Base, Extension>>,
    /// The opening of all columns.
    pub opening: Option<Opening>,
    /// The openings of weights and biases, one a stack; none where the verifier knows them.
    pub weights: Vec<Opening>,
}

/// A batch of sums, and what its factors are where it ended.
#[derive(Clone, Serialize, Deserialize)]
pub struct Phase {
    /// The messages; `None` when there is nothing to sum.
    pub sumcheck: Option<Sumcheck>,
    /// The factors that the verifier cannot compute.
    pub ends: Vec<Extension>,
}

/// Why bytes are no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofFormatError {
    /// More than any proof has.
    #[error("the proof has {bytes} bytes; {PROOF_BYTES_MAX} are the most")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Of a version that this program does not know.
    #[error("the proof has version {found}; this program knows {PROOF_VERSION}")]
    Version {
        /// Its first byte.
        found: u8,
    },
    /// Not the bytes of a proof.
    #[error("the bytes are no proof: {reason}")]
    Malformed {
        /// What the decoder said.
        reason: String,
    },
    /// A proof in another spelling than the one it is written in.
    #[error("the proof is not in its canonical form")]
    NotCanonical,
}

impl Proof {
    /// Its bytes.
    ///
    /// # Errors
    /// [`ProofFormatError::TooLong`] when a verifier would not read them.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ProofFormatError> {
        let bytes = postcard::to_allocvec(&(PROOF_VERSION, self)).map_err(malformed)?;
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofFormatError::TooLong { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads bytes; trailing ones are refused.
    ///
    /// # Errors
    /// [`ProofFormatError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofFormatError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofFormatError::TooLong { bytes: bytes.len() });
        }
        let found = bytes.first().copied().unwrap_or_default();
        if found != PROOF_VERSION {
            return Err(ProofFormatError::Version { found });
        }
        let (_, proof): (u8, Self) = postcard::from_bytes(bytes).map_err(malformed)?;
        if proof.to_bytes()? != bytes {
            return Err(ProofFormatError::NotCanonical);
        }
        Ok(proof)
    }
}

fn malformed(error: postcard::Error) -> ProofFormatError {
    let reason = error.to_string();
    ProofFormatError::Malformed { reason }
}
