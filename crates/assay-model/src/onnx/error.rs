//! Why an ONNX file is refused, and what its author can do about it.

use std::fmt;

use super::{FIELDS_MAX, ONNX_BYTES_MAX, OPSET_MAX, OPSET_MIN, VALUE_ELEMENTS_MAX};
use crate::{
    program::{NODES_MAX, STEPS_MAX, WindowError},
    shape::{Shape, ShapeError},
};

/// Most findings that a message prints; the rest is counted.
const FINDINGS_PRINTED: usize = 16;

/// Why an ONNX file cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The file is too long.
    #[error("an ONNX file of {bytes} bytes: at most {ONNX_BYTES_MAX} are accepted")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The file ends in the middle of a field.
    #[error(
        "the ONNX file is truncated: the field at byte {at} is cut off; fetch or export it again"
    )]
    Truncated {
        /// Where the field begins.
        at: usize,
    },
    /// An integer of more than ten bytes.
    #[error("not an ONNX file: the number at byte {at} has no end")]
    Varint {
        /// Where the number begins.
        at: usize,
    },
    /// A field of a kind that protocol buffers do not have (any more).
    #[error("not an ONNX file: the field at byte {at} has wire type {wire_type}")]
    WireType {
        /// Where the field begins.
        at: usize,
        /// The type found.
        wire_type: u64,
    },
    /// More fields than any model here needs.
    #[error("the ONNX file has more than {FIELDS_MAX} fields up to byte {at}: it is too complex")]
    TooManyFields {
        /// Where the limit is passed.
        at: usize,
    },
    /// The fields do not fit the schema.
    #[error("not an ONNX file: its fields do not fit the ONNX schema")]
    Schema {
        /// What the decoder met.
        #[source]
        source: prost::DecodeError,
    },
    /// There is no graph in the file.
    #[error("not an ONNX model: the file has no graph with nodes")]
    NoGraph,
    /// An operator set whose meaning is not known.
    #[error(
        "the model uses operator set {version}: export it with one from {OPSET_MIN} to {OPSET_MAX}"
    )]
    Opset {
        /// Its version; 0 where the file names none.
        version: i64,
    },
    /// Weights that lie in other files.
    #[error(
        "the weights {names:?} lie in external files: save the model with its data inside \
         (save_as_external_data=False)"
    )]
    ExternalData {
        /// The tensors.
        names: Vec<String>,
    },
    /// Operators, or uses of operators, that a program cannot express; all of them.
    #[error("the model cannot be imported: {findings}")]
    Unsupported {
        /// What is not supported, and where.
        findings: Findings,
    },
    /// Nodes that wait for each other.
    #[error("the graph has a cycle through {nodes:?}")]
    Cycle {
        /// The nodes on it or behind it.
        nodes: Vec<String>,
    },
    /// A node or the output reads a value that nothing produces.
    #[error("{reader} reads `{value}`, which nothing produces")]
    Undefined {
        /// Who reads it.
        reader: String,
        /// The value.
        value: String,
    },
    /// Two producers of one value.
    #[error("`{value}` is produced twice")]
    Duplicate {
        /// The value.
        value: String,
    },
    /// Not exactly one input.
    #[error("the model has the inputs {names:?}: exactly one is supported")]
    Inputs {
        /// Inputs that are no weights.
        names: Vec<String>,
    },
    /// Not exactly one output.
    #[error("the model has the outputs {names:?}: exactly one is supported")]
    Outputs {
        /// Their names.
        names: Vec<String>,
    },
    /// An input whose extents are not all known.
    #[error(
        "input `{name}` has the dynamic shape {dims}: state its shape, or export the model \
         with fixed extents and a batch of 1"
    )]
    DynamicShape {
        /// The input.
        name: String,
        /// Its extents as the file has them.
        dims: String,
    },
    /// A stated shape that is not the input's.
    #[error("input `{name}` has the shape {dims}, which {stated} does not fit")]
    InputShape {
        /// The input.
        name: String,
        /// Its extents as the file has them.
        dims: String,
        /// The shape stated, without a batch.
        stated: Shape,
    },
    /// An input of several samples.
    #[error("input `{name}` has the shape {dims}: export the model with a batch of 1")]
    Batch {
        /// The input.
        name: String,
        /// Its extents.
        dims: String,
    },
    /// A tensor or input of an element type that is not read there.
    #[error("`{name}` has elements of {found}, but {expected} is needed")]
    ElementType {
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
        /// The type needed.
        expected: &'static str,
    },
    /// A tensor whose data does not fit its extents.
    #[error("tensor `{name}` of extents {dims:?} needs {expected} elements, but has {found}")]
    TensorData {
        /// The tensor.
        name: String,
        /// Its extents.
        dims: Vec<i64>,
        /// Elements of these extents.
        expected: usize,
        /// Elements in the file.
        found: usize,
    },
    /// A tensor with absurd extents.
    #[error("tensor `{name}` has the extents {dims:?}")]
    TensorShape {
        /// The tensor.
        name: String,
        /// Its extents.
        dims: Vec<i64>,
        /// Which rule they break, where they are positive.
        #[source]
        source: Option<ShapeError>,
    },
    /// NaN or infinity among the weights.
    #[error("element {index} of tensor `{name}` is {value}: every weight must be finite")]
    NotFinite {
        /// The tensor.
        name: String,
        /// Position of the element.
        index: usize,
        /// Its value.
        value: f32,
    },
    /// More nodes, values or work than a program may have.
    #[error(
        "the model is too large at {node}: at most {NODES_MAX} nodes, {VALUE_ELEMENTS_MAX} values \
         and {STEPS_MAX} steps are accepted"
    )]
    TooExpensive {
        /// The node where a limit is passed.
        node: String,
    },
    /// Operands whose shapes do not fit.
    #[error("{node} does not fit its operands: {reason}")]
    Operands {
        /// The node.
        node: String,
        /// Which extents disagree.
        reason: String,
    },
    /// A window that does not fit its input.
    #[error("the window of {node} does not fit {input}")]
    Window {
        /// The node.
        node: String,
        /// Shape of its input.
        input: Shape,
        /// Why.
        #[source]
        source: WindowError,
    },
    /// A result that is no shape.
    #[error("the result of {node} has no valid shape")]
    Shape {
        /// The node.
        node: String,
        /// Which rule it breaks.
        #[source]
        source: ShapeError,
    },
}

/// Everything in a model that is not supported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings(pub Vec<Finding>);

/// One thing that is not supported, and where it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The node.
    pub node: String,
    /// Its operator, with the domain where that is not ONNX's own.
    pub operator: String,
    /// Which use of a known operator; `None` if the operator is not supported at all.
    pub usage: Option<String>,
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printed: Vec<String> = self
            .0
            .iter()
            .take(FINDINGS_PRINTED)
            .map(|finding| match &finding.usage {
                None => format!(
                    "operator {} ({}) is not supported",
                    finding.operator, finding.node
                ),
                Some(usage) => format!("{} ({}): {usage}", finding.operator, finding.node),
            })
            .collect();
        f.write_str(&printed.join("; "))?;
        if self.0.len() > FINDINGS_PRINTED {
            write!(f, "; and {} more", self.0.len() - FINDINGS_PRINTED)?;
        }
        Ok(())
    }
}
