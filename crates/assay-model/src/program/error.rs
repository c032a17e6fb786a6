//! Why a program is refused; every message names the node.

use std::fmt;

use commonware_codec::Error as CodecError;

use super::{
    ACCUMULATOR_BOUND, ACTIVATION_BYTES_MAX, CONCAT_MAX, NODES_MAX, PARAMETER_BYTES_MAX, SHIFT_MAX,
    STEPS_MAX, TABLE_ENTRIES, ValueId, ValueType, WindowError,
};
use crate::{
    shape::{Shape, ShapeError},
    tensor::DType,
};

/// A node by position and operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRef {
    /// Position, from 0.
    pub index: usize,
    /// The operator's name.
    pub op: &'static str,
}

/// Why bytes or parts do not make a program.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// More bytes than any program has.
    #[error("a program of {bytes} bytes: at most {bytes_max} are accepted")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
        /// Bytes accepted.
        bytes_max: usize,
    },
    /// The bytes are not canonical.
    #[error("the bytes are not a canonical program: import the model again with this version")]
    Malformed {
        /// Where decoding stopped.
        #[source]
        source: CodecError,
    },
    /// No node, or too many.
    #[error("a program of {nodes} nodes: use 1 to {NODES_MAX}")]
    Nodes {
        /// Nodes given.
        nodes: usize,
    },
    /// The input has a type that no operator multiplies.
    #[error("the input is {dtype}: use int8 or int16")]
    Input {
        /// Its type.
        dtype: DType,
    },
    /// The output names no value of the program.
    #[error("the output is {output}, but the last value is {last}")]
    Output {
        /// The value named.
        output: ValueId,
        /// The last that exists.
        last: ValueId,
    },
    /// A node whose result nobody reads.
    #[error("{node} does not reach the output: remove it")]
    Unused {
        /// The node.
        node: NodeRef,
    },
    /// A node that is not valid by itself or with its operands.
    #[error("{node} of the program is refused")]
    Node {
        /// The node.
        node: NodeRef,
        /// Why.
        #[source]
        source: NodeError,
    },
    /// Weights and biases beyond the limit.
    #[error("weights and biases take {bytes} bytes: at most {PARAMETER_BYTES_MAX} are accepted")]
    Parameters {
        /// Bytes of all nodes.
        bytes: usize,
    },
    /// Values beyond the limit.
    #[error("the values of one inference take more than {ACTIVATION_BYTES_MAX} bytes at {node}")]
    Activations {
        /// The node where the limit is passed.
        node: NodeRef,
    },
    /// Work beyond the limit.
    #[error("one inference takes more than {STEPS_MAX} steps at {node}")]
    Steps {
        /// The node where the limit is passed.
        node: NodeRef,
    },
}

/// Why one node is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// An operand that is not computed before the node.
    #[error("it reads {operand}, but only values up to {last} exist before it")]
    Operand {
        /// The operand.
        operand: ValueId,
        /// The last value before the node.
        last: ValueId,
    },
    /// An operand of a type the operator does not take.
    #[error("it multiplies {found}, but only int8 and int16 are multiplied: requantise first")]
    OperandType {
        /// The operand's type.
        found: DType,
    },
    /// An operand that is no feature map.
    #[error("its operand has shape {found}, but [channels, height, width] is needed")]
    NotAnImage {
        /// The operand's shape.
        found: Shape,
    },
    /// Weights that do not fit the operand.
    #[error(
        "it has {found} weights, but {outputs} outputs of {per_output} weights need {expected}"
    )]
    Weights {
        /// Outputs, one per bias.
        outputs: usize,
        /// Weights of one output.
        per_output: usize,
        /// Weights needed.
        expected: usize,
        /// Weights given.
        found: usize,
    },
    /// Groups that do not divide the channels.
    #[error(
        "a convolution of {groups} groups from {channels} to {outputs} channels: groups must be at \
         least 1 and divide both"
    )]
    Groups {
        /// Groups given.
        groups: u32,
        /// Channels of the operand.
        channels: u32,
        /// Output channels, one per bias.
        outputs: usize,
    },
    /// A window that does not fit.
    #[error("its window does not fit {input}")]
    Window {
        /// The operand's shape.
        input: Shape,
        /// Why.
        #[source]
        source: WindowError,
    },
    /// A result that is no shape.
    #[error("its result has no valid shape")]
    Shape {
        /// Why.
        #[source]
        source: ShapeError,
    },
    /// A reshape that changes the element count.
    #[error("it reshapes {from} to {to}, which has another number of elements")]
    Reshape {
        /// The operand's shape.
        from: Shape,
        /// The shape asked for.
        to: Shape,
    },
    /// An addition of different shapes.
    #[error("it adds {left} and {right}: shapes must be equal")]
    Operands {
        /// Left operand.
        left: ValueType,
        /// Right operand.
        right: ValueType,
    },
    /// Operands of a multiplication that do not fit.
    #[error(
        "it multiplies {left} by {right}: each dimension on the right must be as long as on the left, \
         or 1"
    )]
    Broadcast {
        /// Left operand.
        left: ValueType,
        /// Right operand.
        right: ValueType,
    },
    /// A mean with a weight of zero.
    #[error("its multiplier is 0: use about 2^shift divided by the window's elements")]
    Multiplier,
    /// A table over a wide type.
    #[error("it looks up {found}, but tables take int8: requantise first")]
    TableInput {
        /// The operand's type.
        found: DType,
    },
    /// A table of another size or a wide type.
    #[error("a table of {entries} entries of {dtype}: {TABLE_ENTRIES} of int8 or int16 are needed")]
    Table {
        /// Entries given.
        entries: usize,
        /// Their type.
        dtype: DType,
    },
    /// Axes that are no order of the operand's dimensions.
    #[error("the axes {axes:?} do not name each dimension of {input} once")]
    Axes {
        /// Axes given.
        axes: Vec<u8>,
        /// The operand's shape.
        input: Shape,
    },
    /// A concatenation of nothing, or of too much.
    #[error("it concatenates {operands} operands: name 1 to {CONCAT_MAX}")]
    OperandCount {
        /// Operands given.
        operands: usize,
    },
    /// Operands that cannot lie behind each other.
    #[error(
        "it concatenates {left} and {right} along dimension {axis}: types and all other extents must \
         be equal"
    )]
    Concat {
        /// The dimension.
        axis: u8,
        /// First operand.
        left: ValueType,
        /// The operand that does not fit it.
        right: ValueType,
    },
    /// Shifts per channel that do not fit the channels.
    #[error(
        "{shifts} shifts for {outputs} output channels: give one per channel, or a single one where \
         all are equal"
    )]
    Shifts {
        /// Shifts given.
        shifts: usize,
        /// Output channels.
        outputs: usize,
    },
    /// Shifts per channel of an operator that makes no channels.
    #[error("only linear and conv2d requantise each channel by a shift of its own")]
    NoChannels,
    /// A shift beyond the limit.
    #[error("a shift of {shift}: at most {SHIFT_MAX} is accepted")]
    Shift {
        /// The shift given.
        shift: u8,
    },
    /// A requantisation to a wide type.
    #[error("it requantises to {dtype}: use int8 or int16")]
    RequantType {
        /// The type given.
        dtype: DType,
    },
    /// An accumulator that some input could drive to the bound.
    #[error(
        "the accumulator of output {channel} can reach {bound} in magnitude, but must stay below \
         {ACCUMULATOR_BOUND}: split the layer, or use smaller weights"
    )]
    Accumulator {
        /// Output position: a row of the weights, an output channel, or 0 for additions.
        channel: usize,
        /// Largest magnitude over all inputs.
        bound: u64,
    },
}

impl fmt::Display for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} ({})", self.index, self.op)
    }
}
