//! One real receipt of RISC Zero 3.0, and what must not pass for one.

use super::*;
use crate::System;
use proptest::prelude::*;
use serde_json::Value;

pub(super) struct Vector {
    pub(super) image: Digest,
    pub(super) journal: Vec<u8>,
    pub(super) seal: Vec<u8>,
}

impl Vector {
    fn read(json: &str) -> Self {
        let json: Value = serde_json::from_str(json).expect("JSON");
        let field = |name: &str| hex::decode(json[name].as_str().expect("text")).expect("digits");
        Self {
            image: field("image").try_into().expect("32 bytes"),
            journal: field("journal"),
            seal: field("seal"),
        }
    }

    /// See tests/vectors/README.md.
    pub(super) fn v3_0() -> Self {
        Self::read(include_str!("../../tests/vectors/risc0-3.0.json"))
    }

    fn v2_2() -> Self {
        Self::read(include_str!("../../tests/vectors/risc0-2.2.json"))
    }

    fn check(&self, release: Release) -> Result<(), Refused> {
        let key = Key::new(self.image, release)?;
        let seal = Seal::from_bytes(&self.seal)?;
        let typed = verify(&key, &self.journal, &seal);
        let bytes = System::Risc0.verify_bytes(&key.to_bytes(), &self.journal, &self.seal);
        assert_eq!(typed, bytes, "both doors answer the same");
        typed
    }
}

#[test]
fn an_honest_seal_holds() {
    let vector = Vector::v3_0();
    assert_eq!(vector.journal, b"just a simple receipt");
    assert_eq!(vector.check(Release::V3_0), Ok(()));
}

#[test]
fn releases_have_the_selectors_that_risc_zero_gives_them() {
    assert_eq!(Release::V3_0.selector(), 0x73c4_57ba);
    assert_eq!(
        hex::encode(Release::V5_0_RC1.parameters()),
        "ef6cb709d299859da4f3252ac6a1fefea6340f5cf83bbdc7b66c324d4f700eef"
    );
}

#[test]
fn another_release_is_refused() {
    let trusted = Release::V5_0_RC1.selector();
    let found = Release::V3_0.selector();
    let refused = Err(Refused::Release { found, trusted });
    assert_eq!(Vector::v3_0().check(Release::V5_0_RC1), refused);
    let (found, trusted) = (0xbb00_1d44, Release::V3_0.selector());
    let refused = Err(Refused::Release { found, trusted });
    assert_eq!(Vector::v2_2().check(Release::V3_0), refused);
}

#[test]
fn a_renamed_release_does_not_hold() {
    for (mut vector, release) in [
        (Vector::v3_0(), Release::V5_0_RC1),
        (Vector::v2_2(), Release::V3_0),
    ] {
        vector.seal[..4].copy_from_slice(&release.selector().to_be_bytes());
        assert_eq!(vector.check(release), Err(Refused::DoesNotHold));
    }
}

#[test]
fn program_and_journal_are_bound() {
    let mut vector = Vector::v3_0();
    vector.image[31] ^= 1;
    assert_eq!(vector.check(Release::V3_0), Err(Refused::DoesNotHold));
    let mut vector = Vector::v3_0();
    vector.journal[0] ^= 1;
    assert_eq!(vector.check(Release::V3_0), Err(Refused::DoesNotHold));
    let mut vector = Vector::v3_0();
    vector.journal.push(0);
    assert_eq!(vector.check(Release::V3_0), Err(Refused::DoesNotHold));
    vector.journal.clear();
    assert_eq!(vector.check(Release::V3_0), Err(Refused::DoesNotHold));
}

#[test]
fn every_bit_of_a_seal_matters() {
    for bit in 0..8 * SEAL_BYTES {
        let mut vector = Vector::v3_0();
        vector.seal[bit / 8] ^= 1 << (bit % 8);
        assert!(vector.check(Release::V3_0).is_err(), "bit {bit}");
    }
}

#[test]
fn every_byte_of_a_key_matters() {
    let vector = Vector::v3_0();
    let honest = Key::new(vector.image, Release::V3_0)
        .expect("a key")
        .to_bytes();
    for index in 0..KEY_BYTES {
        let mut key = honest.clone();
        key[index] ^= 1;
        let verdict = System::Risc0.verify_bytes(&key, &vector.journal, &vector.seal);
        assert!(verdict.is_err(), "byte {index}");
    }
}

#[test]
fn keys_have_one_spelling() {
    let key = Key::new([7; 32], Release::V3_0).expect("a key");
    let bytes = key.to_bytes();
    assert_eq!(Key::from_bytes(&bytes), Ok(key));
    let long = [bytes.as_slice(), &[0]].concat();
    for wrong in [&bytes[1..], &long, &[]] {
        assert!(matches!(
            Key::from_bytes(wrong),
            Err(Refused::Length { .. })
        ));
    }
    let mut version = bytes;
    version[0] = 2;
    assert!(matches!(
        Key::from_bytes(&version),
        Err(Refused::Version { .. })
    ));
    let release = Release {
        identity: [255; 32],
        ..Release::V3_0
    };
    assert!(matches!(
        Key::new([7; 32], release),
        Err(Refused::Number { .. })
    ));
}

#[test]
fn seals_have_one_spelling() {
    let bytes = Vector::v3_0().seal;
    let seal = Seal::from_bytes(&bytes).expect("a seal");
    assert_eq!(seal.to_bytes(), bytes);
    assert_eq!(seal.selector(), Release::V3_0.selector());
    let long = [bytes.as_slice(), &[0]].concat();
    for wrong in [&bytes[1..], &long, &[]] {
        assert!(matches!(
            Seal::from_bytes(wrong),
            Err(Refused::Length { .. })
        ));
    }
    for (coordinate, name) in ["A.x", "A.y", "B.x[1]", "B.x[0]"].into_iter().enumerate() {
        let mut high = bytes.clone();
        high[4 + 32 * coordinate..][..32].fill(255);
        let (part, fault, name) = (Part::Proof, NumberFault::Range, name.to_owned());
        assert_eq!(
            Seal::from_bytes(&high),
            Err(Refused::Number { part, name, fault })
        );
    }
    let mut neutral = bytes;
    neutral[4..68].fill(0);
    assert!(matches!(
        Seal::from_bytes(&neutral),
        Err(Refused::Point { .. })
    ));
}

#[test]
fn journals_have_a_limit() {
    let mut vector = Vector::v3_0();
    vector.journal = vec![0; JOURNAL_BYTES_MAX + 1];
    assert!(matches!(
        vector.check(Release::V3_0),
        Err(Refused::TooLong { .. })
    ));
    vector.journal.pop();
    assert_eq!(vector.check(Release::V3_0), Err(Refused::DoesNotHold));
}

proptest! {
    #[test]
    fn no_bytes_panic(
        key in prop::collection::vec(any::<u8>(), 0..=KEY_BYTES + 1),
        seal in prop::collection::vec(any::<u8>(), SEAL_BYTES - 1..=SEAL_BYTES + 1),
    ) {
        let _ = Key::from_bytes(&key);
        let _ = Seal::from_bytes(&seal);
        prop_assert!(System::Risc0.verify_bytes(&key, &key, &seal).is_err());
    }
}
