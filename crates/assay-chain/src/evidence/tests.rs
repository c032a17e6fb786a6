use super::*;
use crate::testkit::{genesis, person, unsigned, validator};
use assay_types::{
    Blob, BlockId, ConsensusContext, FeeRate, HEADER_VERSION, Hash32, Header, Height, LedgerTime,
    OrderId, PROOF_WEIGHT, ProofCall, Weight,
};

fn evidence(number: u8) -> ProofEvidence {
    ProofEvidence {
        key: Blob::new(b"key").expect("short"),
        input: Blob::new([number]).expect("short"),
        output: Blob::new(b"output").expect("short"),
        proof: Blob::new(b"proof").expect("short"),
    }
}

fn deliveries(count: u8) -> Vec<Transaction> {
    let genesis = genesis(1, 1);
    let from = person(0);
    let sign = |number: u8| {
        let mut body = unsigned(&genesis, &from, 0, u64::from(number));
        body.call = ProofCall::Deliver(evidence(number)).on(OrderId::default());
        body.sign(&from)
    };
    (0..count).map(sign).collect()
}

fn even(evidence: &ProofEvidence) -> bool {
    evidence.input[0].is_multiple_of(2)
}

#[test]
fn every_job_has_its_own_verdict_on_however_many_threads() {
    for count in [0, 1, 2, 33] {
        let jobs = proof_jobs(&deliveries(count));
        let found = verdicts(&jobs, even);
        let expected = (0..count).map(|number| {
            let evidence = evidence(number);
            (evidence.statement().hash(), even(&evidence))
        });
        assert_eq!(found, Facts::of_verdicts(expected));
    }
}

#[test]
fn bytes_that_are_no_proof_have_a_negative_verdict() {
    let transactions = deliveries(2);
    let found = facts(&transactions);
    for job in proof_jobs(&transactions) {
        assert_eq!(found.verdict(&job.statement), Some(false));
    }
}

#[test]
fn a_block_of_too_many_proofs_is_refused_before_any_is_verified() {
    let mut params = Params {
        block_weight_max: Weight::new(3 * PROOF_WEIGHT),
        ..Params::default()
    };
    let block = block(deliveries(4));
    assert!(matches!(
        facts_of_block(&block, &params),
        Err(Refusal::TooManyProofs {
            proofs: 4,
            max: 3,
            ..
        })
    ));
    params.block_weight_max = Weight::new(4 * PROOF_WEIGHT);
    assert!(facts_of_block(&block, &params).is_ok());
}

fn block(transactions: Vec<Transaction>) -> Block {
    let parent = BlockId::default();
    let header = Header {
        version: HEADER_VERSION,
        context: ConsensusContext {
            epoch: 0,
            view: 1,
            leader: validator(0).public_key(),
            parent_view: 0,
            parent,
        },
        parent,
        height: Height::new(1),
        time: LedgerTime::new(1),
        randomness: Hash32::default(),
        transactions_root: Block::transactions_root(&transactions),
        state_root: Hash32::default(),
        operations_root: Hash32::default(),
        range_start: 0,
        range_end: 1,
        event_root: Hash32::default(),
        base_fee: FeeRate::default(),
    };
    Block {
        header,
        transactions,
    }
}
