mod vision;

use super::*;
use crate::{
    float::{FloatNode, FloatOp},
    program::{NodeError, Op, Output},
    shape::Shape,
};

fn shape(dims: &[u32]) -> Shape {
    Shape::new(dims).expect("shape")
}

fn node(op: FloatOp, dims: &[u32]) -> FloatNode {
    FloatNode {
        name: "layer".to_owned(),
        op,
        shape: shape(dims),
    }
}

fn graph(input: &[u32], nodes: Vec<FloatNode>) -> FloatGraph {
    FloatGraph {
        input: shape(input),
        output: nodes.len(),
        nodes,
        without_softmax: false,
    }
}

fn linear(input: usize, weights: &[f32], bias: &[f32]) -> FloatOp {
    FloatOp::Linear {
        input,
        weights: weights.to_vec(),
        bias: bias.to_vec(),
    }
}

fn samples(graph: &FloatGraph, numbers: &[f64]) -> Samples {
    let data = FloatTensor::new(shape(&[numbers.len() as u32]), numbers.to_vec()).expect("data");
    Samples::new(graph, &data).expect("samples")
}

fn refused(graph: &FloatGraph, numbers: &[f64]) -> QuantizeError {
    quantize(graph, &samples(graph, numbers), None).expect_err("refused")
}

#[test]
fn rounding_is_half_up_and_powers_are_exact() {
    for (x, rounded) in [
        (0.5, 1.0),
        (-0.5, 0.0),
        (1.5, 2.0),
        (-1.5, -1.0),
        (0.49999999999999994, 0.0),
        (2.4, 2.0),
        (-2.6, -3.0),
    ] {
        assert_eq!(round_half_up(x), rounded, "{x}");
    }
    for bits in i8::MIN..=i8::MAX {
        assert_eq!(
            power_of_two(bits) * power_of_two(-(bits.max(-127))),
            if bits == i8::MIN { 0.5 } else { 1.0 }
        );
    }
}

#[test]
fn relu_becomes_part_of_its_layer_and_scores_stay_exact() {
    let nodes = vec![
        node(linear(0, &[0.5, -0.25, 1.0, 0.125], &[0.0, 0.5]), &[2]),
        node(FloatOp::Relu { input: 1 }, &[2]),
        node(FloatOp::Reshape { input: 2 }, &[2]),
        node(linear(3, &[1.0, -1.0], &[0.25]), &[1]),
    ];
    let graph = graph(&[2], nodes);
    let quantized =
        quantize(&graph, &samples(&graph, &[1.0, 0.5, -0.5, 0.75]), None).expect("quantize");
    let outputs: Vec<Option<bool>> = quantized
        .program
        .nodes()
        .iter()
        .map(|op| match op {
            Op::Linear {
                output: Output::Requantized(requant),
                ..
            } => Some(requant.relu),
            _ => None,
        })
        .collect();
    assert_eq!(outputs, [Some(true), None]);
    // Everything here is a sum of small powers of two: the integers lose nothing but saturation.
    assert!(
        quantized.report.max_abs_error < 0.02,
        "{:?}",
        quantized.report
    );
    assert_eq!(quantized.report.agreeing, 2);
    assert_eq!(quantized.report.layers.len(), 2);
}

#[test]
fn a_relu_at_the_end_and_shared_values_stay_nodes() {
    // The sum reads both the layer and its ReLU, so neither is fused away.
    let nodes = vec![
        node(linear(0, &[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0]), &[2]),
        node(FloatOp::Relu { input: 1 }, &[2]),
        node(FloatOp::Add { left: 1, right: 2 }, &[2]),
        node(FloatOp::Relu { input: 3 }, &[2]),
    ];
    let graph = graph(&[2], nodes);
    let quantized = quantize(&graph, &samples(&graph, &[1.0, -0.5]), None).expect("quantize");
    let ops: Vec<&str> = quantized.program.nodes().iter().map(Op::name).collect();
    assert_eq!(ops, ["linear", "relu", "add", "relu"]);
    assert_eq!(quantized.program.output().to_string(), "int32[2]");
    assert!(
        quantized.report.max_abs_error < 0.05,
        "{:?}",
        quantized.report
    );
}

#[test]
fn operands_of_an_addition_come_to_one_scale() {
    let nodes = vec![
        node(linear(0, &[16.0], &[0.0]), &[1]),
        node(FloatOp::Add { left: 0, right: 1 }, &[1]),
        node(linear(2, &[1.0], &[0.0]), &[1]),
    ];
    let graph = graph(&[1], nodes);
    let quantized = quantize(&graph, &samples(&graph, &[0.9, -0.7, 0.3]), None).expect("quantize");
    let shifts = quantized.program.nodes().iter().find_map(|op| match op {
        Op::Add {
            left_shift,
            right_shift,
            ..
        } => Some((*left_shift, *right_shift)),
        _ => None,
    });
    assert_eq!(shifts, Some((0, 4)));
    assert!(
        quantized.report.max_abs_error < 0.2,
        "{:?}",
        quantized.report
    );
}

#[test]
fn an_outlier_does_not_take_the_range_of_all() {
    // 255 small samples and one four times as large: a finer scale that saturates it errs less.
    let graph = graph(&[1], vec![node(linear(0, &[1.0], &[0.0]), &[1])]);
    let mut numbers: Vec<f64> = (0..20_000).map(|i| f64::from(i % 199) / 200.0).collect();
    numbers.push(1.05);
    let quantized = quantize(&graph, &samples(&graph, &numbers), None).expect("quantize");
    assert_eq!(quantized.input_fraction_bits, 7);
    let without = quantize(&graph, &samples(&graph, &[1.05]), None).expect("quantize");
    assert_eq!(without.input_fraction_bits, 6);
}

#[test]
fn large_biases_make_weights_coarser() {
    let graph = graph(&[1], vec![node(linear(0, &[1e-6], &[1e6]), &[1])]);
    let quantized = quantize(&graph, &samples(&graph, &[0.5, 1.0]), None).expect("quantize");
    assert!(
        quantized.report.max_abs_error < 1.0,
        "{:?}",
        quantized.report
    );
    let facts = &quantized.program.facts()[0];
    assert!(facts.accumulator_max < Some(1 << 30));
}

#[test]
fn accumulators_that_could_overflow_name_their_layer() {
    let k = 70_000;
    let graph = graph(
        &[k],
        vec![node(linear(0, &vec![0.99; k as usize], &[0.0]), &[1])],
    );
    match refused(&graph, &vec![1.0; k as usize]) {
        QuantizeError::Program {
            layer,
            source: ProgramError::Node { source, .. },
        } => {
            assert_eq!(layer.as_deref(), Some("layer"));
            assert!(matches!(source, NodeError::Accumulator { .. }));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_samples_are_refused() {
    let one = || graph(&[2], vec![node(FloatOp::Relu { input: 0 }, &[2])]);
    let data = |numbers: &[f64]| {
        FloatTensor::new(shape(&[numbers.len() as u32]), numbers.to_vec()).expect("data")
    };
    assert!(matches!(
        Samples::new(&one(), &data(&[1.0, 2.0, 3.0])),
        Err(QuantizeError::SampleSize {
            elements: 3,
            per_sample: 2
        })
    ));
    assert!(matches!(
        Samples::new(&one(), &data(&vec![0.0; 2 * (SAMPLES_MAX + 1)])),
        Err(QuantizeError::SampleCount { .. })
    ));
    for value in [f64::NAN, f64::INFINITY, 1e300] {
        assert!(matches!(
            refused(&one(), &[0.0, 1.0, 2.0, value]),
            QuantizeError::Sample { sample: 1, .. }
        ));
    }
    let samples = samples(&one(), &[0.0, 1.0, 2.0, 3.0]);
    assert_eq!((samples.len(), samples.is_empty()), (2, false));
    assert!(matches!(
        samples.clone().with_classes(&[0.0]),
        Err(QuantizeError::ClassCount {
            classes: 1,
            samples: 2
        })
    ));
    for class in [-1.0, 0.5, f64::NAN, 1e12] {
        assert!(matches!(
            samples.clone().with_classes(&[0.0, class]),
            Err(QuantizeError::Class { sample: 1, .. })
        ));
    }
    let report = quantize(
        &one(),
        &samples.with_classes(&[1.0, 0.0]).expect("classes"),
        None,
    )
    .expect("quantize")
    .report;
    assert_eq!(
        (report.float_correct, report.integer_correct),
        (Some(1), Some(1))
    );
}

#[test]
fn models_beyond_every_scale_are_refused() {
    // Overflow in floats.
    let nodes = vec![
        node(linear(0, &[3e38], &[0.0]), &[1]),
        node(linear(1, &[3e38], &[0.0]), &[1]),
    ];
    assert!(matches!(
        refused(&graph(&[1], nodes), &[1.0]),
        QuantizeError::NotFinite { sample: 0, .. }
    ));
    // Huge weights over inputs that calibration only saw as zero.
    let nodes = (0..8)
        .map(|i| node(linear(i, &[1e11], &[0.0]), &[1]))
        .collect();
    assert!(matches!(
        refused(&graph(&[1], nodes), &[0.0]),
        QuantizeError::Scale { .. }
    ));
}
