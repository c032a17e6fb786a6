//! Evidence of a proof: its limits, and that a statement binds each of its parts.

use super::examples::evidence;
use crate::{
    Blob, Call, EVIDENCE_BYTES_MAX, OrderId, PROOF_DELIVER, PROOF_WEIGHT, Params, ProofCall,
    ProofEvidence, QUORUM_COMMIT, TRANSACTION_BYTES_MAX, decode, encode, header::BLOCK_BYTES_MAX,
};

fn full<const MAX: usize>() -> Blob<MAX> {
    Blob::new(vec![7; MAX]).expect("as long as it may be")
}

#[test]
fn the_largest_evidence_fits_a_call_and_nine_fit_a_block() {
    let largest = ProofEvidence {
        key: full(),
        input: full(),
        output: full(),
        proof: full(),
    };
    assert_eq!(encode(&largest).len(), EVIDENCE_BYTES_MAX);
    let Call::CheckCall { bytes, .. } = ProofCall::Deliver(largest).on(OrderId::default()) else {
        panic!("a proof is delivered by a check call");
    };
    assert_eq!(bytes.len(), EVIDENCE_BYTES_MAX);
    assert_eq!(BLOCK_BYTES_MAX / TRANSACTION_BYTES_MAX, 9);
}

#[test]
fn a_statement_binds_every_bit_of_its_evidence() {
    let honest = evidence();
    let bytes = encode(&honest);
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = decode::<ProofEvidence>(&flipped) {
            assert_ne!(
                other.statement().hash(),
                honest.statement().hash(),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn bytes_that_move_between_parts_are_another_statement() {
    let swapped = ProofEvidence {
        key: Blob::new(&*evidence().proof).expect("a few bytes"),
        proof: Blob::new(&*evidence().key).expect("a few bytes"),
        ..evidence()
    };
    assert_ne!(swapped.statement().hash(), evidence().statement().hash());
}

#[test]
fn only_its_own_tag_is_a_delivery() {
    let bytes = encode(&evidence());
    let read = ProofCall::read(PROOF_DELIVER, &bytes).expect("canonical");
    assert_eq!(read, Some(ProofCall::Deliver(evidence())));
    assert_eq!(
        ProofCall::read(QUORUM_COMMIT, &bytes).expect("no body"),
        None
    );
    for len in 0..bytes.len() {
        assert!(ProofCall::read(PROOF_DELIVER, &bytes[..len]).is_err());
    }
}

#[test]
fn a_block_has_room_for_at_most_eighty_proofs() {
    let proofs = Params::default().proofs_per_block_max();
    assert_eq!(proofs, 40_000_000 / PROOF_WEIGHT);
    assert_eq!(proofs, 80);
}
