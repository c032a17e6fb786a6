//! Approvals: delivered, approved, rejected, silent.

use super::world::*;
use assay_types::{Amount, ApprovalCall, BurnReason, Event, PayoutResult, RefundReason, Verdict};

#[test]
fn approving_pays_and_silence_approves() {
    for by_silence in [false, true] {
        let mut world = World::with_sellers(1);
        let (order, sellers) = world.start(world.terms(world.approval()));
        world.ok(sellers[0], deliver_call(order, b"a page"));
        let events = if by_silence {
            world.pass(21_000)
        } else {
            world.ok(BUYER, ApprovalCall::Approve.on(order))
        };
        let receipt = receipt(&events).unwrap();
        let expected = if by_silence {
            Verdict::ApprovedBySilence
        } else {
            Verdict::Approved
        };
        assert_eq!(receipt.verdict, expected);
        assert_eq!((receipt.price, receipt.refund), (asy(1), asy(1)));
        assert_eq!(world.account(sellers[0]).seller.get().delivered, 1);
        assert_eq!(world.account(BUYER).buyer.get().settled, 1);
    }
}

#[test]
fn rejecting_burns_a_tenth_and_is_remembered() {
    let mut world = World::with_sellers(1);
    let (order, sellers) = world.start(world.terms(world.approval()));
    world.ok(sellers[0], deliver_call(order, b"a page"));
    let burnt = world.ledger.burnt();
    let events = world.ok(BUYER, ApprovalCall::Reject.on(order));
    let tenth = Amount::new(ASY / 10);
    assert!(events.contains(&Event::Burnt {
        order,
        account: BUYER,
        amount: tenth,
        reason: BurnReason::RejectedDelivery
    }));
    let receipt = receipt(&events).unwrap();
    assert_eq!(
        receipt.verdict,
        Verdict::Refunded {
            reason: RefundReason::Rejected
        }
    );
    assert_eq!(receipt.refund, Amount::new(2 * ASY - ASY / 10));
    assert_eq!(receipt.payouts[0].result, PayoutResult::Unpaid);
    assert_eq!(world.account(BUYER).buyer.get().rejected, 1);
    assert_eq!(
        world.account(sellers[0]).bond,
        asy(1_000),
        "the seller keeps its bond"
    );
    assert!(world.ledger.burnt() > burnt);
}

#[test]
fn a_seller_that_accepts_and_delivers_nothing_loses_its_lock() {
    let mut world = World::with_sellers(1);
    let (_, sellers) = world.start(world.terms(world.approval()));
    let events = world.pass(11_000);
    let receipt = receipt(&events).unwrap();
    assert_eq!(
        receipt.verdict,
        Verdict::Refunded {
            reason: RefundReason::NothingDelivered
        }
    );
    assert_eq!(receipt.refund, asy(2));
    assert_eq!(world.account(sellers[0]).bond, asy(980));
    assert_eq!(world.account(sellers[0]).seller.get().failed, 1);
}

#[test]
fn a_named_seller_is_drawn_alone() {
    let mut world = World::with_sellers(4);
    let terms = assay_types::Terms {
        seller: Some(seller(2)),
        ..world.terms(world.approval())
    };
    let (_, sellers) = world.place(terms);
    assert_eq!(sellers, [seller(2)]);
}
