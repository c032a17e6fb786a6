//! A proof holds for one statement and in one spelling: change anything, and it is refused.

use crate::networks::{input, network};
use assay_model::{
    Program, Tensor, TensorData,
    program::{Op, Output},
};
use assay_proof::{
    Proof, ProofFormatError, ProofKey, Refused,
    proof::{LayerProof, PROOF_VERSION},
    verify, verify_committed,
};
use assay_prover::{CommittedModel, Proven, prove};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Bytes of one proof that are changed, spread over all of it.
const BYTES: usize = 600;

/// A network with two layers that round, an input, its proof.
fn proven() -> (Program, Tensor, Proven) {
    let mut rng = StdRng::seed_from_u64(7);
    loop {
        let program = network(&mut rng);
        let rounds = |op: &&Op| matches!(op.finish(), Some(Output::Requantized(_)));
        if program.nodes().iter().filter(rounds).count() == 2 {
            let input = input(&program, &mut rng);
            let proven = prove(&program, &input).unwrap();
            verify(&program, &input, &proven.output, &proven.proof).unwrap();
            return (program, input, proven);
        }
    }
}

/// The tensor with one of its numbers changed.
fn changed(tensor: &Tensor, place: usize) -> Tensor {
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

#[test]
fn another_statement_is_refused() {
    let (program, input, Proven { output, proof }) = proven();
    for place in 0..output.data().len() {
        assert!(verify(&program, &input, &changed(&output, place), &proof).is_err());
    }
    for place in 0..input.data().len() {
        assert!(verify(&program, &changed(&input, place), &output, &proof).is_err());
    }
    let parts = program.into_parts();
    for node in 0..parts.nodes.len() {
        for what in 0..3 {
            let mut parts = parts.clone();
            let Op::Linear {
                weights,
                bias,
                output: finish,
                ..
            } = &mut parts.nodes[node]
            else {
                continue;
            };
            match (what, finish) {
                (0, _) => weights[0] = weights[0].wrapping_add(1),
                (1, _) => bias[0] += 1,
                (_, Output::Requantized(requant)) => requant.shift += 1,
                _ => continue,
            }
            let other = Program::new(parts).unwrap();
            assert!(
                verify(&other, &input, &output, &proof).is_err(),
                "node {node}, {what}"
            );
        }
    }
}

#[test]
fn every_message_is_bound() {
    let (program, input, Proven { output, proof }) = proven();
    every_byte_counts(&proof, |proof| verify(&program, &input, &output, proof));
    let model = CommittedModel::of(program).unwrap();
    let Proven { output, proof } = model.prove(&input).unwrap();
    every_byte_counts(&proof, |proof| {
        verify_committed(model.key(), &input, &output, proof)
    });
}

#[test]
fn a_proof_is_for_one_key() {
    let (program, input, _) = proven();
    let mut parts = program.clone().into_parts();
    let linear = |op: &&mut Op| matches!(op, Op::Linear { .. });
    let Some(Op::Linear { weights, .. }) = parts.nodes.iter_mut().find(linear) else {
        unreachable!("a linear network has a linear layer");
    };
    weights[0] ^= 1;
    let other = CommittedModel::of(Program::new(parts).unwrap()).unwrap();
    let model = CommittedModel::of(program).unwrap();
    let Proven { output, proof } = model.prove(&input).unwrap();
    verify_committed(model.key(), &input, &output, &proof).unwrap();
    assert!(verify_committed(other.key(), &input, &output, &proof).is_err());
    // Not even where all but the weights is the same, or all but the outline.
    let mixed = ProofKey {
        outline: other.key().outline.clone(),
        weights: model.key().weights.clone(),
    };
    assert!(verify_committed(&mixed, &input, &output, &proof).is_err());
    let mixed = ProofKey {
        outline: model.key().outline.clone(),
        weights: other.key().weights.clone(),
    };
    assert!(verify_committed(&mixed, &input, &output, &proof).is_err());
}

fn every_byte_counts(proof: &Proof, verify: impl Fn(&Proof) -> Result<(), Refused>) {
    let bytes = proof.to_bytes().unwrap();
    let mut rng = StdRng::seed_from_u64(8);
    for round in 0..BYTES {
        let place = 1 + round * (bytes.len() - 1) / BYTES;
        let mut mutated = bytes.clone();
        mutated[place] ^= 1 << rng.random_range(0..8);
        let verdict = Proof::from_bytes(&mutated).map(|proof| verify(&proof));
        assert!(
            !matches!(verdict, Ok(Ok(()))),
            "byte {place} of {} can be changed",
            bytes.len()
        );
    }
}

#[test]
fn parts_that_are_missing_or_in_another_order_are_refused() {
    let (program, input, Proven { output, proof }) = proven();
    let form = |proof: &Proof| {
        let refused = verify(&program, &input, &output, proof).unwrap_err();
        assert!(matches!(refused, Refused::Form { .. }), "{refused}");
    };
    let mut without = proof.clone();
    without.commitment = None;
    form(&without);
    let mut without = proof.clone();
    without.columns = None;
    form(&without);
    let mut without = proof.clone();
    without.layers.pop();
    form(&without);
    let mut without = proof.clone();
    let rounded = without
        .layers
        .iter_mut()
        .find(|layer| layer.rounding.is_some());
    rounded.unwrap().rounding = None;
    form(&without);
    let mut with = proof.clone();
    let first = with.layers.last_mut().unwrap();
    first.input = Some(first.product.claimed_sum);
    form(&with);
    for add in [
        (|layer, claim| layer.bias = Some(claim)) as fn(&mut LayerProof, _),
        |layer, claim| layer.weights = Some(claim),
    ] {
        let mut with = proof.clone();
        let claim = with.layers[0].product.claimed_sum;
        add(&mut with.layers[0], claim);
        form(&with);
    }
    let mut with = proof.clone();
    with.weights = with.columns.as_ref().map(|columns| columns.opening.clone());
    form(&with);
    let mut swapped = proof;
    swapped.layers.reverse();
    assert!(verify(&program, &input, &output, &swapped).is_err());
}

#[test]
fn bytes_have_one_spelling() {
    let (.., Proven { proof, .. }) = proven();
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
}
