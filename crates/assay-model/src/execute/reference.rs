//! The reference: plain loops over row-major tensors, one operator after the other.
//!
//! It reads like the specification in the crate's documentation. Plans use it for the rare nodes that no
//! kernel covers, and tests hold every kernel to its bits.

use super::elementwise;
use crate::{
    loops::{LinearExtents, Strides, WindowExtents, conv2d, linear, max_pool2d, sum_pool2d},
    program::{ChannelRequant, Op, Output, Program, Requant, ValueId},
    tensor::TensorData,
};

/// Extents of a node, worked out once.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Linear(LinearExtents),
    Window(WindowExtents),
    Elementwise,
    /// How far the operand moves when the result moves by one along each dimension.
    Strided(Strides),
    /// Elements of each operand in a row.
    Concat {
        inner: Vec<usize>,
    },
}

/// Executes one node: reads its operands from `value`, writes `out`; `accumulators` are at least as long.
pub(super) fn execute<'a>(
    op: &Op,
    step: &Step,
    value: impl Fn(ValueId) -> &'a TensorData,
    accumulators: &mut [i32],
    out: &mut TensorData,
) {
    match (op, step) {
        (
            Op::Linear {
                input,
                weights,
                bias,
                output,
            },
            Step::Linear(extents),
        ) => {
            let acc = &mut accumulators[..out.len()];
            match value(*input) {
                TensorData::I8(x) => linear(*extents, x, weights, bias, acc, multiply_add),
                TensorData::I16(x) => linear(*extents, x, weights, bias, acc, multiply_add),
                TensorData::I32(_) => unreachable!("validation refuses int32 factors"),
            }
            finish(output, 1, acc, out);
        }
        (
            Op::Conv2d {
                input,
                weights,
                bias,
                output,
                ..
            },
            Step::Window(extents),
        ) => {
            let acc = &mut accumulators[..out.len()];
            match value(*input) {
                TensorData::I8(x) => conv2d(extents, x, weights, bias, acc, multiply_add),
                TensorData::I16(x) => conv2d(extents, x, weights, bias, acc, multiply_add),
                TensorData::I32(_) => unreachable!("validation refuses int32 factors"),
            }
            let per_channel = extents.out_height * extents.out_width;
            finish(output, per_channel, acc, out);
        }
        (Op::MaxPool2d { input, .. }, Step::Window(extents)) => match (value(*input), out) {
            (TensorData::I8(x), TensorData::I8(out)) => max_pool2d(extents, x, out),
            (TensorData::I16(x), TensorData::I16(out)) => max_pool2d(extents, x, out),
            (TensorData::I32(x), TensorData::I32(out)) => max_pool2d(extents, x, out),
            (x, out) => mismatch(x, out),
        },
        (Op::Reshape { input, .. }, Step::Elementwise) => copy(value(*input), out),
        (
            Op::Add {
                left,
                left_shift,
                right,
                right_shift,
                output,
            },
            Step::Elementwise,
        ) => {
            let acc = &mut accumulators[..out.len()];
            acc.fill(0);
            elementwise::add_shifted(value(*left), *left_shift, acc);
            elementwise::add_shifted(value(*right), *right_shift, acc);
            finish(output, 1, acc, out);
        }
        (Op::Relu { input }, Step::Elementwise) => elementwise::relu(value(*input), out),
        (
            Op::AveragePool2d {
                input,
                multiplier,
                output,
                ..
            },
            Step::Window(extents),
        ) => {
            let acc = &mut accumulators[..out.len()];
            match value(*input) {
                TensorData::I8(x) => sum_pool2d(extents, x, acc, |sum, x| sum + i32::from(x)),
                TensorData::I16(x) => sum_pool2d(extents, x, acc, |sum, x| sum + i32::from(x)),
                TensorData::I32(_) => unreachable!("validation refuses int32 factors"),
            }
            for acc in acc.iter_mut() {
                *acc *= i32::from(*multiplier);
            }
            finish(output, 1, acc, out);
        }
        (
            Op::Multiply {
                left,
                right,
                output,
            },
            Step::Strided(strides),
        ) => {
            let acc = &mut accumulators[..out.len()];
            elementwise::multiply(value(*left), value(*right), strides, acc);
            finish(output, 1, acc, out);
        }
        (Op::Table { input, entries }, Step::Elementwise) => match value(*input) {
            TensorData::I8(x) => elementwise::table(x, entries, out),
            x => mismatch(x, out),
        },
        (
            Op::Rescale {
                input,
                shift,
                output,
            },
            Step::Elementwise,
        ) => {
            let acc = &mut accumulators[..out.len()];
            acc.fill(0);
            elementwise::add_shifted(value(*input), *shift, acc);
            finish(output, 1, acc, out);
        }
        (Op::Transpose { input, .. }, Step::Strided(strides)) => {
            elementwise::gather(value(*input), strides, out);
        }
        (Op::Concat { inputs, .. }, Step::Concat { inner }) => {
            // Each operand is as many runs as there are outer positions; the runs alternate.
            let total = inner.iter().sum();
            let mut offset = 0;
            for (&input, &run) in inputs.iter().zip(inner) {
                elementwise::interleave(value(input), run, offset, total, out);
                offset += run;
            }
        }
        (op, step) => unreachable!("{} is never planned as {step:?}", op.name()),
    }
}

/// Turns accumulators into the node's value; each output channel has `per_channel` of them in a row.
fn finish(output: &Output, per_channel: usize, acc: &[i32], out: &mut TensorData) {
    match (output, out) {
        (Output::Accumulator, TensorData::I32(out)) => out.copy_from_slice(acc),
        (Output::Requantized(requant), TensorData::I8(out)) => {
            requantize(*requant, acc, out, |value| value as i8);
        }
        (Output::Requantized(requant), TensorData::I16(out)) => {
            requantize(*requant, acc, out, |value| value as i16);
        }
        (Output::PerChannel(requant), TensorData::I8(out)) => {
            each_channel(requant, per_channel, acc, out, |value| value as i8);
        }
        (Output::PerChannel(requant), TensorData::I16(out)) => {
            each_channel(requant, per_channel, acc, out, |value| value as i16);
        }
        (output, out) => unreachable!("{output:?} is never planned into {}", out.dtype()),
    }
}

/// Requantises runs of `per_channel` accumulators, whose channels repeat.
fn each_channel<T>(
    requant: &ChannelRequant,
    per_channel: usize,
    acc: &[i32],
    out: &mut [T],
    narrow: impl Fn(i32) -> T + Copy,
) {
    let channels = (0..requant.shifts.len()).cycle();
    let runs = acc.chunks(per_channel).zip(out.chunks_mut(per_channel));
    for (channel, (acc, out)) in channels.zip(runs) {
        requantize(requant.of(channel), acc, out, narrow);
    }
}

/// `narrow` never truncates: [`Requant::apply`] clamps to the range of the type.
fn requantize<T>(requant: Requant, acc: &[i32], out: &mut [T], narrow: impl Fn(i32) -> T) {
    for (out, &acc) in out.iter_mut().zip(acc) {
        *out = narrow(requant.apply(acc));
    }
}

fn multiply_add<X: Into<i32>>(acc: i32, weight: i8, x: X) -> i32 {
    acc + i32::from(weight) * x.into()
}

fn copy(from: &TensorData, to: &mut TensorData) {
    match (from, to) {
        (TensorData::I8(from), TensorData::I8(to)) => to.copy_from_slice(from),
        (TensorData::I16(from), TensorData::I16(to)) => to.copy_from_slice(from),
        (TensorData::I32(from), TensorData::I32(to)) => to.copy_from_slice(from),
        (from, to) => mismatch(from, to),
    }
}

pub(super) fn mismatch(from: &TensorData, to: &TensorData) -> ! {
    unreachable!("{} is never planned into {}", from.dtype(), to.dtype())
}

/// Works out the extents of a node.
pub(super) fn plan(program: &Program, node: usize, op: &Op) -> Step {
    let out = &program.facts()[node].value.shape;
    match op {
        Op::Linear { input, bias, .. } => {
            let shape = &program.value(*input).shape;
            let inner = shape.last() as usize;
            Step::Linear(LinearExtents {
                rows: shape.elements() / inner,
                inner,
                outputs: bias.len(),
            })
        }
        Op::Conv2d {
            input,
            window,
            groups,
            ..
        } => {
            let shape = &program.value(*input).shape;
            Step::Window(WindowExtents::new(shape, out, *window, *groups))
        }
        Op::MaxPool2d { input, window } | Op::AveragePool2d { input, window, .. } => {
            let shape = &program.value(*input).shape;
            Step::Window(WindowExtents::new(shape, out, *window, out.dims()[0]))
        }
        Op::Multiply { right, .. } => {
            Step::Strided(Strides::broadcast(&program.value(*right).shape, out))
        }
        Op::Transpose { input, axes } => {
            Step::Strided(Strides::transposed(&program.value(*input).shape, axes))
        }
        Op::Concat { inputs, axis } => {
            let inner = |&input: &ValueId| {
                let dims = &program.value(input).shape.dims()[usize::from(*axis)..];
                dims.iter().map(|&dim| dim as usize).product()
            };
            Step::Concat {
                inner: inputs.iter().map(inner).collect(),
            }
        }
        Op::Reshape { .. }
        | Op::Add { .. }
        | Op::Relu { .. }
        | Op::Table { .. }
        | Op::Rescale { .. } => Step::Elementwise,
    }
}
