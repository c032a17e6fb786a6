//! Matrix products and convolutions: which kernel, and their weights in its order.

use super::{
    Planner, Step, requant_of,
    window::{fits, inside, is_depthwise},
};
use crate::{
    kernels::{
        dense::{Dense, Walk},
        depthwise::Depthwise,
        simd::LANES,
        weights::{Finishing, Form, lines},
    },
    program::{Op, Output, Window},
    tensor::DType,
};

/// Packed weights take at most this many times the memory of the program's, and [`PACKED_FREE`]: layers of
/// few outputs fill vectors badly, and a stranger's program may consist of them.
const PACKED_FACTOR_MAX: usize = 4;

/// Bytes that the packed weights of a node may always take.
const PACKED_FREE: usize = 1 << 16;

fn worth(packed_bytes: usize, weights: &[i8]) -> bool {
    packed_bytes <= PACKED_FACTOR_MAX * weights.len() + PACKED_FREE
}

impl Planner<'_> {
    fn form(&self, input: usize) -> Form {
        match self.slots[input].dtype {
            DType::I8 => self.kernels.form_i8(),
            DType::I16 | DType::I32 => Form::Pairs,
        }
    }

    /// A matrix product is a convolution of 1 × 1 over one row of as many pixels as there are rows.
    pub(super) fn linear(&mut self, node: usize, input: usize) {
        let Op::Linear {
            weights,
            bias,
            output: finish,
            ..
        } = &self.program.nodes()[node]
        else {
            unreachable!("node {node} was looked at before");
        };
        let inner = self.slots[input].layout.shape.last() as usize;
        let kernel = Kernel {
            weights,
            bias,
            finish,
            groups: 1,
            group_inputs: inner,
            window: Window::of_kernel(1, 1),
        };
        if !worth(kernel.packed_bytes(self.form(input)), weights) {
            return self.reference(node);
        }
        // Feature maps lie with their innermost dimension outside.
        let input = self.row_major_operand(input);
        let (dtype, to) = (self.slots[node + 1].dtype, &self.slots[node + 1].layout);
        let to_shape = to.shape.clone();
        let direct = to.is_row_major();
        let output = if direct {
            node + 1
        } else {
            self.row_major_slot(dtype, &to_shape)
        };
        let columns = self.slots[input].layout.shape.elements() / inner;
        let line = |pixel| Walk {
            origin: 0,
            row: 0,
            pixel,
        };
        let dense = kernel.plan(
            self.form(input),
            [line(inner), line(bias.len())],
            inner,
            [1, columns],
        );
        self.steps.push(Step::Dense {
            dense,
            input,
            output,
        });
        if !direct {
            self.reshape(output, node + 1);
        }
    }

    pub(super) fn convolution(&mut self, node: usize, input: usize) {
        let op = &self.program.nodes()[node];
        let Op::Conv2d {
            weights,
            bias,
            window,
            groups,
            output: finish,
            ..
        } = op
        else {
            unreachable!("node {node} was looked at before");
        };
        let output = node + 1;
        let (from, to) = (&self.slots[input].layout, &self.slots[output].layout);
        let depthwise = is_depthwise(op, from.channels as u32);
        let groups = *groups as usize;
        let kernel = Kernel {
            weights,
            bias,
            finish,
            groups,
            group_inputs: from.channels / groups,
            window: *window,
        };
        let form = self.form(input);
        let packed = if depthwise {
            bias.len().next_multiple_of(LANES) * window.taps() * size_of::<i32>()
        } else {
            kernel.packed_bytes(form)
        };
        if !worth(packed, weights) || !fits(self.program, node, op) {
            return self.reference(node);
        }
        let [stride_y, stride_x] = window.stride.map(usize::from);
        let [top, left, ..] = window.padding.map(usize::from);
        let walk = from.walk();
        if depthwise {
            let [below, right] = window.dilation.map(usize::from);
            let [height, width] = window.kernel.map(usize::from);
            let taps = height * width;
            let kernels = self.kernels;
            let tap_lines = |first: usize| {
                let count = LANES.min(bias.len() - first);
                (0..taps).flat_map(move |tap| {
                    let weight = |lane: usize| weights[(first + lane) * taps + tap];
                    lines(count, |lane| kernels.tap(weight(lane)))
                })
            };
            let depthwise = Depthwise {
                taps: (0..bias.len()).step_by(LANES).flat_map(tap_lines).collect(),
                finishing: kernel.finishing(Form::Pairs, 1),
                channels: bias.len(),
                kernel: [height, width],
                tap: [below * walk.row, right * walk.pixel],
                windows: inside(window, 0, from.height, to.height).collect(),
                input: Walk {
                    origin: walk.origin - left * walk.pixel,
                    row: walk.row,
                    pixel: stride_x * walk.pixel,
                },
                output: to.walk(),
                columns: to.width,
            };
            self.steps.push(Step::Depthwise {
                depthwise,
                input,
                output,
            });
        } else {
            let windows = Walk {
                origin: walk.origin - top * walk.row - left * walk.pixel,
                row: stride_y * walk.row,
                pixel: stride_x * walk.pixel,
            };
            let extents = [to.height, to.width];
            let dense = kernel.plan(form, [windows, to.walk()], walk.row, extents);
            self.steps.push(Step::Dense {
                dense,
                input,
                output,
            });
        }
    }
}

/// The parameters of a matrix product or convolution.
struct Kernel<'a> {
    /// `[outputs, group inputs, kernel height, kernel width]`
    weights: &'a [i8],
    bias: &'a [i32],
    finish: &'a Output,
    groups: usize,
    group_inputs: usize,
    window: Window,
}

impl Kernel<'_> {
    /// Whether a row of the window is one run: its pixels and all their channels are neighbours.
    fn rows_are_runs(&self) -> bool {
        self.groups == 1 && self.window.dilation[1] == 1
    }

    /// Runs of a window, and elements of each.
    fn runs(&self) -> (usize, usize) {
        let [height, width] = self.window.kernel.map(usize::from);
        if self.rows_are_runs() {
            (height, width * self.group_inputs)
        } else {
            (height * width, self.group_inputs)
        }
    }

    /// Bytes of the packed weights.
    fn packed_bytes(&self, form: Form) -> usize {
        let (runs, length) = self.runs();
        let outputs = self.groups * (self.bias.len() / self.groups).next_multiple_of(LANES);
        let bytes = match form {
            Form::Quads => 1,
            Form::Pairs => 2,
        };
        outputs * runs * length.next_multiple_of(form.factors()) * bytes
    }

    /// The weight of an output at a position of a run.
    fn weight(&self, output: usize, run: usize, position: usize) -> i8 {
        let [height, width] = self.window.kernel.map(usize::from);
        let (channel, i, j) = if self.rows_are_runs() {
            let channel = position % self.group_inputs;
            (channel, run, position / self.group_inputs)
        } else {
            (position, run / width, run % width)
        };
        self.weights[((output * self.group_inputs + channel) * height + i) * width + j]
    }

    /// The finishing of outputs of which `groups` groups share no blocks.
    fn finishing(&self, form: Form, groups: usize) -> Finishing {
        let per_output = self.group_inputs * self.window.taps();
        Finishing::new(
            groups,
            self.bias.len() / groups,
            |output| {
                let weights = &self.weights[output * per_output..][..per_output];
                self.bias[output].wrapping_sub(form.excess(weights.iter().copied()))
            },
            |output| requant_of(self.finish, output),
        )
    }

    /// The plan of a sum over all channels of a group. `[input, output]` are the walks over the windows
    /// and the results, `row` the elements of a row of the input, `[rows, columns]` the result's.
    fn plan(
        &self,
        form: Form,
        [input, output]: [Walk; 2],
        row: usize,
        [rows, columns]: [usize; 2],
    ) -> Dense {
        let (runs, length) = self.runs();
        let group_outputs = self.bias.len() / self.groups;
        let pack = |group: usize| {
            form.pack(group_outputs, runs, length, |output, run, position| {
                self.weight(group * group_outputs + output, run, position)
            })
        };
        let mut weights = pack(0);
        for group in 1..self.groups {
            weights.append(pack(group));
        }
        let [below, right] = self.window.dilation.map(usize::from);
        let width = usize::from(self.window.kernel[1]);
        let channels = self.groups * self.group_inputs;
        let offset = |run: usize| {
            if self.rows_are_runs() {
                run * below * row
            } else {
                run / width * below * row + run % width * right * channels
            }
        };
        Dense {
            weights,
            finishing: self.finishing(form, self.groups),
            groups: self.groups,
            group_inputs: self.group_inputs,
            group_outputs,
            runs: (0..runs).map(offset).collect(),
            run_steps: length.div_ceil(form.factors()),
            input,
            output,
            rows,
            columns,
        }
    }
}
