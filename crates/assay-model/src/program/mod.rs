//! Programs: a model as a graph of integer operators. The integers are the semantics.
//!
//! A program has one input and one output. Value 0 is the input and node `i` produces value `i + 1`
//! from values with smaller ids, so the order of the nodes is their order of execution. There is no
//! batch dimension: one inference is one tensor. The operators' arithmetic is specified in the
//! crate's documentation.
//!
//! Canonical bytes (version 1): `1`, input dtype and shape, node count, nodes (tag and fields in the
//! order of [`Op`]), output value. The model id is BLAKE3 in key-derivation mode over these bytes, so
//! it covers structure, quantisation and weights.
//!
//! Invariant: a [`Program`] is always valid. Whoever holds one knows that its shapes and types fit,
//! that every node reaches the output, that it keeps the limits below, and that no accumulator can
//! reach [`ACCUMULATOR_BOUND`] on any input.

mod codec;
mod error;
mod op;
mod validate;
mod window;

pub use error::{NodeError, NodeRef, ProgramError};
pub use op::{ChannelRequant, Op, Output, Requant};
pub use validate::NodeFacts;
pub use window::{Window, WindowError};

use std::fmt;

use assay_types::{ContentId, ModelId};
use commonware_codec::Encode;

use crate::{shape::Shape, tensor::DType};

/// Every accumulator of every node stays strictly below this in magnitude on any input, whatever the
/// order of summation. Twice this still fits the 31-bit fields that proofs work in, and adding the
/// rounding half of a shift cannot overflow 32 bits.
pub const ACCUMULATOR_BOUND: i64 = 1 << 30;

/// Most nodes: ResNet-152 has about 500.
pub const NODES_MAX: usize = 1024;

/// Most weights, biases, shifts and tables, in bytes: a program must fit the content store and a seller's memory.
pub const PARAMETER_BYTES_MAX: usize = 64 << 20;

/// Most operands of one [`Op::Concat`]: the longest known lists are those of densely connected blocks.
pub const CONCAT_MAX: usize = 64;

/// Longest canonical program: parameters, and as much for the head of each node as its operands and
/// extents can take.
pub const PROGRAM_BYTES_MAX: usize = PARAMETER_BYTES_MAX + (64 + 4 * CONCAT_MAX) * NODES_MAX + 64;

/// Most memory of all values of one inference, in bytes; an executor keeps them all.
pub const ACTIVATION_BYTES_MAX: usize = 256 << 20;

/// Most elementary steps (multiply-accumulates, comparisons, additions, copies) of one inference:
/// about ten seconds of one core with portable kernels.
pub const STEPS_MAX: u64 = 1 << 34;

/// Largest shift of a [`Requant`]: every accumulator is below 2³⁰.
pub const SHIFT_MAX: u8 = 30;

/// Entries of a [`Op::Table`]: one per int8.
pub const TABLE_ENTRIES: usize = 256;

/// A validated tensor program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    parts: Parts,
    facts: Vec<NodeFacts>,
    steps: u64,
    parameter_bytes: usize,
}

/// A program before validation: what its canonical bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Type of value 0; int8 or int16.
    pub input: ValueType,
    /// The nodes in order of execution.
    pub nodes: Vec<Op>,
    /// The value that an inference returns.
    pub output: ValueId,
}

/// Names a value: 0 is the input, `i + 1` what node `i` produces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(u32);

/// Type and extents of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueType {
    /// Element type.
    pub dtype: DType,
    /// Extents, without a batch dimension.
    pub shape: Shape,
}

impl Program {
    /// Validates `parts`.
    ///
    /// # Errors
    /// [`ProgramError`] names the first node that is not valid, or the limit that is broken.
    pub fn new(parts: Parts) -> Result<Self, ProgramError> {
        let checked = validate::check(&parts)?;
        Ok(Self {
            parts,
            facts: checked.facts,
            steps: checked.steps,
            parameter_bytes: checked.parameter_bytes,
        })
    }

    /// Reads and validates canonical bytes; trailing bytes are refused.
    ///
    /// # Errors
    /// [`ProgramError::TooLarge`], [`ProgramError::Malformed`], or what [`Program::new`] returns.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProgramError> {
        if bytes.len() > PROGRAM_BYTES_MAX {
            return Err(ProgramError::TooLarge {
                bytes: bytes.len(),
                bytes_max: PROGRAM_BYTES_MAX,
            });
        }
        let parts: Parts = crate::codec::decode_exact(bytes)
            .map_err(|source| ProgramError::Malformed { source })?;
        Self::new(parts)
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.parts.encode().to_vec()
    }

    /// Hash of the canonical bytes in the domain of models: what orders and offers name.
    pub fn model_id(&self) -> ModelId {
        ModelId::of_program(&self.parts.encode())
    }

    /// Plain BLAKE3 of the canonical bytes: where content stores hold them.
    pub fn content_id(&self) -> ContentId {
        ContentId::of(&self.parts.encode())
    }

    /// Type of the input.
    pub fn input(&self) -> &ValueType {
        &self.parts.input
    }

    /// Type of the output.
    pub fn output(&self) -> &ValueType {
        self.value(self.parts.output)
    }

    /// Which value is the output.
    pub fn output_id(&self) -> ValueId {
        self.parts.output
    }

    /// The nodes in order of execution.
    pub fn nodes(&self) -> &[Op] {
        &self.parts.nodes
    }

    /// What validation found out about each node, in the same order.
    pub fn facts(&self) -> &[NodeFacts] {
        &self.facts
    }

    /// Type of a value of this program.
    ///
    /// # Panics
    /// If `id` is not a value of this program.
    pub fn value(&self, id: ValueId) -> &ValueType {
        match id.node() {
            None => &self.parts.input,
            Some(node) => &self.facts[node].value,
        }
    }

    /// Elementary steps of one inference: a measure of its cost.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes of weights, biases, shifts and tables.
    pub fn parameter_bytes(&self) -> usize {
        self.parameter_bytes
    }

    /// The parts, for building another program.
    pub fn into_parts(self) -> Parts {
        self.parts
    }
}

impl ValueId {
    /// The program's input.
    pub const INPUT: Self = Self(0);

    /// The value with this number.
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// What node `node` produces.
    pub const fn of_node(node: u32) -> Self {
        Self(node + 1)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The node that produces it; `None` for the input.
    pub fn node(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

impl fmt::Display for ValueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value {}", self.0)
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests;
