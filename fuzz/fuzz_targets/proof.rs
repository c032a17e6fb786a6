//! Proofs of inference, as strangers show them: what decodes is canonical, and no bytes hold but the honest ones.
#![no_main]

use assay_model::{
    DType, Executor, Program, Shape, Tensor, TensorData,
    program::{Op, Output, Parts, Requant, ValueId, ValueType},
};
use assay_proof::{Proof, verify};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Two layers that round and one that does not: `tests/it/seed.rs` of the prover makes a proof of it.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let rounded = |shift, relu| {
        let dtype = DType::I8;
        Output::Requantized(Requant { shift, relu, dtype })
    };
    let layer = |value, output| Op::Linear {
        input: ValueId::new(value),
        weights: vec![1, -2, 3, -4],
        bias: vec![5, -6],
        output,
    };
    Program::new(Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: Shape::new(&[2]).expect("a shape"),
        },
        nodes: vec![
            layer(0, rounded(1, true)),
            layer(1, rounded(0, false)),
            layer(2, Output::Accumulator),
        ],
        output: ValueId::of_node(2),
    })
    .expect("a valid program")
});

/// A proof that holds.
static HONEST: &[u8] = include_bytes!("../seeds/proof/three-layers");

/// What the program takes and gives.
static STATEMENT: LazyLock<(Tensor, Tensor)> = LazyLock::new(|| {
    let shape = Shape::new(&[2]).expect("a shape");
    let input = Tensor::new(shape, TensorData::I8(vec![7, -7])).expect("two elements");
    let output = Executor::new(PROGRAM.clone()).run(&input);
    (input, output.expect("a valid program runs"))
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(proof) = Proof::from_bytes(bytes) else {
        return;
    };
    assert_eq!(proof.to_bytes().expect("no longer than it was"), bytes);
    let (input, output) = &*STATEMENT;
    let holds = verify(&PROGRAM, input, output, &proof).is_ok();
    assert_eq!(holds, bytes == HONEST, "only the honest proof holds");
});
