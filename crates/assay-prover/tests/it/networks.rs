//! Small random programs over every operator, from a seed.

use assay_model::{
    DType, Program, Shape, Tensor, TensorData,
    program::{
        ChannelRequant, Op, Output, Parts, ProgramError, Requant, ValueId, ValueType, Window,
    },
};
use assay_proof::Outline;
use rand::{RngExt as _, rngs::StdRng};

/// Most operators of a program.
const NODES_MAX: usize = 5;

/// A program that can be proven: a few operators of all kinds over small shapes, with values at the edges of
/// saturation.
pub(crate) fn program(rng: &mut StdRng) -> Program {
    loop {
        let Some(program) = any_program(rng) else {
            continue;
        };
        if Outline::of(&program).is_ok() {
            return program;
        }
    }
}

/// A program being made: its values so far.
struct Draft {
    nodes: Vec<Op>,
    values: Vec<ValueType>,
}

fn any_program(rng: &mut StdRng) -> Option<Program> {
    let dtype = if rng.random_bool(0.8) {
        DType::I8
    } else {
        DType::I16
    };
    let dims: Vec<u32> = if rng.random_bool(0.7) {
        vec![
            rng.random_range(1..5),
            rng.random_range(1..8),
            rng.random_range(1..8),
        ]
    } else {
        let rank = rng.random_range(1..3);
        (0..rank).map(|_| rng.random_range(1..12)).collect()
    };
    let input = ValueType {
        dtype,
        shape: Shape::new(&dims).ok()?,
    };
    let mut draft = Draft {
        nodes: Vec::new(),
        values: vec![input.clone()],
    };
    for _ in 0..rng.random_range(1..=NODES_MAX) {
        // An operator that does not fit what there is yet is drawn again.
        for _ in 0..8 {
            let Some(op) = draft.operator(rng) else {
                continue;
            };
            draft.nodes.push(op);
            let Ok(value) = draft.last_value(&input) else {
                draft.nodes.pop();
                continue;
            };
            draft.values.push(value);
            break;
        }
    }
    let nodes = u32::try_from(draft.nodes.len()).ok()?.checked_sub(1)?;
    draft.used(input, ValueId::of_node(nodes))
}

impl Draft {
    /// The type of the last node's value, when the program so far is valid but for nodes that nobody reads yet.
    fn last_value(&self, input: &ValueType) -> Result<ValueType, ProgramError> {
        let output = ValueId::of_node(self.nodes.len() as u32 - 1);
        let program = self
            .used(input.clone(), output)
            .ok_or(ProgramError::Output {
                output,
                last: output,
            })?;
        Ok(program.output().clone())
    }

    /// The program of the nodes that reach `output`.
    fn used(&self, input: ValueType, output: ValueId) -> Option<Program> {
        let mut used = vec![false; self.nodes.len()];
        used[output.node()?] = true;
        for (place, op) in self.nodes.iter().enumerate().rev() {
            if used[place] {
                for operand in op.operands().filter_map(ValueId::node) {
                    used[operand] = true;
                }
            }
        }
        let mut names = vec![ValueId::INPUT];
        let mut nodes = Vec::new();
        for (op, used) in self.nodes.iter().zip(used) {
            names.push(ValueId::of_node(nodes.len() as u32));
            if used {
                nodes.push(renamed(op.clone(), &names));
            }
        }
        let output = ValueId::of_node(nodes.len() as u32 - 1);
        Program::new(Parts {
            input,
            nodes,
            output,
        })
        .ok()
    }

    fn any_value(&self, rng: &mut StdRng) -> (ValueId, ValueType) {
        // The newest value more often than others.
        let last = self.values.len() - 1;
        let place = if rng.random_bool(0.6) {
            last
        } else {
            rng.random_range(0..=last)
        };
        (ValueId::new(place as u32), self.values[place].clone())
    }

    fn operator(&self, rng: &mut StdRng) -> Option<Op> {
        let (input, value) = self.any_value(rng);
        let dims = value.shape.dims().to_vec();
        Some(match rng.random_range(0..12) {
            0 | 1 => {
                let inputs = *dims.last()?;
                let outputs = rng.random_range(1..14);
                let (weights, bias) = parameters(rng, outputs, inputs);
                Op::Linear {
                    input,
                    weights,
                    bias,
                    output: finish(rng, Some(outputs)),
                }
            }
            2..=4 => {
                let channels = *dims.first()?;
                let divisors = (1..=channels).filter(|groups| channels.is_multiple_of(*groups));
                let divisors: Vec<u32> = divisors.collect();
                let groups = divisors[rng.random_range(0..divisors.len())];
                let outputs = groups * rng.random_range(1..4);
                let window = window(rng, false);
                let per_output = channels / groups * window.taps() as u32;
                let (weights, bias) = parameters(rng, outputs, per_output);
                Op::Conv2d {
                    input,
                    weights,
                    bias,
                    window,
                    groups,
                    output: finish(rng, Some(outputs)),
                }
            }
            5 => Op::MaxPool2d {
                input,
                window: window(rng, true),
            },
            6 => {
                let elements = value.shape.elements() as u32;
                let divisors = (1..=elements).filter(|extent| elements.is_multiple_of(*extent));
                let divisors: Vec<u32> = divisors.collect();
                let extent = divisors[rng.random_range(0..divisors.len())];
                Op::Reshape {
                    input,
                    shape: Shape::new(&[extent, elements / extent]).ok()?,
                }
            }
            7 => {
                let same = self
                    .values
                    .iter()
                    .enumerate()
                    .filter(|(_, other)| other.shape == value.shape);
                let same: Vec<usize> = same.map(|(place, _)| place).collect();
                let right = same[rng.random_range(0..same.len())];
                Op::Add {
                    left: input,
                    left_shift: rng.random_range(0..4),
                    right: ValueId::new(right as u32),
                    right_shift: rng.random_range(0..4),
                    output: finish(rng, None),
                }
            }
            8 => Op::Relu { input },
            9 => Op::AveragePool2d {
                input,
                window: window(rng, true),
                multiplier: rng.random_range(1..40),
                output: finish(rng, None),
            },
            10 => {
                let fits = |(_, other): &(usize, &ValueType)| {
                    let by = other.shape.dims();
                    by.len() == dims.len()
                        && by.iter().zip(&dims).all(|(by, of)| by == of || *by == 1)
                };
                let fitting = self.values.iter().enumerate().filter(fits);
                let fitting: Vec<usize> = fitting.map(|(place, _)| place).collect();
                Op::Multiply {
                    left: input,
                    right: ValueId::new(fitting[rng.random_range(0..fitting.len())] as u32),
                    output: finish(rng, None),
                }
            }
            _ => match rng.random_range(0..4) {
                0 => Op::Table {
                    input,
                    entries: if rng.random() {
                        TensorData::I8((0..256).map(|_| rng.random()).collect())
                    } else {
                        TensorData::I16((0..256).map(|_| rng.random()).collect())
                    },
                },
                1 => Op::Rescale {
                    input,
                    shift: rng.random_range(0..5),
                    output: finish(rng, None),
                },
                2 => {
                    let mut axes: Vec<u8> = (0..dims.len() as u8).collect();
                    for place in 1..axes.len() {
                        axes.swap(place, rng.random_range(0..=place));
                    }
                    Op::Transpose { input, axes }
                }
                _ => {
                    let axis = rng.random_range(0..dims.len());
                    let fits = |(_, other): &(usize, &ValueType)| {
                        let found = other.shape.dims();
                        other.dtype == value.dtype
                            && found.len() == dims.len()
                            && (found.iter().zip(&dims).enumerate())
                                .all(|(place, (found, dim))| place == axis || found == dim)
                    };
                    let fitting = self.values.iter().enumerate().filter(fits);
                    let fitting: Vec<usize> = fitting.map(|(place, _)| place).collect();
                    let count = rng.random_range(1..4);
                    let inputs = (0..count).map(|_| {
                        let place = fitting[rng.random_range(0..fitting.len())];
                        ValueId::new(place as u32)
                    });
                    Op::Concat {
                        inputs: inputs.collect(),
                        axis: axis as u8,
                    }
                }
            },
        })
    }
}

fn renamed(mut op: Op, names: &[ValueId]) -> Op {
    let rename = |value: &mut ValueId| *value = names[value.get() as usize];
    match &mut op {
        Op::Linear { input, .. }
        | Op::Conv2d { input, .. }
        | Op::MaxPool2d { input, .. }
        | Op::Reshape { input, .. }
        | Op::Relu { input }
        | Op::AveragePool2d { input, .. }
        | Op::Table { input, .. }
        | Op::Rescale { input, .. }
        | Op::Transpose { input, .. } => rename(input),
        Op::Add { left, right, .. } | Op::Multiply { left, right, .. } => {
            rename(left);
            rename(right);
        }
        Op::Concat { inputs, .. } => inputs.iter_mut().for_each(rename),
    }
    op
}

pub(crate) fn parameters(rng: &mut StdRng, outputs: u32, per_output: u32) -> (Vec<i8>, Vec<i32>) {
    let largest = [1, 20, 128][rng.random_range(0..3usize)];
    let weights = (0..outputs * per_output).map(|_| rng.random_range(-largest..largest) as i8);
    let weights = weights.collect();
    let bias = (0..outputs).map(|_| rng.random_range(-20_000..20_000));
    (weights, bias.collect())
}

/// What becomes of accumulators; by channel only where an operator has some.
fn finish(rng: &mut StdRng, channels: Option<u32>) -> Output {
    let dtype = if rng.random_bool(0.7) {
        DType::I8
    } else {
        DType::I16
    };
    let relu = rng.random();
    match (rng.random_range(0..10), channels) {
        (0 | 1, _) => Output::Accumulator,
        (2 | 3, Some(channels)) => Output::PerChannel(ChannelRequant {
            shifts: (0..channels).map(|_| rng.random_range(4..12)).collect(),
            relu,
            dtype,
        }),
        _ => Output::Requantized(Requant {
            shift: rng.random_range(0..=12),
            relu,
            dtype,
        }),
    }
}

fn window(rng: &mut StdRng, pools: bool) -> Window {
    let kernel = [rng.random_range(1..4), rng.random_range(1..4)];
    let dilation = if pools || rng.random_bool(0.7) {
        [1, 1]
    } else {
        [rng.random_range(1..3), rng.random_range(1..3)]
    };
    Window {
        kernel,
        stride: [rng.random_range(1..3), rng.random_range(1..3)],
        padding: std::array::from_fn(|side| rng.random_range(0..kernel[side % 2])),
        dilation,
    }
}

/// An input with many numbers at the ends of their range.
pub(crate) fn input(program: &Program, rng: &mut StdRng) -> Tensor {
    let ValueType { dtype, shape } = program.input().clone();
    let (least, most) = dtype.range();
    let numbers = (0..shape.elements()).map(|_| match rng.random_range(0..4) {
        0 => least,
        1 => most,
        2 => 0,
        _ => rng.random_range(least..=most),
    });
    let numbers: Vec<i64> = numbers.collect();
    let data = match dtype {
        DType::I8 => TensorData::I8(numbers.iter().map(|number| *number as i8).collect()),
        _ => TensorData::I16(numbers.iter().map(|number| *number as i16).collect()),
    };
    Tensor::new(shape, data).unwrap()
}
