//! What the executor computes can be proven, for the bundled networks, with the soundness that is asked.

use crate::networks::{input, program};
use assay_model::{Executor, Program, Tensor, bundled};
use assay_proof::{
    Frame, Outline, Proof, ProofKey, SecurityReport, commitment::Schemes, security, verify,
    verify_committed,
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
