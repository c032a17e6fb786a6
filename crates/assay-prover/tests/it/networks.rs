//! Small linear networks of every kind that can be proven, from a seed.

use assay_model::{
    DType, Program, Shape, Tensor, TensorData,
    program::{Op, Output, Parts, Requant, ValueId, ValueType},
};
use assay_proof::{Outline, Unsupported};
use rand::{RngExt as _, rngs::StdRng};

/// A network that can be proven, of one to three layers with weights of all sizes; some have a reshape between
/// layers.
pub(crate) fn network(rng: &mut StdRng) -> Program {
    loop {
        let program = any_network(rng);
        match Outline::of(&program) {
            Ok(_) => return program,
            // Its shifts were too small for its weights.
            Err(Unsupported::Span { .. }) => {}
            Err(other) => panic!("a linear network is refused: {other}"),
        }
    }
}

fn any_network(rng: &mut StdRng) -> Program {
    let mut width = rng.random_range(1..40u32);
    let dtype = if rng.random_bool(0.8) {
        DType::I8
    } else {
        DType::I16
    };
    let input = ValueType {
        dtype,
        shape: Shape::new(&[width]).unwrap(),
    };
    let layers = rng.random_range(1..=3);
    let mut nodes = Vec::new();
    for layer in 1..=layers {
        if rng.random_bool(0.2) {
            let shape = Shape::new(&[1, width]).unwrap();
            nodes.push(Op::Reshape {
                input: ValueId::new(nodes.len() as u32),
                shape,
            });
        }
        let outputs = rng.random_range(1..40u32);
        let largest = [1, 20, 128][rng.random_range(0..3usize)];
        let weights = (0..outputs * width).map(|_| rng.random_range(-largest..largest) as i8);
        let weights = weights.collect();
        let bias = (0..outputs).map(|_| rng.random_range(-20_000..20_000));
        let bias = bias.collect();
        let keeps = layer == layers && rng.random_bool(0.5);
        let output = if keeps {
            Output::Accumulator
        } else {
            Output::Requantized(Requant {
                shift: rng.random_range(0..=12),
                relu: rng.random(),
                dtype: DType::I8,
            })
        };
        nodes.push(Op::Linear {
            input: ValueId::new(nodes.len() as u32),
            weights,
            bias,
            output,
        });
        width = outputs;
    }
    let output = ValueId::of_node(nodes.len() as u32 - 1);
    Program::new(Parts {
        input,
        nodes,
        output,
    })
    .expect("a valid network")
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
