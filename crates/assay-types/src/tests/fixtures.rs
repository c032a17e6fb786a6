//! The bytes of every wire type, frozen in `tests/fixtures`.
//!
//! A failure here means that a chain, wallet or receipt made before would not be read any more. If that is
//! what you want, raise the format's version and run the tests once with `ASSAY_WRITE_FIXTURES=1`.

use super::examples::{self, Named, key, named};
use crate::*;
use commonware_codec::{DecodeExt, Encode};
use std::{fmt::Debug, path::Path};

/// Tests run in the folder of their package.
const FOLDER: &str = "tests/fixtures";

/// Compares lines of `name value` with the frozen file, or writes it when asked to.
#[expect(
    clippy::disallowed_methods,
    reason = "the fixtures lie in files, and only tests read them"
)]
pub(super) fn check_lines(file: &str, lines: &[Named<String>]) {
    let path = Path::new(FOLDER).join(file);
    let actual: String = lines
        .iter()
        .map(|(name, value)| format!("{name} {value}\n"))
        .collect();
    if std::env::var_os("ASSAY_WRITE_FIXTURES").is_some() {
        std::fs::write(&path, actual).expect("the fixtures folder is writable");
        return;
    }
    let frozen = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read the frozen {}: {error}", path.display()));
    for (actual, frozen) in actual.lines().zip(frozen.lines()) {
        assert_eq!(actual, frozen, "{file} is frozen, see the top of this test");
    }
    assert_eq!(actual, frozen, "{file} is frozen, see the top of this test");
}

/// Freezes the examples' bytes, and flips each of their bits: what still decodes is another value, with
/// exactly these bytes.
pub(super) fn check_wire<T>(file: &str, examples: &[Named<T>])
where
    T: Encode + DecodeExt<()> + PartialEq + Debug,
{
    for (name, value) in examples {
        let bytes = encode(value);
        assert_eq!(&decode::<T>(&bytes).expect(name), value, "{file}: {name}");
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = decode::<T>(&flipped) {
                assert_ne!(&other, value, "{file}: {name}, bit {bit}");
                assert_eq!(encode(&other), flipped, "{file}: {name}, bit {bit}");
            }
        }
        for len in 0..bytes.len() {
            assert!(
                decode::<T>(&bytes[..len]).is_err(),
                "{file}: {name} cut to {len} bytes"
            );
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(
            decode::<T>(&longer).is_err(),
            "{file}: {name} with a byte too many"
        );
    }
    let lines: Vec<_> = examples
        .iter()
        .map(|(name, value)| (name.clone(), hex::encode(encode(value))))
        .collect();
    check_lines(file, &lines);
}

/// Checks that the examples hold every variant: whatever tag they lack is refused as unknown.
fn check_tags<T: Encode + DecodeExt<()>>(what: &str, examples: impl IntoIterator<Item = T>) {
    let tags: Vec<u8> = examples
        .into_iter()
        .map(|example| encode(&example)[0])
        .collect();
    for tag in 0..=u8::MAX {
        let unknown = decode::<T>(&[tag]).err().is_some_and(
            |error| matches!(error.source, commonware_codec::Error::InvalidEnum(of) if of == tag),
        );
        assert_eq!(unknown, !tags.contains(&tag), "{what}: tag {tag}");
    }
}

fn values<T>(examples: Vec<Named<T>>) -> impl Iterator<Item = T> {
    examples.into_iter().map(|(_, value)| value)
}

#[test]
fn examples_hold_every_variant() {
    check_tags("Call", values(examples::calls()));
    check_tags("Event", values(examples::events()));
    check_tags("Check", values(examples::checks()));
    check_tags("Good", examples::goods());
    check_tags("Work", examples::works());
    check_tags("Input", examples::works().map(|work| work.input()));
    check_tags("RowKey", values(examples::row_keys()));
    check_tags(
        "StateEvidence",
        values(examples::state_proofs()).map(|proof| proof.evidence),
    );
    check_tags("Verdict", values(examples::verdicts()));
    check_tags("PayoutResult", values(examples::payout_results()));
    check_tags(
        "BurnReason",
        examples::BURN_REASONS.map(|(_, reason)| reason),
    );
    check_tags(
        "RefundReason",
        examples::REFUND_REASONS.map(|(_, reason)| reason),
    );
    check_tags(
        "ReleaseReason",
        examples::RELEASE_REASONS.map(|(_, reason)| reason),
    );
}

#[test]
fn calls_and_transactions() {
    check_wire("terms_v1.hex", &examples::terms());
    check_wire("call_v1.hex", &examples::calls());
    check_wire("transaction_v1.hex", &examples::transactions());
    check_wire(
        "quorum_reveal_v1.hex",
        &named([("reveal", examples::reveal())]),
    );
    check_wire(
        "proof_evidence_v1.hex",
        &named([("evidence", examples::evidence())]),
    );
}

#[test]
fn weights() {
    let lines: Vec<_> = examples::transactions()
        .into_iter()
        .map(|(name, transaction)| (name, transaction.weight().get().to_string()))
        .collect();
    check_lines("weight_v1.txt", &lines);
}

#[test]
fn headers_and_blocks() {
    check_wire("header_v1.hex", &named([("header", examples::header())]));
    let (empty, every_call) = (&examples::blocks()[..1], &examples::blocks()[1..]);
    check_wire("block_empty_v1.hex", empty);
    check_wire("block_v1.hex", every_call);
    for (_, block) in examples::blocks() {
        block.check_body().expect("the header binds its body");
    }
}

#[test]
fn events() {
    check_wire("event_v1.hex", &examples::events());
}

#[test]
fn receipts_and_proofs() {
    check_wire("receipt_v1.hex", &examples::receipts());
    check_wire(
        "finality_v1.hex",
        &named([("finality", examples::finality())]),
    );
    check_wire("receipt_proof_v1.hex", &examples::receipt_proofs());
}

#[test]
fn state_proofs() {
    check_wire("row_key_v1.hex", &examples::row_keys());
    check_wire("state_proof_v1.hex", &examples::state_proofs());
    let lines: Vec<_> = examples::row_keys()
        .into_iter()
        .map(|(name, key)| (name, key.state_key().to_string()))
        .collect();
    check_lines("row_key_v1.txt", &lines);
}

#[test]
fn geneses() {
    check_wire("genesis_v1.hex", &examples::geneses());
}

#[test]
fn uploads() {
    check_wire(
        "signed_upload_v1.hex",
        &named([("upload", examples::upload())]),
    );
}

#[test]
fn ids() {
    let (chain, sender) = (ChainId::new([0x11; 32]), key(1).account());
    let lane = Lane::new(3).expect("a lane");
    let (order, content) = (OrderId::new([0x21; 32]), ContentId::of(b"seven"));
    let salt = Hash32::new([0x28; 32]);
    let [(_, full), (_, smallest)]: [_; 2] = examples::geneses().try_into().expect("two");
    let [(_, empty), (_, every_call)]: [_; 2] = examples::blocks().try_into().expect("two");
    let header = examples::header();
    let mut lines = named([
        ("chain_full", full.chain_id().to_string()),
        ("chain_smallest", smallest.chain_id().to_string()),
        (
            "consensus_namespace",
            hex::encode(chain.consensus_namespace()),
        ),
        ("block", header.id().to_string()),
        (
            "next_randomness",
            Header::next_randomness(&header.randomness, &header.id()).to_string(),
        ),
        (
            "transactions_root_empty",
            empty.header.transactions_root.to_string(),
        ),
        (
            "transactions_root_every_call",
            every_call.header.transactions_root.to_string(),
        ),
        ("order", OrderId::of(chain, sender, lane, 258).to_string()),
        ("offer", OfferId::of(chain, sender, lane, 258).to_string()),
        ("model", ModelId::of_program(b"program").to_string()),
        ("content", content.to_string()),
        ("state_key", StateKey::of(7, b"key").to_string()),
        (
            "commitment",
            commitment(chain, order, sender, content, &salt).to_string(),
        ),
        (
            "name_commitment",
            examples::name_commitment().hash().to_string(),
        ),
    ]);
    let evidence = examples::evidence();
    lines.extend(named([
        ("proof_key", ProofKeyId::of_key(&evidence.key).to_string()),
        ("proof_statement", evidence.statement().hash().to_string()),
    ]));
    for (name, transaction) in examples::transactions() {
        lines.push((format!("transaction_{name}"), transaction.id().to_string()));
    }
    check_lines("id_v1.txt", &lines);
}

#[test]
fn addresses() {
    let lines: Vec<_> = (0..4)
        .map(|seed| {
            (
                hex::encode(key(seed).account().as_bytes()),
                key(seed).account().to_string(),
            )
        })
        .chain([0, 1, 255].map(|byte| {
            (
                hex::encode([byte; 32]),
                AccountId::new([byte; 32]).to_string(),
            )
        }))
        .collect();
    check_lines("address_v1.txt", &lines);
}

#[test]
fn rejections() {
    let lines: Vec<_> = Rejection::ALL
        .iter()
        .map(|rejection| (rejection.code().to_string(), rejection.name().to_owned()))
        .collect();
    check_lines("rejection_v1.txt", &lines);
}
