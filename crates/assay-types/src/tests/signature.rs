use super::{arbitrary, examples, examples::key};
use crate::{
    AccountId, Hash32, PublicKey, SecretKey, Signature, SignedUpload, Transaction, Unsigned,
    UploadClaim, decode, encode, verify_batch,
};
use commonware_parallel::Sequential;
use proptest::prelude::{
    ProptestConfig, any, prop_assert, prop_assert_eq, prop_assert_ne, proptest,
};
use rand::{SeedableRng, rngs::StdRng};

const TRANSACTION: &[u8] = b"assay transaction v1";
const UPLOAD: &[u8] = b"assay upload v1";

/// Puts each field of `other` into a copy of `base`, one at a time.
fn with_one_field_of(base: &Unsigned, other: &Unsigned) -> [Unsigned; 8] {
    let other = other.clone();
    [
        Unsigned {
            chain: other.chain,
            ..base.clone()
        },
        Unsigned {
            sender: other.sender,
            ..base.clone()
        },
        Unsigned {
            lane: other.lane,
            ..base.clone()
        },
        Unsigned {
            sequence: other.sequence,
            ..base.clone()
        },
        Unsigned {
            fee_limit: other.fee_limit,
            ..base.clone()
        },
        Unsigned {
            tip: other.tip,
            ..base.clone()
        },
        Unsigned {
            valid_until: other.valid_until,
            ..base.clone()
        },
        Unsigned {
            call: other.call,
            ..base.clone()
        },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_signature_covers_every_field_of_a_transaction(
        seed in any::<[u8; 32]>(),
        base in arbitrary::unsigned(),
        other in arbitrary::unsigned(),
    ) {
        let key = SecretKey::from_bytes(&seed);
        let base = Unsigned { sender: key.account(), ..base };
        let signed = base.clone().sign(&key);
        prop_assert!(signed.signature_holds());
        for body in with_one_field_of(&base, &other) {
            if body == base {
                continue;
            }
            let altered = Transaction::new(body, signed.signature.clone());
            prop_assert_ne!(altered.id(), signed.id());
            prop_assert!(!altered.signature_holds());
        }
        let resigned = Transaction::new(signed.body.clone(), arbitrary::fixed_signature(seed));
        prop_assert_eq!(resigned.id(), signed.id());
        prop_assert!(!resigned.signature_holds());
    }

    #[test]
    fn the_signature_covers_every_bit_of_an_upload(claim in arbitrary::upload_claim()) {
        let key = key(1);
        let upload = UploadClaim { uploader: key.account(), ..claim }.sign(&key);
        prop_assert!(upload.signature_holds());
        let bytes = encode(&upload);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let upload: SignedUpload = decode(&flipped).expect("all fields have fixed width");
            prop_assert!(!upload.signature_holds(), "bit {}", bit);
        }
    }

    #[test]
    fn a_batch_holds_if_each_of_it_does(
        bodies in proptest::collection::vec(arbitrary::unsigned(), 0..6),
        wrong in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut transactions: Vec<Transaction> = bodies
            .into_iter()
            .zip(1..)
            .map(|(body, seed)| Unsigned { sender: key(seed).account(), ..body }.sign(&key(seed)))
            .collect();
        if let Some(wrong) = wrong && !transactions.is_empty() {
            let wrong = wrong.index(transactions.len());
            let signed = &transactions[wrong];
            let sequence = signed.body.sequence ^ 1;
            let body = Unsigned { sequence, ..signed.body.clone() };
            transactions[wrong] = Transaction::new(body, signed.signature.clone());
        }
        let each = transactions.iter().all(Transaction::signature_holds);
        let mut rng = StdRng::seed_from_u64(1);
        prop_assert_eq!(Transaction::signatures_hold(&transactions, &mut rng, &Sequential), each);
    }
}

#[test]
fn every_bit_of_a_transaction_is_signed() {
    for (name, transaction) in examples::transactions() {
        assert!(transaction.signature_holds(), "{name}");
        let bytes = encode(&transaction);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let holds = decode::<Transaction>(&flipped).is_ok_and(|other| other.signature_holds());
            assert!(!holds, "{name}, bit {bit}");
        }
    }
}

#[test]
fn a_signature_holds_in_its_own_domain_alone() {
    let signer = key(1);
    let consensus = crate::ChainId::new([0x11; 32]).consensus_namespace();
    let other_chain = crate::ChainId::new([0x12; 32]).consensus_namespace();
    let finalize = [&consensus[..], b"_FINALIZE"].concat();
    let domains = [
        TRANSACTION,
        UPLOAD,
        &consensus,
        &other_chain,
        &finalize,
        b"",
    ];
    for (at, domain) in domains.iter().enumerate() {
        let signature = signer.sign(domain, b"message");
        for (other_at, other) in domains.iter().enumerate() {
            let holds = signer.public_key().verify(other, b"message", &signature);
            assert_eq!(holds, at == other_at, "{domain:?} as {other:?}");
        }
    }
    // The border between domain and message is signed too.
    let signature = signer.sign(b"ab", b"c");
    assert!(!signer.public_key().verify(b"a", b"bc", &signature));
    assert!(!signer.public_key().verify(b"", b"abc", &signature));
}

#[test]
fn transactions_and_uploads_sign_in_different_domains() {
    let public = key(1).public_key();
    let (_, transaction) = &examples::transactions()[0];
    let body = encode(&transaction.body);
    assert!(public.verify(TRANSACTION, &body, &transaction.signature));
    assert!(!public.verify(UPLOAD, &body, &transaction.signature));

    let upload = examples::upload();
    let claim = encode(&upload.claim);
    assert!(public.verify(UPLOAD, &claim, &upload.signature));
    assert!(!public.verify(TRANSACTION, &claim, &upload.signature));
}

#[test]
fn a_later_version_of_a_claim_does_not_hold() {
    let claim = UploadClaim {
        version: 2,
        ..examples::upload().claim
    };
    assert!(!claim.sign(&key(1)).signature_holds());
}

#[test]
fn senders_that_are_no_point_sign_nothing() {
    let (_, signed) = examples::transactions().swap_remove(0);
    let body = Unsigned {
        sender: AccountId::new([2; 32]),
        ..signed.body.clone()
    };
    let transaction = Transaction::new(body, signed.signature.clone());
    assert!(PublicKey::try_from(transaction.body.sender).is_err());
    assert!(!transaction.signature_holds());
    let mut rng = StdRng::seed_from_u64(1);
    assert!(!Transaction::signatures_hold(
        [&transaction],
        &mut rng,
        &Sequential
    ));
}

#[test]
fn a_batch_and_one_by_one_agree_on_strange_keys() {
    // The identity as key and as R: holds for every message. Validators must agree on it however they check.
    let identity = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let weak = PublicKey::try_from(AccountId::new(identity)).expect("a point");
    assert!(weak.has_small_order() && !key(1).public_key().has_small_order());
    let forged: Signature = decode(&[identity, [0; 32]].concat()).expect("64 bytes");
    let non_canonical_s: Signature = decode(&[identity, [0xff; 32]].concat()).expect("64 bytes");
    let no_point: Signature = decode(&[[2; 32], [0; 32]].concat()).expect("64 bytes");
    for (signature, expected) in [(forged, true), (non_canonical_s, false), (no_point, false)] {
        let mut rng = StdRng::seed_from_u64(1);
        let items = [(&weak, b"any".to_vec(), &signature)];
        assert_eq!(weak.verify(b"domain", b"any", &signature), expected);
        assert_eq!(
            verify_batch(&mut rng, b"domain", &items, &Sequential),
            expected
        );
    }
}

#[test]
fn signatures_are_those_of_rfc_8032() {
    // Test 1 of section 7.1; Commonware puts the namespace's length and bytes before the message.
    let seed: Hash32 = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        .parse()
        .expect("64 digits");
    let key = SecretKey::from_bytes(seed.as_bytes());
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert_eq!(hex::encode(key.account().as_bytes()), public);
}

#[test]
fn a_secret_key_is_never_printed() {
    let seed: [u8; 32] = std::array::from_fn(|at| 0xa0 + at as u8);
    let key = SecretKey::from_bytes(&seed);
    assert_eq!(*key.to_bytes(), seed);
    let decimal = format!("{:?}", &seed[..4]);
    let decimal = decimal.trim_matches(['[', ']']);
    for text in [
        format!("{key:?}"),
        format!("{key:#?}"),
        format!("{:?}", Some(&key)),
        format!("{:?} {}", key.as_ed25519(), key.as_ed25519()),
    ] {
        let text = text.to_lowercase();
        assert!(!text.contains(&hex::encode(&seed[..4])), "{text}");
        assert!(!text.contains(decimal), "{text}");
    }
}

#[test]
fn keys_are_as_random_as_their_source() {
    let generate = |seed| SecretKey::generate(&mut StdRng::seed_from_u64(seed)).account();
    assert_eq!(generate(1), generate(1));
    assert_ne!(generate(1), generate(2));
}
