//! Lowering: each float node becomes an integer node, a ReLU behind a layer becomes part of it.

use super::{
    FRACTION_BITS_MAX, FRACTION_BITS_MIN, QuantizeError,
    report::Layer,
    scale::{Scales, power_of_two, round_half_up},
};
use crate::{
    float::{FloatGraph, FloatOp},
    program::{Op, Output, Parts, Requant, SHIFT_MAX, ValueId, ValueType},
    tensor::DType,
};

/// Largest magnitude of a quantised bias: half of what an accumulator may reach.
const BIAS_MAX: f64 = (1u64 << 29) as f64;

/// A graph in integers, before validation.
pub(super) struct Lowered {
    pub(super) parts: Parts,
    /// One per node of the program.
    pub(super) layers: Vec<Layer>,
    pub(super) scales: Ends,
}

/// Fraction bits where the program meets real numbers.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) input: i8,
    pub(super) output: i8,
}

/// What a value of the graph became.
#[derive(Clone, Copy)]
struct Quantity {
    id: ValueId,
    fraction_bits: i8,
}

struct Lowering<'a> {
    graph: &'a FloatGraph,
    scales: &'a Scales,
    /// By value of the graph: whether a multiplication or addition reads it, perhaps through
    /// operators that only pass elements on.
    is_activation: Vec<bool>,
    /// By value of the graph: the ReLU that alone reads it.
    relu_behind: Vec<Option<usize>>,
    /// By value of the graph. Fraction bits of operands are within `FRACTION_BITS_MIN` and
    /// `FRACTION_BITS_MAX`, so that the sum of two fits.
    quantities: Vec<Quantity>,
    nodes: Vec<Op>,
    layers: Vec<Layer>,
}

pub(super) fn lower(graph: &FloatGraph, scales: &Scales) -> Result<Lowered, QuantizeError> {
    let input = Quantity {
        id: ValueId::INPUT,
        fraction_bits: scales.values[0],
    };
    let mut lowering = Lowering {
        graph,
        scales,
        is_activation: activations(graph),
        relu_behind: relus(graph),
        quantities: vec![input],
        nodes: Vec::new(),
        layers: Vec::new(),
    };
    for node in 0..graph.nodes.len() {
        let quantity = lowering.node(node)?;
        lowering.quantities.push(quantity);
    }
    let output = lowering.quantities[graph.output];
    Ok(Lowered {
        parts: Parts {
            input: ValueType {
                dtype: DType::I8,
                shape: graph.input.clone(),
            },
            nodes: lowering.nodes,
            output: output.id,
        },
        layers: lowering.layers,
        scales: Ends {
            input: input.fraction_bits,
            output: output.fraction_bits,
        },
    })
}

fn activations(graph: &FloatGraph) -> Vec<bool> {
    let mut is_activation = vec![false; graph.nodes.len() + 1];
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        let reads = match &node.op {
            FloatOp::Linear { .. } | FloatOp::Conv2d { .. } | FloatOp::Add { .. } => true,
            FloatOp::MaxPool2d { .. } | FloatOp::Reshape { .. } | FloatOp::Relu { .. } => {
                is_activation[index + 1]
            }
        };
        for operand in node.op.operands() {
            is_activation[operand] |= reads;
        }
    }
    is_activation
}

fn relus(graph: &FloatGraph) -> Vec<Option<usize>> {
    let mut readers = vec![0usize; graph.nodes.len() + 1];
    readers[graph.output] += 1;
    let mut relu = vec![None; graph.nodes.len() + 1];
    for (index, node) in graph.nodes.iter().enumerate() {
        for operand in node.op.operands() {
            readers[operand] += 1;
            if matches!(node.op, FloatOp::Relu { .. }) {
                relu[operand] = Some(index + 1);
            }
        }
    }
    for (relu, readers) in relu.iter_mut().zip(readers) {
        if readers != 1 {
            *relu = None;
        }
    }
    relu
}

impl Lowering<'_> {
    fn node(&mut self, index: usize) -> Result<Quantity, QuantizeError> {
        let node = &self.graph.nodes[index];
        let value = index + 1;
        Ok(match &node.op {
            FloatOp::Linear {
                input,
                weights,
                bias,
            } => {
                let x = self.quantities[*input];
                let (weights, bias, weight_bits) = self.parameters(index, weights, bias, x);
                let (output, fraction_bits) = self.finish(value, x.fraction_bits + weight_bits)?;
                let op = Op::Linear {
                    input: x.id,
                    weights,
                    bias,
                    output,
                };
                self.push(index, op, Some(weight_bits), fraction_bits)
            }
            FloatOp::Conv2d {
                input,
                weights,
                bias,
                window,
            } => {
                let x = self.quantities[*input];
                let (weights, bias, weight_bits) = self.parameters(index, weights, bias, x);
                let (output, fraction_bits) = self.finish(value, x.fraction_bits + weight_bits)?;
                let op = Op::Conv2d {
                    input: x.id,
                    weights,
                    bias,
                    window: *window,
                    groups: 1,
                    output,
                };
                self.push(index, op, Some(weight_bits), fraction_bits)
            }
            FloatOp::Add { left, right } => {
                let (left, right) = (self.quantities[*left], self.quantities[*right]);
                let common = left.fraction_bits.max(right.fraction_bits);
                let (output, fraction_bits) = self.finish(value, common)?;
                let op = Op::Add {
                    left: left.id,
                    // Differences of fraction bits fit u8; validation refuses absurd ones.
                    left_shift: (common - left.fraction_bits) as u8,
                    right: right.id,
                    right_shift: (common - right.fraction_bits) as u8,
                    output,
                };
                self.push(index, op, None, fraction_bits)
            }
            FloatOp::MaxPool2d { input, window } => {
                let x = self.quantities[*input];
                let op = Op::MaxPool2d {
                    input: x.id,
                    window: *window,
                };
                self.push(index, op, None, x.fraction_bits)
            }
            FloatOp::Reshape { input } => {
                let x = self.quantities[*input];
                if self.graph.shape(*input) == &node.shape {
                    return Ok(x);
                }
                let op = Op::Reshape {
                    input: x.id,
                    shape: node.shape.clone(),
                };
                self.push(index, op, None, x.fraction_bits)
            }
            FloatOp::Relu { input } => {
                let x = self.quantities[*input];
                if self.is_fused(*input) {
                    return Ok(x);
                }
                self.push(index, Op::Relu { input: x.id }, None, x.fraction_bits)
            }
        })
    }

    /// Whether the producer of graph value `value` already applies the ReLU behind it.
    fn is_fused(&self, value: usize) -> bool {
        let producer = value.checked_sub(1).map(|node| &self.graph.nodes[node].op);
        let accumulates = matches!(
            producer,
            Some(FloatOp::Linear { .. } | FloatOp::Conv2d { .. } | FloatOp::Add { .. })
        );
        accumulates && self.is_activation[value] && self.relu_behind[value].is_some()
    }

    fn push(
        &mut self,
        node: usize,
        op: Op,
        weight_fraction_bits: Option<i8>,
        fraction_bits: i8,
    ) -> Quantity {
        self.layers.push(Layer {
            name: self.graph.nodes[node].name.clone(),
            weight_fraction_bits,
            fraction_bits,
        });
        self.nodes.push(op);
        Quantity {
            // Graphs have at most NODES_MAX nodes.
            id: ValueId::new(self.nodes.len() as u32),
            fraction_bits,
        }
    }

    /// What becomes of the accumulators of graph value `value`, which have `accumulator_bits`.
    fn finish(&self, value: usize, accumulator_bits: i8) -> Result<(Output, i8), QuantizeError> {
        if !self.is_activation[value] {
            return Ok((Output::Accumulator, accumulator_bits));
        }
        let relu = self.relu_behind[value].filter(|_| self.is_fused(value));
        let wanted = self.scales.values[relu.unwrap_or(value)];
        // A value finer than its accumulators would only append zeros.
        let shift = (accumulator_bits - wanted).clamp(0, SHIFT_MAX as i8);
        let fraction_bits = accumulator_bits - shift;
        if !(FRACTION_BITS_MIN..=FRACTION_BITS_MAX).contains(&fraction_bits) {
            return Err(QuantizeError::Scale {
                layer: self.graph.nodes[value - 1].name.clone(),
                fraction_bits,
            });
        }
        let requant = Requant {
            shift: shift as u8,
            relu: relu.is_some(),
            dtype: DType::I8,
        };
        Ok((Output::Requantized(requant), fraction_bits))
    }

    /// Integer weights and bias of a node, and the weights' fraction bits.
    fn parameters(
        &self,
        node: usize,
        weights: &[f32],
        bias: &[f32],
        x: Quantity,
    ) -> (Vec<i8>, Vec<i32>, i8) {
        let mut bits = self.scales.weights[node].unwrap_or(0);
        // Coarser weights where a large bias would not fit the accumulator's scale.
        let largest = bias
            .iter()
            .fold(0f64, |max, &b| max.max(f64::from(b.abs())));
        while bits > FRACTION_BITS_MIN
            && largest * power_of_two(x.fraction_bits) * power_of_two(bits) > BIAS_MAX
        {
            bits -= 1;
        }
        let scale = power_of_two(bits);
        let weights = weights
            .iter()
            .map(|&w| round_half_up(f64::from(w) * scale).clamp(-128.0, 127.0) as i8);
        let bias_scale = power_of_two(x.fraction_bits) * scale;
        // Casts of floats saturate; a bias beyond int32 is then refused by validation.
        let bias = bias
            .iter()
            .map(|&b| round_half_up(f64::from(b) * bias_scale) as i32);
        (weights.collect(), bias.collect(), bits)
    }
}
