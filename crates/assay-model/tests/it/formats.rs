//! Frozen formats: the bytes and hashes of version 1. They change on purpose only, as a new version.

use assay_model::{
    DType, Manifest, Program, Shape, Tensor, TensorData,
    manifest::{
        AccuracyLoss, Colour, Correct, Fields, ImagePreprocessing, InputSpec, Normalisation,
        OutputSpec, PixelRange, Preprocessing, Rational,
    },
    program::{ChannelRequant, Op, Output, Parts, Requant, ValueId, ValueType, Window},
};

fn shape(dims: &[u32]) -> Shape {
    Shape::new(dims).expect("shape")
}

/// One node of every kind, with every field different from its neighbours.
fn program() -> Program {
    let requant = |shift, relu, dtype| Output::Requantized(Requant { shift, relu, dtype });
    Program::new(Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: shape(&[1, 3, 4]),
        },
        nodes: vec![
            Op::Conv2d {
                input: ValueId::INPUT,
                weights: vec![-2, 1, 0, 3, 1, 1, 1, -128],
                bias: vec![100, -70_000],
                window: Window {
                    kernel: [2, 2],
                    stride: [2, 1],
                    padding: [1, 0, 0, 1],
                    dilation: [1, 2],
                },
                groups: 1,
                output: requant(2, false, DType::I16),
            },
            Op::MaxPool2d {
                input: ValueId::new(1),
                window: Window::of_kernel(1, 2),
            },
            Op::Reshape {
                input: ValueId::new(2),
                shape: shape(&[8]),
            },
            Op::Linear {
                input: ValueId::new(3),
                weights: (-8..8).collect(),
                bias: vec![5, -7],
                output: requant(4, true, DType::I8),
            },
            Op::Relu {
                input: ValueId::new(4),
            },
            Op::Add {
                left: ValueId::new(5),
                left_shift: 1,
                right: ValueId::new(4),
                right_shift: 0,
                output: Output::Accumulator,
            },
        ],
        output: ValueId::new(6),
    })
    .expect("program")
}

/// One node of every kind that vision models add.
fn vision_program() -> Program {
    let requant = |shift, relu, dtype| Output::Requantized(Requant { shift, relu, dtype });
    Program::new(Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: shape(&[2, 3, 4]),
        },
        nodes: vec![
            Op::Conv2d {
                input: ValueId::INPUT,
                weights: vec![3, -4, 5, -6, 7, -8, 9, -10],
                bias: vec![1000, -2000],
                window: Window::of_kernel(2, 2),
                groups: 2,
                output: Output::PerChannel(ChannelRequant {
                    shifts: vec![3, 6],
                    relu: true,
                    dtype: DType::I8,
                }),
            },
            Op::AveragePool2d {
                input: ValueId::new(1),
                window: Window::of_kernel(2, 3),
                multiplier: 171,
                output: requant(10, false, DType::I8),
            },
            Op::Table {
                input: ValueId::new(2),
                entries: TensorData::I8((-128..=127).rev().collect()),
            },
            Op::Multiply {
                left: ValueId::new(1),
                right: ValueId::new(3),
                output: requant(7, false, DType::I16),
            },
            Op::Rescale {
                input: ValueId::new(4),
                shift: 2,
                output: requant(5, true, DType::I8),
            },
            Op::Concat {
                inputs: vec![ValueId::new(5), ValueId::new(1)],
                axis: 0,
            },
            Op::Transpose {
                input: ValueId::new(6),
                axes: vec![2, 0, 1],
            },
        ],
        output: ValueId::new(7),
    })
    .expect("program")
}

fn manifest() -> Manifest {
    let program = program();
    let fraction = |numerator, denominator| Rational {
        numerator,
        denominator,
    };
    Manifest::new(Fields {
        name: "every-field".to_owned(),
        version: "1.2.3".to_owned(),
        licence: "CC0-1.0".to_owned(),
        description: "Größe 3".to_owned(),
        model: program.model_id(),
        program: program.content_id(),
        program_bytes: program.to_bytes().len() as u64,
        input: InputSpec {
            value: program.input().clone(),
            fraction_bits: -3,
            preprocessing: Preprocessing::Image(ImagePreprocessing {
                width: 4,
                height: 3,
                colour: Colour::Grey,
                invert: true,
                range: PixelRange::Symmetric,
                normalisation: vec![Normalisation {
                    mean: fraction(-1, 7),
                    deviation: fraction(2, 9),
                }],
            }),
        },
        output: OutputSpec {
            value: program.output().clone(),
            fraction_bits: 11,
            labels: vec!["a".to_owned(), "b".to_owned()],
        },
        loss: AccuracyLoss {
            samples: 10,
            agreeing: 9,
            correct: Some(Correct {
                float: 8,
                integer: 7,
            }),
            mean_abs_error_micro: 123_456,
        },
    })
    .expect("manifest")
}

fn tensor() -> Tensor {
    Tensor::new(shape(&[2, 2]), TensorData::I16(vec![1, -2, 300, -32_768])).expect("tensor")
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|line| {
        let digits: String = line.iter().map(|byte| format!("{byte:02x}")).collect();
        digits + "\n"
    });
    lines.collect()
}

#[test]
fn bytes_of_version_1() {
    let cases = [
        (
            "program",
            program().to_bytes(),
            include_str!("../fixtures/program_v1.hex"),
        ),
        (
            "vision program",
            vision_program().to_bytes(),
            include_str!("../fixtures/program_vision_v1.hex"),
        ),
        (
            "manifest",
            manifest().to_bytes(),
            include_str!("../fixtures/manifest_v1.hex"),
        ),
        (
            "tensor",
            tensor().to_bytes(),
            include_str!("../fixtures/tensor_v1.hex"),
        ),
    ];
    for (name, bytes, frozen) in cases {
        assert_eq!(hex(&bytes), frozen, "{name}");
    }
}

#[test]
fn ids_of_version_1() {
    let ids = [
        program().model_id().to_string(),
        program().content_id().to_string(),
        manifest().content_id().to_string(),
        tensor().id().to_string(),
    ];
    insta::assert_snapshot!(ids.join("\n"), @r"
    10916f70dcfc961a2fc7f9edee099e839856bfb646d6c54c078802308656160f
    a6e07ef79cbc215892fe630640cad1fb953aaf3cdd5578681f542f321e4229c7
    241436b9f9d214bfbd42e41d2225da3e528ed7c52179774c7b5bf37f8cb844f5
    2286cf0ba2427dfa532cf9819d0d425abde23e29fdee02c9d2acdc82540e0989
    ");
}

#[test]
fn ids_of_the_bundled_models() {
    let lines: Vec<String> = assay_model::bundled()
        .iter()
        .map(|model| format!("{} {}", model.name(), model.program().model_id()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    digits-lenet e4076d1892f74863a1cc59247a1eb8bb2082d9622e932b1af2f06cc45eb8eaaa
    digits-mlp 94761feb3f25fde4e6e2a1894e83f83ab39113fce7886869718e60a2c40d6ce0
    digits-smallcnn 7a2ff722fe4ae2206ceccffdd41f72e90e1956435f9cc21329d603c8df67e897
    ");
}
