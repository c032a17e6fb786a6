//! Proofs from placement to receipt. A verifier of the tests' own stands for the proof system.

use super::world::*;
use crate::{
    Execution,
    check::{Facts, proof_calls, proof_jobs},
};
use assay_types::{
    AccountId, Amount, Blob, BurnReason, Call, ContentId, Event, Invalid, OrderId, PROOF_DELIVER,
    PROOF_WEIGHT, Params, PayoutResult, ProofCall, ProofEvidence, RefundReason, Rejection, Terms,
    Transaction, Verdict, Weight, encode,
};

/// The result of an order's one seller.
fn result(events: &[Event]) -> PayoutResult {
    receipt(events).expect("the order closed").payouts[0].result
}

fn started(world: &mut World) -> (OrderId, AccountId) {
    let (order, sellers) = world.start(world.terms(world.proof()));
    (order, sellers[0])
}

/// Evidence of `answer` whose proof does not hold.
fn forged(answer: &[u8]) -> ProofEvidence {
    ProofEvidence {
        proof: Blob::new(b"trust me").unwrap(),
        ..evidence(answer)
    }
}

#[test]
fn a_proof_pays_its_one_seller_at_once() {
    let mut world = World::with_provers(1);
    let (order, seller) = started(&mut world);
    assert_eq!(world.ledger.order(&order).unwrap().escrow, asy(2));
    let events = world.ok(seller, prove_call(order, evidence(b"7")));
    let statement = evidence(b"7").statement().hash();
    let output = ContentId::of(b"7");
    assert_eq!(
        events[0],
        Event::ProofDelivered {
            order,
            seller,
            output,
            statement,
            holds: true
        }
    );
    assert_eq!(events[1], Event::VerdictReached { order, output });
    let receipt = receipt(&events).expect("final at once");
    assert_eq!(receipt.verdict, Verdict::Proven);
    assert_eq!(receipt.output, Some(output));
    assert_eq!((receipt.price, receipt.refund), (asy(1), asy(1)));
    assert!(receipt.settled_by.is_some());
    assert!(
        matches!(receipt.payouts[0].result, PayoutResult::Paid { gross, .. } if gross == asy(1))
    );
    let account = world.account(seller);
    assert_eq!((account.bond, account.locked), (asy(1_000), Amount::ZERO));
    assert_eq!(account.seller.get().delivered, 1);
    assert_eq!(world.account(BUYER).buyer.get().settled, 1);
    assert!(world.ledger.order(&order).is_none());
}

#[test]
fn a_false_proof_forfeits_the_lock_and_the_buyer_gets_the_price_of_it() {
    let mut world = World::with_provers(1);
    let (order, seller) = started(&mut world);
    let (buyer, burnt) = (world.account(BUYER).balance, world.ledger.burnt());
    let tx = world.tx(seller, prove_call(order, forged(b"7")));
    let executed = world.try_block(1, &[tx]).unwrap();
    world.commit(&executed);
    let events = &executed.events;
    assert!(matches!(
        events[0],
        Event::ProofDelivered { holds: false, .. }
    ));
    let (price, lock) = (asy(1), asy(20));
    let rest = asy(19);
    let receipt = receipt(events).expect("final at once");
    let reason = RefundReason::FalseProof;
    assert_eq!(receipt.verdict, Verdict::Refunded { reason });
    assert_eq!((receipt.output, receipt.price), (None, Amount::ZERO));
    assert_eq!(receipt.refund, asy(2), "the whole escrow");
    assert_eq!(
        result(events),
        PayoutResult::Forfeited {
            compensation: price,
            burnt: rest,
            reason: BurnReason::FalseProof
        }
    );
    assert!(events.contains(&Event::Compensated {
        order,
        seller,
        buyer: BUYER,
        amount: price
    }));
    assert_eq!(
        world.account(BUYER).balance,
        Amount::new(buyer.get() + asy(3).get())
    );
    let fee = executed.outcomes[0].fee;
    assert_eq!(
        world.ledger.burnt(),
        Amount::new(burnt.get() + rest.get() + fee.get())
    );
    let account = world.account(seller);
    assert_eq!((account.bond, account.locked), (asy(980), Amount::ZERO));
    assert_eq!(account.seller.get().slashed, lock);
    assert_eq!(account.seller.get().failed, 1);
    assert_eq!(world.account(BUYER).buyer.get().refunded, 1);
    assert_eq!(
        world.call(seller, prove_call(order, evidence(b"7"))),
        Err(Rejection::UnknownOrder),
        "there is no second try"
    );
}

#[test]
fn a_lock_no_larger_than_the_price_goes_to_the_buyer_whole() {
    let mut world = World::with(Params {
        lock_multiple: 1,
        ..params()
    });
    world.ok(seller(0), Call::Bond { amount: asy(10) });
    world.ok(seller(0), offer(asy(2), 1));
    world.ok(CREATOR, register_key_call(MODEL, key_id()));
    let (order, seller) = started(&mut world);
    let events = world.ok(seller, prove_call(order, forged(b"7")));
    assert_eq!(
        result(&events),
        PayoutResult::Forfeited {
            compensation: asy(2),
            burnt: Amount::ZERO,
            reason: BurnReason::FalseProof
        }
    );
    assert_eq!(world.account(seller).bond, asy(8));
}

#[test]
fn silence_after_accepting_burns_the_lock() {
    let mut world = World::with_provers(1);
    let (order, seller) = started(&mut world);
    let buyer = world.account(BUYER).balance;
    let events = world.pass(11_000);
    let reason = RefundReason::NothingDelivered;
    let receipt = receipt(&events).expect("the time to deliver is over");
    assert_eq!(receipt.verdict, Verdict::Refunded { reason });
    assert_eq!(
        result(&events),
        PayoutResult::Burnt {
            amount: asy(20),
            reason: BurnReason::Silence
        }
    );
    assert_eq!(
        world.account(BUYER).balance,
        Amount::new(buyer.get() + asy(2).get()),
        "silence is no proven fault, so it compensates nobody"
    );
    assert_eq!(
        world.call(seller, prove_call(order, evidence(b"7"))),
        Err(Rejection::UnknownOrder)
    );
}

#[test]
fn a_block_settles_the_honest_proofs_and_none_of_the_forged() {
    let mut world = World::with_provers(4);
    let orders: Vec<_> = (0..6).map(|_| started(&mut world)).collect();
    let calls: Vec<(AccountId, Call)> = orders
        .iter()
        .enumerate()
        .map(|(number, (order, seller))| {
            let evidence = if number % 2 == 0 {
                evidence(b"7")
            } else {
                forged(b"7")
            };
            (*seller, prove_call(*order, evidence))
        })
        .collect();
    let executed = world.block(1, &calls);
    for (number, (order, _)) in orders.iter().enumerate() {
        let closed = executed.events.iter().find_map(|event| match event {
            Event::Closed { receipt } if receipt.order == *order => Some(receipt),
            _ => None,
        });
        let closed = closed.expect("each ended");
        let honest = number % 2 == 0;
        assert_eq!(closed.verdict == Verdict::Proven, honest);
        assert_eq!(closed.output.is_some(), honest);
        assert_eq!(closed.price.is_zero(), !honest);
    }
    let record = world.account(BUYER).buyer.get();
    assert_eq!((record.settled, record.refunded), (3, 3));
}

#[test]
fn no_part_of_the_evidence_can_be_altered() {
    let mut world = World::with_provers(1);
    let (order, seller) = started(&mut world);
    let bytes = encode(&evidence(b"7"));
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let call = Call::CheckCall {
            order,
            tag: PROOF_DELIVER,
            bytes: Blob::new(altered.clone()).unwrap(),
        };
        let tx = world.tx(seller, call);
        let executed = world.try_block(1, &[tx]).unwrap();
        let expected = match ProofCall::read(PROOF_DELIVER, &altered) {
            Err(_) => Some(Rejection::MalformedBody),
            Ok(Some(ProofCall::Deliver(read))) => {
                let honest = evidence(b"7");
                let same = read.key == honest.key && read.input == honest.input;
                (!same).then_some(Rejection::OtherStatement)
            }
            Ok(None) => panic!("the tag is a delivery's"),
        };
        assert_eq!(executed.outcomes[0].rejection, expected, "byte {place}");
        if expected.is_none() {
            let result = result(&executed.events);
            assert!(
                matches!(result, PayoutResult::Forfeited { .. }),
                "byte {place}"
            );
        }
    }
    // What stated nothing about the order has cost the seller its fee alone.
    let other = ProofEvidence {
        input: Blob::new(b"another digit").unwrap(),
        ..evidence(b"7")
    };
    assert_eq!(
        world.call(seller, prove_call(order, other)),
        Err(Rejection::OtherStatement)
    );
    let events = world.ok(seller, prove_call(order, evidence(b"7")));
    assert_eq!(receipt(&events).unwrap().verdict, Verdict::Proven);
}

#[test]
fn a_buyer_may_name_the_seller() {
    let mut world = World::with_provers(3);
    let terms = Terms {
        seller: Some(seller(2)),
        ..world.terms(world.proof())
    };
    let (order, sellers) = world.start(terms);
    assert_eq!(sellers, [seller(2)]);
    world.ok(seller(2), prove_call(order, evidence(b"7")));
}

#[test]
fn keys_are_listed_with_their_model_alone() {
    let mut world = World::with_provers(0);
    let listed = |world: &World, model| world.ledger.proof_keys(model).count();
    assert_eq!((listed(&world, MODEL), listed(&world, OTHER_MODEL)), (1, 0));
    world.ok(CREATOR, register_key_call(OTHER_MODEL, key_id()));
    assert_eq!((listed(&world, MODEL), listed(&world, OTHER_MODEL)), (1, 1));
}

#[test]
fn jobs_are_a_function_of_the_transactions_alone() {
    let mut world = World::with_provers(1);
    let (order, seller) = started(&mut world);
    let body = |tag, bytes: Vec<u8>| Call::CheckCall {
        order,
        tag,
        bytes: Blob::new(bytes).unwrap(),
    };
    let calls = [
        prove_call(order, forged(b"7")),
        prove_call(OrderId::default(), evidence(b"8")),
        prove_call(order, forged(b"7")),
        body(PROOF_DELIVER, b"x".to_vec()),
        body(0, encode(&evidence(b"9"))),
        Call::Accept { order },
    ];
    let transactions: Vec<Transaction> = calls.map(|call| world.tx(seller, call)).into();
    let statements: Vec<_> = proof_jobs(&transactions)
        .into_iter()
        .map(|job| job.statement)
        .collect();
    let expected = [forged(b"7"), evidence(b"8")].map(|evidence| evidence.statement().hash());
    assert_eq!(
        statements, expected,
        "each once; what cannot be read states nothing"
    );
    assert_eq!(proof_calls(&transactions), 4, "and weighs all the same");
}

#[test]
fn proofs_weigh_what_their_verification_takes_whoever_sends_them() {
    let room = 4 * PROOF_WEIGHT + 50_000;
    let mut world = World::with(Params {
        block_weight_max: Weight::new(room),
        ..params()
    });
    world.ok(seller(0), Call::Bond { amount: asy(1_000) });
    world.ok(seller(0), offer(asy(1), 100));
    world.ok(CREATOR, register_key_call(MODEL, key_id()));
    let (order, seller) = started(&mut world);
    assert_eq!(world.ledger.params().proofs_per_block_max(), 4);
    // Somebody fills the block with proofs that no order asked for.
    let junk = world.tx(
        CREATOR,
        prove_call(OrderId::default(), forged(b"something")),
    );
    let junk = |ahead: u64| altered(&junk, |body| body.sequence += ahead);
    let mut execution = Execution::begin(&world.ledger, &[], world.env(1));
    let honest = world.tx(seller, prove_call(order, evidence(b"7")));
    execution.set_facts(verified(&[junk(0), honest.clone()]));
    for ahead in 0..3 {
        let outcome = execution.apply(&junk(ahead)).expect("it fits");
        assert_eq!(outcome.rejection, Some(Rejection::UnknownOrder));
    }
    assert_eq!(execution.apply(&junk(3)), Err(Invalid::BlockFull));
    let outcome = execution
        .apply(&honest)
        .expect("a quarter is kept for those who deliver");
    assert_eq!(outcome.rejection, None);
    let executed = execution.finish();
    assert!(executed.weight.get() > 4 * PROOF_WEIGHT && executed.weight.get() <= room);
}

#[test]
fn other_checks_know_no_proofs() {
    let mut world = World::with_provers(1);
    let (order, sellers) = world.start(world.terms(world.approval()));
    assert_eq!(
        world.call(sellers[0], prove_call(order, evidence(b"7"))),
        Err(Rejection::UnknownTag)
    );
}

#[test]
#[should_panic(expected = "looks into every statement")]
fn a_missing_verdict_is_not_taken_for_a_negative_one() {
    let mut world = World::with_provers(1);
    let (order, seller) = started(&mut world);
    world.facts = Some(Facts::default());
    let _ = world.call(seller, prove_call(order, evidence(b"7")));
}
