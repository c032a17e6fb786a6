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

/// Evidence of a foreign proof, and the same with each part changed.
fn holds_and_nothing_else(evidence: &ProofEvidence) {
    assert!(verify(evidence));
    let changed = |bytes: &[u8], place: usize| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 1;
        bytes
    };
    for (place, other) in [
        ProofEvidence {
            key: Blob::new(changed(&evidence.key, 40)).expect("short"),
            ..evidence.clone()
        },
        ProofEvidence {
            key: Blob::new(changed(&evidence.key, 0)).expect("short"),
            ..evidence.clone()
        },
        ProofEvidence {
            output: Blob::new(changed(&evidence.output, 0)).expect("short"),
            ..evidence.clone()
        },
        ProofEvidence {
            input: Blob::new([&evidence.input[..], &[0]].concat()).expect("short"),
            ..evidence.clone()
        },
        ProofEvidence {
            proof: Blob::new(changed(&evidence.proof, 50)).expect("short"),
            ..evidence.clone()
        },
    ]
    .into_iter()
    .enumerate()
    {
        assert!(!verify(&other), "change {place}");
    }
}

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(format!("../assay-foreign/tests/vectors/{name}")).expect("a vector")
}

#[test]
fn a_coprocessor_answer_of_circom_is_a_proof_like_any() {
    use assay_foreign::groth16::{Key, Proof, Signals};
    let key = Key::from_snarkjs(&vector("multiplier-key.json")).expect("a key");
    let signals = Signals::from_snarkjs(&vector("multiplier-public.json")).expect("signals");
    let proof = Proof::from_snarkjs(&vector("multiplier-proof.json")).expect("a proof");
    let key = [&[System::Groth16.tag()], &key.to_bytes()[..]].concat();
    // The circuit has one signal, its output, and reads nothing public.
    holds_and_nothing_else(&ProofEvidence {
        key: Blob::new(key).expect("short"),
        input: Blob::new([]).expect("short"),
        output: Blob::new(signals.to_bytes()).expect("short"),
        proof: Blob::new(proof.to_bytes()).expect("short"),
    });
}

#[test]
fn a_receipt_of_risc_zero_is_a_proof_like_any() {
    use assay_foreign::risc0::{Key, Release};
    let json = String::from_utf8(vector("risc0-3.0.json")).expect("text");
    let field = |name: &str| {
        let start = json.find(&format!("\"{name}\"")).expect("a field");
        let value = json[start..].split('"').nth(3).expect("its text");
        hex::decode(value).expect("hexadecimal")
    };
    let image: [u8; 32] = field("image").try_into().expect("32 bytes");
    let key = Key::new(image, Release::V3_0).expect("a key");
    let key = [&[System::Risc0.tag()], &key.to_bytes()[..]].concat();
    holds_and_nothing_else(&ProofEvidence {
        key: Blob::new(key).expect("short"),
        input: Blob::new([]).expect("short"),
        output: Blob::new(field("journal")).expect("short"),
        proof: Blob::new(field("seal")).expect("short"),
    });
}
