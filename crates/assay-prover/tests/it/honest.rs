//! What the executor computes can be proven, for the bundled network and for random ones.

use crate::networks::{input, network};
use assay_model::{Executor, Program, Tensor, bundled};
use assay_proof::{Outline, Proof, SecurityReport, commitment::Scheme, security, verify};
use assay_prover::prove;
use rand::{SeedableRng as _, rngs::StdRng};

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
fn proofs_have_the_soundness_that_is_asked() {
    let mut programs = vec![bundled::find("digits-mlp").expect("bundled").program()];
    let mut rng = StdRng::seed_from_u64(3);
    programs.extend((0..NETWORKS).map(|_| network(&mut rng)));
    for program in programs {
        let outline = Outline::of(&program).unwrap();
        let scheme = Scheme::of(&outline).transpose().unwrap();
        let report = SecurityReport::of(&outline, scheme.as_ref());
        assert!(
            report.whole_bits() >= security::SECURITY_BITS_MIN,
            "{report:?}"
        );
    }
}

#[test]
fn what_cannot_be_proven_is_named() {
    let program = bundled::find("digits-lenet").expect("bundled").program();
    let refused = Outline::of(&program).unwrap_err();
    assert!(refused.to_string().contains("conv2d"), "{refused}");
}
