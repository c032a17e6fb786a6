//! What the executor computes can be proven, for the bundled networks, with the soundness that is asked.

use crate::networks::{input, parameters, program};
use assay_model::{
    DType, Executor, Program, Shape, Tensor, bundled,
    program::{Op, Output, Parts, Requant, ValueId, ValueType, Window},
};
use assay_proof::{
    Frame, Outline, Proof, ProofKey, SecurityReport,
    commitment::{Schemes, stacks},
    security, verify, verify_committed,
};
use assay_prover::{CommittedModel, prove};
use rand::{SeedableRng as _, rngs::StdRng};

/// Random programs whose soundness is computed.
const PROGRAMS: u64 = 150;

fn executed(program: &Program, inputs: &[Tensor]) -> Vec<Tensor> {
    let mut executor = Executor::new(program.clone());
    let outputs = inputs.iter().map(|input| executor.run(input).unwrap());
    outputs.collect()
}

/// Proves in both modes and verifies; returns the lengths of both proofs.
fn prove_and_verify(program: &Program, inputs: &[Tensor]) -> [usize; 2] {
    let outputs = executed(program, inputs);
    let proven = prove(program, inputs).expect("a proof");
    assert_eq!(proven.outputs, outputs, "the prover executes exactly");
    let public = proven.proof.to_bytes().expect("a short proof");
    let proof = Proof::from_bytes(&public).expect("its own bytes");
    verify(program, inputs, &outputs, &proof).expect("an honest proof");

    let model = CommittedModel::of(program.clone()).expect("a key");
    let proven = model.prove(inputs).expect("a proof");
    assert_eq!(proven.outputs, outputs);
    let committed = proven.proof.to_bytes().expect("a short proof");
    let proof = Proof::from_bytes(&committed).expect("its own bytes");
    let key = model.key().to_bytes().expect("a short key");
    let key = ProofKey::from_bytes(&key).expect("its own bytes");
    assert_eq!(&key, model.key());
    verify_committed(&key, inputs, &outputs, &proof).expect("an honest proof");
    [public.len(), committed.len()]
}

#[test]
fn bundled_networks_are_proven_in_few_bytes() {
    for (name, most) in [
        ("digits-mlp", 64 * 1024),
        ("digits-smallcnn", 144 * 1024),
        ("digits-lenet", 176 * 1024),
    ] {
        let program = bundled::find(name).expect("bundled").program();
        let mut rng = StdRng::seed_from_u64(1);
        let [public, _] = prove_and_verify(&program, &[input(&program, &mut rng)]);
        assert!(public < most, "{name}: {public} bytes");
    }
}

#[test]
fn proofs_have_the_soundness_that_is_asked() {
    for seed in 0..PROGRAMS {
        let mut rng = StdRng::seed_from_u64(seed);
        let outline = Outline::of(&program(&mut rng)).unwrap();
        for (samples, committed) in [(1, false), (1, true), (64, true)] {
            let frame = Frame::new(&outline, samples).unwrap();
            let schemes = Schemes::of(&frame, committed).unwrap();
            let report = SecurityReport::of(&frame, &schemes);
            assert!(
                report.whole_bits() >= security::SECURITY_BITS_MIN,
                "{report:?}"
            );
        }
    }
}

/// A grouped kernel and a dense layer, each too large to be gathered, and a small layer; one weight of the layer that
/// is asked for differs.
fn large_layers(differs: Option<usize>) -> Program {
    let mut rng = StdRng::seed_from_u64(2);
    let mut parameters = |place: usize, outputs: u32, per_output: u32| {
        let (mut weights, bias) = parameters(&mut rng, outputs, per_output);
        if differs == Some(place) {
            weights[7] ^= 1;
        }
        (weights, bias)
    };
    let output = || {
        Output::Requantized(Requant {
            shift: 9,
            relu: false,
            dtype: DType::I8,
        })
    };
    let value = |node: usize| ValueId::new(node as u32);
    let (weights, bias) = parameters(0, 64, 128 * 9);
    let grouped = Op::Conv2d {
        input: value(0),
        weights,
        bias,
        window: Window::of_kernel(3, 3),
        groups: 2,
        output: output(),
    };
    let flat = Op::Reshape {
        input: value(1),
        shape: Shape::new(&[64 * 4]).unwrap(),
    };
    let mut linear = |place: usize, input: usize, inputs: u32, outputs: u32| {
        let (weights, bias) = parameters(place, outputs, inputs);
        Op::Linear {
            input: value(input),
            weights,
            bias,
            output: output(),
        }
    };
    let dense = linear(1, 2, 64 * 4, 128);
    let small = linear(2, 3, 128, 10);
    Program::new(Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: Shape::new(&[256, 4, 4]).unwrap(),
        },
        nodes: vec![grouped, flat, dense, small],
        output: ValueId::new(4),
    })
    .expect("a valid program")
}

#[test]
fn large_layers_are_opened_beside_what_is_gathered() {
    let program = large_layers(None);
    let tables = stacks(&Outline::of(&program).unwrap()).concat();
    let of: Vec<_> = tables.iter().map(|table| table.weights_of).collect();
    assert_eq!(of, [Some(1), Some(3), None]);

    let mut rng = StdRng::seed_from_u64(3);
    let input = input(&program, &mut rng);
    prove_and_verify(&program, std::slice::from_ref(&input));
    let model = CommittedModel::of(program).unwrap();
    let inputs = std::slice::from_ref(&input);
    let proven = model.prove(inputs).unwrap();
    for differs in 0..3 {
        let other = CommittedModel::of(large_layers(Some(differs))).unwrap();
        let key = ProofKey {
            outline: model.key().outline.clone(),
            weights: other.key().weights.clone(),
        };
        let refused = verify_committed(&key, inputs, &proven.outputs, &proven.proof);
        assert!(refused.is_err(), "weights of layer {differs}");
    }
}
