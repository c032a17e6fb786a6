//! Orders of proofs on a whole node: built, checked, replayed.

use crate::{
    handle::{PATIENCE, until_final},
    people::{genesis, now, person, signed, start},
};
use assay_chain::{Chain, TransactionStatus, replay};
use assay_model::{
    DType, Program, Shape, Tensor, TensorData,
    program::{Op, Output, Parts, Requant, ValueId, ValueType},
};
use assay_prover::CommittedModel;
use assay_types::{
    Amount, Blob, Call, Check, ContentId, Event, Good, Input, Lane, List, ModelId, OrderId,
    PayoutResult, ProofCall, ProofEvidence, ProofKeyId, ProofStatement, Receipt, RefundReason,
    SecretKey, Terms, Text, Verdict, Work,
};

const MODEL: ModelId = ModelId::new([7; 32]);

/// A layer that rounds and one that does not.
fn program() -> Program {
    let layer = |value, output| Op::Linear {
        input: ValueId::new(value),
        weights: vec![1, -2, 3, -4],
        bias: vec![5, -6],
        output,
    };
    let rounded = Output::Requantized(Requant {
        shift: 1,
        relu: true,
        dtype: DType::I8,
    });
    let parts = Parts {
        input: ValueType {
            dtype: DType::I8,
            shape: Shape::new(&[2]).expect("a shape"),
        },
        nodes: vec![layer(0, rounded), layer(1, Output::Accumulator)],
        output: ValueId::of_node(1),
    };
    Program::new(parts).expect("a valid program")
}

/// Evidence that holds.
fn honest() -> ProofEvidence {
    let model = CommittedModel::of(program()).expect("it can be committed to");
    let shape = Shape::new(&[2]).expect("a shape");
    let input = Tensor::new(shape, TensorData::I8(vec![7, -7])).expect("two elements");
    let proven = model.prove(std::slice::from_ref(&input)).expect("a proof");
    let key = model.key().to_bytes().expect("a short key");
    let proof = proven.proof.to_bytes().expect("a short proof");
    ProofEvidence {
        key: Blob::new(key).expect("short"),
        input: Blob::new(input.to_bytes()).expect("short"),
        output: Blob::new(proven.outputs[0].to_bytes()).expect("short"),
        proof: Blob::new(proof).expect("short"),
    }
}

/// The same of another answer, whose last byte differs.
fn forged(honest: &ProofEvidence) -> ProofEvidence {
    let mut output = honest.output.to_vec();
    *output.last_mut().expect("an output") ^= 1;
    ProofEvidence {
        output: Blob::new(output).expect("short"),
        ..honest.clone()
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
async fn open_market(chain: &Chain, owner: &SecretKey, seller: &SecretKey, key: ProofKeyId) {
    let register = Call::RegisterModel {
        model: MODEL,
        manifest: ContentId::default(),
        program: ContentId::default(),
        licence: Text::new("MIT").expect("short"),
        royalties: List::default(),
    };
    send(chain, owner, register).await;
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
async fn started(
    chain: &Chain,
    buyer: &SecretKey,
    seller: &SecretKey,
    statement: ProofStatement,
) -> OrderId {
    let now = chain.status().time;
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
async fn a_proof_is_paid_in_its_block_and_a_forged_one_forfeits_the_lock() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let genesis = genesis(now());
    let chain = start(folder.path(), &genesis);
    let (buyer, seller) = (person(0), person(1));
    let honest = honest();
    let statement = honest.statement();
    open_market(&chain, &buyer, &seller, statement.key).await;

    let order = started(&chain, &buyer, &seller, statement).await;
    let deliver = ProofCall::Deliver(honest.clone()).on(order);
    let events = send(&chain, &seller, deliver).await;
    let receipt = closed(&events);
    assert_eq!(receipt.verdict, Verdict::Proven);
    assert_eq!(receipt.output, Some(statement.output));
    assert_eq!(receipt.price.get(), 1_000);

    let order = started(&chain, &buyer, &seller, statement).await;
    let balance = || {
        let account = buyer.account();
        chain.read(|ledger| ledger.account(&account).expect("funded").balance)
    };
    let before = balance();
    let deliver = ProofCall::Deliver(forged(&honest)).on(order);
    let events = send(&chain, &seller, deliver).await;
    let receipt = closed(&events);
    let reason = RefundReason::FalseProof;
    assert_eq!(receipt.verdict, Verdict::Refunded { reason });
    assert!(matches!(
        receipt.payouts[0].result,
        PayoutResult::Forfeited { compensation, burnt, .. }
            if (compensation.get(), burnt.get()) == (1_000, 9_000)
    ));
    assert_eq!(balance().get() - before.get(), 2_000, "escrow and price");
    chain.read(|ledger| ledger.audit().expect("money is conserved"));
    chain.shutdown();
    replay(folder.path(), &genesis).expect("the same verdicts, block for block");
}
