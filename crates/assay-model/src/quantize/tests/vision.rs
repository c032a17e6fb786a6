//! Operators of vision models: integers stay near floats, whatever the scales.

use super::*;
use crate::{function::Function, program::Window, tensor::DType};
use proptest::prelude::*;

/// Numbers between −1 and 1 of every size, from a seed.
fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed | 1;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            ((state >> 40) as f64) / f64::from(1u32 << 23) - 1.0
        })
        .collect()
}

fn floats(seed: u64, count: usize, scale: f32) -> Vec<f32> {
    let numbers = numbers(seed, count);
    numbers.into_iter().map(|x| x as f32 * scale).collect()
}

fn conv(input: usize, weights: Vec<f32>, outputs: usize, window: Window, groups: u32) -> FloatOp {
    FloatOp::Conv2d {
        input,
        weights,
        bias: floats(77, outputs, 0.25),
        window,
        groups,
    }
}

fn function(input: usize, function: Function) -> FloatOp {
    FloatOp::Function { input, function }
}

fn hard_swish() -> Function {
    let gate = Function::X.hard_sigmoid(1.0 / 6.0, 0.5);
    Function::Multiply(Box::new(Function::X), Box::new(gate))
}

/// A graph over `[4, 6, 5]`, its samples, and the program of them.
struct Case {
    graph: FloatGraph,
    samples: Samples,
    quantized: Quantized,
}

impl Case {
    fn new(nodes: Vec<FloatNode>, seed: u64) -> Self {
        let graph = graph(&[4, 6, 5], nodes);
        let samples = samples(&graph, &numbers(seed, 4 * 6 * 5 * 8));
        let quantized = quantize(&graph, &samples, None).expect("quantize");
        Self {
            graph,
            samples,
            quantized,
        }
    }

    /// The root of the mean squared difference between program and graph, as a share of that of the
    /// outputs.
    fn off(&self) -> f64 {
        let mut executor = Executor::new(self.quantized.program.clone());
        let scale = power_of_two(self.quantized.input_fraction_bits);
        let unit = power_of_two(-self.quantized.output_fraction_bits);
        let (mut off, mut all) = (0f64, 0f64);
        for input in &self.samples.inputs {
            let quantised = input
                .iter()
                .map(|&x| round_half_up(x * scale).clamp(-128.0, 127.0) as i8)
                .collect();
            let tensor = Tensor::new(self.graph.input.clone(), TensorData::I8(quantised));
            let output = executor.run(&tensor.expect("tensor")).expect("run");
            let floats = self.graph.run(input).expect("run");
            assert_eq!(floats.len(), output.data().len());
            for (float, integer) in floats.iter().zip(output.data().to_i32()) {
                let float = f64::from(*float);
                off += (float - f64::from(integer) * unit).powi(2);
                all += float.powi(2);
            }
        }
        (off / all).sqrt()
    }

    fn ops(&self) -> Vec<&'static str> {
        let nodes = self.quantized.program.nodes();
        nodes.iter().map(Op::name).collect()
    }
}

/// Each operator as the only or the last one, where nothing but it and its operands is rounded.
fn operators(seed: u64) -> Vec<(&'static str, Vec<FloatNode>, f64)> {
    let small = Window::of_kernel(3, 3);
    let strided = Window {
        stride: [2, 1],
        padding: [1, 0, 1, 2],
        ..small
    };
    let mean = || {
        let op = FloatOp::AveragePool2d {
            input: 0,
            window: Window::of_kernel(6, 5),
        };
        node(op, &[4, 1, 1])
    };
    vec![
        (
            "depthwise",
            vec![node(
                conv(0, floats(seed, 36, 0.5), 4, strided, 4),
                &[4, 3, 5],
            )],
            0.01,
        ),
        (
            "grouped",
            vec![node(
                conv(0, floats(seed, 108, 2.0), 6, small, 2),
                &[6, 4, 3],
            )],
            0.01,
        ),
        ("mean", vec![mean()], 0.1),
        (
            "gate",
            vec![
                mean(),
                node(FloatOp::Multiply { left: 0, right: 1 }, &[4, 6, 5]),
            ],
            0.025,
        ),
        (
            "product",
            vec![node(FloatOp::Multiply { left: 0, right: 0 }, &[4, 6, 5])],
            0.01,
        ),
        (
            "hard swish",
            vec![node(function(0, hard_swish()), &[4, 6, 5])],
            0.01,
        ),
        (
            "sigmoid",
            vec![node(
                function(0, Function::Sigmoid(Box::new(Function::X))),
                &[4, 6, 5],
            )],
            0.003,
        ),
        (
            "clip",
            vec![node(
                function(0, Function::Clip(Box::new(Function::X), -0.25, 0.5)),
                &[4, 6, 5],
            )],
            0.01,
        ),
        (
            "transpose",
            vec![node(
                FloatOp::Transpose {
                    input: 0,
                    axes: vec![2, 0, 1],
                },
                &[5, 4, 6],
            )],
            0.01,
        ),
        (
            "concat of unequal scales",
            vec![
                node(function(0, hard_swish()), &[4, 6, 5]),
                node(
                    conv(0, floats(seed, 16, 8.0), 4, Window::of_kernel(1, 1), 1),
                    &[4, 6, 5],
                ),
                node(
                    FloatOp::Concat {
                        inputs: vec![1, 2, 0],
                        axis: 0,
                    },
                    &[12, 6, 5],
                ),
            ],
            0.04,
        ),
        (
            "sum of unequal scales",
            vec![
                node(
                    conv(0, floats(seed, 16, 8.0), 4, Window::of_kernel(1, 1), 1),
                    &[4, 6, 5],
                ),
                node(FloatOp::Add { left: 0, right: 1 }, &[4, 6, 5]),
            ],
            0.03,
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_operator_is_near_its_float(seed in any::<u64>()) {
        for (name, nodes, bound) in operators(seed) {
            let off = Case::new(nodes, seed ^ 0x5a5a).off();
            prop_assert!(off <= bound, "{} is off by {}", name, off);
        }
    }
}

/// What a mobile network repeats: expand, depthwise, squeeze and excite, project, add.
fn block(seed: u64) -> Vec<FloatNode> {
    let dot = Window::of_kernel(1, 1);
    let around = Window {
        padding: [1, 1, 1, 1],
        ..Window::of_kernel(3, 3)
    };
    let hard_sigmoid = || Function::X.hard_sigmoid(0.2, 0.5);
    // Filters of very different size, as normalisation leaves them.
    let mut depthwise = floats(seed + 1, 72, 1.0);
    for (channel, filter) in depthwise.chunks_exact_mut(9).enumerate() {
        let size = 4f32.powi(channel as i32 - 4);
        filter.iter_mut().for_each(|weight| *weight *= size);
    }
    vec![
        node(conv(0, floats(seed, 32, 1.0), 8, dot, 1), &[8, 6, 5]),
        node(function(1, hard_swish()), &[8, 6, 5]),
        node(conv(2, depthwise, 8, around, 8), &[8, 6, 5]),
        node(FloatOp::Relu { input: 3 }, &[8, 6, 5]),
        node(
            FloatOp::AveragePool2d {
                input: 4,
                window: Window::of_kernel(6, 5),
            },
            &[8, 1, 1],
        ),
        node(conv(5, floats(seed + 2, 16, 1.0), 2, dot, 1), &[2, 1, 1]),
        node(FloatOp::Relu { input: 6 }, &[2, 1, 1]),
        node(conv(7, floats(seed + 3, 16, 1.0), 8, dot, 1), &[8, 1, 1]),
        node(function(8, hard_sigmoid()), &[8, 1, 1]),
        node(FloatOp::Multiply { left: 4, right: 9 }, &[8, 6, 5]),
        node(conv(10, floats(seed + 4, 32, 0.5), 4, dot, 1), &[4, 6, 5]),
        node(FloatOp::Add { left: 0, right: 11 }, &[4, 6, 5]),
    ]
}

#[test]
fn a_mobile_block_is_near_its_float() {
    for seed in 1..6 {
        let case = Case::new(block(seed), seed);
        assert_eq!(
            case.ops(),
            [
                "conv2d",
                "table",
                "conv2d",
                "average_pool2d",
                "conv2d",
                "conv2d",
                "table",
                "multiply",
                "conv2d",
                "add"
            ]
        );
        let off = case.off();
        assert!(off < 0.15, "seed {seed} is off by {off}");
        // Filters that differ by orders of magnitude keep their own scales.
        let depthwise = &case.quantized.report.layers[2];
        let (fewest, most) = depthwise.weight_fraction_bits.expect("weights");
        assert!(most >= fewest + 8, "{fewest} to {most}");
        let Op::Conv2d {
            output: Output::PerChannel(requant),
            ..
        } = &case.quantized.program.nodes()[2]
        else {
            panic!("one shift per channel");
        };
        assert!(requant.relu && requant.shifts.len() == 8);
    }
}

#[test]
fn scores_of_a_last_function_are_wide() {
    let tanh = Function::Tanh(Box::new(Function::X));
    let case = Case::new(vec![node(function(0, tanh), &[4, 6, 5])], 3);
    assert_eq!(case.quantized.program.output().dtype, DType::I16);
    assert!(case.quantized.output_fraction_bits >= 14);
}

#[test]
fn channels_of_zeros_take_the_others_scale() {
    let mut weights = floats(9, 36, 1.0);
    weights[9..18].fill(0.0);
    let nodes = vec![
        node(conv(0, weights, 4, Window::of_kernel(3, 3), 4), &[4, 4, 3]),
        node(function(1, hard_swish()), &[4, 4, 3]),
    ];
    let case = Case::new(nodes, 4);
    assert!(case.off() < 0.06, "{}", case.off());
}

#[test]
fn what_saturates_behind_a_table_does_not_count() {
    // Values up to ±100 into a function that levels off at ±2.5.
    let wide = vec![100.0; 4];
    let nodes = vec![
        node(conv(0, wide, 4, Window::of_kernel(1, 1), 4), &[4, 6, 5]),
        node(function(1, Function::X.hard_sigmoid(0.2, 0.5)), &[4, 6, 5]),
    ];
    let case = Case::new(nodes, 8);
    assert!(case.quantized.report.layers[0].fraction_bits >= 4);
    assert!(case.off() < 0.1, "{}", case.off());
}

#[test]
fn held_out_samples_are_measured_by_class() {
    let graph = graph(
        &[2],
        vec![node(linear(0, &[1.0, 0.0, 0.0, 1.0], &[0.0; 2]), &[2])],
    );
    let calibration = samples(&graph, &[1.0, -1.0]);
    let held_out = samples(&graph, &[1.0, 0.0, 0.0, 1.0, 0.5, 0.0]);
    let held_out = held_out.with_classes(&[0.0, 1.0, 1.0]).expect("classes");
    let report = quantize(&graph, &calibration, Some(&held_out))
        .expect("quantize")
        .report;
    assert!(report.held_out && !report.without_softmax);
    assert_eq!((report.samples, report.agreeing), (3, 3));
    assert_eq!(
        (report.float_correct, report.integer_correct),
        (Some(2), Some(2))
    );
    let class = |class, samples, correct| ClassReport {
        class,
        samples,
        agreeing: samples,
        float_correct: correct,
        integer_correct: correct,
    };
    assert_eq!(report.classes, [class(0, 1, 1), class(1, 2, 1)]);
}
