//! A small program of every operator, its key and a proof of it, as seeds for fuzzing; the targets `proof` and
//! `proof_key` take their program from here.

use assay_model::{
    DType, Program, Shape, Tensor, TensorData,
    program::{ChannelRequant, Op, Output, Parts, Requant, ValueId, ValueType, Window},
};
use assay_proof::{Proof, ProofFile, ProofKey, WeightsMode, verify};
use assay_prover::{CommittedModel, prove};

/// Tests run in the folder of their package.
const PROGRAM: &str = "../../fuzz/seeds/program/every-operator";
const PROOF: &str = "../../fuzz/seeds/proof/every-operator";
const KEY: &str = "../../fuzz/seeds/proof_key/every-operator";
const FILE: &str = "../../fuzz/seeds/proof_file/every-operator";

fn rounded(shift: u8, relu: bool, dtype: DType) -> Output {
    Output::Requantized(Requant { shift, relu, dtype })
}

/// Weights that differ: −3 … 3.
fn weights(count: usize) -> Vec<i8> {
    (0..count).map(|place| (place * 5 % 7) as i8 - 3).collect()
}

fn every_operator() -> Program {
    let window = |kernel: u16, stride: u16, before: u16| Window {
        stride: [stride; 2],
        padding: [before, before, 0, 0],
        ..Window::of_kernel(kernel, kernel)
    };
    let entries = (0..256).map(|entry: i32| (entry * entry % 251 - 100) as i8);
    let value = ValueId::new;
    let nodes = vec![
        // 1: [4, 4, 4], by channel
        Op::Conv2d {
            input: value(0),
            weights: weights(4 * 2 * 4),
            bias: vec![7, -7, 0, 300],
            window: window(2, 1, 1),
            groups: 1,
            output: Output::PerChannel(ChannelRequant {
                shifts: vec![1, 2, 3, 2],
                relu: false,
                dtype: DType::I8,
            }),
        },
        // 2: [4, 4, 4], by groups
        Op::Conv2d {
            input: value(1),
            weights: weights(4 * 2),
            bias: vec![1, 2, 3, 4],
            window: window(1, 1, 0),
            groups: 2,
            output: rounded(1, true, DType::I8),
        },
        // 3: [4, 2, 2]
        Op::MaxPool2d {
            input: value(2),
            window: window(3, 2, 1),
        },
        // 4: [4, 2, 2]
        Op::Table {
            input: value(3),
            entries: TensorData::I8(entries.collect()),
        },
        // 5: [4, 1, 1]
        Op::AveragePool2d {
            input: value(4),
            window: window(2, 2, 0),
            multiplier: 64,
            output: rounded(8, false, DType::I8),
        },
        // 6: [4, 2, 2], int16
        Op::Multiply {
            left: value(4),
            right: value(5),
            output: rounded(1, false, DType::I16),
        },
        // 7: the same, accumulators
        Op::Add {
            left: value(6),
            left_shift: 1,
            right: value(3),
            right_shift: 0,
            output: Output::Accumulator,
        },
        // 8: the same
        Op::Relu { input: value(7) },
        // 9: the same, int8
        Op::Rescale {
            input: value(8),
            shift: 1,
            output: rounded(9, false, DType::I8),
        },
        // 10: [2, 4, 2]
        Op::Transpose {
            input: value(9),
            axes: vec![2, 0, 1],
        },
        // 11: [4, 4, 2]
        Op::Concat {
            inputs: vec![value(10), value(10)],
            axis: 0,
        },
        // 12: [2, 16]
        Op::Reshape {
            input: value(11),
            shape: Shape::new(&[2, 16]).unwrap(),
        },
        // 13: [2, 3]
        Op::Linear {
            input: value(12),
            weights: weights(3 * 16),
            bias: vec![5, -6, 7],
            output: Output::Accumulator,
        },
    ];
    Program::new(Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: Shape::new(&[2, 4, 4]).unwrap(),
        },
        nodes,
        output: value(13),
    })
    .unwrap()
}

/// The seeds are a proof that holds, its program and its key, to the byte what is made today;
/// `ASSAY_WRITE_FIXTURES=1` writes them anew.
#[test]
fn the_seed_is_a_proof() {
    let program = every_operator();
    let numbers = (0..32).map(|place: i32| (place * 77 % 256 - 128) as i8);
    let shape = Shape::new(&[2, 4, 4]).unwrap();
    let input = Tensor::new(shape, TensorData::I8(numbers.collect())).unwrap();
    let proven = prove(&program, std::slice::from_ref(&input)).unwrap();
    let proof = proven.proof.to_bytes().unwrap();
    let model = CommittedModel::of(program.clone()).unwrap();
    let key = model.key().to_bytes().unwrap();
    let file = ProofFile {
        weights: WeightsMode::Public,
        model: program.model_id(),
        inputs: vec![input.clone()],
        outputs: proven.outputs.clone(),
        proof: proven.proof,
    };
    for (path, bytes) in [
        (PROGRAM, program.to_bytes()),
        (PROOF, proof.clone()),
        (KEY, key.clone()),
        (FILE, file.to_bytes().unwrap()),
    ] {
        if std::env::var_os("ASSAY_WRITE_FIXTURES").is_some() {
            let folder = std::path::Path::new(path).parent().unwrap();
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(path, &bytes).unwrap();
        }
        assert!(
            std::fs::read(path).unwrap() == bytes,
            "{path}: the format or the protocol changed; is its version another?"
        );
    }
    let proof = Proof::from_bytes(&proof).unwrap();
    verify(&program, &[input], &proven.outputs, &proof).unwrap();
    assert_eq!(&ProofKey::from_bytes(&key).unwrap(), model.key());
}
