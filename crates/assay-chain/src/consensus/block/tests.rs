use super::*;
use crate::testkit::{genesis, person, transfer, validator};
use assay_types::Transaction;
use bytes::{Bytes, BytesMut};
use commonware_codec::{DecodeExt as _, Encode as _};

fn block(transactions: Vec<Transaction>) -> ConsensusBlock {
    let genesis = genesis(1, 1);
    let leader = validator(0).public_key();
    let mut block = ConsensusBlock::genesis(&genesis, leader, Digest([7; 32]), (0, 1));
    block.0.header.transactions_root = Block::transactions_root(&transactions);
    block.0.transactions = transactions;
    block
}

fn sample() -> ConsensusBlock {
    let genesis = genesis(1, 1);
    block(
        (0..3)
            .map(|sequence| transfer(&genesis, &person(0), 0, sequence))
            .collect(),
    )
}

fn decode(bytes: impl Into<Bytes>) -> Result<ConsensusBlock, CodecError> {
    ConsensusBlock::decode(bytes.into())
}

#[test]
fn a_block_survives_encoding_and_keeps_its_digest() {
    let block = sample();
    let decoded = decode(block.encode()).expect("an honest block");
    assert_eq!(decoded, block);
    assert_eq!(decoded.digest().0, *block.0.header.id().as_bytes());
    assert!(block.encode_size() <= ConsensusBlock::max_encode_size(&()));
}

#[test]
fn another_body_under_the_same_header_is_refused() {
    let honest = sample();
    let mut reordered = honest.clone();
    reordered.0.transactions.swap(0, 1);
    let mut shortened = honest.clone();
    shortened.0.transactions.pop();
    let mut resigned = honest.clone();
    let [first, second, ..] = honest.0.transactions.as_slice() else {
        panic!("the sample has two transactions");
    };
    resigned.0.transactions[0] = Transaction::new(first.body.clone(), second.signature.clone());
    for forged in [reordered, shortened, resigned] {
        assert_eq!(forged.digest(), honest.digest());
        assert!(decode(forged.encode()).is_err());
    }
}

#[test]
fn an_unknown_version_is_refused() {
    let mut block = sample();
    block.0.header.version = HEADER_VERSION + 1;
    assert!(decode(block.encode()).is_err());
}

#[test]
fn every_truncation_and_any_extension_is_refused() {
    let bytes = sample().encode();
    for len in 0..bytes.len() {
        assert!(
            decode(bytes.slice(..len)).is_err(),
            "{len} of {} bytes",
            bytes.len()
        );
    }
    let mut longer = BytesMut::from(bytes.as_ref());
    longer.extend_from_slice(&[0]);
    assert!(decode(longer.freeze()).is_err());
}

#[test]
fn a_block_over_the_limit_of_bytes_is_refused() {
    let genesis = genesis(1, 1);
    let from = person(0);
    let heavy = |sequence| {
        let mut body = crate::testkit::unsigned(&genesis, &from, 0, sequence);
        let evidence = vec![0u8; assay_types::EVIDENCE_BYTES_MAX];
        body.call = assay_types::Call::CheckCall {
            order: assay_types::OrderId::default(),
            tag: 0,
            bytes: assay_types::Blob::new(evidence).expect("just within the limit"),
        };
        body.sign(&from)
    };
    let fits = (BLOCK_BYTES_MAX / assay_types::EVIDENCE_BYTES_MAX - 1) as u64;
    let allowed = block((0..fits).map(heavy).collect());
    decode(allowed.encode()).expect("a large block");
    let too_large = block((0..fits + 2).map(heavy).collect());
    assert!(decode(too_large.encode()).is_err());
}

#[test]
fn the_context_is_part_of_the_digest() {
    let block = sample();
    let mut other = block.clone();
    other.0.header.context.view += 1;
    assert_ne!(block.digest(), other.digest());
    assert_eq!(header_context(&block.context()), block.0.header.context);
}
