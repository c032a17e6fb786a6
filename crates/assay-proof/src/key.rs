//! Proof keys: what a verifier needs of a model whose weights it does not have.
//!
//! Canonical bytes: a version byte, then what `postcard` writes of the outline's numbers and the root over weights
//! and biases. They commit to the model id, shapes, tables, the weight root; the version stands for the
//! protocol's parameters. Reading checks everything that [`Outline::new`] does, so the bytes may be a stranger's.

use crate::{
    commitment::{Commitment, stacks},
    outline::{Form, Made, Outline, OutlineError, dtype_number, dtype_of},
};
use assay_model::{Shape, program::ValueType};
use assay_types::{Hash32, ModelId};
use serde::{Deserialize, Serialize};

/// The format's version, its first byte. A change of the protocol's parameters is another version; 2 and 3 are none,
/// for keys of foreign systems begin with them.
pub const KEY_VERSION: u8 = 4;
/// Longest key: of the largest programs, whose tables take most of it.
pub const KEY_BYTES_MAX: usize = 64 * 1024;
/// Domain of a key's id.
const ID_CONTEXT: &str = "assay proof key id v1";
/// Domain of an outline's digest.
const OUTLINE_CONTEXT: &str = "assay proof outline v1";

/// A model whose weights stay with their owner: its outline, and the commitment to its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofKey {
    /// What the proofs look like.
    pub outline: Outline,
    /// Roots over weights and biases, one a stack, see [`stacks`].
    pub weights: Vec<Commitment>,
}

/// Why bytes are no proof key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFormatError {
    /// More than any key has.
    #[error("the proof key has {bytes} bytes; {KEY_BYTES_MAX} are the most")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// Of a version that this program does not know.
    #[error("the proof key has version {found}; this program knows {KEY_VERSION}")]
    Version {
        /// Its first byte.
        found: u8,
    },
    /// Not the bytes of a key.
    #[error("the bytes are no proof key: {reason}")]
    Malformed {
        /// What the decoder said.
        reason: String,
    },
    /// A key in another spelling than the one it is written in.
    #[error("the proof key is not in its canonical form")]
    NotCanonical,
    /// A type that is none, or roots that do not fit the outline.
    #[error("the proof key's {part} is not valid")]
    Part {
        /// Which part.
        part: &'static str,
    },
    /// Its outline is none.
    #[error(transparent)]
    Outline(#[from] OutlineError),
}

/// The numbers of an outline, as bytes hold them.
#[derive(Serialize, Deserialize)]
struct Written {
    model: [u8; 32],
    input: (u8, Vec<u32>),
    output: (u8, Vec<u32>),
    values: Vec<Made>,
    output_value: u32,
}

impl ProofKey {
    /// Its bytes.
    ///
    /// # Errors
    /// [`KeyFormatError::TooLong`] when nobody would read them.
    pub fn to_bytes(&self) -> Result<Vec<u8>, KeyFormatError> {
        let written = (KEY_VERSION, Written::of(&self.outline), &self.weights);
        let bytes = postcard::to_allocvec(&written).map_err(malformed)?;
        if bytes.len() > KEY_BYTES_MAX {
            return Err(KeyFormatError::TooLong { bytes: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads bytes; trailing ones are refused.
    ///
    /// # Errors
    /// [`KeyFormatError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyFormatError> {
        if bytes.len() > KEY_BYTES_MAX {
            return Err(KeyFormatError::TooLong { bytes: bytes.len() });
        }
        let found = bytes.first().copied().unwrap_or_default();
        if found != KEY_VERSION {
            return Err(KeyFormatError::Version { found });
        }
        let (_, written, weights): (u8, Written, Vec<Commitment>) =
            postcard::from_bytes(bytes).map_err(malformed)?;
        let outline = written.outline()?;
        if weights.len() != stacks(&outline).len() {
            let part = "list of roots";
            return Err(KeyFormatError::Part { part });
        }
        let key = Self { outline, weights };
        if key.to_bytes()? != bytes {
            return Err(KeyFormatError::NotCanonical);
        }
        Ok(key)
    }

    /// What a ledger keeps of it: BLAKE3, in a domain of its own, over [`Self::to_bytes`].
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn id(&self) -> Result<Hash32, KeyFormatError> {
        Ok(id_of_bytes(&self.to_bytes()?))
    }
}

/// The id of a key with these bytes.
pub fn id_of_bytes(bytes: &[u8]) -> Hash32 {
    Hash32::derive(ID_CONTEXT, &[bytes])
}

impl Outline {
    /// A digest of every number of the outline, for transcripts.
    pub fn digest(&self) -> Hash32 {
        let bytes = postcard::to_allocvec(&Written::of(self)).expect("numbers can be written");
        Hash32::derive(OUTLINE_CONTEXT, &[&bytes])
    }
}

impl Written {
    fn of(outline: &Outline) -> Self {
        let written = |value: &ValueType| {
            let dims = value.shape.dims().to_vec();
            (dtype_number(value.dtype), dims)
        };
        let form = outline.form();
        Self {
            model: *form.model.as_bytes(),
            input: written(&form.input),
            output: written(&form.output),
            values: form.values,
            output_value: form.output_value,
        }
    }

    fn outline(self) -> Result<Outline, KeyFormatError> {
        let value = |(dtype, dims): &(u8, Vec<u32>), part| {
            let dtype = dtype_of(*dtype);
            let shape = Shape::new(dims).ok();
            let both = dtype.zip(shape).ok_or(KeyFormatError::Part { part })?;
            let (dtype, shape) = both;
            Ok::<_, KeyFormatError>(ValueType { dtype, shape })
        };
        let form = Form {
            model: ModelId::new(self.model),
            input: value(&self.input, "input")?,
            output: value(&self.output, "output")?,
            values: self.values,
            output_value: self.output_value,
        };
        Ok(Outline::new(form)?)
    }
}

fn malformed(error: postcard::Error) -> KeyFormatError {
    let reason = error.to_string();
    KeyFormatError::Malformed { reason }
}
