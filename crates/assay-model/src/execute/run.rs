//! Running a plan: one step after the other, through the kernels of its set.

use super::{
    Elements, Executor,
    layout::View,
    plan::{Entries, Plan, Slot, Step},
    reference::{self, mismatch},
};
use crate::{
    kernels::{
        KernelSet,
        dense::{DenseJob, Walk},
        depthwise::DepthwiseJob,
        elementwise::{
            FiniteJob, PairJob, QuantizeJob, ReluJob, RescaleJob, Stretches, TableJob, WideTableJob,
        },
        pool::{AveragePoolJob, MaxPoolJob},
    },
    program::{ValueId, ValueType},
    quantize::power_of_two,
    tensor::{DType, TensorData},
};

/// Memory of the nodes that are left to the reference loops, in the order of their steps.
#[derive(Debug, Clone, Default)]
pub(super) struct ReferenceMemory {
    nodes: Vec<ReferenceNode>,
    accumulators: Vec<i32>,
}

/// Operands and result of such a node, in the order of their elements.
#[derive(Debug, Clone)]
struct ReferenceNode {
    operands: Vec<(ValueId, TensorData)>,
    out: TensorData,
}

impl ReferenceMemory {
    pub(super) fn new(plan: &Plan) -> Self {
        let zeros = |value: &ValueType| TensorData::zeros(value.dtype, value.shape.elements());
        let mut memory = Self::default();
        for step in &plan.steps {
            let Step::Reference { node, operands, .. } = step else {
                continue;
            };
            let out = zeros(&plan.program.facts()[*node].value);
            memory
                .accumulators
                .resize(memory.accumulators.len().max(out.len()), 0);
            memory.nodes.push(ReferenceNode {
                operands: (operands.iter())
                    .map(|&(value, ..)| (value, zeros(plan.program.value(value))))
                    .collect(),
                out,
            });
        }
        memory
    }
}

/// Which items a step works on.
#[derive(Clone, Copy)]
enum Items {
    /// One of them.
    One(usize),
    /// The first so many, as one operand of more columns.
    All(usize),
}

impl Items {
    fn count(self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::All(count) => count,
        }
    }

    /// Where the elements of these items begin in a slot's buffer.
    fn start(self, slot: &Slot) -> usize {
        match self {
            Self::One(item) if slot.all_items => item * slot.layout.len(),
            Self::One(_) | Self::All(_) => 0,
        }
    }
}

/// Runs `$body` with `$data` bound to the elements of `$value` from `$start` on, whatever their type.
macro_rules! typed {
    ($value:expr, $start:expr, $data:ident => $body:expr) => {
        match $value {
            TensorData::I8(data) => {
                let $data = &data[$start..];
                $body
            }
            TensorData::I16(data) => {
                let $data = &data[$start..];
                $body
            }
            TensorData::I32(data) => {
                let $data = &data[$start..];
                $body
            }
        }
    };
}

/// As `typed`, for the operands of multiplications, which are never int32.
macro_rules! typed_factor {
    ($value:expr, $start:expr, $data:ident => $body:expr) => {
        match $value {
            TensorData::I8(data) => {
                let $data = &data[$start..];
                $body
            }
            TensorData::I16(data) => {
                let $data = &data[$start..];
                $body
            }
            TensorData::I32(_) => unreachable!("validation refuses int32 factors"),
        }
    };
}

/// As `typed`, for results.
macro_rules! typed_out {
    ($value:expr, $start:expr, $data:ident => $body:expr) => {
        match $value {
            TensorData::I8(data) => {
                let $data = &mut data[$start..];
                $body
            }
            TensorData::I16(data) => {
                let $data = &mut data[$start..];
                $body
            }
            TensorData::I32(data) => {
                let $data = &mut data[$start..];
                $body
            }
        }
    };
}

impl Executor {
    /// Runs the program on the first `items` items of `inputs`, each in the order of its elements, and
    /// leaves their outputs in `self.output`.
    pub(super) fn run_items(&mut self, plan: &Plan, items: usize, inputs: Elements<'_>) {
        let (one_by_one, together) = plan.steps.split_at(plan.batched_from);
        let per_input = plan.program.input().shape.elements();
        for item in 0..items {
            self.load(plan, item, inputs.part(item * per_input, per_input));
            let mut references = 0;
            for step in one_by_one {
                self.step(plan, step, Items::One(item), &mut references);
            }
        }
        for step in together {
            self.step(plan, step, Items::All(items), &mut 0);
        }
        let slot = &plan.slots[plan.output];
        let view = slot.layout.view();
        let ordered = View::row_major(&slot.layout.shape);
        let per_output = slot.layout.shape.elements();
        for item in 0..items {
            let from = Items::One(item).start(slot);
            let to = item * per_output;
            copy(
                &self.buffers[slot.buffer],
                from,
                &view,
                &mut self.output,
                to,
                &ordered,
            );
        }
    }

    /// Puts an input into its slot.
    fn load(&mut self, plan: &Plan, item: usize, input: Elements<'_>) {
        let slot = &plan.slots[0];
        let start = Items::One(item).start(slot);
        let (view, ordered) = (slot.layout.view(), View::row_major(&slot.layout.shape));
        match (input, &mut self.buffers[slot.buffer]) {
            (Elements::I8(from), TensorData::I8(to)) => {
                slot.layout.clear_border(&mut to[start..]);
                ordered.copy(from, &view, &mut to[start..]);
            }
            (Elements::I16(from), TensorData::I16(to)) => {
                slot.layout.clear_border(&mut to[start..]);
                ordered.copy(from, &view, &mut to[start..]);
            }
            (from, to) => unreachable!("{} is never loaded into {}", from.dtype(), to.dtype()),
        }
    }

    fn step(&mut self, plan: &Plan, step: &Step, items: Items, references: &mut usize) {
        let target = &plan.slots[step.output()];
        let none = TensorData::zeros(DType::I8, 0);
        let mut result = std::mem::replace(&mut self.buffers[target.buffer], none);
        let out_start = items.start(target);
        if !matches!(step, Step::Copy { .. }) {
            typed_out!(&mut result, out_start, out => target.layout.clear_border(out));
        }
        let value = |slot: usize| {
            let slot = &plan.slots[slot];
            (&self.buffers[slot.buffer], items.start(slot))
        };
        // Rows of elements side by side, or all items as one such row.
        let rows = |slot: usize| {
            let layout = &plan.slots[slot].layout;
            Stretches {
                rows: layout.height,
                columns: 1,
                length: items.count() * layout.width * layout.channels,
            }
        };
        let walk = |slot: usize| Walk {
            pixel: 0,
            ..plan.slots[slot].layout.walk()
        };
        let kernels = plan.kernels;
        match step {
            Step::Dense { dense, input, .. } => {
                let (x, start) = value(*input);
                let columns = items.count() * dense.columns;
                typed_factor!(x, start, x => typed_out!(&mut result, out_start, out => {
                    kernels.run(DenseJob { dense, columns, x, out });
                }));
            }
            Step::Depthwise {
                depthwise, input, ..
            } => {
                let (x, start) = value(*input);
                typed_factor!(x, start, x => typed_out!(&mut result, out_start, out => {
                    kernels.run(DepthwiseJob { depthwise, x, out });
                }));
            }
            Step::MaxPool { pool, input, .. } => {
                let (x, start) = value(*input);
                match (x, &mut result) {
                    (TensorData::I8(x), TensorData::I8(out)) => {
                        let (x, out) = (&x[start..], &mut out[out_start..]);
                        kernels.run(MaxPoolJob { pool, x, out });
                    }
                    (TensorData::I16(x), TensorData::I16(out)) => {
                        let (x, out) = (&x[start..], &mut out[out_start..]);
                        kernels.run(MaxPoolJob { pool, x, out });
                    }
                    (TensorData::I32(x), TensorData::I32(out)) => {
                        let (x, out) = (&x[start..], &mut out[out_start..]);
                        kernels.run(MaxPoolJob { pool, x, out });
                    }
                    (x, out) => mismatch(x, out),
                }
            }
            Step::AveragePool {
                pool,
                multiplier,
                finish,
                input,
                ..
            } => {
                let (x, start) = value(*input);
                typed_factor!(x, start, x => typed_out!(&mut result, out_start, out => {
                    kernels.run(AveragePoolJob {
                        pool,
                        multiplier: *multiplier,
                        finish: *finish,
                        x,
                        out,
                    });
                }));
            }
            Step::Pair {
                stretches,
                combine,
                finish,
                left,
                right,
                output,
            } => {
                let ((l, l_start), (r, r_start)) = (value(left.0), value(right.0));
                match (l, r) {
                    (TensorData::I8(l), TensorData::I8(r)) => {
                        typed_out!(&mut result, out_start, out => kernels.run(PairJob {
                            stretches: *stretches,
                            combine: *combine,
                            finish: *finish,
                            left: (&l[l_start..], left.1),
                            right: (&r[r_start..], right.1),
                            out: (out, output.1),
                        }));
                    }
                    (TensorData::I16(l), TensorData::I16(r)) => {
                        typed_out!(&mut result, out_start, out => kernels.run(PairJob {
                            stretches: *stretches,
                            combine: *combine,
                            finish: *finish,
                            left: (&l[l_start..], left.1),
                            right: (&r[r_start..], right.1),
                            out: (out, output.1),
                        }));
                    }
                    (TensorData::I32(l), TensorData::I32(r)) => {
                        typed_out!(&mut result, out_start, out => kernels.run(PairJob {
                            stretches: *stretches,
                            combine: *combine,
                            finish: *finish,
                            left: (&l[l_start..], left.1),
                            right: (&r[r_start..], right.1),
                            out: (out, output.1),
                        }));
                    }
                    (l, r) => mismatch(l, r),
                }
            }
            Step::Rescale {
                shift,
                finish,
                input,
                output,
            } => {
                let (x, start) = value(*input);
                typed!(x, start, x => typed_out!(&mut result, out_start, out => {
                    kernels.run(RescaleJob {
                        stretches: rows(*input),
                        shift: *shift,
                        finish: *finish,
                        x: (x, walk(*input)),
                        out: (out, walk(*output)),
                    });
                }));
            }
            Step::Table {
                entries,
                input,
                output,
            } => match (entries, value(*input), &mut result) {
                (Entries::Bytes(entries), (TensorData::I8(x), start), TensorData::I8(out)) => {
                    kernels.run(TableJob {
                        stretches: rows(*input),
                        entries,
                        x: (&x[start..], walk(*input)),
                        out: (&mut out[out_start..], walk(*output)),
                    });
                }
                (Entries::Words(entries), (TensorData::I8(x), start), TensorData::I16(out)) => {
                    kernels.run(WideTableJob {
                        stretches: rows(*input),
                        entries,
                        x: (&x[start..], walk(*input)),
                        out: (&mut out[out_start..], walk(*output)),
                    });
                }
                (_, (x, _), out) => mismatch(x, out),
            },
            Step::Relu { input, output } => {
                let (x, start) = value(*input);
                let (stretches, from, to) = (rows(*input), walk(*input), walk(*output));
                match (x, &mut result) {
                    (TensorData::I8(x), TensorData::I8(out)) => kernels.run(ReluJob {
                        stretches,
                        x: (&x[start..], from),
                        out: (&mut out[out_start..], to),
                    }),
                    (TensorData::I16(x), TensorData::I16(out)) => kernels.run(ReluJob {
                        stretches,
                        x: (&x[start..], from),
                        out: (&mut out[out_start..], to),
                    }),
                    (TensorData::I32(x), TensorData::I32(out)) => kernels.run(ReluJob {
                        stretches,
                        x: (&x[start..], from),
                        out: (&mut out[out_start..], to),
                    }),
                    (x, out) => mismatch(x, out),
                }
            }
            Step::Copy { from, to } => {
                let (x, start) = value(from.0);
                // The parts of a concatenation fill one value, whose border the first of them clears.
                if to.1.origin == target.layout.walk().origin {
                    typed_out!(&mut result, out_start, out => target.layout.clear_border(out));
                }
                copy(x, start, &from.1, &mut result, out_start, &to.1);
            }
            Step::Reference {
                node,
                step,
                operands,
                output,
            } => {
                let ReferenceMemory {
                    nodes,
                    accumulators,
                } = &mut self.reference;
                let memory = &mut nodes[*references];
                *references += 1;
                for ((_, slot, view), (_, ordered)) in operands.iter().zip(&mut memory.operands) {
                    let slot = &plan.slots[*slot];
                    let in_order = View::row_major(&slot.layout.shape);
                    let (from, start) = (&self.buffers[slot.buffer], items.start(slot));
                    copy(from, start, view, ordered, 0, &in_order);
                }
                let operand =
                    |id: ValueId| match memory.operands.iter().find(|(value, _)| *value == id) {
                        Some((_, data)) => data,
                        None => unreachable!("{id} is no operand of its node"),
                    };
                let op = &plan.program.nodes()[*node];
                reference::execute(op, step, operand, accumulators, &mut memory.out);
                let in_order = View::row_major(&target.layout.shape);
                copy(&memory.out, 0, &in_order, &mut result, out_start, &output.1);
            }
        }
        self.buffers[target.buffer] = result;
    }
}

/// Copies what a view sees of a buffer from `from_start` on to what another sees.
fn copy(
    from: &TensorData,
    from_start: usize,
    from_view: &View,
    to: &mut TensorData,
    to_start: usize,
    to_view: &View,
) {
    match (from, to) {
        (TensorData::I8(from), TensorData::I8(to)) => {
            from_view.copy(&from[from_start..], to_view, &mut to[to_start..]);
        }
        (TensorData::I16(from), TensorData::I16(to)) => {
            from_view.copy(&from[from_start..], to_view, &mut to[to_start..]);
        }
        (TensorData::I32(from), TensorData::I32(to)) => {
            from_view.copy(&from[from_start..], to_view, &mut to[to_start..]);
        }
        (from, to) => mismatch(from, to),
    }
}

/// Position of the first NaN or infinity.
pub(super) fn first_not_finite(kernels: KernelSet, numbers: &[f32]) -> Option<usize> {
    let mut all_finite = true;
    kernels.run(FiniteJob {
        numbers,
        all_finite: &mut all_finite,
    });
    if all_finite {
        return None;
    }
    numbers.iter().position(|number| !number.is_finite())
}

/// Quantises numbers to the first elements of `out`.
pub(super) fn quantize(
    kernels: KernelSet,
    numbers: &[f32],
    fraction_bits: i8,
    out: &mut TensorData,
) {
    // Powers of two from 2⁻¹²⁸ to 2¹²⁷ are single-precision numbers, the first one a subnormal.
    let scale = power_of_two(fraction_bits) as f32;
    match out {
        TensorData::I8(out) => kernels.run(QuantizeJob {
            scale,
            numbers,
            out,
        }),
        TensorData::I16(out) => kernels.run(QuantizeJob {
            scale,
            numbers,
            out,
        }),
        TensorData::I32(_) => unreachable!("inputs are never int32"),
    }
}
