//! A real seal in a receipt's frame, and RISC Zero's code as the second opinion on ours.

use super::*;
use crate::risc0::{self, tests::Vector};
use proptest::prelude::*;
use risc0_zkvm::{Groth16Receipt, InnerReceipt, MaybePruned, ReceiptClaim};

/// The receipt that the vector's seal came from, as far as it was published: image id, journal, seal.
fn receipt(vector: &Vector, claim: MaybePruned<ReceiptClaim>, release: Release) -> Vec<u8> {
    let seal = vector.seal[4..].to_vec();
    let parameters = parameters(&release).digest();
    let inner = InnerReceipt::Groth16(Groth16Receipt::new(seal, claim, parameters));
    borsh::to_vec(&Receipt::new(inner, vector.journal.clone())).expect("bytes")
}

fn claim(vector: &Vector) -> ReceiptClaim {
    ReceiptClaim::ok(vector.image, vector.journal.clone())
}

fn honest() -> (Vector, Key, Vec<u8>) {
    let vector = Vector::v3_0();
    let key = Key::new(vector.image, Release::V3_0).expect("a key");
    let receipt = receipt(&vector, claim(&vector).into(), Release::V3_0);
    (vector, key, receipt)
}

#[test]
fn an_honest_receipt_holds() {
    let (vector, key, bytes) = honest();
    assert_eq!(verify(&key, &vector.journal, &bytes), Ok(()));
    let pruned = MaybePruned::Pruned(claim(&vector).digest());
    let bytes = receipt(&vector, pruned, Release::V3_0);
    assert_eq!(verify(&key, &vector.journal, &bytes), Ok(()));
}

#[test]
fn a_receipt_gives_its_seal() {
    let (vector, _, bytes) = honest();
    let seal = seal(&bytes).expect("a receipt");
    assert_eq!(seal.to_bytes(), vector.seal);
}

#[test]
fn digests_are_those_of_risc_zero() {
    for journal in [&b""[..], b"x", &[7; 1_000]] {
        let theirs = ReceiptClaim::ok([9; 32], journal.to_vec()).digest();
        assert_eq!(theirs, risc0::claim(&[9; 32], journal).into());
    }
    let theirs = Groth16ReceiptVerifierParameters::default();
    assert_eq!(theirs.control_root, Release::V5_0_RC1.control_root.into());
    assert_eq!(theirs.bn254_control_id, Release::V5_0_RC1.identity.into());
    assert_eq!(theirs.digest(), Release::V5_0_RC1.parameters().into());
    let theirs = parameters(&Release::V3_0).digest();
    assert_eq!(theirs, Release::V3_0.parameters().into());
}

#[test]
fn every_byte_matters() {
    let (vector, key, bytes) = honest();
    for index in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[index] ^= 1;
        let verdict = verify(&key, &vector.journal, &bytes);
        assert!(verdict.is_err(), "byte {index}");
    }
    let long = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(
        verify(&key, &vector.journal, &long),
        Err(Refused::Malformed { .. })
    ));
}

#[test]
fn another_release_is_refused() {
    let (vector, _, bytes) = honest();
    let key = Key::new(vector.image, Release::V5_0_RC1).expect("a key");
    let (found, trusted) = (Release::V3_0.selector(), Release::V5_0_RC1.selector());
    let refused = Err(Refused::Release { found, trusted });
    assert_eq!(verify(&key, &vector.journal, &bytes), refused);
    let renamed = receipt(&vector, claim(&vector).into(), Release::V5_0_RC1);
    let refused = Err(Refused::DoesNotHold);
    assert_eq!(verify(&key, &vector.journal, &renamed), refused);
}

#[test]
fn program_and_journal_are_bound() {
    let (vector, key, bytes) = honest();
    assert_eq!(
        verify(&key, b"another journal", &bytes),
        Err(Refused::DoesNotHold)
    );
    let other = Key::new([1; 32], Release::V3_0).expect("a key");
    assert_eq!(
        verify(&other, &vector.journal, &bytes),
        Err(Refused::DoesNotHold)
    );
}

#[test]
fn other_kinds_are_refused() {
    let (vector, key, bytes) = honest();
    for (tag, kind) in [(0, "composite"), (1, "succinct"), (3, "fake")] {
        let mut bytes = bytes.clone();
        bytes[0] = tag;
        assert_eq!(
            verify(&key, &vector.journal, &bytes),
            Err(Refused::Kind { kind })
        );
    }
    for bytes in [&[4][..], &[255; 100], &[]] {
        let refused = verify(&key, &vector.journal, bytes);
        assert!(matches!(refused, Err(Refused::Malformed { .. })));
    }
    let long = vec![2; RECEIPT_BYTES_MAX + 1];
    assert!(matches!(
        verify(&key, &vector.journal, &long),
        Err(Refused::TooLong { .. })
    ));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..1_000)) {
        let (vector, key, _) = honest();
        let bytes = [&[2], bytes.as_slice()].concat();
        prop_assert!(verify(&key, &vector.journal, &bytes).is_err());
    }
}
