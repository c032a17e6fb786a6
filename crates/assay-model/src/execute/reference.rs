//! The reference: plain loops over row-major tensors, one operator after the other.
//!
//! It reads like the specification in the crate's documentation, and whatever is faster must return
//! its bits. An executor plans once (extents of every node, one buffer per value, one for accumulators) and
//! then runs without allocating, except for the tensor it returns. Validation has bounded every
//! accumulator, so 32-bit arithmetic never overflows and the order of summation does not matter:
//! kernels are free to reorder and a faster set is one more table in `kernels.rs`.

use std::sync::Arc;

use super::{
    elementwise::{self, Strides},
    kernels::{self, KernelSet},
};
use crate::{
    loops::{LinearExtents, WindowExtents, max_pool2d, sum_pool2d},
    program::{ChannelRequant, Op, Output, Program, Requant, ValueId, ValueType},
    tensor::{Tensor, TensorData},
};

/// Runs one program, again and again.
#[derive(Debug, Clone)]
pub struct Executor {
    program: Arc<Program>,
    kernels: &'static KernelSet,
    steps: Vec<Step>,
    /// Value `i` of the program.
    values: Vec<TensorData>,
    /// Accumulators of the node that is running; as long as the longest needs.
    accumulators: Vec<i32>,
}

/// Why a tensor is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError {
    /// The tensor has another type or shape than the program's input.
    #[error(
        "the program takes {expected}, got {found}: quantise the input with the model's manifest"
    )]
    Input {
        /// Type and shape of the program's input.
        expected: ValueType,
        /// Type and shape of the tensor.
        found: ValueType,
    },
}

/// Extents of a node, worked out once.
#[derive(Debug, Clone)]
enum Step {
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

impl Executor {
    /// Plans the execution of `program`.
    pub fn new(program: impl Into<Arc<Program>>) -> Self {
        Self::with_kernels(program.into(), &kernels::PORTABLE)
    }

    pub(super) fn with_kernels(program: Arc<Program>, kernels: &'static KernelSet) -> Self {
        let steps = program
            .nodes()
            .iter()
            .enumerate()
            .map(|(node, op)| plan(&program, node, op))
            .collect();
        let mut values = vec![zeros(program.input())];
        values.extend(program.facts().iter().map(|facts| zeros(&facts.value)));
        let accumulators = program
            .facts()
            .iter()
            .filter(|facts| facts.accumulator_max.is_some())
            .map(|facts| facts.value.shape.elements())
            .max()
            .unwrap_or(0);
        Self {
            kernels,
            steps,
            values,
            accumulators: vec![0; accumulators],
            program,
        }
    }

    /// The program it runs.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Runs the program on `input` and returns its output.
    ///
    /// # Errors
    /// [`ExecuteError::Input`] if type or shape of `input` is not the program's.
    pub fn run(&mut self, input: &Tensor) -> Result<Tensor, ExecuteError> {
        let expected = self.program.input();
        if input.dtype() != expected.dtype || *input.shape() != expected.shape {
            return Err(ExecuteError::Input {
                expected: expected.clone(),
                found: ValueType {
                    dtype: input.dtype(),
                    shape: input.shape().clone(),
                },
            });
        }
        copy(input.data(), &mut self.values[0]);
        for (index, (op, step)) in self.program.nodes().iter().zip(&self.steps).enumerate() {
            let (before, after) = self.values.split_at_mut(index + 1);
            let accumulators = &mut self.accumulators;
            execute(self.kernels, op, step, before, accumulators, &mut after[0]);
        }
        Ok(self.output())
    }

    fn output(&self) -> Tensor {
        let id = self.program.output_id();
        let shape = self.program.output().shape.clone();
        match Tensor::new(shape, self.values[id.get() as usize].clone()) {
            Ok(tensor) => tensor,
            Err(error) => unreachable!("buffers have the shapes of their values: {error}"),
        }
    }
}

/// Executes one node: reads the values before it, writes `out`.
fn execute(
    kernels: &KernelSet,
    op: &Op,
    step: &Step,
    values: &[TensorData],
    accumulators: &mut [i32],
    out: &mut TensorData,
) {
    let value = |id: ValueId| &values[id.get() as usize];
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
                TensorData::I8(x) => (kernels.linear_i8)(extents, x, weights, bias, acc),
                TensorData::I16(x) => (kernels.linear_i16)(extents, x, weights, bias, acc),
                TensorData::I32(_) => unreachable!("validation refuses int32 factors"),
            }
            finish(kernels, output, 1, acc, out);
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
                TensorData::I8(x) => (kernels.conv2d_i8)(extents, x, weights, bias, acc),
                TensorData::I16(x) => (kernels.conv2d_i16)(extents, x, weights, bias, acc),
                TensorData::I32(_) => unreachable!("validation refuses int32 factors"),
            }
            let per_channel = extents.out_height * extents.out_width;
            finish(kernels, output, per_channel, acc, out);
        }
        (Op::MaxPool2d { input, .. }, Step::Window(extents)) => match (value(*input), out) {
            (TensorData::I8(x), TensorData::I8(out)) => (kernels.max_pool2d_i8)(extents, x, out),
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
            finish(kernels, output, 1, acc, out);
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
            finish(kernels, output, 1, acc, out);
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
            finish(kernels, output, 1, acc, out);
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
            finish(kernels, output, 1, acc, out);
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
fn finish(
    kernels: &KernelSet,
    output: &Output,
    per_channel: usize,
    acc: &[i32],
    out: &mut TensorData,
) {
    match (output, out) {
        (Output::Accumulator, TensorData::I32(out)) => out.copy_from_slice(acc),
        (Output::Requantized(requant), TensorData::I8(out)) => {
            (kernels.requantize_i8)(*requant, acc, out);
        }
        (Output::Requantized(requant), TensorData::I16(out)) => {
            (kernels.requantize_i16)(*requant, acc, out);
        }
        (Output::PerChannel(requant), TensorData::I8(out)) => {
            each_channel(requant, per_channel, acc, out, kernels.requantize_i8);
        }
        (Output::PerChannel(requant), TensorData::I16(out)) => {
            each_channel(requant, per_channel, acc, out, kernels.requantize_i16);
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
    requantize: fn(Requant, &[i32], &mut [T]),
) {
    let channels = (0..requant.shifts.len()).cycle();
    let runs = acc.chunks(per_channel).zip(out.chunks_mut(per_channel));
    for (channel, (acc, out)) in channels.zip(runs) {
        requantize(requant.of(channel), acc, out);
    }
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

fn zeros(value: &ValueType) -> TensorData {
    TensorData::zeros(value.dtype, value.shape.elements())
}

fn plan(program: &Program, node: usize, op: &Op) -> Step {
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
