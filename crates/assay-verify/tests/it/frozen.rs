//! A receipt made long ago verifies for ever: the quorum that `assay-types` writes out and freezes.

use assay_types::{AccountId, ChainId, PublicKey};
use assay_verify::{Anchor, parse_receipt, verify_receipt};

const PAPER: &str = include_str!("../../../assay-types/tests/fixtures/quorum_on_paper_v1.txt");
const VALIDATORS: &str =
    include_str!("../../../assay-types/tests/fixtures/quorum_on_paper_validators_v1.txt");

#[test]
fn the_quorum_on_paper_verifies() {
    let keys: Vec<&str> = VALIDATORS.split_whitespace().skip(1).collect();
    let keys = keys.iter().map(|key| {
        let key: ChainId = key.parse().expect("64 digits");
        PublicKey::try_from(AccountId::new(*key.as_bytes())).expect("a point")
    });
    let chain = ChainId::new(line("chain").try_into().expect("32 bytes"));
    let anchor = Anchor::new(chain, keys.collect()).expect("the example's validators");

    let proof = parse_receipt(&line("receipt_proof")).expect("frozen bytes");
    let receipt = verify_receipt(&anchor, &proof).expect("frozen signatures");
    assert_eq!(assay_types::encode(receipt), line("receipt"));
    assert_eq!(receipt.order.as_bytes().to_vec(), line("order"));
    assert_eq!(proof.header.id().as_bytes().to_vec(), line("block_id"));
}

fn line(name: &str) -> Vec<u8> {
    let hex = PAPER
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
        .expect("a line of the paper");
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("two digits"))
        .collect()
}
