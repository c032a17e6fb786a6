//! Proofs of inference, as strangers show them: what decodes is canonical, and no bytes hold but the honest ones.
#![no_main]

use assay_model::{Executor, Program, Shape, Tensor, TensorData};
use assay_proof::{Proof, verify};
use libfuzzer_sys::fuzz_target;
use std::{slice, sync::LazyLock};

/// Two layers that round and one that does not; the prover's test `seed` writes it and the proof.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let bytes = include_bytes!("../seeds/program/three-layers");
    Program::from_bytes(bytes).expect("a valid program")
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
    let (inputs, outputs) = (slice::from_ref(input), slice::from_ref(output));
    let holds = verify(&PROGRAM, inputs, outputs, &proof).is_ok();
    assert_eq!(holds, bytes == HONEST, "only the honest proof holds");
});
