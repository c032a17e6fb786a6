//! A proof holds for one statement and in one spelling: change anything, and it is refused.

use crate::networks::{input, program};
use assay_model::{
    Program, Tensor, TensorData, bundled,
    program::{Op, Output},
};
use assay_proof::{
    KeyFormatError, Proof, ProofFormatError, ProofKey, Refused, SAMPLES_MAX,
    key::KEY_VERSION,
    proof::{PROOF_VERSION, Phase},
    verify, verify_committed,
};
use assay_prover::{CommittedModel, Proven, prove};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Bytes of one proof that are changed, spread over all of it.
const BYTES: usize = 600;
/// Random programs of which one of everything is changed.
const PROGRAMS: u64 = 60;

/// A small network over images, an input, its proof.
fn proven() -> (Program, Vec<Tensor>, Proven) {
    let mut rng = StdRng::seed_from_u64(7);
    let program = bundled::find("digits-smallcnn").expect("bundled").program();
    let inputs = vec![input(&program, &mut rng)];
    let proven = prove(&program, &inputs).unwrap();
    verify(&program, &inputs, &proven.outputs, &proven.proof).unwrap();
    (program, inputs, proven)
}

/// The tensor with one of its numbers changed.
pub(crate) fn changed(tensor: &Tensor, place: usize) -> Tensor {
    let data = match tensor.data().clone() {
        TensorData::I8(mut data) => {
            data[place] = data[place].wrapping_add(1);
            TensorData::I8(data)
        }
        TensorData::I16(mut data) => {
            data[place] = data[place].wrapping_add(1);
            TensorData::I16(data)
        }
        TensorData::I32(mut data) => {
            data[place] = data[place].wrapping_add(1);
            TensorData::I32(data)
        }
    };
    Tensor::new(tensor.shape().clone(), data).unwrap()
}

fn with_changed(tensors: &[Tensor], which: usize, place: usize) -> Vec<Tensor> {
    let mut tensors = tensors.to_vec();
    tensors[which] = changed(&tensors[which], place);
    tensors
}

/// The program with something else in one of its nodes, where it is still valid.
pub(crate) fn another_program(program: &Program, node: usize, rng: &mut StdRng) -> Option<Program> {
    let mut parts = program.clone().into_parts();
    match &mut parts.nodes[node] {
        Op::Linear {
            weights,
            bias,
            output,
            ..
        }
        | Op::Conv2d {
            weights,
            bias,
            output,
            ..
        } => match (rng.random_range(0..3), output) {
            (0, Output::Requantized(requant)) => requant.shift += 1,
            (1, _) => bias[0] += 1,
            _ => {
                let place = rng.random_range(0..weights.len());
                weights[place] = weights[place].wrapping_add(1);
            }
        },
        Op::Table { entries, .. } => match entries {
            TensorData::I8(entries) => entries[128] = entries[128].wrapping_add(1),
            TensorData::I16(entries) => entries[128] = entries[128].wrapping_add(1),
            TensorData::I32(_) => return None,
        },
        Op::AveragePool2d { multiplier, .. } => *multiplier += 1,
        Op::Add { left_shift, .. } => *left_shift += 1,
        Op::Rescale { shift, .. } => *shift += 1,
        _ => return None,
    }
    Program::new(parts).ok()
}

#[test]
fn another_statement_is_refused() {
    for seed in 0..PROGRAMS {
        let mut rng = StdRng::seed_from_u64(1_000 + seed);
        let program = program(&mut rng);
        let samples = rng.random_range(1..4);
        let inputs: Vec<Tensor> = (0..samples).map(|_| input(&program, &mut rng)).collect();
        let Proven { outputs, proof } = prove(&program, &inputs).unwrap();
        let refused = |program: &Program, inputs: &[Tensor], outputs: &[Tensor]| {
            let found = verify(program, inputs, outputs, &proof);
            assert!(found.is_err(), "seed {seed}");
        };
        let which = rng.random_range(0..samples);
        let place = rng.random_range(0..outputs[which].data().len());
        refused(&program, &inputs, &with_changed(&outputs, which, place));
        let place = rng.random_range(0..inputs[which].data().len());
        refused(&program, &with_changed(&inputs, which, place), &outputs);
        for node in 0..program.nodes().len() {
            if let Some(other) = another_program(&program, node, &mut rng) {
                refused(&other, &inputs, &outputs);
            }
        }
        // Other true statements need another proof, save where nothing is committed: views prove themselves.
        if inputs.len() > 1 && proof.commitment.is_some() {
            refused(&program, &inputs[1..], &outputs[1..]);
            let (mut twisted, mut answers) = (inputs.clone(), outputs.clone());
            twisted.rotate_left(1);
            answers.rotate_left(1);
            if twisted != inputs {
                refused(&program, &twisted, &answers);
            }
        }
    }
}

#[test]
fn every_element_of_a_statement_counts() {
    let (program, inputs, Proven { outputs, proof }) = proven();
    for place in 0..outputs[0].data().len() {
        let outputs = with_changed(&outputs, 0, place);
        assert!(verify(&program, &inputs, &outputs, &proof).is_err());
    }
    for place in (0..inputs[0].data().len()).step_by(13) {
        let inputs = with_changed(&inputs, 0, place);
        assert!(verify(&program, &inputs, &outputs, &proof).is_err());
    }
    assert!(matches!(
        verify(&program, &[], &[], &proof),
        Err(Refused::Samples { .. })
    ));
    let many = vec![inputs[0].clone(); SAMPLES_MAX + 1];
    assert!(matches!(
        verify(&program, &many, &many, &proof),
        Err(Refused::Samples { .. })
    ));
}

#[test]
fn every_message_is_bound() {
    let (program, inputs, Proven { outputs, proof }) = proven();
    every_byte_counts(&proof, |proof| verify(&program, &inputs, &outputs, proof));
    let model = CommittedModel::of(program).unwrap();
    let Proven { outputs, proof } = model.prove(&inputs).unwrap();
    every_byte_counts(&proof, |proof| {
        verify_committed(model.key(), &inputs, &outputs, proof)
    });
}

fn every_byte_counts(proof: &Proof, verify: impl Fn(&Proof) -> Result<(), Refused>) {
    let bytes = proof.to_bytes().unwrap();
    let mut rng = StdRng::seed_from_u64(8);
    for part in 0..BYTES {
        let place = part * bytes.len() / BYTES;
        let mut other = bytes.clone();
        other[place] ^= 1 << rng.random_range(0..8);
        if let Ok(other) = Proof::from_bytes(&other) {
            assert!(verify(&other).is_err(), "byte {place}");
        }
    }
}

#[test]
fn every_claim_is_bound() {
    let (program, inputs, Proven { outputs, proof }) = proven();
    let one = proof.relations[0];
    let lists: [fn(&mut Proof) -> &mut Vec<assay_proof::field::Extension>; 4] = [
        |proof| &mut proof.relations,
        |proof| &mut proof.products.ends,
        |proof| &mut proof.links.ends,
        |proof| &mut proof.values.ends,
    ];
    for list in lists {
        let mut other = proof.clone();
        for place in 0..list(&mut other).len() {
            let mut other = proof.clone();
            list(&mut other)[place] += one;
            assert!(verify(&program, &inputs, &outputs, &other).is_err());
        }
    }
}

#[test]
fn a_proof_is_for_one_key() {
    let (program, inputs, _) = proven();
    let mut rng = StdRng::seed_from_u64(9);
    let other = (0..program.nodes().len())
        .find_map(|node| another_program(&program, node, &mut rng))
        .expect("a network has parameters");
    let other = CommittedModel::of(other).unwrap();
    let model = CommittedModel::of(program).unwrap();
    let Proven { outputs, proof } = model.prove(&inputs).unwrap();
    verify_committed(model.key(), &inputs, &outputs, &proof).unwrap();
    let refused = |key: &ProofKey| {
        assert!(verify_committed(key, &inputs, &outputs, &proof).is_err());
    };
    refused(other.key());
    // Not even where all but the weights is the same, or all but the outline.
    refused(&ProofKey {
        outline: other.key().outline.clone(),
        weights: model.key().weights.clone(),
    });
    refused(&ProofKey {
        outline: model.key().outline.clone(),
        weights: other.key().weights.clone(),
    });
    assert_ne!(model.key().id().unwrap(), other.key().id().unwrap());
}

#[test]
fn a_proof_of_another_form_is_refused() {
    let (program, inputs, Proven { outputs, proof }) = proven();
    let form = |proof: &Proof| {
        let refused = verify(&program, &inputs, &outputs, proof);
        assert!(matches!(refused, Err(Refused::Form { .. })), "{refused:?}");
    };
    let claim = proof.relations[0];
    let phases: [fn(&mut Proof) -> &mut Phase; 3] = [
        |proof| &mut proof.products,
        |proof| &mut proof.links,
        |proof| &mut proof.values,
    ];
    for phase in phases {
        let mut other = proof.clone();
        phase(&mut other).sumcheck = None;
        form(&other);
        let mut other = proof.clone();
        phase(&mut other).ends.push(claim);
        form(&other);
        let mut other = proof.clone();
        phase(&mut other).ends.pop();
        form(&other);
    }
    let changes: [fn(&mut Proof, assay_proof::field::Extension); 8] = [
        |proof, _| proof.commitment = None,
        |proof, claim| proof.relations.push(claim),
        |proof, _| proof.relations.clear(),
        |proof, claim| proof.biases.push(claim),
        |proof, claim| proof.shares.push(claim),
        |proof, _| proof.lookups.clear(),
        |proof, _| proof.opening = None,
        |proof, _| proof.weights.extend(proof.opening.clone()),
    ];
    for change in changes {
        let mut other = proof.clone();
        change(&mut other, claim);
        form(&other);
    }
}

#[test]
fn bytes_have_one_spelling() {
    let (program, .., Proven { proof, .. }) = proven();
    let bytes = proof.to_bytes().unwrap();
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        Proof::from_bytes(&longer).err(),
        Some(ProofFormatError::NotCanonical)
    );
    let shorter = &bytes[..bytes.len() - 1];
    assert!(matches!(
        Proof::from_bytes(shorter).err(),
        Some(ProofFormatError::Malformed { .. })
    ));
    let mut other = bytes;
    other[0] = PROOF_VERSION + 1;
    assert_eq!(
        Proof::from_bytes(&other).err(),
        Some(ProofFormatError::Version {
            found: PROOF_VERSION + 1
        })
    );
    assert!(Proof::from_bytes(&[]).is_err());

    let key = CommittedModel::of(program).unwrap();
    let bytes = key.key().to_bytes().unwrap();
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        ProofKey::from_bytes(&longer).err(),
        Some(KeyFormatError::NotCanonical)
    );
    for end in 0..bytes.len() {
        assert!(ProofKey::from_bytes(&bytes[..end]).is_err());
    }
    let mut other = bytes;
    other[0] = KEY_VERSION + 1;
    assert_eq!(
        ProofKey::from_bytes(&other).err(),
        Some(KeyFormatError::Version {
            found: KEY_VERSION + 1
        })
    );
}

/// A key's bytes may be a stranger's: whatever they are, reading them ends, and what is read is written the same.
#[test]
fn changed_keys_are_refused_or_other_keys() {
    for seed in 0..PROGRAMS {
        let mut rng = StdRng::seed_from_u64(2_000 + seed);
        let model = CommittedModel::of(program(&mut rng)).unwrap();
        let bytes = model.key().to_bytes().unwrap();
        for _ in 0..200 {
            let mut other = bytes.clone();
            let place = rng.random_range(0..other.len());
            other[place] = rng.random();
            if let Ok(key) = ProofKey::from_bytes(&other) {
                assert_eq!(key.to_bytes().unwrap(), other);
                assert_eq!(key == *model.key(), other == bytes);
            }
        }
    }
}
