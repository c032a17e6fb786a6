use crate::committee::{CHAIN, Committee, proof};
use assay_types::{
    AccountId, ChainId, DESCENDANTS_MAX, Hash32, LedgerTime, List, PATH_LENGTH_MAX, Payout,
    PayoutResult, ReceiptProof, SELLERS_PER_ORDER_MAX, VALIDATORS_MAX, encode,
};
use assay_verify::{
    Anchor, CertificateError, ParseError, RECEIPT_PROOF_BYTES_MAX, VerifyError, parse_receipt,
    verify_receipt,
};

#[test]
fn a_receipt_verifies_from_its_bytes_and_the_anchor() {
    let committee = Committee::new(CHAIN, 4);
    for descendants in 0..=3 {
        let proof = proof(&committee, descendants, &[0, 2, 3]);
        let parsed = parse_receipt(&encode(&proof)).expect("its own bytes");
        assert_eq!(
            verify_receipt(&committee.anchor(), &parsed),
            Ok(&proof.receipt)
        );
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let committee = Committee::new(CHAIN, 4);
    let anchor = committee.anchor();
    let mut tried = 0;
    // A quorum, more than a quorum, and a block that became final through its successor.
    for proof in [
        proof(&committee, 0, &[0, 1, 2]),
        proof(&committee, 0, &[0, 1, 2, 3]),
        proof(&committee, 1, &[1, 2, 3]),
    ] {
        let bytes = encode(&proof);
        assert!(is_accepted(&anchor, &bytes));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !is_accepted(&anchor, &flipped),
                "bit {bit} of {} bytes",
                bytes.len()
            );
            tried += 1;
        }
    }
    assert!(
        tried > 3 * 8 * 1000,
        "{tried} bits are fewer than three proofs have"
    );
}

#[test]
fn cut_or_longer_proofs_are_refused() {
    let committee = Committee::new(CHAIN, 1);
    let bytes = encode(&proof(&committee, 0, &[0]));
    for len in 0..bytes.len() {
        assert!(parse_receipt(&bytes[..len]).is_err(), "{len} bytes");
    }
    assert!(parse_receipt(&[&bytes[..], &[0]].concat()).is_err());
    let huge = vec![1; RECEIPT_PROOF_BYTES_MAX + 1];
    assert!(matches!(
        parse_receipt(&huge),
        Err(ParseError::TooLong { .. })
    ));
}

#[test]
fn the_largest_proof_fits_the_limit() {
    let committee = Committee::new(CHAIN, 1);
    let mut proof = proof(&committee, 1, &[0]);
    let result = match proof.receipt.payouts[0].result {
        paid @ PayoutResult::Paid { .. } => paid,
        other => panic!("the first seller is paid, not {other:?}"),
    };
    let payout = Payout {
        seller: AccountId::default(),
        result,
    };
    proof.receipt.payouts = List::new(vec![payout; SELLERS_PER_ORDER_MAX]).expect("its limit");
    proof.path.siblings = List::new(vec![Hash32::default(); PATH_LENGTH_MAX]).expect("its limit");
    proof.descendants = List::new(vec![proof.header.clone(); DESCENDANTS_MAX]).expect("its limit");
    proof.finality.votes =
        List::new(vec![proof.finality.votes[0].clone(); VALIDATORS_MAX]).expect("its limit");
    let len = encode(&proof).len();
    assert!(len <= RECEIPT_PROOF_BYTES_MAX, "{len} bytes");
}

#[test]
fn a_valid_receipt_of_another_chain_is_refused() {
    let (ours, theirs) = (
        Committee::new(CHAIN, 1),
        Committee::new(ChainId::new([8; 32]), 1),
    );
    let foreign = proof(&theirs, 0, &[0]);
    assert_eq!(
        verify_receipt(&theirs.anchor(), &foreign),
        Ok(&foreign.receipt)
    );
    let expected = VerifyError::WrongChain {
        given: theirs.chain,
        expected: CHAIN,
    };
    assert_eq!(verify_receipt(&ours.anchor(), &foreign), Err(expected));
}

#[test]
fn the_same_chain_with_other_validators_is_refused() {
    let committee = Committee::new(CHAIN, 2);
    let proof = proof(&Committee::new(CHAIN, 1), 0, &[0]);
    let only = |index: usize| {
        Anchor::new(CHAIN, vec![committee.keys[index].public_key()]).expect("one key")
    };
    let refused = (0..2).filter(|index| {
        let error = verify_receipt(&only(*index), &proof).err();
        matches!(
            error,
            Some(VerifyError::NotFinal(CertificateError::BadVote {
                signer: 0,
                ..
            }))
        )
    });
    assert_eq!(refused.count(), 1);
}

#[test]
fn each_lie_has_its_error() {
    let committee = Committee::new(CHAIN, 1);
    let honest = || proof(&committee, 2, &[0]);
    let check = |mut proof: ReceiptProof, alter: &dyn Fn(&mut ReceiptProof)| {
        alter(&mut proof);
        verify_receipt(&committee.anchor(), &proof).expect_err("an altered proof")
    };
    let block = honest().header.id();
    let not_in_block = VerifyError::NotInBlock { block };

    assert_eq!(
        check(honest(), &|p| p.version = 0),
        VerifyError::Version { version: 0 }
    );
    assert_eq!(
        check(honest(), &|p| p.receipt.version = 9),
        VerifyError::Version { version: 9 }
    );
    assert!(matches!(
        check(honest(), &|p| p.receipt.height = p.receipt.height.next()),
        VerifyError::WrongHeight { .. }
    ));
    assert!(matches!(
        check(honest(), &|p| p.receipt.closed_at = LedgerTime::MAX),
        VerifyError::WrongTime { .. }
    ));
    assert_eq!(
        check(honest(), &|p| p.receipt.buyer = AccountId::default()),
        not_in_block
    );
    assert_eq!(check(honest(), &|p| p.path.index = 0), not_in_block);
    assert_eq!(check(honest(), &|p| p.path.count = 4), not_in_block);
    assert_eq!(
        check(honest(), &|p| p.path.siblings = List::default()),
        not_in_block
    );

    let without = |index: usize| {
        move |p: &mut ReceiptProof| {
            let mut headers = p.descendants.to_vec();
            headers.remove(index);
            p.descendants = List::new(headers).expect("fewer");
        }
    };
    assert!(matches!(
        check(honest(), &without(0)),
        VerifyError::NotFinal(CertificateError::BrokenChain { .. })
    ));
    let unsigned = check(honest(), &without(1));
    assert!(matches!(
        unsigned,
        VerifyError::NotFinal(CertificateError::BadVote { .. })
    ));
    let skip = |p: &mut ReceiptProof| {
        let mut headers = p.descendants.to_vec();
        headers[0].height = headers[0].height.next();
        p.descendants = List::new(headers).expect("as many");
    };
    assert!(matches!(
        check(honest(), &skip),
        VerifyError::NotFinal(CertificateError::BrokenChain { .. })
    ));
}

fn is_accepted(anchor: &Anchor, bytes: &[u8]) -> bool {
    parse_receipt(bytes).is_ok_and(|proof| verify_receipt(anchor, &proof).is_ok())
}
