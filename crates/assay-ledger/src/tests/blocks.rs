//! Blocks: fees, tips, base fee, room and its reserved part, failures, bounded expiries.

use super::world::*;
use crate::Execution;
use assay_types::{
    Amount, Call, Event, FeeRate, Invalid, Params, RefundReason, Rejection, Verdict, Weight,
};

#[test]
fn a_failure_pays_and_changes_nothing_else() {
    let mut world = World::new();
    let before = world.account(BUYER);
    let tx = world.tx(
        BUYER,
        Call::Transfer {
            to: CREATOR,
            amount: asy(20_000),
        },
    );
    let tx = altered(&tx, |body| body.tip = Amount::new(77));
    let executed = world.try_block(1, std::slice::from_ref(&tx)).unwrap();
    world.commit(&executed);
    let outcome = executed.outcomes[0];
    assert_eq!(outcome.rejection, Some(Rejection::InsufficientFunds));
    assert_eq!(outcome.fee.get(), tx.weight().get());
    assert_eq!(
        executed.events,
        [Event::Failed {
            transaction: tx.id(),
            rejection: Rejection::InsufficientFunds
        }]
    );
    let paid = before.balance.get() - world.account(BUYER).balance.get();
    assert_eq!(paid, outcome.fee.get() + 77);
    assert_eq!(
        world.account(LEADER).balance,
        Amount::new(77),
        "the tip is the leader's in full"
    );
    assert_eq!(world.ledger.burnt(), outcome.fee, "the fee burns");
    assert_eq!(world.account(CREATOR).balance, asy(10_000));
    assert_eq!(
        world.ledger.next_sequence(BUYER, Default::default()),
        1,
        "the sequence is consumed"
    );
}

#[test]
fn a_call_that_fails_half_way_leaves_no_trace() {
    let mut world = World::with_sellers(1);
    let (order, sellers) = world.place(world.terms(world.approval()));
    let rows = world.ledger.rows();
    let executed = world.block(
        1,
        &[
            (sellers[0], Call::Accept { order }),
            (sellers[0], Call::Accept { order }),
        ],
    );
    assert_eq!(
        executed.outcomes[1].rejection,
        Some(Rejection::AlreadyAccepted)
    );
    assert_ne!(world.ledger.rows(), rows);
    assert_eq!(world.ledger.order(&order).unwrap().seats.len(), 1);
}

#[test]
fn the_base_fee_follows_demand_and_never_falls_below_its_minimum() {
    let mut world = World::with(Params {
        block_weight_max: Weight::new(200_000),
        base_fee_min: FeeRate::new(100),
        ..params()
    });
    let pay = (
        BUYER,
        Call::Transfer {
            to: CREATOR,
            amount: Amount::new(1),
        },
    );
    let many: Vec<_> = std::iter::repeat_n(pay, 85).collect();
    let mut fees = vec![world.ledger.base_fee().get()];
    for _ in 0..4 {
        world.block(1, &many);
        fees.push(world.ledger.base_fee().get());
    }
    assert!(
        fees.windows(2).all(|pair| pair[1] > pair[0]),
        "full blocks raise it: {fees:?}"
    );
    assert!(
        fees.windows(2)
            .all(|pair| pair[1] <= pair[0] + pair[0] / 8 + 1)
    );
    for _ in 0..20 {
        world.block(1, &[]);
    }
    assert_eq!(world.ledger.base_fee(), FeeRate::new(100));
}

#[test]
fn a_quarter_of_a_block_is_kept_for_checks_at_the_lowest_price() {
    let mut world = World::with(Params {
        block_weight_max: Weight::new(60_000),
        ..params()
    });
    for number in 0..2 {
        world.ok(seller(number), Call::Bond { amount: asy(1_000) });
        world.ok(seller(number), offer(asy(1), 100));
    }
    let (order, sellers) = world.start(world.terms(world.quorum(2, 2)));
    let chain = world.ledger.chain_id();
    // Demand has raised the base fee, and transfers fill all they may.
    let pay = |world: &World, ahead: u64| {
        let tx = world.tx(
            BUYER,
            Call::Transfer {
                to: CREATOR,
                amount: Amount::new(1),
            },
        );
        altered(&tx, |body| body.sequence += ahead)
    };
    let mut execution = Execution::begin(&world.ledger, &[], world.env(1));
    let mut filled = 0;
    loop {
        match execution.apply(&pay(&world, filled)) {
            Ok(_) => filled += 1,
            Err(invalid) => break assert_eq!(invalid, Invalid::BlockFull),
        }
    }
    let commit = world.tx(sellers[0], commit_call(chain, order, sellers[0], b"7"));
    let outcome = *execution
        .apply(&commit)
        .expect("a party's check call still fits");
    assert_eq!(outcome.rejection, None);
    assert_eq!(
        outcome.fee,
        world.ledger.params().base_fee_min.price(commit.weight())
    );
    let stranger = world.tx(CREATOR, commit_call(chain, order, CREATOR, b"7"));
    assert_eq!(
        execution.apply(&stranger),
        Err(Invalid::BlockFull),
        "a stranger's does not"
    );
    let executed = execution.finish();
    assert!(executed.weight.get() <= 60_000);
}

#[test]
fn what_is_heavier_than_a_block_is_refused_for_good() {
    let world = World::with(Params {
        block_weight_max: Weight::new(1_000),
        ..params()
    });
    let tx = world.tx(
        BUYER,
        Call::Transfer {
            to: CREATOR,
            amount: asy(1),
        },
    );
    let invalid = world.try_block(1, &[tx]).unwrap_err();
    assert!(matches!(invalid, Invalid::TooHeavy { .. }) && invalid.is_permanent());
}

#[test]
fn a_mass_expiry_spreads_over_blocks_and_harms_nobody() {
    let mut world = World::with(Params {
        expiries_per_block_max: 2,
        ..params()
    });
    world.ok(seller(0), Call::Bond { amount: asy(1_000) });
    world.ok(seller(0), offer(asy(1), 100));
    for _ in 0..5 {
        world.ok(
            BUYER,
            Call::PlaceOrder {
                terms: world.terms(world.approval()),
            },
        );
    }
    let offer = world.any_offer();
    world.ok(seller(0), Call::WithdrawOffer { offer });
    let mut closed = 0;
    let mut blocks = 0;
    while world.ledger.orders().next().is_some() {
        let events = world.block(6_000, &[]).events;
        let now = events
            .iter()
            .filter(|event| matches!(event, Event::Closed { .. }))
            .count();
        assert!(now <= 2);
        closed += now;
        blocks += 1;
        assert!(blocks < 20, "every order ends");
    }
    assert_eq!(closed, 5);
    assert_eq!(world.account(BUYER).orders, 0);
    assert_eq!(world.account(seller(0)).locked, Amount::ZERO);
}

#[test]
fn work_due_is_told_to_the_proposer() {
    let mut world = World::with_sellers(1);
    let now = world.ledger.time();
    assert!(!world.ledger.has_work_due(now.after(1_000_000)));
    world.ok(
        BUYER,
        Call::PlaceOrder {
            terms: world.terms(world.approval()),
        },
    );
    assert!(
        world.ledger.has_work_due(world.ledger.time()),
        "a draw waits"
    );
    world.block(1, &[]);
    let now = world.ledger.time();
    assert!(!world.ledger.has_work_due(now.after(1_999)));
    assert!(
        world.ledger.has_work_due(now.after(2_001)),
        "the window to accept closes"
    );
}

#[test]
fn an_order_whose_sellers_vanish_is_refunded() {
    let mut world = World::with_sellers(1);
    world.ok(
        BUYER,
        Call::PlaceOrder {
            terms: world.terms(world.approval()),
        },
    );
    let (offer, order) = (world.any_offer(), world.any_order());
    // The offer goes in the same block as would draw it, before the draw of the one after.
    world.ok(seller(0), Call::Decline { order });
    world.ok(seller(0), Call::WithdrawOffer { offer });
    let mut events = Vec::new();
    for _ in 0..8 {
        events.extend(world.pass(1_000));
    }
    let verdict = receipt(&events).expect("it ends").verdict;
    assert_eq!(
        verdict,
        Verdict::Refunded {
            reason: RefundReason::TooFewSellers
        }
    );
}
