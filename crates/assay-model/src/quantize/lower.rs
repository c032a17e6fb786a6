//! Lowering: each float node becomes an integer node, a ReLU behind a layer becomes part of it, and a
//! function becomes a table.

use super::{
    FRACTION_BITS_MAX, FRACTION_BITS_MIN, QuantizeError,
    report::Layer,
    scale::{Scales, power_of_two, round_half_up},
};
use crate::{
    float::{FloatGraph, FloatOp},
    program::{ChannelRequant, Op, Output, Parts, Requant, SHIFT_MAX, ValueId, ValueType},
    tensor::{DType, TensorData},
};

/// Largest magnitude of a quantised bias: half of what an accumulator may reach.
const BIAS_MAX: f64 = (1u64 << 29) as f64;

/// How many more bits int16 has than int8.
const WIDER_BITS: i8 = 8;

/// Most fraction bits that a mean adds to those of its operand: 2²² means of int8 are 2²⁹.
const MEAN_BITS_MAX: i8 = 22;

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

/// A layer in integers.
struct Integers {
    weights: Vec<i8>,
    bias: Vec<i32>,
    output: Output,
    /// Fewest and most fraction bits of the weights.
    weight_bits: (i8, i8),
    /// Fraction bits of the result.
    fraction_bits: i8,
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
            FloatOp::Linear { .. }
            | FloatOp::Conv2d { .. }
            | FloatOp::Add { .. }
            | FloatOp::AveragePool2d { .. }
            | FloatOp::Multiply { .. }
            | FloatOp::Function { .. }
            | FloatOp::Concat { .. } => true,
            FloatOp::MaxPool2d { .. }
            | FloatOp::Reshape { .. }
            | FloatOp::Relu { .. }
            | FloatOp::Transpose { .. } => is_activation[index + 1],
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
                let layer = self.layer(index, weights, bias, self.quantities[*input])?;
                let op = Op::Linear {
                    input: self.quantities[*input].id,
                    weights: layer.weights,
                    bias: layer.bias,
                    output: layer.output,
                };
                self.push(index, op, Some(layer.weight_bits), layer.fraction_bits)
            }
            FloatOp::Conv2d {
                input,
                weights,
                bias,
                window,
                groups,
            } => {
                let layer = self.layer(index, weights, bias, self.quantities[*input])?;
                let op = Op::Conv2d {
                    input: self.quantities[*input].id,
                    weights: layer.weights,
                    bias: layer.bias,
                    window: *window,
                    groups: *groups,
                    output: layer.output,
                };
                self.push(index, op, Some(layer.weight_bits), layer.fraction_bits)
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
            FloatOp::AveragePool2d { input, window } => {
                let x = self.quantities[*input];
                let (multiplier, bits) = mean(window.taps());
                let (output, fraction_bits) = self.finish(value, x.fraction_bits + bits)?;
                let op = Op::AveragePool2d {
                    input: x.id,
                    window: *window,
                    multiplier,
                    output,
                };
                self.push(index, op, None, fraction_bits)
            }
            FloatOp::Multiply { left, right } => {
                let (left, right) = (self.quantities[*left], self.quantities[*right]);
                let bits = left.fraction_bits + right.fraction_bits;
                let (output, fraction_bits) = self.finish(value, bits)?;
                let op = Op::Multiply {
                    left: left.id,
                    right: right.id,
                    output,
                };
                self.push(index, op, None, fraction_bits)
            }
            FloatOp::Function { input, function } => {
                let x = self.quantities[*input];
                let wanted = self.scales.values[value];
                let at = |scaled: i8| {
                    let x = f64::from(scaled) / power_of_two(x.fraction_bits);
                    f64::from(function.at(x as f32))
                };
                let integers = i8::MIN..=i8::MAX;
                // Casts of floats saturate, and take what is no number for zero.
                let (entries, fraction_bits) = if self.is_activation[value] {
                    let entry = |x| round_half_up(at(x) * power_of_two(wanted)) as i8;
                    (TensorData::I8(integers.map(entry).collect()), wanted)
                } else {
                    // Nobody multiplies the result: it may be as fine as a table can tell.
                    let finer = wanted.saturating_add(WIDER_BITS).min(FRACTION_BITS_MAX);
                    let entry = |x| round_half_up(at(x) * power_of_two(finer)) as i16;
                    (TensorData::I16(integers.map(entry).collect()), finer)
                };
                let op = Op::Table {
                    input: x.id,
                    entries,
                };
                self.push(index, op, None, fraction_bits)
            }
            FloatOp::Transpose { input, axes } => {
                let x = self.quantities[*input];
                let op = Op::Transpose {
                    input: x.id,
                    axes: axes.clone(),
                };
                self.push(index, op, None, x.fraction_bits)
            }
            FloatOp::Concat { inputs, axis } => self.concat(index, inputs, *axis),
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
        weight_fraction_bits: Option<(i8, i8)>,
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

    /// Brings all operands to the scale of the coarsest and lays them behind each other.
    fn concat(&mut self, index: usize, inputs: &[usize], axis: u8) -> Quantity {
        let operands: Vec<Quantity> = inputs.iter().map(|&id| self.quantities[id]).collect();
        let bits = operands.iter().map(|x| x.fraction_bits).min().unwrap_or(0);
        let inputs = operands
            .into_iter()
            .map(|x| match x.fraction_bits - bits {
                0 => x.id,
                finer => {
                    let op = Op::Rescale {
                        input: x.id,
                        shift: 0,
                        output: Output::Requantized(Requant {
                            shift: finer.min(SHIFT_MAX as i8) as u8,
                            relu: false,
                            dtype: DType::I8,
                        }),
                    };
                    self.push(index, op, None, bits).id
                }
            })
            .collect();
        self.push(index, Op::Concat { inputs, axis }, None, bits)
    }

    /// Integer weights, biases and finish of a node over operand `x`.
    fn layer(
        &self,
        node: usize,
        weights: &[f32],
        bias: &[f32],
        x: Quantity,
    ) -> Result<Integers, QuantizeError> {
        let value = node + 1;
        let scales = self.scales.weights[node].as_ref();
        let each = scales.and_then(|scales| scales.each.as_deref());
        // Scores are compared with each other, so their accumulators need one scale.
        if let Some(each) = each.filter(|_| self.is_activation[value]) {
            return self.layer_by_channel(value, (weights, bias), each, x);
        }
        let mut bits = scales.map_or(0, |scales| scales.whole);
        // Coarser weights where a large bias would not fit the accumulator's scale.
        let largest = bias
            .iter()
            .fold(0f64, |max, &b| max.max(f64::from(b.abs())));
        bits = with_room(bits, largest, x);
        let (output, fraction_bits) = self.finish(value, x.fraction_bits + bits)?;
        let all = vec![bits; bias.len()];
        Ok(Integers {
            weights: rounded_weights(weights, &all),
            bias: rounded_bias(bias, &all, x),
            output,
            weight_bits: (bits, bits),
            fraction_bits,
        })
    }

    /// As [`Self::layer`], with weights of fraction bits `each` by output.
    fn layer_by_channel(
        &self,
        value: usize,
        (weights, bias): (&[f32], &[f32]),
        each: &[i8],
        x: Quantity,
    ) -> Result<Integers, QuantizeError> {
        let mut bits: Vec<i8> = each
            .iter()
            .zip(bias)
            .map(|(&bits, &bias)| with_room(bits, f64::from(bias.abs()), x))
            .collect();
        let coarsest = bits.iter().copied().min().unwrap_or(0);
        let (finish, fraction_bits) = self.finish(value, x.fraction_bits + coarsest)?;
        let Output::Requantized(Requant { relu, dtype, .. }) = finish else {
            unreachable!("an activation is requantised");
        };
        let mut shifts = Vec::with_capacity(bits.len());
        for bits in &mut bits {
            // The finish of the coarsest channel has left no shift below zero.
            let shift = (x.fraction_bits + *bits - fraction_bits).min(SHIFT_MAX as i8);
            *bits = fraction_bits + shift - x.fraction_bits;
            shifts.push(shift as u8);
        }
        let (coarsest, finest) = bits.iter().fold((i8::MAX, i8::MIN), |(low, high), &bits| {
            (low.min(bits), high.max(bits))
        });
        let output = if coarsest == finest {
            Output::Requantized(Requant {
                shift: shifts[0],
                relu,
                dtype,
            })
        } else {
            Output::PerChannel(ChannelRequant {
                shifts,
                relu,
                dtype,
            })
        };
        Ok(Integers {
            weights: rounded_weights(weights, &bits),
            bias: rounded_bias(bias, &bits, x),
            output,
            weight_bits: (coarsest, finest),
            fraction_bits,
        })
    }
}

/// The most fraction bits for weights, at most `bits`, with which a bias fits the accumulator's scale.
fn with_room(mut bits: i8, bias: f64, x: Quantity) -> i8 {
    while bits > FRACTION_BITS_MIN
        && bias * power_of_two(x.fraction_bits) * power_of_two(bits) > BIAS_MAX
    {
        bits -= 1;
    }
    bits
}

/// Weights in integers, whose outputs have these fraction bits.
fn rounded_weights(weights: &[f32], bits: &[i8]) -> Vec<i8> {
    let rows = weights.chunks_exact(weights.len() / bits.len()).zip(bits);
    rows.flat_map(|(row, &bits)| {
        let scale = power_of_two(bits);
        row.iter()
            .map(move |&w| round_half_up(f64::from(w) * scale).clamp(-128.0, 127.0) as i8)
    })
    .collect()
}

/// Biases in integers, in units of accumulators over `x`.
fn rounded_bias(bias: &[f32], bits: &[i8], x: Quantity) -> Vec<i32> {
    let scale = power_of_two(x.fraction_bits);
    // Casts of floats saturate; a bias beyond int32 is then refused by validation.
    bias.iter()
        .zip(bits)
        .map(|(&b, &bits)| round_half_up(f64::from(b) * (scale * power_of_two(bits))) as i32)
        .collect()
}

/// The multiplier of a mean over `taps` elements of int8, and how many fraction bits it adds: the
/// largest that fits 16 bits and keeps the accumulators below their bound.
fn mean(taps: usize) -> (u16, i8) {
    (0..=MEAN_BITS_MAX)
        .rev()
        .find_map(|bits| {
            let multiplier = round_half_up(power_of_two(bits) / taps as f64);
            (1.0..=f64::from(u16::MAX))
                .contains(&multiplier)
                .then_some((multiplier as u16, bits))
        })
        // A window of more elements than that is beyond what a program computes.
        .unwrap_or((1, MEAN_BITS_MAX))
}
