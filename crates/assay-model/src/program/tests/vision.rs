//! The operators that vision models add: shapes, ranges, bounds and refusals.

use super::*;
use crate::tensor::TensorData;

fn requant(shift: u8, dtype: DType) -> Output {
    Output::Requantized(Requant {
        shift,
        relu: false,
        dtype,
    })
}

fn per_channel(shifts: &[u8]) -> Output {
    Output::PerChannel(ChannelRequant {
        shifts: shifts.to_vec(),
        relu: true,
        dtype: DType::I8,
    })
}

fn depthwise(groups: u32, weights: Vec<i8>, outputs: usize, output: Output) -> Op {
    Op::Conv2d {
        input: ValueId::INPUT,
        weights,
        bias: vec![0; outputs],
        window: Window::of_kernel(2, 2),
        groups,
        output,
    }
}

fn average(input: u32, window: Window, multiplier: u16, output: Output) -> Op {
    Op::AveragePool2d {
        input: ValueId::new(input),
        window,
        multiplier,
        output,
    }
}

fn table(input: u32, entries: TensorData) -> Op {
    Op::Table {
        input: ValueId::new(input),
        entries,
    }
}

fn multiply(left: u32, right: u32, output: Output) -> Op {
    Op::Multiply {
        left: ValueId::new(left),
        right: ValueId::new(right),
        output,
    }
}

fn concat(inputs: &[u32], axis: u8) -> Op {
    Op::Concat {
        inputs: inputs.iter().copied().map(ValueId::new).collect(),
        axis,
    }
}

fn transpose(input: u32, axes: &[u8]) -> Op {
    Op::Transpose {
        input: ValueId::new(input),
        axes: axes.to_vec(),
    }
}

fn identity() -> TensorData {
    TensorData::I8((-128..=127).collect())
}

/// A squeeze-and-excitation block with everything around it.
fn block() -> Program {
    let nodes = vec![
        depthwise(2, vec![3, 3, 3, 3, 100, 0, 0, 0], 2, per_channel(&[3, 6])),
        average(1, Window::of_kernel(2, 3), 171, requant(10, DType::I8)),
        table(2, identity()),
        multiply(1, 3, requant(7, DType::I16)),
        Op::Rescale {
            input: ValueId::new(4),
            shift: 2,
            output: requant(5, DType::I8),
        },
        concat(&[5, 1], 0),
        transpose(6, &[2, 0, 1]),
    ];
    build(value(DType::I8, &[2, 3, 4]), nodes).expect("valid")
}

#[test]
fn facts_of_vision_operators() {
    let program = block();
    let lines: Vec<String> = program
        .facts()
        .iter()
        .zip(program.nodes())
        .map(|(facts, op)| {
            format!(
                "{} {} {:?} acc {:?} quotient {:?} steps {} parameters {}",
                op.name(),
                facts.value,
                facts.range,
                facts.accumulator_max,
                facts.quotient,
                facts.steps,
                op.parameter_bytes(),
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    conv2d int8[2, 2, 3] (0, 127) acc Some(12800) quotient Some((-200, 198)) steps 48 parameters 18
    average_pool2d int8[2, 1, 1] (0, 127) acc Some(130302) quotient Some((0, 127)) steps 12 parameters 0
    table int8[2, 1, 1] (0, 127) acc None quotient None steps 2 parameters 256
    multiply int16[2, 2, 3] (0, 126) acc Some(16129) quotient Some((0, 126)) steps 12 parameters 0
    rescale int8[2, 2, 3] (0, 16) acc Some(504) quotient Some((0, 16)) steps 12 parameters 0
    concat int8[4, 2, 3] (0, 127) acc None quotient None steps 24 parameters 0
    transpose int8[3, 4, 2] (0, 127) acc None quotient None steps 24 parameters 0
    ");
}

#[test]
fn vision_operators_have_one_encoding() {
    let program = block();
    let bytes = program.to_bytes();
    assert_eq!(Program::from_bytes(&bytes).expect("decode"), program);
    for length in 0..bytes.len() {
        assert!(Program::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Program::from_bytes(&flipped) {
            assert_ne!(other, program);
            assert_eq!(other.to_bytes(), flipped);
        }
    }
}

#[test]
fn bad_vision_nodes_are_named_with_their_reason() {
    let acc = || Output::Accumulator;
    let picture = || value(DType::I8, &[2, 3, 4]);
    let wide = || value(DType::I16, &[2, 3, 4]);
    let groups = |groups| NodeError::Groups {
        groups,
        channels: 2,
        outputs: 3,
    };
    let shifts = |shifts| NodeError::Shifts { shifts, outputs: 2 };
    let grouped = |groups, output| vec![depthwise(groups, vec![1; 8], 2, output)];
    let small = Window::of_kernel(2, 2);
    let cases = [
        (
            refused(picture(), vec![depthwise(0, vec![1; 24], 3, acc())]),
            groups(0),
        ),
        (
            refused(picture(), vec![depthwise(2, vec![1; 12], 3, acc())]),
            groups(2),
        ),
        (
            refused(picture(), vec![depthwise(2, vec![1; 16], 2, acc())]),
            NodeError::Weights {
                outputs: 2,
                per_output: 4,
                expected: 8,
                found: 16,
            },
        ),
        (refused(picture(), grouped(2, per_channel(&[1]))), shifts(1)),
        (
            refused(picture(), grouped(2, per_channel(&[4, 4]))),
            shifts(2),
        ),
        (
            refused(picture(), grouped(2, per_channel(&[4, 31]))),
            NodeError::Shift { shift: 31 },
        ),
        (
            refused(picture(), vec![average(0, small, 1, per_channel(&[4, 5]))]),
            NodeError::NoChannels,
        ),
        (
            refused(picture(), vec![multiply(0, 0, per_channel(&[4, 5]))]),
            NodeError::NoChannels,
        ),
        (
            refused(picture(), vec![average(0, small, 0, acc())]),
            NodeError::Multiplier,
        ),
        (
            refused(
                picture(),
                vec![average(
                    0,
                    Window {
                        padding: [2, 0, 0, 0],
                        ..small
                    },
                    1,
                    acc(),
                )],
            ),
            NodeError::Window {
                input: shape(&[2, 3, 4]),
                source: WindowError::Pooling {
                    kernel: [2, 2],
                    padding: [2, 0, 0, 0],
                    dilation: [1, 1],
                },
            },
        ),
        (
            refused(wide(), vec![average(0, small, 8193, acc())]),
            NodeError::Accumulator {
                channel: 0,
                bound: 32_768 * 4 * 8193,
            },
        ),
        (
            refused(wide(), vec![multiply(0, 0, acc())]),
            NodeError::Accumulator {
                channel: 0,
                bound: 1 << 30,
            },
        ),
        (
            refused(
                picture(),
                vec![
                    average(0, Window::of_kernel(1, 4), 1, requant(2, DType::I8)),
                    multiply(1, 0, acc()),
                ],
            ),
            NodeError::Broadcast {
                left: value(DType::I8, &[2, 3, 1]),
                right: picture(),
            },
        ),
        (
            refused(wide(), vec![table(0, identity())]),
            NodeError::TableInput { found: DType::I16 },
        ),
        (
            refused(picture(), vec![table(0, TensorData::I8(vec![0; 255]))]),
            NodeError::Table {
                entries: 255,
                dtype: DType::I8,
            },
        ),
        (
            refused(picture(), vec![table(0, TensorData::I32(vec![0; 256]))]),
            NodeError::Table {
                entries: 256,
                dtype: DType::I32,
            },
        ),
        (
            refused(
                picture(),
                vec![Op::Rescale {
                    input: ValueId::INPUT,
                    shift: 31,
                    output: acc(),
                }],
            ),
            NodeError::Shift { shift: 31 },
        ),
        (
            refused(picture(), vec![transpose(0, &[0, 2])]),
            NodeError::Axes {
                axes: vec![0, 2],
                input: shape(&[2, 3, 4]),
            },
        ),
        (
            refused(picture(), vec![transpose(0, &[0, 2, 2])]),
            NodeError::Axes {
                axes: vec![0, 2, 2],
                input: shape(&[2, 3, 4]),
            },
        ),
        (
            refused(picture(), vec![concat(&[], 0)]),
            NodeError::OperandCount { operands: 0 },
        ),
        (
            refused(picture(), vec![concat(&[0; CONCAT_MAX + 1], 0)]),
            NodeError::OperandCount {
                operands: CONCAT_MAX + 1,
            },
        ),
        (
            refused(picture(), vec![concat(&[0], 3)]),
            NodeError::Concat {
                axis: 3,
                left: picture(),
                right: picture(),
            },
        ),
        (
            refused(
                picture(),
                vec![transpose(0, &[0, 2, 1]), concat(&[0, 1], 0)],
            ),
            NodeError::Concat {
                axis: 0,
                left: picture(),
                right: value(DType::I8, &[2, 4, 3]),
            },
        ),
        (
            refused(picture(), vec![concat(&[0, 1], 0)]),
            NodeError::Operand {
                operand: ValueId::new(1),
                last: ValueId::INPUT,
            },
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_table_tells_the_range_it_can_reach() {
    let mut entries = vec![0i16; TABLE_ENTRIES];
    entries[0] = -9;
    entries[128] = 5;
    entries[255] = 30_000;
    let nodes = vec![
        Op::Relu {
            input: ValueId::INPUT,
        },
        table(1, TensorData::I16(entries)),
    ];
    let program = build(value(DType::I8, &[4]), nodes).expect("valid");
    assert_eq!(program.facts()[1].range, (0, 30_000));
    assert_eq!(program.output().to_string(), "int16[4]");
}

proptest! {
    #[test]
    fn strangers_vision_bytes_never_panic(changes in proptest::collection::vec(any::<(u16, u8)>(), 0..40)) {
        let mut plausible = block().to_bytes();
        for (at, byte) in changes {
            let at = usize::from(at) % plausible.len();
            plausible[at] = byte;
        }
        if let Ok(program) = Program::from_bytes(&plausible) {
            prop_assert_eq!(program.to_bytes(), plausible);
        }
    }
}
