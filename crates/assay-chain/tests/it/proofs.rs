//! Orders of proofs on a whole node: built, checked, replayed.

use crate::{
    handle::{PATIENCE, until_final},
    people::{genesis, now, person, signed, start},
};
use assay_chain::{Chain, TransactionStatus, replay};
use assay_types::{
    Amount, Blob, Call, Check, ContentId, Event, Good, Input, Lane, List, ModelId, OrderId,
    PayoutResult, ProofCall, ProofEvidence, Receipt, RefundReason, SecretKey, Terms, Text, Verdict,
    Work,
};

const MODEL: ModelId = ModelId::new([7; 32]);

/// Evidence whose key and proof are no proof system's.
fn forged() -> ProofEvidence {
    ProofEvidence {
        key: Blob::new(b"a key").expect("short"),
        input: Blob::new(b"an input").expect("short"),
        output: Blob::new(b"an output").expect("short"),
        proof: Blob::new(b"trust me").expect("short"),
    }
}

/// Sends a call and waits until it is final; its events.
async fn send(chain: &Chain, from: &SecretKey, call: Call) -> Vec<Event> {
    let sequence = chain.next_sequence(from.account(), Lane::default());
    let transaction = signed(chain, from, (0, sequence), call);
    let id = chain.submit(vec![transaction])[0];
    match until_final(chain, id.expect("admitted")).await {
        TransactionStatus::Final {
            outcome, events, ..
        } => {
            assert_eq!(outcome.rejection, None);
            events
        }
        other => panic!("not final: {other:?}"),
    }
}

/// A model with a key, a seller with an offer.
async fn open_market(chain: &Chain, owner: &SecretKey, seller: &SecretKey) {
    let register = Call::RegisterModel {
        model: MODEL,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").expect("short"),
        royalties: List::default(),
    };
    send(chain, owner, register).await;
    let key = forged().statement().key;
    send(chain, owner, Call::RegisterProofKey { model: MODEL, key }).await;
    let amount = Amount::new(1_000_000);
    send(chain, seller, Call::Bond { amount }).await;
    let good = Good::Inference {
        models: List::new(vec![MODEL]).expect("one"),
    };
    let offer = Call::PublishOffer {
        good,
        ask: Amount::new(1_000),
        capacity: 9,
    };
    send(chain, seller, offer).await;
}

/// An order that its seller has accepted.
async fn started(chain: &Chain, buyer: &SecretKey, seller: &SecretKey) -> OrderId {
    let now = chain.status().time;
    let statement = forged().statement();
    let terms = Terms {
        work: Work::Inference {
            model: MODEL,
            input: Input::Public {
                content: statement.input,
            },
        },
        check: Check::Proof {
            key: statement.key,
            deliver_by: now.after(60_000),
        },
        price_max: Amount::new(1_000),
        accept_by: now.after(30_000),
        seller: None,
    };
    let placed = send(chain, buyer, Call::PlaceOrder { terms }).await;
    let order = placed.iter().find_map(Event::order).expect("placed");
    let mut blocks = chain.subscribe_from(chain.status().height);
    let drawn = async {
        let seated = || chain.read(|ledger| !ledger.order(&order).expect("open").seats.is_empty());
        while !seated() {
            blocks.next().await.expect("the chain goes on");
        }
    };
    tokio::time::timeout(PATIENCE, drawn).await.expect("drawn");
    send(chain, seller, Call::Accept { order }).await;
    order
}

fn closed(events: &[Event]) -> &Receipt {
    let closed = events.iter().find_map(|event| match event {
        Event::Closed { receipt } => Some(receipt),
        _ => None,
    });
    closed.expect("settled at once")
}

#[tokio::test]
async fn a_forged_proof_costs_its_seller_the_lock_and_replays_alike() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    let (buyer, seller) = (person(0), person(1));
    open_market(&chain, &buyer, &seller).await;
    let order = started(&chain, &buyer, &seller).await;
    let balance = || chain.read(|ledger| ledger.account(&buyer.account()).expect("funded").balance);
    let before = balance();
    let deliver = ProofCall::Deliver(forged()).on(order);
    let events = send(&chain, &seller, deliver).await;
    let receipt = closed(&events);
    let reason = RefundReason::FalseProof;
    assert_eq!(receipt.verdict, Verdict::Refunded { reason });
    assert!(matches!(
        receipt.payouts[0].result,
        PayoutResult::Forfeited { compensation, burnt, .. }
            if (compensation.get(), burnt.get()) == (1_000, 9_000)
    ));
    assert_eq!(balance().get() - before.get(), 2_000);
    chain.read(|ledger| ledger.audit().expect("money is conserved"));
    chain.shutdown();
    replay(folder.path(), &genesis).expect("the same verdict, block for block");
}
