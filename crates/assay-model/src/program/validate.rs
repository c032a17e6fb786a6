//! Validation: shapes, types, order, limits, and how large an accumulator can become.
//!
//! Accumulator bounds hold for every input and every order of summation: the bound of an output is
//! `|bias| + Σ |weight| · max |x|`, with `max |x|` from the range that the operand can really take
//! (after a ReLU its lower end is zero; a requantised value is within the quotients' range).

use super::{
    ACCUMULATOR_BOUND, ACTIVATION_BYTES_MAX, CONCAT_MAX, NODES_MAX, NodeError, NodeRef, Op, Output,
    PARAMETER_BYTES_MAX, Parts, ProgramError, Requant, SHIFT_MAX, STEPS_MAX, TABLE_ENTRIES,
    ValueId, ValueType,
};
use crate::{shape::Shape, tensor::DType};

/// What is known of a node before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// Type and shape of its result.
    pub value: ValueType,
    /// Smallest and largest element of its result over all inputs (an outer bound).
    pub range: (i64, i64),
    /// Of nodes that accumulate: the largest magnitude over all inputs and orders of summation.
    pub accumulator_max: Option<u64>,
    /// Of nodes that requantise: smallest and largest rounded quotient before ReLU and saturation.
    pub quotient: Option<(i64, i64)>,
    /// Elementary steps of one execution.
    pub steps: u64,
}

/// The result of checking a program's parts.
pub(super) struct Checked {
    pub(super) facts: Vec<NodeFacts>,
    pub(super) steps: u64,
    pub(super) parameter_bytes: usize,
}

/// Accumulators of one node, over all its outputs.
#[derive(Clone, Copy)]
struct Accumulators {
    low: i64,
    high: i64,
    magnitude: u64,
}

struct Operand<'a> {
    value: &'a ValueType,
    range: (i64, i64),
}

pub(super) fn check(parts: &Parts) -> Result<Checked, ProgramError> {
    if parts.nodes.is_empty() || parts.nodes.len() > NODES_MAX {
        return Err(ProgramError::Nodes {
            nodes: parts.nodes.len(),
        });
    }
    if parts.input.dtype == DType::I32 {
        return Err(ProgramError::Input {
            dtype: parts.input.dtype,
        });
    }
    let parameter_bytes = parts.nodes.iter().map(|node| node.parameter_bytes()).sum();
    if parameter_bytes > PARAMETER_BYTES_MAX {
        return Err(ProgramError::Parameters {
            bytes: parameter_bytes,
        });
    }

    let mut facts: Vec<NodeFacts> = Vec::with_capacity(parts.nodes.len());
    let mut bytes = value_bytes(&parts.input);
    let mut steps = 0u64;
    for (index, node) in parts.nodes.iter().enumerate() {
        let named = NodeRef {
            index,
            op: node.name(),
        };
        let found =
            check_node(node, &parts.input, &facts).map_err(|source| ProgramError::Node {
                node: named,
                source,
            })?;
        bytes += value_bytes(&found.value);
        if bytes > ACTIVATION_BYTES_MAX {
            return Err(ProgramError::Activations { node: named });
        }
        steps = steps.saturating_add(found.steps);
        if steps > STEPS_MAX {
            return Err(ProgramError::Steps { node: named });
        }
        facts.push(found);
    }

    check_reachable(parts)?;
    Ok(Checked {
        facts,
        steps,
        parameter_bytes,
    })
}

fn value_bytes(value: &ValueType) -> usize {
    value.shape.elements() * value.dtype.size()
}

/// The output exists, and every node contributes to it: a program has no second spelling with dead
/// nodes in it.
fn check_reachable(parts: &Parts) -> Result<(), ProgramError> {
    let Some(output) = parts.output.node().filter(|&node| node < parts.nodes.len()) else {
        return Err(ProgramError::Output {
            output: parts.output,
            last: ValueId::new(parts.nodes.len() as u32),
        });
    };
    let mut used = vec![false; parts.nodes.len()];
    used[output] = true;
    for (index, node) in parts.nodes.iter().enumerate().rev() {
        if !used[index] {
            return Err(ProgramError::Unused {
                node: NodeRef {
                    index,
                    op: node.name(),
                },
            });
        }
        for operand in node.operands().filter_map(ValueId::node) {
            used[operand] = true;
        }
    }
    Ok(())
}

fn check_node(op: &Op, input: &ValueType, before: &[NodeFacts]) -> Result<NodeFacts, NodeError> {
    let operand = |id: ValueId| -> Result<Operand<'_>, NodeError> {
        match id.node() {
            None => Ok(Operand {
                value: input,
                range: input.dtype.range(),
            }),
            Some(node) => before
                .get(node)
                .map(|facts| Operand {
                    value: &facts.value,
                    range: facts.range,
                })
                .ok_or(NodeError::Operand {
                    operand: id,
                    last: ValueId::new(before.len() as u32),
                }),
        }
    };
    match op {
        Op::Linear {
            input,
            weights,
            bias,
            output,
        } => {
            let x = factor(operand(*input)?)?;
            let shape = &x.value.shape;
            let per_output = shape.last() as usize;
            check_weights(weights, bias, per_output)?;
            let shape = result(shape.with_last(bias.len() as u32))?;
            let steps = shape.elements() as u64 * per_output as u64;
            let sums = accumulators(weights, bias, per_output, x.range)?;
            accumulated(&sums, output, shape, steps)
        }
        Op::Conv2d {
            input,
            weights,
            bias,
            window,
            groups,
            output,
        } => {
            let x = factor(operand(*input)?)?;
            let (channels, height, width) = image(&x.value.shape)?;
            let divides = |count: usize| count.is_multiple_of(*groups as usize);
            if *groups == 0 || !divides(channels as usize) || !divides(bias.len()) {
                return Err(NodeError::Groups {
                    groups: *groups,
                    channels,
                    outputs: bias.len(),
                });
            }
            let (height, width) =
                window
                    .output(height, width)
                    .map_err(|source| NodeError::Window {
                        input: x.value.shape.clone(),
                        source,
                    })?;
            let per_output = (channels / groups) as usize * window.taps();
            check_weights(weights, bias, per_output)?;
            let shape = result(Shape::new(&[bias.len() as u32, height, width]))?;
            let steps = shape.elements() as u64 * per_output as u64;
            // Padding reads zero, whatever the operand's range.
            let range = (x.range.0.min(0), x.range.1.max(0));
            let sums = accumulators(weights, bias, per_output, range)?;
            accumulated(&sums, output, shape, steps)
        }
        Op::MaxPool2d { input, window } => {
            let x = operand(*input)?;
            let (channels, height, width) = image(&x.value.shape)?;
            let (height, width) =
                window
                    .pooled(height, width)
                    .map_err(|source| NodeError::Window {
                        input: x.value.shape.clone(),
                        source,
                    })?;
            let shape = result(Shape::new(&[channels, height, width]))?;
            let steps = shape.elements() as u64 * window.taps() as u64;
            Ok(passed(x.value.dtype, shape, x.range, steps))
        }
        Op::Reshape { input, shape } => {
            let x = operand(*input)?;
            let elements = x.value.shape.elements();
            if shape.elements() != elements {
                return Err(NodeError::Reshape {
                    from: x.value.shape.clone(),
                    to: shape.clone(),
                });
            }
            Ok(passed(
                x.value.dtype,
                shape.clone(),
                x.range,
                elements as u64,
            ))
        }
        Op::Add {
            left,
            left_shift,
            right,
            right_shift,
            output,
        } => {
            let (left, right) = (operand(*left)?, operand(*right)?);
            if left.value.shape != right.value.shape {
                return Err(NodeError::Operands {
                    left: left.value.clone(),
                    right: right.value.clone(),
                });
            }
            let (a, b) = (shift(*left_shift)?, shift(*right_shift)?);
            let sums = Accumulators {
                low: (left.range.0 << a) + (right.range.0 << b),
                high: (left.range.1 << a) + (right.range.1 << b),
                magnitude: (magnitude(left.range) << a) + (magnitude(right.range) << b),
            };
            let shape = left.value.shape.clone();
            let steps = 2 * shape.elements() as u64;
            accumulated(&[sums.bounded(0)?], whole(output)?, shape, steps)
        }
        Op::Relu { input } => {
            let x = operand(*input)?;
            let range = (x.range.0.max(0), x.range.1.max(0));
            let shape = x.value.shape.clone();
            let steps = shape.elements() as u64;
            Ok(passed(x.value.dtype, shape, range, steps))
        }
        Op::AveragePool2d {
            input,
            window,
            multiplier,
            output,
        } => {
            let x = factor(operand(*input)?)?;
            let (channels, height, width) = image(&x.value.shape)?;
            let (height, width) =
                window
                    .pooled(height, width)
                    .map_err(|source| NodeError::Window {
                        input: x.value.shape.clone(),
                        source,
                    })?;
            if *multiplier == 0 {
                return Err(NodeError::Multiplier);
            }
            let shape = result(Shape::new(&[channels, height, width]))?;
            let taps = window.taps() as u64;
            let steps = shape.elements() as u64 * taps;
            // Windows over padding see fewer elements, down to one.
            let weight = i64::from(*multiplier).saturating_mul(taps as i64);
            let least = if window.padding == [0; 4] { weight } else { 0 };
            let sums = Accumulators {
                low: (x.range.0.saturating_mul(weight)).min(x.range.0.saturating_mul(least)),
                high: (x.range.1.saturating_mul(weight)).max(x.range.1.saturating_mul(least)),
                magnitude: magnitude(x.range).saturating_mul(weight.unsigned_abs()),
            };
            accumulated(&[sums.bounded(0)?], whole(output)?, shape, steps)
        }
        Op::Multiply {
            left,
            right,
            output,
        } => {
            let (left, right) = (factor(operand(*left)?)?, factor(operand(*right)?)?);
            let (of, by) = (left.value.shape.dims(), right.value.shape.dims());
            let fits = |(&of, &by): (&u32, &u32)| by == of || by == 1;
            if of.len() != by.len() || !of.iter().zip(by).all(fits) {
                return Err(NodeError::Broadcast {
                    left: left.value.clone(),
                    right: right.value.clone(),
                });
            }
            let ends = [
                left.range.0 * right.range.0,
                left.range.0 * right.range.1,
                left.range.1 * right.range.0,
                left.range.1 * right.range.1,
            ];
            let sums = Accumulators {
                low: ends.into_iter().fold(i64::MAX, i64::min),
                high: ends.into_iter().fold(i64::MIN, i64::max),
                magnitude: magnitude(left.range) * magnitude(right.range),
            };
            let shape = left.value.shape.clone();
            let steps = shape.elements() as u64;
            accumulated(&[sums.bounded(0)?], whole(output)?, shape, steps)
        }
        Op::Table { input, entries } => {
            let x = operand(*input)?;
            if x.value.dtype != DType::I8 {
                return Err(NodeError::TableInput {
                    found: x.value.dtype,
                });
            }
            if entries.dtype() == DType::I32 || entries.len() != TABLE_ENTRIES {
                return Err(NodeError::Table {
                    entries: entries.len(),
                    dtype: entries.dtype(),
                });
            }
            // Only the entries that the operand can reach.
            let reached = entries.to_i32().into_iter().zip(-128i64..);
            let reached = reached
                .filter(|(_, x_at)| (x.range.0..=x.range.1).contains(x_at))
                .map(|(entry, _)| i64::from(entry));
            let range = reached.fold((i64::MAX, i64::MIN), |(low, high), entry| {
                (low.min(entry), high.max(entry))
            });
            let shape = x.value.shape.clone();
            let steps = shape.elements() as u64;
            Ok(passed(entries.dtype(), shape, range, steps))
        }
        Op::Rescale {
            input,
            shift: up,
            output,
        } => {
            let x = operand(*input)?;
            let bits = shift(*up)?;
            let sums = Accumulators {
                low: x.range.0 << bits,
                high: x.range.1 << bits,
                magnitude: magnitude(x.range) << bits,
            };
            let shape = x.value.shape.clone();
            let steps = shape.elements() as u64;
            accumulated(&[sums.bounded(0)?], whole(output)?, shape, steps)
        }
        Op::Transpose { input, axes } => {
            let x = operand(*input)?;
            let dims = x.value.shape.dims();
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().map(usize::from).eq(0..dims.len()) {
                return Err(NodeError::Axes {
                    axes: axes.clone(),
                    input: x.value.shape.clone(),
                });
            }
            let dims: Vec<u32> = axes.iter().map(|&axis| dims[usize::from(axis)]).collect();
            let shape = result(Shape::new(&dims))?;
            let steps = shape.elements() as u64;
            Ok(passed(x.value.dtype, shape, x.range, steps))
        }
        Op::Concat { inputs, axis } => {
            if !(1..=CONCAT_MAX).contains(&inputs.len()) {
                return Err(NodeError::OperandCount {
                    operands: inputs.len(),
                });
            }
            let operands = inputs.iter().map(|&input| operand(input));
            let operands: Vec<Operand<'_>> = operands.collect::<Result<_, _>>()?;
            concatenated(&operands, *axis)
        }
    }
}

/// Facts of operands behind each other, of which there is at least one.
fn concatenated(operands: &[Operand<'_>], axis: u8) -> Result<NodeFacts, NodeError> {
    let (first, rest) = (&operands[0], &operands[1..]);
    let mut dims = first.value.shape.dims().to_vec();
    let mut range = first.range;
    for other in rest {
        let found = other.value.shape.dims();
        let fits = other.value.dtype == first.value.dtype
            && found.len() == dims.len()
            && (found.iter().zip(&dims).enumerate())
                .all(|(at, (found, dim))| at == usize::from(axis) || found == dim);
        let along = dims.get_mut(usize::from(axis)).filter(|_| fits);
        let Some(along) = along else {
            return Err(NodeError::Concat {
                axis,
                left: first.value.clone(),
                right: other.value.clone(),
            });
        };
        // A sum beyond the largest shape is refused below.
        *along = along.saturating_add(found[usize::from(axis)]);
        range = (range.0.min(other.range.0), range.1.max(other.range.1));
    }
    if usize::from(axis) >= dims.len() {
        return Err(NodeError::Concat {
            axis,
            left: first.value.clone(),
            right: first.value.clone(),
        });
    }
    let shape = result(Shape::new(&dims))?;
    let steps = shape.elements() as u64;
    Ok(passed(first.value.dtype, shape, range, steps))
}

/// The finish of an operator without output channels of its own.
fn whole(output: &Output) -> Result<&Output, NodeError> {
    match output {
        Output::PerChannel(_) => Err(NodeError::NoChannels),
        output => Ok(output),
    }
}

/// An operand of a multiplication.
fn factor(operand: Operand<'_>) -> Result<Operand<'_>, NodeError> {
    match operand.value.dtype {
        DType::I8 | DType::I16 => Ok(operand),
        found @ DType::I32 => Err(NodeError::OperandType { found }),
    }
}

fn image(shape: &Shape) -> Result<(u32, u32, u32), NodeError> {
    shape
        .channels_height_width()
        .ok_or_else(|| NodeError::NotAnImage {
            found: shape.clone(),
        })
}

fn result(shape: Result<Shape, crate::shape::ShapeError>) -> Result<Shape, NodeError> {
    shape.map_err(|source| NodeError::Shape { source })
}

fn shift(shift: u8) -> Result<u8, NodeError> {
    if shift <= SHIFT_MAX {
        Ok(shift)
    } else {
        Err(NodeError::Shift { shift })
    }
}

fn check_weights(weights: &[i8], bias: &[i32], per_output: usize) -> Result<(), NodeError> {
    let expected = bias.len().saturating_mul(per_output);
    if weights.len() == expected {
        Ok(())
    } else {
        Err(NodeError::Weights {
            outputs: bias.len(),
            per_output,
            expected,
            found: weights.len(),
        })
    }
}

fn magnitude(range: (i64, i64)) -> u64 {
    range.0.unsigned_abs().max(range.1.unsigned_abs())
}

/// The accumulators of each output, from the actual weights.
fn accumulators(
    weights: &[i8],
    bias: &[i32],
    per_output: usize,
    (low, high): (i64, i64),
) -> Result<Vec<Accumulators>, NodeError> {
    let largest = magnitude((low, high));
    let rows = weights.chunks_exact(per_output).zip(bias).enumerate();
    rows.map(|(channel, (row, &bias))| {
        let (mut positive, mut negative) = (0i64, 0i64);
        for &weight in row {
            positive += i64::from(weight).max(0);
            negative += i64::from(weight).min(0);
        }
        let bias = i64::from(bias);
        Accumulators {
            low: bias + positive * low + negative * high,
            high: bias + positive * high + negative * low,
            magnitude: bias.unsigned_abs() + (positive - negative).unsigned_abs() * largest,
        }
        .bounded(channel)
    })
    .collect()
}

impl Accumulators {
    fn bounded(self, channel: usize) -> Result<Self, NodeError> {
        if self.magnitude < ACCUMULATOR_BOUND.unsigned_abs() {
            Ok(self)
        } else {
            Err(NodeError::Accumulator {
                channel,
                bound: self.magnitude,
            })
        }
    }
}

/// Facts of a node that accumulates, from the accumulators of each of its outputs, of which there is
/// at least one.
fn accumulated(
    sums: &[Accumulators],
    output: &Output,
    shape: Shape,
    steps: u64,
) -> Result<NodeFacts, NodeError> {
    let ends = sums.iter().map(|sums| (sums.low, sums.high));
    let (dtype, range, quotient) = match output {
        Output::Accumulator => (DType::I32, hull(ends), None),
        Output::Requantized(requant) => {
            let each = ends.map(|ends| quotients(*requant, ends));
            let quotient = hull(each.collect::<Result<Vec<_>, _>>()?);
            (requant.dtype, saturated(*requant, quotient), Some(quotient))
        }
        Output::PerChannel(requant) => {
            let first = requant.shifts.first();
            let differ = requant.shifts.iter().any(|shift| Some(shift) != first);
            if requant.shifts.len() != sums.len() || !differ {
                return Err(NodeError::Shifts {
                    shifts: requant.shifts.len(),
                    outputs: sums.len(),
                });
            }
            let each = ends
                .enumerate()
                .map(|(channel, ends)| quotients(requant.of(channel), ends));
            let quotient = hull(each.collect::<Result<Vec<_>, _>>()?);
            let range = saturated(requant.of(0), quotient);
            (requant.dtype, range, Some(quotient))
        }
    };
    Ok(NodeFacts {
        value: ValueType { dtype, shape },
        range,
        accumulator_max: sums.iter().map(|sums| sums.magnitude).max(),
        quotient,
        steps,
    })
}

/// The range that covers all `ranges`.
fn hull(ranges: impl IntoIterator<Item = (i64, i64)>) -> (i64, i64) {
    let ranges = ranges.into_iter();
    let all = ranges.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
    // A shape without outputs was refused before.
    all.unwrap_or((0, 0))
}

/// The rounded quotients of accumulators between `ends`.
fn quotients(requant: Requant, (low, high): (i64, i64)) -> Result<(i64, i64), NodeError> {
    if requant.dtype == DType::I32 {
        return Err(NodeError::RequantType {
            dtype: requant.dtype,
        });
    }
    let bits = shift(requant.shift)?;
    let half = (1i64 << bits) >> 1;
    Ok(((low + half) >> bits, (high + half) >> bits))
}

/// What ReLU and saturation leave of quotients.
fn saturated(requant: Requant, (smallest, largest): (i64, i64)) -> (i64, i64) {
    let (low, high) = requant.dtype.range();
    let low = if requant.relu { 0 } else { low };
    (smallest.clamp(low, high), largest.clamp(low, high))
}

/// Facts of a node whose elements are elements of its operand.
fn passed(dtype: DType, shape: Shape, range: (i64, i64), steps: u64) -> NodeFacts {
    NodeFacts {
        value: ValueType { dtype, shape },
        range,
        accumulator_max: None,
        quotient: None,
        steps,
    }
}
