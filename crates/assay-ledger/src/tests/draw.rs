//! The draw: who is eligible, redraws, windows, and capture by bond share.

use super::world::*;
use crate::draw_weight;
use assay_types::{Amount, Call, Event, RefundReason, Rejection, ReleaseReason, Verdict};
use std::collections::BTreeMap;

#[test]
fn weight_counts_bond_in_full_and_cheapness_at_most_twice() {
    let check = |bond, ask, max, expected: u128| {
        let weight = draw_weight(Amount::new(bond), Amount::new(ask), Amount::new(max));
        assert_eq!(weight, expected << 32, "bond {bond} ask {ask} max {max}");
    };
    check(1_000, 10, 10, 100);
    check(2_000, 10, 10, 200);
    check(1_000, 5, 10, 200);
    check(1_000, 1, 10, 200);
    check(0, 5, 10, 0);
}

#[test]
fn owners_enter_once_with_their_cheapest_offer() {
    let mut world = World::with_sellers(3);
    for _ in 0..3 {
        world.ok(seller(0), offer(asy(2), 10));
    }
    let mut drawn: BTreeMap<_, u32> = BTreeMap::new();
    for _ in 0..300 {
        let (order, sellers) = world.place(world.terms(world.approval()));
        *drawn.entry(sellers[0]).or_default() += 1;
        world.ok(BUYER, Call::CancelOrder { order });
    }
    let first = drawn[&seller(0)];
    assert!(
        (60..140).contains(&first),
        "four offers of one bond were drawn {first} times of 300"
    );
}

#[test]
fn the_ineligible_are_never_drawn() {
    let mut world = World::with_sellers(2);
    world.ok(seller(2), Call::Bond { amount: asy(19) });
    world.ok(seller(2), offer(asy(1), 10));
    world.ok(seller(3), Call::Bond { amount: asy(1_000) });
    world.ok(seller(3), offer(asy(3), 10));
    world.ok(BUYER, Call::Bond { amount: asy(1_000) });
    world.ok(BUYER, offer(asy(1), 10));
    let too_many = world.call(
        BUYER,
        Call::PlaceOrder {
            terms: world.terms(world.quorum(2, 3)),
        },
    );
    assert_eq!(
        too_many,
        Err(Rejection::TooFewSellers),
        "a lock of 20 ASY, a maximum of 2 ASY"
    );
    let (_, mut drawn) = world.place(world.terms(world.quorum(2, 2)));
    drawn.sort();
    assert_eq!(drawn, [seller(0), seller(1)]);
}

#[test]
fn capacity_is_held_until_the_job_ends() {
    let mut world = World::new();
    world.ok(seller(0), Call::Bond { amount: asy(1_000) });
    world.ok(seller(0), offer(asy(1), 1));
    let (order, _) = world.place(world.terms(world.approval()));
    let next = Call::PlaceOrder {
        terms: world.terms(world.approval()),
    };
    assert_eq!(
        world.call(BUYER, next.clone()),
        Err(Rejection::TooFewSellers)
    );
    world.ok(BUYER, Call::CancelOrder { order });
    world.ok(BUYER, next);
}

#[test]
fn silence_and_declining_lead_to_another_seller() {
    let mut world = World::with_sellers(3);
    let (order, drawn) = world.place(world.terms(world.approval()));
    world.ok(drawn[0], Call::Decline { order });
    let events = world.block(1, &[]).events;
    let second = assigned(&events).expect("the next block draws again");
    assert_ne!(second, drawn[0]);
    let events = world.pass(2_001);
    assert!(events.contains(&Event::Released {
        order,
        seller: second,
        reason: ReleaseReason::NoAnswer
    }));
    let third = assigned(&events).expect("silence is followed by a draw");
    assert!(third != drawn[0] && third != second);
    assert_eq!(world.account(second).locked, Amount::ZERO);
    world.ok(third, Call::Accept { order });
    assert!(world.ledger.order(&order).unwrap().started_at.is_some());
}

fn assigned(events: &[Event]) -> Option<assay_types::AccountId> {
    events.iter().find_map(|event| match event {
        Event::Assigned { seller, .. } => Some(*seller),
        _ => None,
    })
}

#[test]
fn an_order_that_finds_too_few_sellers_is_refunded_in_full() {
    let mut world = World::with_sellers(3);
    let (order, drawn) = world.place(world.terms(world.quorum(2, 3)));
    world.ok(drawn[0], Call::Accept { order });
    let mut events = Vec::new();
    for _ in 0..6 {
        events.extend(world.pass(1_000));
    }
    let receipt = receipt(&events).expect("accept_by has passed");
    assert_eq!(
        receipt.verdict,
        Verdict::Refunded {
            reason: RefundReason::TooFewSellers
        }
    );
    assert_eq!(receipt.refund, asy(6));
    assert_eq!(
        world.account(drawn[0]).bond,
        asy(1_000),
        "who accepted loses nothing"
    );
}

#[test]
fn capture_follows_bond_share() {
    // A cartel with share s of all bond, split over three names, against four others at equal asks. It
    // captures a quorum of two of three with at least two seats.
    let mut world = World::new();
    for (number, bond) in [400, 400, 400, 600, 600, 600, 600].into_iter().enumerate() {
        let account = seller(number as u8);
        if number == 6 {
            world.ok(
                BUYER,
                Call::Transfer {
                    to: account,
                    amount: asy(1_000),
                },
            );
        }
        world.ok(account, Call::Bond { amount: asy(bond) });
        world.ok(account, offer(asy(1), 100));
    }
    let cartel = [seller(0), seller(1), seller(2)];
    let (mut captured, trials) = (0u32, 2_000u32);
    for _ in 0..trials {
        let (order, drawn) = world.place(world.terms(world.quorum(2, 3)));
        let seats = drawn
            .iter()
            .filter(|seller| cartel.contains(seller))
            .count();
        captured += u32::from(seats >= 2);
        world.ok(BUYER, Call::CancelOrder { order });
    }
    let expected = exact_capture(&[400, 400, 400], &[600; 4]);
    let seen = f64::from(captured) / f64::from(trials);
    let sigma = (expected * (1.0 - expected) / f64::from(trials)).sqrt();
    assert!(
        (seen - expected).abs() < 4.0 * sigma,
        "expected {expected:.3}, saw {seen:.3}"
    );
}

/// Probability that at least two of three picks without replacement fall on `cartel`, by enumeration.
fn exact_capture(cartel: &[u64], others: &[u64]) -> f64 {
    let weights: Vec<(u64, bool)> = cartel
        .iter()
        .map(|bond| (*bond, true))
        .chain(others.iter().map(|bond| (*bond, false)))
        .collect();
    fn go(left: &[(u64, bool)], picks: u32, seats: u32) -> f64 {
        if picks == 0 {
            return f64::from(u8::from(seats >= 2));
        }
        let total: u64 = left.iter().map(|(bond, _)| bond).sum();
        (0..left.len())
            .map(|index| {
                let mut rest = left.to_vec();
                let (bond, in_cartel) = rest.remove(index);
                bond as f64 / total as f64 * go(&rest, picks - 1, seats + u32::from(in_cartel))
            })
            .sum()
    }
    go(&weights, 3, 0)
}
