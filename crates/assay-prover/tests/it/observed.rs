//! Whoever waits for a proof is told each step once, in order, and the proof is the same.

use crate::networks::{input, program};
use assay_model::bundled;
use assay_prover::{CommittedModel, Progress, Step, prove, prove_observed};
use rand::{SeedableRng as _, rngs::StdRng};

/// The steps that were told, each once.
fn steps(told: &[Progress]) -> Vec<Step> {
    let mut steps: Vec<Step> = told.iter().map(|progress| progress.step).collect();
    steps.dedup();
    steps
}

#[test]
fn every_step_is_told_in_order() {
    let program = bundled::find("digits-smallcnn").expect("bundled").program();
    let mut rng = StdRng::seed_from_u64(1);
    let inputs = [input(&program, &mut rng), input(&program, &mut rng)];
    let mut told = Vec::new();
    let mut observer = |progress: Progress| told.push(progress);
    let observed = prove_observed(&program, &inputs, &mut observer).unwrap();
    assert_eq!(steps(&told), Step::ALL[..8]);
    for pair in told.windows(2) {
        let [before, after] = pair else { continue };
        assert!(before.done <= before.total, "{before:?}");
        if before.step == after.step {
            assert_eq!(before.total, after.total);
            assert_eq!(before.done + 1, after.done, "parts are counted up by one");
        } else {
            assert_eq!(after.done, 0);
        }
    }
    let layers = told
        .iter()
        .filter(|progress| progress.step == Step::Products);
    assert!(layers.count() > 2, "products are told layer by layer");
    let unobserved = prove(&program, &inputs).unwrap();
    assert_eq!(
        observed.proof.to_bytes().unwrap(),
        unobserved.proof.to_bytes().unwrap()
    );

    let mut told = Vec::new();
    let model = CommittedModel::of(program).unwrap();
    let mut observer = |progress: Progress| told.push(progress);
    model.prove_observed(&inputs, &mut observer).unwrap();
    assert_eq!(steps(&told), Step::ALL);
}

#[test]
fn random_programs_are_told_of_too() {
    for seed in 0..20 {
        let mut rng = StdRng::seed_from_u64(seed);
        let program = program(&mut rng);
        let inputs = [input(&program, &mut rng)];
        let mut told = Vec::new();
        prove_observed(&program, &inputs, &mut |progress| told.push(progress)).unwrap();
        assert!(steps(&told).is_sorted(), "seed {seed}: {told:?}");
    }
}
