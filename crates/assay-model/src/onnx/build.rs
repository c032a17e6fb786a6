//! Building the float graph: shapes, constants, and each operator's meaning.
//!
//! Inside this module extents still have ONNX's batch dimension; the graph's shapes drop a leading 1.

use std::collections::BTreeMap;

use super::{
    Finding, Findings, OnnxError, VALUE_ELEMENTS_MAX,
    attributes::{Attributes, Sliding, Usage},
    constant::{self, Weights},
    extents::{flattened, per_channel, placed, reshaped, transpose},
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
enum Value<'a> {
    /// A constant of the file.
    Constant(&'a TensorProto),
    /// A value of the graph, with ONNX's extents.
    Computed { id: usize, dims: Vec<u32> },
    /// The result of something that is not supported.
    Unknown,
}

/// Why a node adds nothing to the graph.
enum Stop {
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
    input: Shape,
    nodes: Vec<FloatNode>,
    findings: Vec<Finding>,
    steps: u64,
    elements: usize,
}

pub(super) fn build(graph: &GraphProto) -> Result<FloatGraph, OnnxError> {
    refuse_external(graph)?;
    let order = topological(graph)?;
    let (input_name, dims) = input(graph)?;
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
fn input(graph: &GraphProto) -> Result<(&str, Vec<u32>), OnnxError> {
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
    let fixed: Option<Vec<u32>> = shape
        .dim
        .iter()
        .map(|dim| match dim.value {
            Some(Dimension::Value(value)) => u32::try_from(value).ok().filter(|&dim| dim > 0),
            _ => None,
        })
        .collect();
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
        let known = is_onnx(&node.domain) && is_known(&node.op_type);
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
        match node.op_type.as_str() {
            "Gemm" => {
                attributes.only("transA", 0).map_err(Stop::Unsupported)?;
                self.gemm(node, &attributes, label)
            }
            "MatMul" => self.matmul(node, label),
            "Conv" => {
                attributes.only("group", 1).map_err(Stop::Unsupported)?;
                let sliding = attributes.sliding().map_err(Stop::Unsupported)?;
                self.conv(node, &sliding, label)
            }
            "MaxPool" => {
                attributes.only("ceil_mode", 0).map_err(Stop::Unsupported)?;
                attributes
                    .only("storage_order", 0)
                    .map_err(Stop::Unsupported)?;
                let sliding = attributes.sliding().map_err(Stop::Unsupported)?;
                self.max_pool(node, &sliding, label)
            }
            "Relu" => {
                let (input, dims) = self.computed(node, 0)?;
                self.add_node(label, FloatOp::Relu { input }, dims, 1)
            }
            "Flatten" => {
                let (input, dims) = self.computed(node, 0)?;
                let dims =
                    flattened(&dims, attributes.int("axis", 1)).map_err(Stop::Unsupported)?;
                self.add_node(label, FloatOp::Reshape { input }, dims, 1)
            }
            "Reshape" => {
                let (input, dims) = self.computed(node, 0)?;
                let tensor = self.constant(node, 1, "the shape")?;
                let wanted = constant::integers(tensor, &node.input[1])?;
                let allow_zero = attributes.int("allowzero", 0) != 0;
                let dims = reshaped(&dims, &wanted, allow_zero).map_err(Stop::Unsupported)?;
                self.add_node(label, FloatOp::Reshape { input }, dims, 1)
            }
            "Add" => self.add(node, label),
            "Constant" => attributes
                .tensor("value")
                .map(Value::Constant)
                .ok_or_else(|| {
                    Stop::Unsupported(
                        "only constants with a tensor `value` are supported".to_owned(),
                    )
                }),
            _ => Err(Stop::Unsupported(String::new())),
        }
    }

    fn gemm(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, mut dims) = self.computed(node, 0)?;
        let weights = self.weights(node, 1)?;
        let transposed = attributes.int("transB", 0) != 0;
        let (&[rows, inner], &[b0, b1]) = (&dims[..], &weights.dims[..]) else {
            return Err(misfit(&label, "it multiplies matrices only"));
        };
        let (outputs, weights_inner) = if transposed { (b0, b1) } else { (b1, b0) };
        check_inner(&label, inner, weights_inner)?;
        let alpha = attributes.float("alpha", 1.0);
        let mut matrix = if transposed {
            weights.data
        } else {
            transpose(&weights.data, outputs)
        };
        scale(&mut matrix, alpha, &node.input[1])?;

        let mut bias = vec![0.0; outputs];
        if has_input(node, 2) {
            let addend = self.weights(node, 2)?;
            bias = per_channel(&addend, outputs, 0)
                .ok_or_else(|| misfit(&label, "C is no bias of one number per output"))?;
            scale(&mut bias, attributes.float("beta", 1.0), &node.input[2])?;
        }
        dims = vec![rows, outputs as u32];
        let op = FloatOp::Linear {
            input,
            weights: matrix,
            bias,
        };
        self.add_node(label, op, dims, weights_inner)
    }

    fn matmul(&mut self, node: &'a NodeProto, label: String) -> Result<Value<'a>, Stop> {
        let (input, mut dims) = self.computed(node, 0)?;
        let weights = self.weights(node, 1)?;
        let (Some(last), &[inner, outputs]) = (dims.last_mut(), &weights.dims[..]) else {
            return Err(Stop::Unsupported(
                "only products with a constant matrix on the right are supported".to_owned(),
            ));
        };
        check_inner(&label, *last, inner)?;
        *last = outputs as u32;
        let op = FloatOp::Linear {
            input,
            weights: transpose(&weights.data, outputs),
            bias: vec![0.0; outputs],
        };
        self.add_node(label, op, dims, inner)
    }

    fn conv(
        &mut self,
        node: &'a NodeProto,
        sliding: &Sliding,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, dims) = self.computed(node, 0)?;
        let weights = self.weights(node, 1)?;
        let (&[1, channels, height, width], &[outputs, weights_channels, kernel_y, kernel_x]) =
            (&dims[..], &weights.dims[..])
        else {
            return Err(Stop::Unsupported(
                "only convolutions over [1, channels, height, width] are supported".to_owned(),
            ));
        };
        check_inner(&label, channels, weights_channels)?;
        let kernel = [kernel_y, kernel_x].map(u16::try_from);
        let [Ok(kernel_y), Ok(kernel_x)] = kernel else {
            return Err(misfit(&label, "its kernel is larger than 65535"));
        };
        let kernel = [kernel_y, kernel_x];
        if sliding.kernel.is_some_and(|stated| stated != kernel) {
            return Err(misfit(&label, "kernel_shape contradicts the weights"));
        }
        let window = placed(sliding, kernel, height, width);
        let (out_height, out_width) = window
            .output(height, width)
            .map_err(|source| self.window_misfit(&label, input, source))?;
        let bias = if has_input(node, 2) {
            let addend = self.weights(node, 2)?;
            per_channel(&addend, outputs, 0)
                .ok_or_else(|| misfit(&label, "B is no bias of one number per output channel"))?
        } else {
            vec![0.0; outputs]
        };
        let dims = vec![1, outputs as u32, out_height, out_width];
        let per_output = weights_channels * window.taps();
        let op = FloatOp::Conv2d {
            input,
            weights: weights.data,
            bias,
            window,
        };
        self.add_node(label, op, dims, per_output)
    }

    fn max_pool(
        &mut self,
        node: &'a NodeProto,
        sliding: &Sliding,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, dims) = self.computed(node, 0)?;
        let (&[1, channels, height, width], Some(kernel)) = (&dims[..], sliding.kernel) else {
            return Err(Stop::Unsupported(
                "only pooling over [1, channels, height, width] is supported".to_owned(),
            ));
        };
        let window = placed(sliding, kernel, height, width);
        let (out_height, out_width) = window
            .pooled(height, width)
            .map_err(|source| self.window_misfit(&label, input, source))?;
        let dims = vec![1, channels, out_height, out_width];
        let op = FloatOp::MaxPool2d { input, window };
        self.add_node(label, op, dims, window.taps())
    }

    fn add(&mut self, node: &'a NodeProto, label: String) -> Result<Value<'a>, Stop> {
        let operand = |position: usize| {
            let name = node.input.get(position).map(String::as_str).unwrap_or("");
            (name, self.values.get(name).cloned())
        };
        match (operand(0), operand(1)) {
            ((_, Some(Value::Unknown)), _) | (_, (_, Some(Value::Unknown))) => Err(Stop::Unknown),
            (
                (_, Some(Value::Computed { id: left, dims })),
                (
                    _,
                    Some(Value::Computed {
                        id: right,
                        dims: right_dims,
                    }),
                ),
            ) => {
                if dims != right_dims {
                    return Err(Stop::Unsupported(format!(
                        "only values of equal shapes are added, not {dims:?} and {right_dims:?}"
                    )));
                }
                self.add_node(label, FloatOp::Add { left, right }, dims, 2)
            }
            (
                (name, Some(Value::Computed { id, dims })),
                (constant, Some(Value::Constant(tensor))),
            )
            | (
                (constant, Some(Value::Constant(tensor))),
                (name, Some(Value::Computed { id, dims })),
            ) => {
                let addend = constant::weights(tensor, constant)?;
                self.fold_bias(name, id, dims, &addend)
            }
            _ => Err(Stop::Unsupported(
                "only additions with a computed value are supported".to_owned(),
            )),
        }
    }

    /// Adds a constant to the bias of the linear node that produces value `id`.
    fn fold_bias(
        &mut self,
        name: &str,
        id: usize,
        dims: Vec<u32>,
        addend: &Weights,
    ) -> Result<Value<'a>, Stop> {
        let alone = self.readers.get(name) == Some(&1);
        let producer = id.checked_sub(1).map(|node| &mut self.nodes[node]);
        let folded = match producer.filter(|_| alone) {
            Some(FloatNode {
                op: FloatOp::Linear { bias, .. },
                ..
            }) => per_channel(addend, bias.len(), 0).map(|addend| (bias, addend)),
            Some(FloatNode {
                op: FloatOp::Conv2d { bias, .. },
                ..
            }) => per_channel(addend, bias.len(), 2).map(|addend| (bias, addend)),
            _ => None,
        };
        let Some((bias, addend)) = folded else {
            return Err(Stop::Unsupported(
                "a constant can only be added as a bias per output right after Gemm, MatMul or Conv"
                    .to_owned(),
            ));
        };
        for (bias, addend) in bias.iter_mut().zip(addend) {
            *bias += addend;
        }
        check_finite(bias, name)?;
        Ok(Value::Computed { id, dims })
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
        self.elements += shape.elements();
        let small = self.nodes.len() < NODES_MAX
            && self.elements <= VALUE_ELEMENTS_MAX
            && self.steps <= STEPS_MAX;
        if !small {
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
            Some(Value::Constant(_)) | None => Err(Stop::Unsupported(format!(
                "operand {position} must be computed from the input"
            ))),
        }
    }

    fn constant(
        &self,
        node: &NodeProto,
        position: usize,
        what: &str,
    ) -> Result<&'a TensorProto, Stop> {
        let name = node.input.get(position).map(String::as_str).unwrap_or("");
        match self.values.get(name) {
            Some(Value::Constant(tensor)) => Ok(tensor),
            _ => Err(Stop::Unsupported(format!(
                "{what} must be a constant of the file"
            ))),
        }
    }

    fn weights(&self, node: &NodeProto, position: usize) -> Result<Weights, Stop> {
        let tensor = self.constant(node, position, "the weights")?;
        Ok(constant::weights(tensor, &node.input[position])?)
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
        let last = match self.values.get(output) {
            Some(Value::Computed { id, .. }) if *id > 0 => *id,
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
        Ok(pruned(self.input, self.nodes, last))
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
    }
}

impl From<OnnxError> for Stop {
    fn from(error: OnnxError) -> Self {
        Self::Refused(error)
    }
}

fn is_known(operator: &str) -> bool {
    matches!(
        operator,
        "Gemm"
            | "MatMul"
            | "Conv"
            | "MaxPool"
            | "Relu"
            | "Flatten"
            | "Reshape"
            | "Add"
            | "Constant"
    )
}

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

fn check_inner(label: &str, operand: u32, weights: usize) -> Result<(), Stop> {
    if operand as usize == weights {
        Ok(())
    } else {
        let reason = format!("its operand has {operand} features, its weights take {weights}");
        Err(misfit(label, &reason))
    }
}

fn scale(values: &mut [f32], factor: f32, name: &str) -> Result<(), OnnxError> {
    for value in values.iter_mut() {
        *value *= factor;
    }
    check_finite(values, name)
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
