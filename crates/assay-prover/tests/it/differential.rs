//! Random programs: the executor agrees with the plain loops, what it computes is proven, and a change of anything
//! is refused.
//!
//! `ASSAY_PROGRAMS=10000 cargo test --release -p assay-prover differential` runs more of them; a failure names its
//! seed, and `ASSAY_SEED` starts there.

use crate::{
    mutated::{another_program, changed},
    networks::{input, program},
};
use assay_model::{Executor, Tensor};
use assay_proof::{Proof, ProofKey, verify, verify_committed};
use assay_prover::{CommittedModel, Proven, prove};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Programs of one run when none are asked for.
const PROGRAMS: u64 = 120;
/// One program among so many is proven to a verifier without weights, too.
const COMMITTED: u64 = 3;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn random_programs_are_proven_and_nothing_else() {
    let first = number("ASSAY_SEED").unwrap_or(0);
    let count = number("ASSAY_PROGRAMS").unwrap_or(PROGRAMS);
    for seed in first..first + count {
        one(seed);
    }
}

fn one(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let program = program(&mut rng);
    let samples = if rng.random_bool(0.7) {
        1
    } else {
        rng.random_range(2..6)
    };
    let inputs: Vec<Tensor> = (0..samples).map(|_| input(&program, &mut rng)).collect();
    let mut executor = Executor::new(program.clone());
    let executed: Vec<Tensor> = inputs
        .iter()
        .map(|input| executor.run(input).unwrap())
        .collect();

    let Proven { outputs, proof } = prove(&program, &inputs).unwrap();
    assert_eq!(outputs, executed, "seed {seed}: kernels and plain loops");
    let bytes = proof.to_bytes().unwrap();
    let proof = Proof::from_bytes(&bytes).unwrap();
    let held = verify(&program, &inputs, &outputs, &proof);
    assert!(held.is_ok(), "seed {seed}: {held:?}");

    let which = rng.random_range(0..samples);
    let with = |tensors: &[Tensor], place: usize| {
        let mut tensors = tensors.to_vec();
        tensors[which] = changed(&tensors[which], place);
        tensors
    };
    let place = rng.random_range(0..outputs[which].data().len());
    let refused = verify(&program, &inputs, &with(&outputs, place), &proof);
    assert!(refused.is_err(), "seed {seed}: another output");
    let place = rng.random_range(0..inputs[which].data().len());
    let refused = verify(&program, &with(&inputs, place), &outputs, &proof);
    assert!(refused.is_err(), "seed {seed}: another input");
    let node = rng.random_range(0..program.nodes().len());
    // Where nothing is committed, another program with the same result is proven by the same nothing.
    if let Some(other) = another_program(&program, node, &mut rng)
        && (proof.commitment.is_some() || executor_of(&other, &inputs) != outputs)
    {
        let refused = verify(&other, &inputs, &outputs, &proof);
        assert!(refused.is_err(), "seed {seed}: another program");
    }
    one_byte(&bytes, &mut rng, |proof| {
        let refused = verify(&program, &inputs, &outputs, proof);
        assert!(refused.is_err(), "seed {seed}: another proof");
    });

    if seed.is_multiple_of(COMMITTED) {
        let model = CommittedModel::of(program).unwrap();
        let Proven { outputs, proof } = model.prove(&inputs).unwrap();
        let bytes = proof.to_bytes().unwrap();
        let proof = Proof::from_bytes(&bytes).unwrap();
        let key = ProofKey::from_bytes(&model.key().to_bytes().unwrap()).unwrap();
        let held = verify_committed(&key, &inputs, &outputs, &proof);
        assert!(held.is_ok(), "seed {seed}: {held:?}");
        let place = rng.random_range(0..outputs[which].data().len());
        let refused = verify_committed(&key, &inputs, &with(&outputs, place), &proof);
        assert!(refused.is_err(), "seed {seed}: another output");
        one_byte(&bytes, &mut rng, |proof| {
            let refused = verify_committed(&key, &inputs, &outputs, proof);
            assert!(refused.is_err(), "seed {seed}: another proof");
        });
    }
}

fn executor_of(program: &assay_model::Program, inputs: &[Tensor]) -> Vec<Tensor> {
    let mut executor = Executor::new(program.clone());
    let outputs = inputs.iter().map(|input| executor.run(input).unwrap());
    outputs.collect()
}

/// Changes a bit of a proof, and asks where it is still one.
fn one_byte(bytes: &[u8], rng: &mut StdRng, refused: impl Fn(&Proof)) {
    let mut other = bytes.to_vec();
    let place = rng.random_range(0..other.len());
    other[place] ^= 1 << rng.random_range(0..8);
    if let Ok(other) = Proof::from_bytes(&other) {
        refused(&other);
    }
}
