//! Plans: a program translated once into steps of kernels, with its weights packed and its memory laid
//! out.
//!
//! Values become *slots*: a type, a layout and a buffer. Slots whose values are never needed at the same
//! time share a buffer. A node that no kernel covers, or whose windows or weights would take much more
//! memory than the program says, is left to the reference loops.

mod dense;
mod window;

use std::sync::Arc;

use super::{
    layout::{Border, Layout, View},
    reference,
};
use crate::{
    kernels::{
        KernelSet, SPARE,
        dense::{Dense, Walk},
        depthwise::Depthwise,
        elementwise::{Combine, Stretches},
        pool::Pool,
        simd::Finish,
    },
    program::{Op, Output, Program, Requant, ValueId},
    shape::Shape,
    tensor::{DType, TensorData},
};

/// A program, ready to be run by any number of executors.
#[derive(Debug)]
pub struct Plan {
    pub(super) program: Arc<Program>,
    pub(super) kernels: KernelSet,
    pub(super) steps: Vec<Step>,
    /// Steps from here on take all items of a batch at once.
    pub(super) batched_from: usize,
    pub(super) slots: Vec<Slot>,
    /// Type and length of each buffer, for one item, without spare elements.
    pub(super) buffers: Vec<Buffer>,
    pub(super) output: usize,
}

/// Where a value lies.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) dtype: DType,
    pub(super) layout: Layout,
    pub(super) buffer: usize,
    /// Whether the values of all items of a batch lie there, behind each other.
    pub(super) all_items: bool,
}

/// Memory of slots.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) dtype: DType,
    /// Elements of one item.
    pub(super) len: usize,
    pub(super) all_items: bool,
}

/// One thing to do. Operands and results are numbers of slots.
#[derive(Debug)]
pub(super) enum Step {
    Dense {
        dense: Dense,
        input: usize,
        output: usize,
    },
    Depthwise {
        depthwise: Depthwise,
        input: usize,
        output: usize,
    },
    MaxPool {
        pool: Pool,
        input: usize,
        output: usize,
    },
    AveragePool {
        pool: Pool,
        multiplier: i32,
        finish: Finish<i32>,
        input: usize,
        output: usize,
    },
    Pair {
        stretches: Stretches,
        combine: Combine,
        finish: Finish<i32>,
        left: (usize, Walk),
        right: (usize, Walk),
        output: (usize, Walk),
    },
    Rescale {
        shift: u32,
        finish: Finish<i32>,
        input: usize,
        output: usize,
    },
    Table {
        entries: Entries,
        input: usize,
        output: usize,
    },
    Relu {
        input: usize,
        output: usize,
    },
    Copy {
        from: (usize, View),
        to: (usize, View),
    },
    Reference {
        node: usize,
        step: reference::Step,
        /// Each operand's value, slot and view.
        operands: Vec<(ValueId, usize, View)>,
        output: (usize, View),
    },
}

/// A table of [`Op::Table`].
#[derive(Debug)]
pub(super) enum Entries {
    Bytes(Box<[i8; 256]>),
    Words(Box<[i16; 256]>),
}

impl Plan {
    /// Plans `program` for the fastest kernels of this processor.
    pub fn new(program: impl Into<Arc<Program>>) -> Self {
        Self::with_kernels(program, KernelSet::best())
    }

    /// Plans `program` for certain kernels.
    pub fn with_kernels(program: impl Into<Arc<Program>>, kernels: KernelSet) -> Self {
        let program = program.into();
        let mut planner = Planner::new(&program, kernels);
        for node in 0..program.nodes().len() {
            planner.node(node);
        }
        let Planner { steps, slots, .. } = planner;
        let output = program.output_id().get() as usize;
        Self::finish(program, kernels, steps, slots, output)
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The kernels it is planned for.
    pub fn kernels(&self) -> KernelSet {
        self.kernels
    }

    /// Gives each slot a buffer.
    fn finish(
        program: Arc<Program>,
        kernels: KernelSet,
        steps: Vec<Step>,
        mut slots: Vec<Slot>,
        output: usize,
    ) -> Self {
        let batchable = |step: &Step| step.takes_all_items(&slots);
        let batched_from = steps.len() - steps.iter().rev().take_while(|s| batchable(s)).count();
        for step in &steps[batched_from..] {
            step.each_slot(|slot| slots[slot].all_items = true);
        }
        slots[output].all_items = true;
        let mut last_use = vec![0; slots.len()];
        for (index, step) in steps.iter().enumerate() {
            step.each_slot(|slot| last_use[slot] = index);
        }

        let mut buffers: Vec<Buffer> = Vec::new();
        let mut free: Vec<usize> = Vec::new();
        let mut placed = vec![false; slots.len()];
        let mut place = |slot: &mut Slot, free: &mut Vec<usize>| {
            // What outlives one item shares with nobody.
            let reusable = (free.iter())
                .position(|&buffer: &usize| !slot.all_items && buffers[buffer].dtype == slot.dtype);
            slot.buffer = match reusable {
                Some(at) => free.swap_remove(at),
                None => {
                    buffers.push(Buffer {
                        dtype: slot.dtype,
                        len: 0,
                        all_items: slot.all_items,
                    });
                    buffers.len() - 1
                }
            };
            let buffer = &mut buffers[slot.buffer];
            buffer.len = buffer.len.max(slot.layout.len());
        };
        place(&mut slots[0], &mut free);
        placed[0] = true;
        for (index, step) in steps.iter().enumerate() {
            step.each_slot(|slot| {
                if !placed[slot] {
                    placed[slot] = true;
                    place(&mut slots[slot], &mut free);
                }
            });
            step.each_slot(|slot| {
                let done = last_use[slot] == index && !slots[slot].all_items;
                if done && !free.contains(&slots[slot].buffer) {
                    free.push(slots[slot].buffer);
                }
            });
        }
        Self {
            program,
            kernels,
            steps,
            batched_from,
            slots,
            buffers,
            output,
        }
    }
}

impl Buffer {
    /// The buffer for `items` items.
    pub(super) fn allocate(&self, items: usize) -> TensorData {
        let items = if self.all_items { items } else { 1 };
        TensorData::zeros(self.dtype, items * self.len + SPARE)
    }
}

impl Step {
    /// Calls `visit` for each operand and for the result.
    fn each_slot(&self, mut visit: impl FnMut(usize)) {
        match self {
            Self::Dense { input, output, .. }
            | Self::Depthwise { input, output, .. }
            | Self::MaxPool { input, output, .. }
            | Self::AveragePool { input, output, .. }
            | Self::Rescale { input, output, .. }
            | Self::Table { input, output, .. }
            | Self::Relu { input, output } => [*input, *output].into_iter().for_each(visit),
            Self::Pair {
                left,
                right,
                output,
                ..
            } => [left.0, right.0, output.0].into_iter().for_each(visit),
            Self::Copy { from, to } => [from.0, to.0].into_iter().for_each(visit),
            Self::Reference {
                operands, output, ..
            } => {
                operands.iter().for_each(|operand| visit(operand.1));
                visit(output.0);
            }
        }
    }

    /// The slot of the result.
    pub(super) fn output(&self) -> usize {
        match self {
            Self::Dense { output, .. }
            | Self::Depthwise { output, .. }
            | Self::MaxPool { output, .. }
            | Self::AveragePool { output, .. }
            | Self::Rescale { output, .. }
            | Self::Table { output, .. }
            | Self::Relu { output, .. } => *output,
            Self::Pair { output, .. } => output.0,
            Self::Copy { to, .. } => to.0,
            Self::Reference { output, .. } => output.0,
        }
    }

    /// Whether several items are one operand of more columns.
    fn takes_all_items(&self, slots: &[Slot]) -> bool {
        let line = |slot: usize| slots[slot].layout.is_line();
        match self {
            Self::Dense {
                dense,
                input,
                output,
            } => {
                // Otherwise windows would reach from one item into the next.
                let whole = |slot: usize, pixel| dense.columns * pixel == slots[slot].layout.len();
                line(*input)
                    && line(*output)
                    && dense.runs == [0]
                    && whole(*input, dense.input.pixel)
                    && whole(*output, dense.output.pixel)
            }
            Self::Rescale { input, output, .. }
            | Self::Table { input, output, .. }
            | Self::Relu { input, output } => line(*input) && line(*output),
            _ => false,
        }
    }
}

/// A plan in the making.
struct Planner<'a> {
    program: &'a Program,
    kernels: KernelSet,
    steps: Vec<Step>,
    /// Slots of the program's values by their numbers, then those of intermediate copies.
    slots: Vec<Slot>,
}

impl<'a> Planner<'a> {
    fn new(program: &'a Program, kernels: KernelSet) -> Self {
        let values = 1 + program.nodes().len();
        let mut borders = vec![[0; 4]; values];
        for (node, op) in program.nodes().iter().enumerate() {
            if let Some((input, border)) = window::border(program, node, op) {
                let whole: &mut Border = &mut borders[input.get() as usize];
                *whole = std::array::from_fn(|side| whole[side].max(border[side]));
            }
        }
        let slot = |(value, border)| {
            let value = program.value(ValueId::new(value));
            Slot::new(value.dtype, Layout::new(&value.shape, border))
        };
        Self {
            program,
            kernels,
            steps: Vec::new(),
            slots: (0..).zip(borders).map(slot).collect(),
        }
    }

    fn node(&mut self, node: usize) {
        let output = node + 1;
        let slot = |id: &ValueId| id.get() as usize;
        match &self.program.nodes()[node] {
            Op::Linear { input, .. } => self.linear(node, slot(input)),
            Op::Conv2d { input, .. } => self.convolution(node, slot(input)),
            Op::MaxPool2d { input, window } => {
                let input = slot(input);
                let pool = self.pool(input, output, window);
                self.steps.push(Step::MaxPool {
                    pool,
                    input,
                    output,
                });
            }
            Op::AveragePool2d {
                input,
                window,
                multiplier,
                output: finish,
            } => {
                let input = slot(input);
                let pool = self.pool(input, output, window);
                self.steps.push(Step::AveragePool {
                    pool,
                    multiplier: i32::from(*multiplier),
                    finish: finish_of(finish),
                    input,
                    output,
                });
            }
            Op::Reshape { input, .. } => self.reshape(slot(input), output),
            Op::Add {
                left,
                left_shift,
                right,
                right_shift,
                output: finish,
            } => {
                let combine = Combine::Add([*left_shift, *right_shift].map(u32::from));
                self.pair(node, combine, slot(left), slot(right), finish);
            }
            Op::Multiply {
                left,
                right,
                output: finish,
            } => self.pair(node, Combine::Multiply, slot(left), slot(right), finish),
            Op::Relu { input } => self.steps.push(Step::Relu {
                input: slot(input),
                output,
            }),
            Op::Table { input, entries } => {
                let entries = match entries {
                    TensorData::I8(entries) => entries.first_chunk().copied().map(Entries::bytes),
                    TensorData::I16(entries) => entries.first_chunk().copied().map(Entries::words),
                    TensorData::I32(_) => None,
                };
                match entries {
                    Some(entries) => self.steps.push(Step::Table {
                        entries,
                        input: slot(input),
                        output,
                    }),
                    None => self.reference(node),
                }
            }
            Op::Rescale {
                input,
                shift,
                output: finish,
            } => self.steps.push(Step::Rescale {
                shift: u32::from(*shift),
                finish: finish_of(finish),
                input: slot(input),
                output,
            }),
            Op::Transpose { input, axes } => {
                let input = slot(input);
                let from = self.slots[input].layout.view().transposed(axes);
                let to = self.slots[output].layout.view();
                self.copy((input, from), (output, to));
            }
            Op::Concat { inputs, axis } => {
                let axis = usize::from(*axis);
                let whole = self.slots[output].layout.view();
                let mut start = 0;
                for input in inputs.iter().map(slot) {
                    let extent = self.slots[input].layout.shape.dims()[axis] as usize;
                    let from = self.slots[input].layout.view();
                    self.copy((input, from), (output, whole.part(axis, start, extent)));
                    start += extent;
                }
            }
        }
    }

    fn copy(&mut self, from: (usize, View), to: (usize, View)) {
        self.steps.push(Step::Copy { from, to });
    }

    /// A new slot for the elements of `shape` in their order.
    fn row_major_slot(&mut self, dtype: DType, shape: &Shape) -> usize {
        self.slots.push(Slot::new(dtype, Layout::row_major(shape)));
        self.slots.len() - 1
    }

    /// A slot with the elements of `slot` in their order, filled by a copy if need be.
    fn row_major_operand(&mut self, slot: usize) -> usize {
        let Slot { dtype, layout, .. } = &self.slots[slot];
        if layout.is_row_major() {
            return slot;
        }
        let (dtype, shape, view) = (*dtype, layout.shape.clone(), layout.view());
        let copied = self.row_major_slot(dtype, &shape);
        self.copy((slot, view), (copied, View::row_major(&shape)));
        copied
    }

    /// Copies elements in their order to a value of another shape.
    fn reshape(&mut self, input: usize, output: usize) {
        let from = &self.slots[input].layout;
        let to = &self.slots[output].layout;
        if to.is_row_major() {
            let (view, as_input) = (from.view(), View::row_major(&from.shape));
            self.copy((input, view), (output, as_input));
        } else {
            let (view, as_output) = (to.view(), View::row_major(&to.shape));
            let ordered = self.row_major_operand(input);
            self.copy((ordered, as_output), (output, view));
        }
    }

    /// Leaves a node to the reference loops.
    fn reference(&mut self, node: usize) {
        let program = self.program;
        let op = &program.nodes()[node];
        let view = |slot: usize| self.slots[slot].layout.view();
        let operands = op.operands().map(|value| {
            let slot = value.get() as usize;
            (value, slot, view(slot))
        });
        let step = Step::Reference {
            node,
            step: reference::plan(program, node, op),
            operands: operands.collect(),
            output: (node + 1, view(node + 1)),
        };
        self.steps.push(step);
    }

    fn pair(&mut self, node: usize, combine: Combine, left: usize, right: usize, finish: &Output) {
        let output = node + 1;
        let (l, r) = (&self.slots[left].layout, &self.slots[right].layout);
        if self.slots[left].dtype != self.slots[right].dtype {
            return self.reference(node);
        }
        let (mut of_left, mut of_right) = (l.walk(), r.walk());
        let of_output = self.slots[output].layout.walk();
        let stretches = if l.shape == r.shape {
            Stretches {
                rows: l.height,
                columns: 1,
                length: l.width * l.channels,
            }
        } else if l.channels == r.channels && l.shape.rank() == 3 {
            // Repeated rows and columns do not move on.
            if r.height < l.height {
                of_right.row = 0;
            }
            if r.width < l.width {
                of_right.pixel = 0;
            }
            Stretches {
                rows: l.height,
                columns: l.width,
                length: l.channels,
            }
        } else {
            return self.reference(node);
        };
        // A single place never moves.
        if stretches.columns == 1 {
            (of_left.pixel, of_right.pixel) = (0, 0);
        }
        self.steps.push(Step::Pair {
            stretches,
            combine,
            finish: finish_of(finish),
            left: (left, of_left),
            right: (right, of_right),
            output: (output, of_output),
        });
    }
}

impl Slot {
    fn new(dtype: DType, layout: Layout) -> Self {
        Self {
            dtype,
            layout,
            buffer: 0,
            all_items: false,
        }
    }
}

impl Entries {
    fn bytes(entries: [i8; 256]) -> Self {
        Self::Bytes(Box::new(entries))
    }

    fn words(entries: [i16; 256]) -> Self {
        Self::Words(Box::new(entries))
    }
}

/// The requantisation of one output channel; `None` keeps accumulators.
fn requant_of(output: &Output, channel: usize) -> Option<Requant> {
    match output {
        Output::Accumulator => None,
        Output::Requantized(requant) => Some(*requant),
        Output::PerChannel(requant) => Some(requant.of(channel)),
    }
}

/// The requantisation of operators without output channels of their own.
fn finish_of(output: &Output) -> Finish<i32> {
    let shift = requant_of(output, 0).map_or(0, |requant| requant.shift);
    let relu = requant_of(output, 0).is_some_and(|requant| requant.relu);
    Finish {
        half: (1 << shift) >> 1,
        shift: i32::from(shift),
        low: if relu { 0 } else { i32::MIN },
    }
}
