//! Proofs of inference, as strangers show them: what decodes is canonical, and no bytes hold but the honest ones.
#![no_main]

use assay_model::{Executor, Program, Shape, Tensor, TensorData};
use assay_proof::{Proof, verify};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Every operator once; the prover's test `seed` writes it and the proof.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let bytes = include_bytes!("../seeds/program/every-operator");
    Program::from_bytes(bytes).expect("a valid program")
});

/// A proof that holds.
static HONEST: &[u8] = include_bytes!("../seeds/proof/every-operator");

/// What the program takes and gives.
static STATEMENT: LazyLock<([Tensor; 1], [Tensor; 1])> = LazyLock::new(|| {
    let shape = Shape::new(&[2, 4, 4]).expect("a shape");
    let numbers = (0..32).map(|place: i32| (place * 77 % 256 - 128) as i8);
    let input = Tensor::new(shape, TensorData::I8(numbers.collect())).expect("32 elements");
    let output = Executor::new(PROGRAM.clone()).run(&input);
    ([input], [output.expect("a valid program runs")])
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
