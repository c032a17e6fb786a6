//! ONNX import: from an exported file to a [`FloatGraph`].
//!
//! Operator sets [`OPSET_MIN`] to [`OPSET_MAX`]:
//!
//! | operators | become |
//! |---|---|
//! | Gemm, MatMul, Conv (strided, padded, dilated, grouped) | layers, with constant weights |
//! | BatchNormalization; Add, Sub, Mul, Div with constants | part of the layer before them, else a depthwise layer or part of a function |
//! | Relu, Clip, LeakyRelu, Sigmoid, HardSigmoid, HardSwish, Tanh, and whatever arithmetic composes of them and one value | a function of one number, in the end a table |
//! | Add; Mul, repeating dimensions of 1 | themselves |
//! | MaxPool, AveragePool, GlobalAveragePool | themselves |
//! | Flatten, Reshape, Squeeze, Unsqueeze, Transpose, Concat | themselves |
//! | Shape, Cast, Slice, Gather, Concat, … of constants and shapes | constants |
//! | Identity, Dropout | nothing |
//! | Softmax as the last operator | nothing: it keeps the order of the scores |
//!
//! Everything that is not supported is reported at once, with the nodes where it occurs.
//!
//! Untrusted on both sides: the file may be anything, and a wrong import only makes a worse program,
//! whose integers are then what is sold.

mod attributes;
mod build;
mod constant;
mod error;
mod extents;
mod order;
mod scan;
mod schema;

pub use error::{Finding, Findings, OnnxError};
pub use scan::FIELDS_MAX;

use prost::Message;

use crate::{float::FloatGraph, shape::Shape};

/// Longest file: 32 million float weights.
pub const ONNX_BYTES_MAX: usize = 128 << 20;

/// Oldest operator set: the first with today's broadcasting and Reshape.
pub const OPSET_MIN: i64 = 7;

/// Newest operator set whose definitions were compared with this import.
pub const OPSET_MAX: i64 = 25;

/// Most elements of all values of a graph together; calibration keeps them all in memory.
pub const VALUE_ELEMENTS_MAX: usize = 1 << 26;

/// Longest name that is quoted from a file, in characters.
const NAME_PRINTED: usize = 80;

/// Reads an ONNX file.
///
/// # Errors
/// [`OnnxError`]
pub fn parse(bytes: &[u8]) -> Result<FloatGraph, OnnxError> {
    parse_shaped(bytes, None)
}

/// Reads an ONNX file whose input has the shape `input` (without a batch dimension), for files that
/// leave extents open.
///
/// # Errors
/// [`OnnxError`]
pub fn parse_shaped(bytes: &[u8], input: Option<&Shape>) -> Result<FloatGraph, OnnxError> {
    if bytes.len() > ONNX_BYTES_MAX {
        return Err(OnnxError::TooLarge { bytes: bytes.len() });
    }
    scan::check(bytes)?;
    let model = schema::ModelProto::decode(bytes).map_err(|source| OnnxError::Schema { source })?;
    let graph = model
        .graph
        .filter(|graph| !graph.node.is_empty())
        .ok_or(OnnxError::NoGraph)?;
    let version = model
        .opset_import
        .iter()
        .find(|set| is_onnx(&set.domain))
        .map_or(0, |set| set.version);
    if !(OPSET_MIN..=OPSET_MAX).contains(&version) {
        return Err(OnnxError::Opset { version });
    }
    build::build(&graph, input)
}

/// Whether a domain is that of ONNX's own operators.
fn is_onnx(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// A name from a file, cut to a length that fits a message.
fn printed(name: &str) -> String {
    let mut short: String = name.chars().take(NAME_PRINTED).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// How messages call a node: by its name, else by the value it produces, else by position.
fn node_label(node: &schema::NodeProto, index: usize) -> String {
    if !node.name.is_empty() {
        return format!("node `{}`", printed(&node.name));
    }
    match node.output.iter().find(|output| !output.is_empty()) {
        Some(output) => format!("node of `{}`", printed(output)),
        None => format!("node {index}"),
    }
}

#[cfg(test)]
mod tests;
