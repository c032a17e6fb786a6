//! Proofs made long ago verify for ever: the quorum that `assay-types` writes out and freezes, and proofs of
//! rows that Commonware's database made.

use crate::state::SHAPES;
use assay_types::{AccountId, ChainId, PublicKey, encode};
use assay_verify::{Anchor, parse_receipt, parse_state, verify_receipt, verify_state};

const PAPER: &str = include_str!("../../../assay-types/tests/fixtures/quorum_on_paper_v1.txt");
const VALIDATORS: &str =
    include_str!("../../../assay-types/tests/fixtures/quorum_on_paper_validators_v1.txt");
const STATE: &str = include_str!("../fixtures/state_proofs_v1.txt");

#[test]
fn the_quorum_on_paper_verifies() {
    let keys: Vec<&str> = VALIDATORS.split_whitespace().skip(1).collect();
    let keys = keys.iter().map(|key| {
        let key: ChainId = key.parse().expect("64 digits");
        PublicKey::try_from(AccountId::new(*key.as_bytes())).expect("a point")
    });
    let chain = ChainId::new(line(PAPER, "chain").try_into().expect("32 bytes"));
    let anchor = Anchor::new(chain, keys.collect()).expect("the example's validators");

    let proof = parse_receipt(&line(PAPER, "receipt_proof")).expect("frozen bytes");
    let receipt = verify_receipt(&anchor, &proof).expect("frozen signatures");
    assert_eq!(assay_types::encode(receipt), line(PAPER, "receipt"));
    assert_eq!(receipt.order.as_bytes().to_vec(), line(PAPER, "order"));
    assert_eq!(
        proof.header.id().as_bytes().to_vec(),
        line(PAPER, "block_id")
    );
}

/// Rows of a fixed history, as they are proven today, are proven by the bytes of version 1. Where that is
/// not so any more, raise the version and run this once with `ASSAY_WRITE_FIXTURES=1`.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the fixture lies in a file, and only this test writes it"
)]
fn frozen_state_proofs_verify_and_are_made_again() {
    let (anchor, proofs) = &*SHAPES;
    let names = ["present", "past", "absent", "carried"];
    if std::env::var_os("ASSAY_WRITE_FIXTURES").is_some() {
        let lines: String = names
            .iter()
            .zip(proofs)
            .map(|(name, proof)| format!("{name} {}\n", hex(&encode(proof))))
            .collect();
        std::fs::write("tests/fixtures/state_proofs_v1.txt", lines)
            .expect("the fixtures folder is writable");
        return;
    }
    for (name, made) in names.into_iter().zip(proofs) {
        let frozen = line(STATE, name);
        let proof = parse_state(&frozen).expect("frozen bytes");
        verify_state(anchor, &proof).expect("a frozen proof");
        assert_eq!(hex(&frozen), hex(&encode(made)), "{name}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(of: &str, name: &str) -> Vec<u8> {
    let hex = of
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .expect("a line of the paper");
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("two digits"))
        .collect()
}
