//! One whole quorum with fixed keys, written out: what an implementation in another language must arrive at.
//!
//! The buyer (secret key 01…01) asks three sellers (02…02, 03…03, 04…04) for a 2-of-3 answer on the chain of
//! the full example genesis. All accept, commit and reveal; two say "7", one says "1".

use super::{
    examples::{self, key, list, named},
    fixtures::check_lines,
};
use crate::*;

const ANSWERS: [(u8, &[u8]); 3] = [(2, b"7"), (3, b"7"), (4, b"1")];
const PLACED_AT: LedgerTime = LedgerTime::new(1_700_000_001_000);
const CLOSED_AT: LedgerTime = LedgerTime::new(1_700_000_004_000);

struct Paper {
    chain: ChainId,
    lines: Vec<(String, String)>,
}

impl Paper {
    /// The transaction of `seed`'s key in lane 0.
    fn transaction(&mut self, name: &str, seed: u8, sequence: u64, call: Call) -> Transaction {
        let transaction = Unsigned {
            chain: self.chain,
            sender: key(seed).account(),
            lane: Lane::new(0).expect("the first lane"),
            sequence,
            fee_limit: Amount::new(200_000),
            tip: Amount::ZERO,
            valid_until: PLACED_AT.after(60_000),
            call,
        }
        .sign(&key(seed));
        assert!(transaction.signature_holds(), "{name}");
        self.note(name, encode(&transaction));
        self.note(&format!("{name}_id"), transaction.id().as_bytes());
        transaction
    }

    fn note(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.lines.push((name.to_owned(), hex::encode(bytes)));
    }
}

fn salt(seed: u8) -> Hash32 {
    Hash32::new([0xf0 + seed; 32])
}

#[test]
fn a_whole_quorum() {
    let (_, genesis) = examples::geneses().swap_remove(0);
    let chain = genesis.chain_id();
    let mut paper = Paper {
        chain,
        lines: Vec::new(),
    };
    paper.note("chain", chain.as_bytes());

    let terms = Terms {
        work: examples::work(),
        check: Check::Quorum {
            agree: 2,
            of: 3,
            commit_by: PLACED_AT.after(6_000),
            deliver_by: PLACED_AT.after(8_000),
        },
        price_max: Amount::new(5_000_000),
        accept_by: PLACED_AT.after(4_000),
        seller: None,
    };
    let place = paper.transaction(
        "place",
        1,
        0,
        Call::PlaceOrder {
            terms: terms.clone(),
        },
    );
    let order = OrderId::of(
        chain,
        place.body.sender,
        place.body.lane,
        place.body.sequence,
    );
    paper.note("order", order.as_bytes());

    for (seed, _) in ANSWERS {
        paper.transaction(&format!("accept_{seed}"), seed, 0, Call::Accept { order });
    }
    let mut commitments = Vec::new();
    for (seed, answer) in ANSWERS {
        let (seller, output) = (key(seed).account(), ContentId::of(answer));
        let hash = commitment(chain, order, seller, output, &salt(seed));
        paper.transaction(
            &format!("commit_{seed}"),
            seed,
            1,
            QuorumCall::Commit(hash).on(order),
        );
        commitments.push(hash);
    }
    assert_ne!(
        commitments[0], commitments[1],
        "equal answers look different until they are revealed"
    );

    let (mut reveals, mut events) = (Vec::new(), Vec::new());
    for ((seed, answer), committed) in ANSWERS.into_iter().zip(commitments) {
        let output = Blob::new(answer).expect("one byte");
        let reveal = QuorumCall::Reveal(QuorumReveal {
            output,
            salt: salt(seed),
        });
        let transaction = paper.transaction(&format!("reveal_{seed}"), seed, 2, reveal.on(order));

        // What the ledger does with it: read the body, hash the answer, compare with the commitment.
        let Call::CheckCall { tag, bytes, .. } = &transaction.body.call else {
            panic!("a reveal is a check call")
        };
        let Ok(Some(QuorumCall::Reveal(read))) = QuorumCall::read(*tag, bytes) else {
            panic!("the body reads back")
        };
        let (seller, output) = (transaction.body.sender, ContentId::of(&read.output));
        assert_eq!(
            commitment(chain, order, seller, output, &read.salt),
            committed
        );
        let copied = commitment(chain, order, key(1).account(), output, &read.salt);
        assert_ne!(
            copied, committed,
            "a commitment is worthless to anyone else"
        );
        events.push(Event::Revealed {
            order,
            seller,
            output,
            holds: true,
        });
        reveals.push(transaction);
    }

    let receipt = receipt(chain, order, &terms, &reveals[1]);
    paper.note("receipt", encode(&receipt));
    events.push(Event::VerdictReached {
        order,
        output: ContentId::of(b"7"),
    });
    events.push(Event::Closed {
        receipt: receipt.clone().into(),
    });
    let leaves: Vec<Vec<u8>> = events.iter().map(encode).collect();
    paper.note("event_root", merkle_root(&leaves).as_bytes());

    let parent = BlockId::new([0x31; 32]);
    let header = Header {
        version: HEADER_VERSION,
        context: ConsensusContext {
            epoch: 0,
            view: 5,
            leader: genesis.validators[0].clone(),
            parent_view: 4,
            parent,
        },
        parent,
        height: receipt.height,
        time: CLOSED_AT,
        randomness: Header::next_randomness(&Hash32::new(*chain.as_bytes()), &parent),
        transactions_root: Block::transactions_root(&reveals),
        state_root: Hash32::new([0x34; 32]),
        operations_root: Hash32::new([0x35; 32]),
        range_start: 0,
        range_end: 40,
        event_root: merkle_root(&leaves),
        base_fee: FeeRate::new(1),
    };
    paper.note("header", encode(&header));
    paper.note("block_id", header.id().as_bytes());
    let block = Block {
        header: header.clone(),
        transactions: reveals,
    };
    block.check_body().expect("the header binds its body");
    paper.note("block", encode(&block));

    // Views below 128 are one byte each, so this is the whole message of a vote.
    let message = [&[0, 5, 4], header.id().as_bytes().as_slice()].concat();
    let namespace = [chain.consensus_namespace(), b"_FINALIZE".to_vec()].concat();
    let mut validators: Vec<_> = (9..13).map(key).collect();
    validators.sort_by_key(SecretKey::public_key);
    let votes = [0u16, 2, 3].map(|signer| Vote {
        signer: SignerIndex::new(signer),
        signature: validators[usize::from(signer)].sign(&namespace, &message),
    });
    let proof = ReceiptProof {
        version: RECEIPT_VERSION,
        path: merkle_path(&leaves, 4).expect("the last leaf"),
        receipt,
        header,
        descendants: List::default(),
        finality: Finality {
            votes: list(votes.to_vec()),
        },
    };
    assert_eq!(proof.path.root(&leaves[4]), Some(proof.header.event_root));
    paper.note("receipt_proof", encode(&proof));
    check_lines("quorum_on_paper_v1.txt", &paper.lines);

    let anchor: Vec<_> = genesis
        .validators
        .iter()
        .map(|key| hex::encode(encode(key)))
        .collect();
    let anchor = anchor.join(" ");
    check_lines(
        "quorum_on_paper_validators_v1.txt",
        &named([("validators", anchor)]),
    );
}

fn receipt(chain: ChainId, order: OrderId, terms: &Terms, settled_by: &Transaction) -> Receipt {
    let paid = PayoutResult::Paid {
        gross: Amount::new(4_000_000),
        fee: Amount::new(20_000),
        royalties: Amount::new(120_000),
    };
    let burnt = PayoutResult::Burnt {
        amount: Amount::new(50_000_000),
        reason: BurnReason::MinorityAnswer,
    };
    let mut payouts = [(2, paid), (3, paid), (4, burnt)].map(|(seed, result)| Payout {
        seller: key(seed).account(),
        result,
    });
    payouts.sort_by_key(|payout| payout.seller);
    Receipt {
        version: RECEIPT_VERSION,
        chain,
        order,
        buyer: key(1).account(),
        work: terms.work,
        check: terms.check,
        verdict: Verdict::Agreed,
        output: Some(ContentId::of(b"7")),
        price: Amount::new(8_000_000),
        refund: Amount::new(7_000_000),
        payouts: list(payouts.to_vec()),
        placed_at: PLACED_AT,
        closed_at: CLOSED_AT,
        height: Height::new(5),
        settled_by: Some(settled_by.id()),
    }
}
