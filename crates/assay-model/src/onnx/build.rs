//! Building the float graph: which name stands for what, and what is too much or not supported.
//!
//! The submodules tell each operator's meaning.
//!
//! Inside this module extents still have ONNX's batch dimension; the graph's shapes drop a leading 1.

mod elementwise;
mod fold;
mod layout;
mod linear;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Finding, Findings, OnnxError, VALUE_ELEMENTS_MAX,
    attributes::{Attributes, Usage},
    constant::{self, Folded, Weights},
    is_onnx, node_label,
    order::topological,
    printed,
    schema::{
        Dimension, GraphProto, NodeProto, TensorProto, ValueInfoProto, data_type, data_type_name,
    },
};
use crate::{
    float::{FloatGraph, FloatNode, FloatOp},
    program::{NODES_MAX, STEPS_MAX},
    shape::Shape,
};

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Value<'a> {
    /// A constant of the file.
    Constant(&'a TensorProto),
    /// A constant that was computed from others.
    Folded(Folded),
    /// A value of the graph, with ONNX's extents.
    Computed { id: usize, dims: Vec<u32> },
    /// The softmax of a value of the graph: only the model's output may be that.
    Softmax { id: usize, dims: Vec<u32> },
    /// The result of something that is not supported.
    Unknown,
}

/// Why a node adds nothing to the graph.
pub(super) enum Stop {
    /// The whole import fails.
    Refused(OnnxError),
    /// It is reported with everything else that is not supported.
    Unsupported(Usage),
    /// An operand is the result of something that was reported.
    Unknown,
}

struct Builder<'a> {
    graph: &'a GraphProto,
    values: BTreeMap<&'a str, Value<'a>>,
    /// How many nodes and outputs read a name.
    readers: BTreeMap<&'a str, usize>,
    /// Values of the graph that have several names, so that no reader is the only one for sure.
    aliased: BTreeSet<usize>,
    input: Shape,
    nodes: Vec<FloatNode>,
    findings: Vec<Finding>,
    steps: u64,
    elements: usize,
}

/// Builds the graph; `stated` says the input's shape where the file leaves extents open.
pub(super) fn build(graph: &GraphProto, stated: Option<&Shape>) -> Result<FloatGraph, OnnxError> {
    refuse_external(graph)?;
    let order = topological(graph)?;
    let (input_name, dims) = input(graph, stated)?;
    let output = match &graph.output[..] {
        [output] => output.name.as_str(),
        outputs => {
            let names = outputs.iter().map(|output| printed(&output.name)).collect();
            return Err(OnnxError::Outputs { names });
        }
    };

    let mut values: BTreeMap<&str, Value<'_>> = graph
        .initializer
        .iter()
        .map(|tensor| (tensor.name.as_str(), Value::Constant(tensor)))
        .collect();
    let shape = without_batch(&dims).map_err(|source| OnnxError::Shape {
        node: format!("input `{}`", printed(input_name)),
        source,
    })?;
    let elements = shape.elements();
    values.insert(input_name, Value::Computed { id: 0, dims });
    let mut readers = BTreeMap::new();
    let read = graph.node.iter().flat_map(|node| &node.input);
    for name in read.map(String::as_str).chain([output]) {
        *readers.entry(name).or_insert(0) += 1;
    }

    let mut builder = Builder {
        graph,
        values,
        readers,
        aliased: BTreeSet::new(),
        input: shape,
        nodes: Vec::new(),
        findings: Vec::new(),
        steps: 0,
        elements,
    };
    for index in order {
        builder.node(index)?;
    }
    builder.finish(output)
}

/// Every tensor must have its data in the file.
fn refuse_external(graph: &GraphProto) -> Result<(), OnnxError> {
    /// Names that a message lists.
    const PRINTED: usize = 8;
    let attributes = graph.node.iter().flat_map(|node| &node.attribute);
    let inside = attributes.filter_map(|attribute| attribute.t.as_ref());
    let names: Vec<String> = graph
        .initializer
        .iter()
        .chain(inside)
        .filter(|tensor| constant::is_external(tensor))
        .map(|tensor| printed(&tensor.name))
        .take(PRINTED)
        .collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(OnnxError::ExternalData { names })
    }
}

/// Name and extents of the one input that is no weight.
fn input<'a>(
    graph: &'a GraphProto,
    stated: Option<&Shape>,
) -> Result<(&'a str, Vec<u32>), OnnxError> {
    let is_weight = |input: &&ValueInfoProto| {
        let mut weights = graph.initializer.iter();
        weights.any(|tensor| tensor.name == input.name)
    };
    let inputs: Vec<&ValueInfoProto> = graph
        .input
        .iter()
        .filter(|input| !is_weight(input))
        .collect();
    let [input] = inputs[..] else {
        let names = inputs.iter().map(|input| printed(&input.name)).collect();
        return Err(OnnxError::Inputs { names });
    };
    let name = printed(&input.name);
    let tensor = input.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
    let element_type = tensor.map_or(0, |tensor| tensor.elem_type);
    if element_type != data_type::FLOAT {
        return Err(OnnxError::ElementType {
            name,
            found: data_type_name(element_type),
            expected: "float32",
        });
    }
    let shape = tensor.and_then(|tensor| tensor.shape.as_ref());
    let Some(shape) = shape.filter(|shape| !shape.dim.is_empty()) else {
        let dims = "unknown".to_owned();
        return Err(OnnxError::DynamicShape { name, dims });
    };
    let described = |dims: &[String]| format!("[{}]", dims.join(", "));
    let shown: Vec<String> = shape
        .dim
        .iter()
        .map(|dim| match &dim.value {
            Some(Dimension::Value(value)) => value.to_string(),
            Some(Dimension::Param(name)) => printed(name),
            None => "?".to_owned(),
        })
        .collect();
    let known: Vec<Option<u32>> = shape
        .dim
        .iter()
        .map(|dim| match dim.value {
            Some(Dimension::Value(value)) => u32::try_from(value).ok().filter(|&dim| dim > 0),
            _ => None,
        })
        .collect();
    let fixed: Option<Vec<u32>> = match stated {
        None => known.into_iter().collect(),
        Some(stated) => Some(agreed(&known, stated).ok_or_else(|| OnnxError::InputShape {
            name: name.clone(),
            dims: described(&shown),
            stated: stated.clone(),
        })?),
    };
    let Some(dims) = fixed else {
        let dims = described(&shown);
        return Err(OnnxError::DynamicShape { name, dims });
    };
    if dims.len() > 1 && dims[0] != 1 {
        let dims = described(&shown);
        return Err(OnnxError::Batch { name, dims });
    }
    Ok((&input.name, dims))
}

/// The stated extents, with the file's batch dimension where it has one, if none contradicts the file.
fn agreed(known: &[Option<u32>], stated: &Shape) -> Option<Vec<u32>> {
    let mut dims = stated.dims().to_vec();
    if known.len() == dims.len() + 1 {
        dims.insert(0, 1);
    }
    let fits = known.len() == dims.len()
        && (known.iter().zip(&dims)).all(|(known, dim)| known.is_none_or(|known| known == *dim));
    fits.then_some(dims)
}

/// The shape of extents without a leading batch of 1.
fn without_batch(dims: &[u32]) -> Result<Shape, crate::shape::ShapeError> {
    match dims {
        [1, rest @ ..] if !rest.is_empty() => Shape::new(rest),
        dims => Shape::new(dims),
    }
}

impl<'a> Builder<'a> {
    /// Adds one node of the file to the graph, or to the findings.
    fn node(&mut self, index: usize) -> Result<(), OnnxError> {
        let graph = self.graph;
        let node = &graph.node[index];
        let (value, finding) = match self.operator(node, index) {
            Ok(value) => (value, None),
            Err(Stop::Refused(error)) => return Err(error),
            Err(Stop::Unknown) => (Value::Unknown, None),
            Err(Stop::Unsupported(usage)) => (Value::Unknown, Some(usage)),
        };
        let known = is_onnx(&node.domain) && KNOWN.contains(&node.op_type.as_str());
        let several = node.output.iter().skip(1).any(|output| !output.is_empty());
        let usage = match finding {
            None if known && several => Some("only its first output is supported".to_owned()),
            finding => finding,
        };
        if let Some(usage) = usage {
            let operator = match node.domain.as_str() {
                domain if is_onnx(domain) => printed(&node.op_type),
                domain => printed(&format!("{domain}::{}", node.op_type)),
            };
            self.findings.push(Finding {
                node: node_label(node, index),
                operator,
                usage: known.then_some(usage),
            });
        }
        for (position, output) in node.output.iter().enumerate() {
            let value = if position == 0 {
                value.clone()
            } else {
                Value::Unknown
            };
            self.values.insert(output, value);
        }
        Ok(())
    }

    fn operator(&mut self, node: &'a NodeProto, index: usize) -> Result<Value<'a>, Stop> {
        if !is_onnx(&node.domain) {
            return Err(Stop::Unsupported(String::new()));
        }
        let attributes = Attributes::of(node);
        let label = node_label(node, index);
        if let Some(folded) = self.folded(node, &attributes)? {
            return Ok(folded);
        }
        match node.op_type.as_str() {
            "Gemm" => self.gemm(node, &attributes, label),
            "MatMul" => self.matmul(node, label),
            "Conv" => self.conv(node, &attributes, label),
            "BatchNormalization" => self.batch_normalization(node, &attributes, label),
            "MaxPool" => self.max_pool(node, &attributes, label),
            "AveragePool" => self.average_pool(node, &attributes, label),
            "GlobalAveragePool" => self.global_average_pool(node, label),
            "Add" | "Sub" | "Mul" | "Div" => self.arithmetic(node, label),
            "Relu" | "Clip" | "LeakyRelu" | "Sigmoid" | "HardSigmoid" | "HardSwish" | "Tanh" => {
                self.activation(node, &attributes, label)
            }
            "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => {
                self.reshape(node, &attributes, label)
            }
            "Transpose" => self.transpose(node, &attributes, label),
            "Concat" => self.concat(node, &attributes, label),
            "Identity" | "Dropout" | "Cast" => self.same(node, &attributes),
            "Softmax" => self.softmax(node, &attributes),
            "Constant" => constant::of_attributes(&attributes, &label),
            _ => Err(Stop::Unsupported(String::new())),
        }
    }

    /// Appends a node whose elements take `steps` each.
    fn add_node(
        &mut self,
        label: String,
        op: FloatOp,
        dims: Vec<u32>,
        steps: usize,
    ) -> Result<Value<'a>, Stop> {
        let shape = match without_batch(&dims) {
            Ok(shape) => shape,
            Err(source) => {
                return Err(Stop::Refused(OnnxError::Shape {
                    node: label,
                    source,
                }));
            }
        };
        self.steps = self
            .steps
            .saturating_add((shape.elements() as u64).saturating_mul(steps as u64));
        self.spend(shape.elements(), || label.clone())?;
        if self.nodes.len() >= NODES_MAX || self.steps > STEPS_MAX {
            return Err(Stop::Refused(OnnxError::TooExpensive { node: label }));
        }
        self.nodes.push(FloatNode {
            name: label,
            op,
            shape,
        });
        let id = self.nodes.len();
        Ok(Value::Computed { id, dims })
    }

    /// Value and extents of a computed operand.
    fn computed(&self, node: &NodeProto, position: usize) -> Result<(usize, Vec<u32>), Stop> {
        let name = node.input.get(position).map(String::as_str).unwrap_or("");
        match self.values.get(name) {
            Some(Value::Computed { id, dims }) => Ok((*id, dims.clone())),
            Some(Value::Unknown) => Err(Stop::Unknown),
            Some(Value::Softmax { .. }) => Err(Stop::Unsupported(AFTER_SOFTMAX.to_owned())),
            Some(Value::Constant(_) | Value::Folded(_)) | None => Err(Stop::Unsupported(format!(
                "operand {position} must be computed from the input"
            ))),
        }
    }

    /// The constant that operand `position` is.
    fn constant(&mut self, node: &NodeProto, position: usize, what: &str) -> Result<Folded, Stop> {
        let name = node.input.get(position).map(String::as_str).unwrap_or("");
        match self.values.get(name) {
            Some(Value::Folded(folded)) => Ok(folded.clone()),
            Some(Value::Constant(tensor)) => {
                let folded = constant::read(tensor, name)?;
                self.spend(folded.count(), || node_label(node, 0))?;
                Ok(folded)
            }
            Some(Value::Unknown) => Err(Stop::Unknown),
            _ => Err(Stop::Unsupported(format!(
                "{what} must be a constant of the file"
            ))),
        }
    }

    /// The float constant that operand `position` is.
    fn weights(&mut self, node: &NodeProto, position: usize) -> Result<Weights, Stop> {
        let constant = self.constant(node, position, "the weights")?;
        Ok(constant.floats(&node.input[position])?)
    }

    /// The list of integers that operand `position` is.
    fn integers(
        &mut self,
        node: &NodeProto,
        position: usize,
        what: &str,
    ) -> Result<Vec<i64>, Stop> {
        let constant = self.constant(node, position, what)?;
        Ok(constant.integers(&node.input[position])?.to_vec())
    }

    /// Counts elements that are held or read against [`VALUE_ELEMENTS_MAX`].
    fn spend(&mut self, elements: usize, node: impl FnOnce() -> String) -> Result<(), OnnxError> {
        self.elements = self.elements.saturating_add(elements);
        if self.elements <= VALUE_ELEMENTS_MAX {
            Ok(())
        } else {
            Err(OnnxError::TooExpensive { node: node() })
        }
    }

    fn window_misfit(
        &self,
        label: &str,
        input: usize,
        source: crate::program::WindowError,
    ) -> Stop {
        let shape = match input.checked_sub(1) {
            None => &self.input,
            Some(node) => &self.nodes[node].shape,
        };
        Stop::Refused(OnnxError::Window {
            node: label.to_owned(),
            input: shape.clone(),
            source,
        })
    }

    /// The graph of everything that the output needs.
    fn finish(self, output: &str) -> Result<FloatGraph, OnnxError> {
        if !self.findings.is_empty() {
            return Err(OnnxError::Unsupported {
                findings: Findings(self.findings),
            });
        }
        let (last, without_softmax) = match self.values.get(output) {
            Some(Value::Computed { id, .. }) if *id > 0 => (*id, false),
            Some(Value::Softmax { id, .. }) if *id > 0 => (*id, true),
            Some(_) => {
                return Err(OnnxError::Operands {
                    node: format!("output `{}`", printed(output)),
                    reason: "it is not computed from the input".to_owned(),
                });
            }
            None => {
                return Err(OnnxError::Undefined {
                    reader: "the output".to_owned(),
                    value: printed(output),
                });
            }
        };
        let graph = pruned(self.input, self.nodes, last);
        Ok(FloatGraph {
            without_softmax,
            ..graph
        })
    }
}

/// The nodes that value `output` depends on, renumbered.
fn pruned(input: Shape, nodes: Vec<FloatNode>, output: usize) -> FloatGraph {
    let mut needed = vec![false; nodes.len() + 1];
    needed[output] = true;
    for (index, node) in nodes.iter().enumerate().rev() {
        if needed[index + 1] {
            for operand in node.op.operands() {
                needed[operand] = true;
            }
        }
    }
    let mut renumbered = vec![0; nodes.len() + 1];
    let mut kept: Vec<FloatNode> = Vec::new();
    for (index, mut node) in nodes.into_iter().enumerate() {
        if needed[index + 1] {
            for operand in node.op.operands_mut() {
                *operand = renumbered[*operand];
            }
            kept.push(node);
            renumbered[index + 1] = kept.len();
        }
    }
    FloatGraph {
        input,
        nodes: kept,
        output: renumbered[output],
        without_softmax: false,
    }
}

impl From<OnnxError> for Stop {
    fn from(error: OnnxError) -> Self {
        Self::Refused(error)
    }
}

/// Operators of which some use is supported.
const KNOWN: [&str; 32] = [
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "Conv",
    "Div",
    "Dropout",
    "Flatten",
    "Gather",
    "Gemm",
    "GlobalAveragePool",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyRelu",
    "MatMul",
    "MaxPool",
    "Mul",
    "Relu",
    "Reshape",
    "Shape",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Squeeze",
    "Sub",
    "Tanh",
    "Transpose",
    "Unsqueeze",
];

/// What a reader of a softmax is told.
const AFTER_SOFTMAX: &str = "a softmax is supported as the last operator only";

fn has_input(node: &NodeProto, position: usize) -> bool {
    node.input
        .get(position)
        .is_some_and(|name| !name.is_empty())
}

fn misfit(label: &str, reason: &str) -> Stop {
    Stop::Refused(OnnxError::Operands {
        node: label.to_owned(),
        reason: reason.to_owned(),
    })
}

fn check_finite(values: &[f32], name: &str) -> Result<(), OnnxError> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(OnnxError::NotFinite {
            name: printed(name),
            index,
            value: values[index],
        }),
    }
}
