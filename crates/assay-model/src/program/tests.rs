mod vision;

use super::*;
use crate::shape::ShapeError;
use proptest::prelude::*;

fn shape(dims: &[u32]) -> Shape {
    Shape::new(dims).expect("shape")
}

fn value(dtype: DType, dims: &[u32]) -> ValueType {
    ValueType {
        dtype,
        shape: shape(dims),
    }
}

fn to_i8(shift: u8) -> Output {
    Output::Requantized(Requant {
        shift,
        relu: true,
        dtype: DType::I8,
    })
}

fn linear(input: u32, weights: &[i8], bias: &[i32], output: Output) -> Op {
    Op::Linear {
        input: ValueId::new(input),
        weights: weights.to_vec(),
        bias: bias.to_vec(),
        output,
    }
}

fn conv(weights: usize, outputs: usize, window: Window) -> Op {
    Op::Conv2d {
        input: ValueId::INPUT,
        weights: vec![1; weights],
        bias: vec![0; outputs],
        window,
        groups: 1,
        output: Output::Accumulator,
    }
}

fn pool(input: u32, window: Window) -> Op {
    Op::MaxPool2d {
        input: ValueId::new(input),
        window,
    }
}

fn reshape(input: u32, dims: &[u32]) -> Op {
    Op::Reshape {
        input: ValueId::new(input),
        shape: shape(dims),
    }
}

fn add(left: u32, right: u32, shifts: [u8; 2], output: Output) -> Op {
    Op::Add {
        left: ValueId::new(left),
        left_shift: shifts[0],
        right: ValueId::new(right),
        right_shift: shifts[1],
        output,
    }
}

/// The last node's value is the output.
fn build(input: ValueType, nodes: Vec<Op>) -> Result<Program, ProgramError> {
    let output = ValueId::new(nodes.len() as u32);
    Program::new(Parts {
        input,
        nodes,
        output,
    })
}

/// A program with one node of every kind.
fn every_op() -> Program {
    let window = Window {
        kernel: [2, 2],
        stride: [2, 1],
        padding: [1, 0, 0, 1],
        dilation: [1, 2],
    };
    let nodes = vec![
        conv_requantised(window),
        pool(1, Window::of_kernel(1, 2)),
        reshape(2, &[8]),
        linear(3, &[3; 16], &[5, -7], to_i8(4)),
        Op::Relu {
            input: ValueId::new(4),
        },
        add(5, 4, [1, 0], Output::Accumulator),
    ];
    build(value(DType::I8, &[1, 3, 4]), nodes).expect("valid")
}

fn conv_requantised(window: Window) -> Op {
    Op::Conv2d {
        input: ValueId::INPUT,
        weights: vec![-2, 1, 0, 3, 1, 1, 1, 1],
        bias: vec![100, -100],
        window,
        groups: 1,
        output: Output::Requantized(Requant {
            shift: 2,
            relu: false,
            dtype: DType::I16,
        }),
    }
}

/// What a node of a refused program is refused for.
fn refused(input: ValueType, nodes: Vec<Op>) -> NodeError {
    match build(input, nodes) {
        Err(ProgramError::Node { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn facts_say_shapes_ranges_and_bounds() {
    let program = every_op();
    let lines: Vec<String> = program
        .facts()
        .iter()
        .zip(program.nodes())
        .map(|(facts, op)| {
            format!(
                "{} {} {:?} acc {:?} quotient {:?} steps {}",
                op.name(),
                facts.value,
                facts.range,
                facts.accumulator_max,
                facts.quotient,
                facts.steps,
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    conv2d int16[2, 2, 3] (-166, 216) acc Some(868) quotient Some((-166, 216)) steps 48
    max_pool2d int16[2, 2, 2] (-166, 216) acc None quotient None steps 16
    reshape int16[8] (-166, 216) acc None quotient None steps 8
    linear int8[2] (0, 127) acc Some(5191) quotient Some((-249, 324)) steps 16
    relu int8[2] (0, 127) acc None quotient None steps 2
    add int32[2] (0, 381) acc Some(381) quotient None steps 4
    ");
    assert_eq!(program.output().to_string(), "int32[2]");
    assert_eq!(program.parameter_bytes(), 8 + 8 + 16 + 8);
}

#[test]
fn one_encoding_and_no_other() {
    let program = every_op();
    let bytes = program.to_bytes();
    assert_eq!(Program::from_bytes(&bytes).expect("decode"), program);
    for length in 0..bytes.len() {
        assert!(Program::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Program::from_bytes(&longer).is_err());
    // Another version, and the count of nodes in two bytes instead of one.
    let mut version = bytes.clone();
    version[0] = 2;
    assert!(Program::from_bytes(&version).is_err());
    let count = bytes.iter().position(|&byte| byte == 6).expect("six nodes");
    let mut padded = bytes.clone();
    padded.splice(count..=count, [0x86, 0x00]);
    assert!(Program::from_bytes(&padded).is_err());
    // Every changed bit is refused or another program.
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Program::from_bytes(&flipped) {
            assert_ne!(other, program);
            assert_ne!(other.model_id(), program.model_id());
            assert_eq!(other.to_bytes(), flipped);
        }
    }
}

#[test]
fn ids_are_of_the_canonical_bytes() {
    let program = every_op();
    let bytes = program.to_bytes();
    assert_eq!(program.model_id(), ModelId::of_program(&bytes));
    assert_eq!(program.content_id(), ContentId::of(&bytes));
    assert_ne!(
        program.model_id().as_bytes(),
        program.content_id().as_bytes()
    );
}

#[test]
fn bad_nodes_are_named_with_their_reason() {
    let numbers = || value(DType::I8, &[4]);
    let picture = || value(DType::I8, &[2, 5, 5]);
    let acc = || Output::Accumulator;
    let dense = Window::of_kernel;
    let cases: Vec<(NodeError, NodeError)> = vec![
        (
            refused(numbers(), vec![linear(1, &[1; 4], &[0], acc())]),
            NodeError::Operand {
                operand: ValueId::new(1),
                last: ValueId::INPUT,
            },
        ),
        (
            refused(
                numbers(),
                vec![
                    linear(0, &[1; 4], &[0], acc()),
                    linear(1, &[1], &[0], acc()),
                ],
            ),
            NodeError::OperandType { found: DType::I32 },
        ),
        (
            refused(numbers(), vec![pool(0, dense(1, 1))]),
            NodeError::NotAnImage { found: shape(&[4]) },
        ),
        (
            refused(numbers(), vec![linear(0, &[1; 7], &[0, 0], acc())]),
            NodeError::Weights {
                outputs: 2,
                per_output: 4,
                expected: 8,
                found: 7,
            },
        ),
        (
            refused(picture(), vec![conv(17, 1, dense(3, 3))]),
            NodeError::Weights {
                outputs: 1,
                per_output: 18,
                expected: 18,
                found: 17,
            },
        ),
        (
            refused(numbers(), vec![linear(0, &[], &[], acc())]),
            NodeError::Shape {
                source: ShapeError::Empty { axis: 0 },
            },
        ),
        (
            refused(picture(), vec![conv(2 * 36, 1, dense(6, 6))]),
            NodeError::Window {
                input: shape(&[2, 5, 5]),
                source: WindowError::TooLarge { span: 6, padded: 5 },
            },
        ),
        (
            refused(
                picture(),
                vec![pool(
                    0,
                    Window {
                        stride: [0, 1],
                        ..dense(2, 2)
                    },
                )],
            ),
            NodeError::Window {
                input: shape(&[2, 5, 5]),
                source: WindowError::Zero {
                    kernel: [2, 2],
                    stride: [0, 1],
                    dilation: [1, 1],
                },
            },
        ),
        (
            refused(
                picture(),
                vec![pool(
                    0,
                    Window {
                        padding: [0, 2, 0, 0],
                        ..dense(2, 2)
                    },
                )],
            ),
            NodeError::Window {
                input: shape(&[2, 5, 5]),
                source: WindowError::Pooling {
                    kernel: [2, 2],
                    padding: [0, 2, 0, 0],
                    dilation: [1, 1],
                },
            },
        ),
        (
            refused(numbers(), vec![reshape(0, &[5])]),
            NodeError::Reshape {
                from: shape(&[4]),
                to: shape(&[5]),
            },
        ),
        (
            refused(
                numbers(),
                vec![reshape(0, &[2, 2]), add(0, 1, [0, 0], acc())],
            ),
            NodeError::Operands {
                left: value(DType::I8, &[4]),
                right: value(DType::I8, &[2, 2]),
            },
        ),
        (
            refused(numbers(), vec![add(0, 0, [0, 31], acc())]),
            NodeError::Shift { shift: 31 },
        ),
        (
            refused(numbers(), vec![linear(0, &[1; 4], &[0], to_i8(31))]),
            NodeError::Shift { shift: 31 },
        ),
        (
            refused(
                numbers(),
                vec![linear(
                    0,
                    &[1; 4],
                    &[0],
                    Output::Requantized(Requant {
                        shift: 0,
                        relu: false,
                        dtype: DType::I32,
                    }),
                )],
            ),
            NodeError::RequantType { dtype: DType::I32 },
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn accumulators_must_stay_below_the_bound() {
    let acc = || Output::Accumulator;
    let numbers = || value(DType::I8, &[4]);
    // 4 · 128 · 127 = 65 024 from the weights; the bias takes it to the bound, one less is accepted.
    let bias = (1 << 30) - 65_024;
    let layer = |bias| {
        vec![linear(
            0,
            &[1, 1, 1, 1, 127, -127, 127, -127],
            &[0, bias],
            acc(),
        )]
    };
    assert_eq!(
        refused(numbers(), layer(bias)),
        NodeError::Accumulator {
            channel: 1,
            bound: 1 << 30
        }
    );
    let program = build(numbers(), layer(bias - 1)).expect("below");
    assert_eq!(program.facts()[0].accumulator_max, Some((1 << 30) - 1));
    assert_eq!(
        refused(numbers(), layer(i32::MIN)),
        NodeError::Accumulator {
            channel: 1,
            bound: (1 << 31) + 65_024
        }
    );

    // Wide inputs reach it with few weights: 32 768 · 127 · 259 > 2³⁰.
    let wide = |k: usize| {
        build(
            value(DType::I16, &[k as u32]),
            vec![linear(0, &vec![127; k], &[0], acc())],
        )
    };
    assert!(wide(258).is_ok());
    let error = wide(259).expect_err("over");
    assert_eq!(
        error.to_string(),
        "node 0 (linear) of the program is refused"
    );

    // An addition of a large scale.
    assert!(matches!(
        refused(numbers(), vec![add(0, 0, [22, 22], acc())]),
        NodeError::Accumulator { channel: 0, .. }
    ));
    // A ReLU halves the range that the next layer sees.
    let relu = vec![
        linear(0, &[127; 4], &[0], to_i8(0)),
        linear(1, &[-127], &[0], acc()),
    ];
    let program = build(numbers(), relu).expect("valid");
    assert_eq!(program.facts()[0].range, (0, 127));
    assert_eq!(program.facts()[1].range, (-127 * 127, 0));
}

#[test]
fn limits_of_whole_programs() {
    let numbers = || value(DType::I8, &[4]);
    assert!(matches!(
        build(numbers(), vec![]),
        Err(ProgramError::Nodes { nodes: 0 })
    ));
    let many: Vec<Op> = (0..=NODES_MAX as u32).map(|i| reshape(i, &[4])).collect();
    assert!(matches!(
        build(numbers(), many),
        Err(ProgramError::Nodes { nodes: 1025 })
    ));
    assert!(matches!(
        build(value(DType::I32, &[4]), vec![reshape(0, &[4])]),
        Err(ProgramError::Input { dtype: DType::I32 })
    ));
    let output = |output| {
        Program::new(Parts {
            input: numbers(),
            nodes: vec![reshape(0, &[2, 2]), reshape(0, &[4, 1])],
            output: ValueId::new(output),
        })
    };
    for beyond in [0, 3] {
        assert!(matches!(output(beyond), Err(ProgramError::Output { .. })));
    }
    for (last, unused) in [(1, 1), (2, 0)] {
        match output(last) {
            Err(ProgramError::Unused { node }) => assert_eq!(node.index, unused),
            other => panic!("{other:?}"),
        }
    }
    let heavy = linear(0, &vec![0; PARAMETER_BYTES_MAX], &[0], Output::Accumulator);
    assert!(matches!(
        build(numbers(), vec![heavy]),
        Err(ProgramError::Parameters { .. })
    ));
    let wide = value(DType::I16, &[1 << 24]);
    let copies: Vec<Op> = (0..8).map(|i| reshape(i, &[1 << 24])).collect();
    match build(wide, copies) {
        Err(ProgramError::Activations { node }) => assert_eq!(node.index, 7),
        other => panic!("{other:?}"),
    }
    // 4096 outputs of 1024 × 1024 positions, 4 taps each.
    let window = Window::of_kernel(2, 2);
    let nodes = vec![conv(16, 4, window), pool(1, Window::of_kernel(1023, 1023))];
    let picture = value(DType::I8, &[1, 2048, 2048]);
    match build(picture, nodes) {
        Err(ProgramError::Steps { node }) => assert_eq!(node.op, "max_pool2d"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        Program::from_bytes(&vec![1; PROGRAM_BYTES_MAX + 1]),
        Err(ProgramError::TooLarge { .. })
    ));
}

#[test]
fn requantisation_rounds_halves_up_then_saturates() {
    let requant = |shift, relu, dtype| Requant { shift, relu, dtype };
    let plain = requant(2, false, DType::I8);
    // (accumulator, quotient by 4)
    for (acc, quotient) in [
        (5, 1),
        (6, 2),
        (7, 2),
        (-5, -1),
        (-6, -1),
        (-7, -2),
        (2, 1),
        (-2, 0),
        (-3, -1),
    ] {
        assert_eq!(plain.quotient(acc), quotient, "{acc}");
        assert_eq!(plain.apply(acc), quotient, "{acc}");
        assert_eq!(requant(2, true, DType::I8).apply(acc), quotient.max(0));
    }
    let limit = (1 << 30) - 1;
    assert_eq!(plain.apply(limit), 127);
    assert_eq!(plain.apply(-limit), -128);
    assert_eq!(requant(2, true, DType::I8).apply(-limit), 0);
    assert_eq!(requant(2, false, DType::I16).apply(limit), 32_767);
    assert_eq!(requant(0, false, DType::I8).apply(-77), -77);
    assert_eq!(requant(30, false, DType::I8).apply(limit), 1);
    assert_eq!(requant(30, false, DType::I8).apply(-limit), -1);
    assert_eq!(requant(30, false, DType::I8).apply(-(1 << 29)), 0);
}

proptest! {
    #[test]
    fn strangers_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Program::from_bytes(&bytes);
        let mut plausible = every_op().to_bytes();
        for (at, byte) in bytes.chunks_exact(2).map(|pair| (usize::from(pair[0]), pair[1])) {
            let at = at % plausible.len();
            plausible[at] = byte;
        }
        if let Ok(program) = Program::from_bytes(&plausible) {
            prop_assert_eq!(program.to_bytes(), plausible);
        }
    }

    #[test]
    fn quotient_and_remainder_are_what_a_proof_commits_to(acc in -(1i32 << 30) + 1..1 << 30, shift in 1u8..=30) {
        let requant = Requant { shift, relu: false, dtype: DType::I8 };
        let (h, step) = (i64::from(requant.quotient(acc)), 1i64 << shift);
        let l = i64::from(acc) + step / 2 - h * step;
        prop_assert!((0..step).contains(&l));
    }
}
