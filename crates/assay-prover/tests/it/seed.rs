//! A small program and a proof of it, as seeds for fuzzing; the target `proof` takes its program from here.

use assay_model::{
    DType, Program, Shape, Tensor, TensorData,
    program::{Op, Output, Parts, Requant, ValueId, ValueType},
};
use assay_proof::{Proof, ProofFile, WeightsMode, verify};
use assay_prover::prove;

/// Tests run in the folder of their package.
const PROGRAM: &str = "../../fuzz/seeds/program/three-layers";
const PROOF: &str = "../../fuzz/seeds/proof/three-layers";
const PROOF_FILE: &str = "../../fuzz/seeds/proof_file/three-layers";

fn three_layers() -> Program {
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
            shape: Shape::new(&[2]).unwrap(),
        },
        nodes: vec![
            layer(0, rounded(1, true)),
            layer(1, rounded(0, false)),
            layer(2, Output::Accumulator),
        ],
        output: ValueId::of_node(2),
    })
    .unwrap()
}

/// The seeds are a proof that holds and its program, to the byte what is made today; `ASSAY_WRITE_FIXTURES=1`
/// writes them anew.
#[test]
fn the_seed_is_a_proof() {
    let program = three_layers();
    let shape = Shape::new(&[2]).unwrap();
    let input = Tensor::new(shape, TensorData::I8(vec![7, -7])).unwrap();
    let proven = prove(&program, std::slice::from_ref(&input)).unwrap();
    let bytes = proven.proof.to_bytes().unwrap();
    let file = ProofFile {
        weights: WeightsMode::Public,
        model: program.model_id(),
        inputs: vec![input.clone()],
        outputs: proven.outputs.clone(),
        proof: proven.proof,
    };
    let file = file.to_bytes().unwrap();
    if std::env::var_os("ASSAY_WRITE_FIXTURES").is_some() {
        std::fs::write(PROGRAM, program.to_bytes()).unwrap();
        std::fs::write(PROOF, &bytes).unwrap();
        std::fs::create_dir_all(std::path::Path::new(PROOF_FILE).parent().unwrap()).unwrap();
        std::fs::write(PROOF_FILE, &file).unwrap();
    }
    assert_eq!(std::fs::read(PROGRAM).unwrap(), program.to_bytes());
    let seed = std::fs::read(PROOF).unwrap();
    assert!(
        seed == bytes,
        "the format or the protocol changed; is its version another?"
    );
    assert!(
        std::fs::read(PROOF_FILE).unwrap() == file,
        "the proof file's format changed; is its version another?"
    );
    let proof = Proof::from_bytes(&seed).unwrap();
    verify(&program, &[input], &proven.outputs, &proof).unwrap();
}
