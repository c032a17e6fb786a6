//! Quorums from placement to receipt.

use super::world::*;
use crate::rows::Account;
use assay_types::{
    Amount, BurnReason, Call, ContentId, Event, PayoutResult, RefundReason, Rejection, Verdict,
};

fn results(events: &[Event]) -> Vec<PayoutResult> {
    receipt(events)
        .expect("the order closed")
        .payouts
        .iter()
        .map(|line| line.result)
        .collect()
}

#[test]
fn three_of_four_pays_the_honest_and_burns_the_cheat() {
    let mut world = World::with_sellers(4);
    let before = world.account(BUYER).balance;
    let (order, sellers) = world.start(world.terms(world.quorum(3, 4)));
    assert_eq!(sellers.len(), 4);
    assert_eq!(world.ledger.order(&order).unwrap().escrow, asy(8));
    for (number, seller) in sellers.iter().enumerate() {
        world.commit_answer(order, *seller, if number == 1 { b"3" } else { b"7" });
    }
    let mut events = Vec::new();
    for (number, seller) in sellers.iter().enumerate() {
        events.extend(world.reveal_answer(order, *seller, if number == 1 { b"3" } else { b"7" }));
    }
    let receipt = receipt(&events).expect("all have revealed");
    assert_eq!(receipt.verdict, Verdict::Agreed);
    assert_eq!(receipt.output, Some(ContentId::of(b"7")));
    assert_eq!((receipt.price, receipt.refund), (asy(3), asy(5)));
    assert!(receipt.settled_by.is_some());
    let cheat = receipt
        .payouts
        .iter()
        .find(|line| line.seller == sellers[1])
        .unwrap();
    let lock = asy(20);
    assert_eq!(
        cheat.result,
        PayoutResult::Burnt {
            amount: lock,
            reason: BurnReason::MinorityAnswer
        }
    );
    let Account {
        bond,
        locked,
        seller,
        ..
    } = world.account(sellers[1]);
    assert_eq!(
        (bond, locked, seller.get().slashed),
        (asy(980), Amount::ZERO, lock)
    );
    // Of an ask of 1 ASY, 0.5 % burns and 10 % goes to the model's creator.
    let honest = world.account(sellers[0]);
    assert_eq!(honest.seller.get().earned, asy(1));
    assert_eq!(honest.seller.get().delivered, 1);
    assert_eq!(
        world.account(CREATOR).balance,
        Amount::new(asy(10_000).get() + 3 * ASY / 10)
    );
    let fees = before.get() - world.account(BUYER).balance.get() - asy(3).get();
    assert!(
        fees < 10_000_000,
        "the buyer pays the asks and its transaction's fee, {fees} grains"
    );
    assert!(world.ledger.order(&order).is_none());
}

#[test]
fn equal_answers_after_the_verdict_are_paid_too() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    for seller in &sellers {
        world.commit_answer(order, *seller, b"7");
    }
    world.reveal_answer(order, sellers[0], b"7");
    let events = world.reveal_answer(order, sellers[1], b"7");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::VerdictReached { .. }))
    );
    assert!(receipt(&events).is_none(), "one may still reveal");
    assert_eq!(
        world.account(sellers[0]).seller.get().delivered,
        1,
        "the first are paid at once"
    );
    let events = world.reveal_answer(order, sellers[2], b"7");
    assert_eq!(results(&events).len(), 3);
    assert_eq!(receipt(&events).unwrap().price, asy(3));
}

#[test]
fn silence_burns_and_the_rest_still_agree() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    world.commit_answer(order, sellers[0], b"7");
    world.commit_answer(order, sellers[1], b"7");
    let early = world.call(sellers[0], reveal_call(order, b"7"));
    assert_eq!(early, Err(Rejection::RevealsNotOpen));
    let events = world.pass(10_000);
    assert!(events.contains(&Event::RevealsOpened { order }));
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Burnt { account, reason: BurnReason::Silence, .. } if *account == sellers[2]
    )));
    world.reveal_answer(order, sellers[0], b"7");
    let events = world.reveal_answer(order, sellers[1], b"7");
    assert_eq!(receipt(&events).unwrap().verdict, Verdict::Agreed);
}

#[test]
fn without_agreement_only_the_silent_and_the_mismatched_burn() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    for (seller, answer) in sellers.iter().zip([b"1", b"2", b"3"]) {
        world.commit_answer(order, *seller, answer);
    }
    world.reveal_answer(order, sellers[0], b"1");
    let events = world.reveal_answer(order, sellers[1], b"9");
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Revealed { holds: false, .. }))
    );
    let events = world.reveal_answer(order, sellers[2], b"3");
    let receipt = receipt(&events).expect("nobody is waited for");
    assert_eq!(
        receipt.verdict,
        Verdict::Refunded {
            reason: RefundReason::NoQuorum
        }
    );
    assert_eq!((receipt.price, receipt.refund), (Amount::ZERO, asy(6)));
    assert_eq!(world.account(sellers[0]).bond, asy(1_000));
    assert_eq!(world.account(sellers[1]).bond, asy(980));
    assert_eq!(world.account(sellers[2]).bond, asy(1_000));
}

#[test]
fn an_order_whose_quorum_became_impossible_ends_at_once() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    world.commit_answer(order, sellers[0], b"7");
    let events = world.pass(10_000);
    let receipt = receipt(&events).expect("one seller cannot be two");
    assert_eq!(
        receipt.verdict,
        Verdict::Refunded {
            reason: RefundReason::NoQuorum
        }
    );
    assert!(receipt.settled_by.is_none(), "a deadline ended it");
    assert_eq!(
        world.account(sellers[0]).bond,
        asy(1_000),
        "who committed loses nothing"
    );
    assert!(world.ledger.order(&order).is_none());
}

#[test]
fn who_never_reveals_burns_at_the_deadline() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    for seller in &sellers {
        world.commit_answer(order, *seller, b"7");
    }
    world.reveal_answer(order, sellers[0], b"7");
    let events = world.pass(20_000);
    assert_eq!(
        receipt(&events).unwrap().verdict,
        Verdict::Refunded {
            reason: RefundReason::NoQuorum
        }
    );
    assert_eq!(world.account(sellers[0]).bond, asy(1_000));
    assert_eq!(world.account(sellers[2]).bond, asy(980));
}

#[test]
fn a_copied_commitment_cannot_be_opened_by_the_copier() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.start(world.terms(world.quorum(2, 3)));
    let copied = commit_call(world.ledger.chain_id(), order, sellers[0], b"7");
    world.ok(sellers[0], copied.clone());
    world.ok(sellers[1], copied);
    world.commit_answer(order, sellers[2], b"7");
    world.reveal_answer(order, sellers[0], b"7");
    let events = world.reveal_answer(order, sellers[1], b"7");
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Burnt { account, reason: BurnReason::FalseReveal, .. } if *account == sellers[1]
    )));
}

#[test]
fn cancelling_is_free_until_the_work_starts() {
    let mut world = World::with_sellers(3);
    let (order, sellers) = world.place(world.terms(world.quorum(2, 3)));
    world.ok(sellers[0], Call::Accept { order });
    let events = world.ok(BUYER, Call::CancelOrder { order });
    let receipt = receipt(&events).unwrap();
    assert_eq!(
        receipt.verdict,
        Verdict::Refunded {
            reason: RefundReason::Cancelled
        }
    );
    assert_eq!(receipt.refund, asy(6));
    for seller in sellers {
        assert_eq!(world.account(seller).locked, Amount::ZERO);
    }
    assert!(world.ledger.offers().all(|(_, offer)| offer.busy == 0));
}
