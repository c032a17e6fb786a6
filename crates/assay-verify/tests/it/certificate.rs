use crate::committee::{CHAIN, Committee, finality, finality_of, header, proposal};
use assay_types::{BlockId, ChainId, SignerIndex};
use assay_verify::{CertificateError, verify_header};
use commonware_consensus::simplex::types::Finalize;
use commonware_parallel::Sequential;
use commonware_utils::{Faults, N3f1};
use rand::{SeedableRng, rngs::StdRng};

/// Numbers at the edges of what a varint of one, two, …, ten bytes holds.
const NUMBERS: [u64; 9] = [
    0,
    1,
    127,
    128,
    16_383,
    16_384,
    u32::MAX as u64,
    1 << 63,
    u64::MAX,
];

#[test]
fn what_commonware_finalises_is_final() {
    let committee = Committee::new(CHAIN, 4);
    let mut rng = StdRng::seed_from_u64(1);
    for (epoch, view, parent_view) in NUMBERS
        .iter()
        .enumerate()
        .map(|(at, number)| (*number, NUMBERS[(at + 3) % 9], NUMBERS[(at + 5) % 9]))
    {
        let mut header = header(BlockId::new([1; 32]), 20);
        header.context.epoch = epoch;
        header.context.view = view;
        header.context.parent_view = parent_view;
        for signers in [&[0, 1, 2][..], &[3, 1, 0], &[0, 1, 2, 3]] {
            let finalization = committee.finalization(&header, signers);
            assert!(finalization.verify(&mut rng, &committee.scheme(0), &Sequential));
            let finality = finality(&finalization);
            assert_eq!(
                verify_header(&committee.anchor(), &header, &finality),
                Ok(())
            );
        }
    }
}

#[test]
fn quorums_are_commonwares() {
    for size in 1..=60 {
        let committee = Committee::new(CHAIN, size);
        let quorum = committee.anchor().quorum();
        assert_eq!(
            u32::try_from(quorum),
            Ok(N3f1::quorum(u32::from(size))),
            "{size} validators"
        );
    }
}

#[test]
fn one_validator_is_enough_for_its_own_chain() {
    let committee = Committee::new(CHAIN, 1);
    let header = header(BlockId::new([1; 32]), 1);
    let finality = finality(&committee.finalization(&header, &[0]));
    assert_eq!(
        verify_header(&committee.anchor(), &header, &finality),
        Ok(())
    );
}

#[test]
fn votes_that_make_nothing_final_are_refused() {
    let committee = Committee::new(CHAIN, 4);
    let header = header(BlockId::new([1; 32]), 20);
    let block = header.id();
    let votes = |signers| committee.votes(&header, signers);
    let other_chain = Committee::new(ChainId::new([8; 32]), 4);
    let mut other_block = header.clone();
    other_block.state_root = Default::default();

    let mut renamed = votes(&[0, 1, 2]);
    renamed[2].signer = SignerIndex::new(3);
    let mut unknown = votes(&[0, 1, 2]);
    unknown[2].signer = SignerIndex::new(4);
    let mut extra = votes(&[0, 1, 2, 3]);
    extra[3].signature = extra[2].signature.clone();

    let cases = [
        (
            votes(&[]),
            CertificateError::TooFewVotes {
                block,
                votes: 0,
                quorum: 3,
            },
        ),
        (
            votes(&[0, 3]),
            CertificateError::TooFewVotes {
                block,
                votes: 2,
                quorum: 3,
            },
        ),
        (
            votes(&[0, 0, 1]),
            CertificateError::VotesNotAscending { signer: 0 },
        ),
        (
            votes(&[0, 2, 1]),
            CertificateError::VotesNotAscending { signer: 1 },
        ),
        (
            unknown,
            CertificateError::UnknownSigner {
                signer: 4,
                validators: 4,
            },
        ),
        (renamed, CertificateError::BadVote { block, signer: 3 }),
        (extra, CertificateError::BadVote { block, signer: 3 }),
        (
            committee.notarizations(&header, &[0, 1, 2]),
            CertificateError::BadVote { block, signer: 0 },
        ),
        (
            other_chain.votes(&header, &[0, 1, 2]),
            CertificateError::BadVote { block, signer: 0 },
        ),
        (
            committee.votes(&other_block, &[0, 1, 2]),
            CertificateError::BadVote { block, signer: 0 },
        ),
    ];
    for (votes, expected) in cases {
        let actual = verify_header(&committee.anchor(), &header, &finality_of(votes));
        assert_eq!(actual, Err(expected));
    }
}

#[test]
fn headers_that_no_honest_validator_signs_are_refused() {
    let committee = Committee::new(CHAIN, 1);
    let check = |header| {
        let votes = finality_of(committee.votes(&header, &[0]));
        verify_header(&committee.anchor(), &header, &votes)
    };
    let mut later = header(BlockId::new([1; 32]), 20);
    later.version = 2;
    assert_eq!(
        check(later),
        Err(CertificateError::HeaderVersion { version: 2 })
    );

    let mut torn = header(BlockId::new([1; 32]), 20);
    torn.context.parent = BlockId::new([2; 32]);
    let block = torn.id();
    assert_eq!(check(torn), Err(CertificateError::TwoParents { block }));
}

#[test]
fn a_vote_signs_round_parent_view_and_block() {
    let committee = Committee::new(CHAIN, 1);
    let header = header(BlockId::new([1; 32]), 20);
    let right = proposal(&header);
    let mut other_round = right;
    other_round.parent = commonware_consensus::types::View::new(1);
    let vote = Finalize::sign(&committee.scheme(0), other_round).expect("a signer");
    let mut votes = committee.votes(&header, &[0]);
    votes[0].signature = vote
        .attestation
        .signature
        .get()
        .expect("made here")
        .clone()
        .into();
    let expected = CertificateError::BadVote {
        block: header.id(),
        signer: 0,
    };
    assert_eq!(
        verify_header(&committee.anchor(), &header, &finality_of(votes)),
        Err(expected)
    );
}
