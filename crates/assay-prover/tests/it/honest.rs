//! What the executor computes can be proven, for the bundled network and for random ones.

use crate::networks::{input, network};
use assay_model::{Executor, Program, Tensor, bundled};
use assay_proof::{
    Outline, Proof, SecurityReport, commitment::Schemes, security, verify, verify_committed,
};
use assay_prover::{CommittedModel, prove};
use rand::{SeedableRng as _, rngs::StdRng};

/// Networks proven with committed weights in one run.
const COMMITTED: usize = 15;
/// Random networks in one run.
const NETWORKS: usize = 60;

fn prove_and_verify(program: &Program, input: &Tensor) -> usize {
    let proven = prove(program, input).expect("a proof");
    let executed = Executor::new(program.clone()).run(input).unwrap();
    assert_eq!(proven.output, executed, "the prover executes exactly");
    let bytes = proven.proof.to_bytes().expect("a short proof");
    let proof = Proof::from_bytes(&bytes).expect("its own bytes");
    verify(program, input, &executed, &proof).expect("an honest proof");
    bytes.len()
}

#[test]
fn the_bundled_network_is_proven_in_few_bytes() {
    let program = bundled::find("digits-mlp").expect("bundled").program();
    let mut rng = StdRng::seed_from_u64(1);
    let bytes = prove_and_verify(&program, &input(&program, &mut rng));
    assert!(bytes < 64 * 1024, "{bytes} bytes");
}

#[test]
fn random_networks_are_proven() {
    let mut rng = StdRng::seed_from_u64(2);
    for _ in 0..NETWORKS {
        let program = network(&mut rng);
        prove_and_verify(&program, &input(&program, &mut rng));
    }
}

#[test]
fn a_verifier_needs_no_weights_where_they_are_committed() {
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..COMMITTED {
        let program = network(&mut rng);
        let model = CommittedModel::of(program.clone()).expect("a key");
        for _ in 0..2 {
            let input = input(&program, &mut rng);
            let proven = model.prove(&input).expect("a proof");
            let executed = Executor::new(program.clone()).run(&input).unwrap();
            assert_eq!(proven.output, executed);
            let bytes = proven.proof.to_bytes().expect("a short proof");
            let proof = Proof::from_bytes(&bytes).expect("its own bytes");
            verify_committed(model.key(), &input, &executed, &proof).expect("an honest proof");
            assert!(verify(&program, &input, &executed, &proof).is_err());
        }
    }
}

#[test]
fn proofs_have_the_soundness_that_is_asked() {
    let mut programs = vec![bundled::find("digits-mlp").expect("bundled").program()];
    let mut rng = StdRng::seed_from_u64(3);
    programs.extend((0..NETWORKS).map(|_| network(&mut rng)));
    for program in programs {
        let outline = Outline::of(&program).unwrap();
        for committed in [false, true] {
            let schemes = Schemes::of(&outline, committed).unwrap();
            let report = SecurityReport::of(&outline, &schemes);
            assert!(
                report.whole_bits() >= security::SECURITY_BITS_MIN,
                "{report:?}"
            );
        }
    }
}

#[test]
fn what_cannot_be_proven_is_named() {
    let program = bundled::find("digits-lenet").expect("bundled").program();
    let refused = Outline::of(&program).unwrap_err();
    assert!(refused.to_string().contains("conv2d"), "{refused}");
}
