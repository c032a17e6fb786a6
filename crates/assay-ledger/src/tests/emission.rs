//! The schedule against its formula, who is paid what, and that trading with oneself loses.

use super::world::*;
use crate::{BlockEnv, Executed, Execution, GenesisError, Ledger, Schedule, rows::Account};
use assay_types::{
    AccountId, Amount, BasisPoints, Call, Check, EmissionParams, Event, LedgerTime, NameParams,
    Params, SUPPLY_MAX,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const EPOCH_MS: u64 = 100_000;

fn emission() -> EmissionParams {
    EmissionParams {
        total: asy(1_000_000),
        epoch_ms: EPOCH_MS,
        half_life_epochs: 100,
        ..EmissionParams::default()
    }
}

fn world(emission: EmissionParams) -> World {
    World::with(Params {
        emission,
        ..params()
    })
}

fn schedule(params: EmissionParams) -> Schedule {
    Schedule::new(LedgerTime::new(START), params)
}

/// A block of `leader`'s without transactions, at `time` after the start.
fn block_by(world: &mut World, leader: AccountId, ms_after_start: u64) -> Executed {
    let env = BlockEnv {
        time: LedgerTime::new(START + ms_after_start),
        leader,
        ..world.env(1)
    };
    let executed = Execution::begin(&world.ledger, &[], env).finish();
    world.commit(&executed);
    executed
}

fn emitted(executed: &Executed) -> Vec<(u64, AccountId, u64, Amount)> {
    let paid = executed.events.iter().filter_map(|event| match event {
        Event::Emitted {
            epoch,
            to,
            blocks,
            amount,
        } => Some((*epoch, *to, *blocks, *amount)),
        _ => None,
    });
    paid.collect()
}

#[test]
fn the_schedule_is_its_formula() {
    let params = EmissionParams::default();
    let schedule = schedule(params);
    let total = params.total.get();
    assert_eq!(schedule.remaining(0), params.total);
    for halvings in 1..70 {
        let left = schedule.remaining(halvings * u64::from(params.half_life_epochs));
        assert_eq!(left.get(), total.checked_shr(halvings as u32).unwrap_or(0));
    }
    for epochs in (0..2_000_000).step_by(997) {
        let exact = total as f64 * (-(epochs as f64) / f64::from(params.half_life_epochs)).exp2();
        let left = schedule.remaining(epochs).get() as f64;
        let error = (left - exact).abs();
        assert!(
            error <= 1.0 + exact * 1e-13,
            "{epochs}: {left} is not {exact}"
        );
    }
    assert_eq!(schedule.remaining(u64::MAX), Amount::ZERO);
    assert_eq!(schedule.emission(u64::MAX), Amount::ZERO);
}

#[test]
fn the_first_hour_of_a_real_network() {
    // By hand: 5·10⁸ ASY · (1 − 2^(−1/35064)) = 9 883.89… ASY.
    let schedule = schedule(EmissionParams::default());
    let hour = schedule.emission(0).get();
    assert_eq!(hour / ASY, 9_883);
    assert_eq!(schedule.validators(0).get(), hour * 3 / 10);
    assert_eq!(schedule.rebates_max(0).get(), hour / 5);
}

proptest! {
    #[test]
    fn the_rest_only_falls_and_all_epochs_together_emit_at_most_the_total(
        total in 0..=SUPPLY_MAX.get(),
        half_life_epochs in 1..=u32::MAX,
        from in 0..u64::from(u32::MAX) * 70,
    ) {
        let total = Amount::new(total);
        let schedule = schedule(EmissionParams { total, half_life_epochs, ..emission() });
        let mut sum = schedule.remaining(from);
        prop_assert!(sum <= total);
        for epoch in (from.saturating_sub(50)..from).rev() {
            prop_assert!(schedule.remaining(epoch) >= schedule.remaining(epoch + 1));
            sum = sum.checked_add(schedule.emission(epoch)).unwrap();
            prop_assert_eq!(sum, schedule.remaining(epoch));
        }
    }
}

#[test]
fn leaders_are_paid_by_their_blocks_when_the_next_epoch_begins() {
    let mut world = world(emission());
    let issued = world.ledger.issued();
    for (leader, ms) in [
        (seller(0), 10),
        (seller(1), 20),
        (seller(0), 30),
        (LEADER, 40),
    ] {
        let executed = block_by(&mut world, leader, ms);
        assert!(emitted(&executed).is_empty());
    }
    assert_eq!(world.ledger.leaders().count(), 3);
    let before: BTreeMap<AccountId, Account> = accounts(&world.ledger);
    let share = world.ledger.epoch().validators.get();
    let executed = block_by(&mut world, seller(1), EPOCH_MS);
    let (quarter, half) = (Amount::new(share / 4), Amount::new(share / 2));
    assert_eq!(
        emitted(&executed),
        [
            (0, LEADER, 1, quarter),
            (0, seller(0), 2, half),
            (0, seller(1), 1, quarter)
        ]
    );
    let minted = quarter.get() * 2 + half.get();
    assert_eq!(world.ledger.issued().get(), issued.get() + minted);
    for (account, row) in accounts(&world.ledger) {
        let gained = row.balance.get() - before.get(&account).map_or(0, |row| row.balance.get());
        let expected = if account == seller(0) {
            half.get()
        } else if account == seller(1) || account == LEADER {
            quarter.get()
        } else {
            0
        };
        assert_eq!(gained, expected, "{account}");
    }
    // Meta, three accounts, three counts; nobody else's row.
    assert_eq!(executed.changes.rows().len(), 7);
    assert_eq!(
        world.ledger.leaders().collect::<Vec<_>>(),
        [(&seller(1), &1)],
        "the block that turns the epoch counts for the new one"
    );
}

fn accounts(ledger: &Ledger) -> BTreeMap<AccountId, Account> {
    ledger
        .accounts()
        .map(|(id, row)| (*id, row.clone()))
        .collect()
}

#[test]
fn epochs_without_blocks_and_shares_without_takers_are_not_minted() {
    let mut world = world(emission());
    let issued = world.ledger.issued();
    block_by(&mut world, LEADER, 10);
    let share = world.ledger.epoch().validators;
    let executed = block_by(&mut world, LEADER, 7 * EPOCH_MS + 5);
    assert_eq!(emitted(&executed), [(0, LEADER, 1, share)]);
    assert_eq!(world.ledger.epoch().epoch, 7);
    assert_eq!(
        world.ledger.epoch().ends_at,
        LedgerTime::new(START + 8 * EPOCH_MS)
    );
    let executed = block_by(&mut world, LEADER, 8 * EPOCH_MS);
    let seventh = schedule(emission()).validators(7);
    assert_eq!(emitted(&executed), [(7, LEADER, 1, seventh)]);
    let minted = share.get() + seventh.get();
    assert_eq!(world.ledger.issued().get() - issued.get(), minted);
    assert!(seventh < share, "it falls");
}

fn rebates(events: &[Event]) -> Vec<(AccountId, Amount)> {
    let rebates = events.iter().filter_map(|event| match event {
        Event::Rebated { seller, amount, .. } => Some((*seller, *amount)),
        _ => None,
    });
    rebates.collect()
}

/// Has one order of one seller settled; its events.
fn settle(world: &mut World) -> Vec<Event> {
    let (order, sellers) = world.start(world.terms(world.quorum(1, 1)));
    world.commit_answer(order, sellers[0], b"7");
    world.reveal_answer(order, sellers[0], b"7")
}

#[test]
fn a_seller_gets_half_of_the_fee_back_until_the_epochs_rebates_are_spent() {
    // The market fee of 1 ASY is 0.005 ASY. 1 000 ASY emit 6.9 ASY at first: a share of 8 basis points is
    // 0.0055 ASY, two rebates and a part of a third.
    let mut world = world(EmissionParams {
        total: asy(1_000),
        rebates: BasisPoints::new(8),
        validators: BasisPoints::new(0),
        ..emission()
    });
    world.ok(seller(0), Call::Bond { amount: asy(1_000) });
    world.ok(seller(0), offer(asy(1), 100));
    let issued = world.ledger.issued();
    let half = Amount::new(ASY * 50 / 10_000 / 2);
    let max = world.ledger.epoch().rebates_max;
    let rest = Amount::new(max.get() - 2 * half.get());
    assert!(rest < half && !rest.is_zero());
    for expected in [vec![half], vec![half], vec![rest], vec![]] {
        let before = world.account(seller(0)).balance;
        let events = settle(&mut world);
        let amounts: Vec<Amount> = rebates(&events).iter().map(|(_, amount)| *amount).collect();
        assert_eq!(amounts, expected);
        let net = ASY - ASY * 50 / 10_000 - ASY / 10;
        let fees = before.get() + net + amounts.iter().map(|amount| amount.get()).sum::<u64>()
            - world.account(seller(0)).balance.get();
        assert!(
            fees < 20_000,
            "besides its transactions' fees nothing is lost"
        );
    }
    assert_eq!(world.ledger.epoch().rebated, max);
    assert_eq!(world.ledger.issued().get() - issued.get(), max.get());
    // The next epoch has its own.
    let turn = world.ledger.epoch().ends_at.since(world.ledger.time());
    world.pass(turn);
    assert_eq!(world.ledger.epoch().rebated, Amount::ZERO);
    assert_eq!(rebates(&settle(&mut world)), [(seller(0), half)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Buyer, sellers, the model's author and the leader are one and the same person. Whatever the market
    /// fee, the asks, the royalties and the size of the rebates, it owns less after each order.
    #[test]
    fn a_ring_that_trades_with_itself_always_loses(
        market_fee in 0..=9_000u16,
        rebates in 0..=10_000u16,
        total in 0..=4_000_000u64,
        asks in proptest::collection::vec(1..=2 * ASY, 3..=3),
        orders in proptest::collection::vec((1..=3u8, any::<bool>()), 1..4),
    ) {
        let mut world = World::with(Params {
            market_fee: BasisPoints::new(market_fee),
            emission: EmissionParams {
                total: asy(total),
                rebates: BasisPoints::new(rebates),
                validators: BasisPoints::new(0),
                topics: BasisPoints::new(0),
                treasury: BasisPoints::new(0),
                ..emission()
            },
            ..params()
        });
        for (number, ask) in (0..).zip(&asks) {
            world.ok(seller(number), Call::Bond { amount: asy(1_000) });
            world.ok(seller(number), offer(Amount::new(*ask), 100));
        }
        for (of, approval) in orders {
            let before = wealth(&world.ledger);
            let (burnt, issued) = (world.ledger.burnt(), world.ledger.issued());
            let check = if approval { world.approval() } else { world.quorum(of, of) };
            let (order, sellers) = world.start(world.terms(check));
            let mut events = Vec::new();
            if let Check::Approval { .. } = check {
                events.extend(world.ok(sellers[0], deliver_call(order, b"7")));
                events.extend(world.ok(BUYER, assay_types::ApprovalCall::Approve.on(order)));
            } else {
                for seller in &sellers {
                    world.commit_answer(order, *seller, b"7");
                }
                for seller in &sellers {
                    events.extend(world.reveal_answer(order, *seller, b"7"));
                }
            }
            prop_assert!(receipt(&events).is_some(), "the order settled");
            prop_assert!(wealth(&world.ledger) < before);
            let minted = world.ledger.issued().get() - issued.get();
            let fees: u64 = events.iter().map(|event| match event {
                Event::Paid { fee, .. } => fee.get(),
                _ => 0,
            }).sum();
            prop_assert!(minted <= fees / 2, "{} came back of {}", minted, fees);
            prop_assert!(world.ledger.burnt().get() - burnt.get() > fees);
        }
    }
}

fn wealth(ledger: &Ledger) -> u64 {
    let accounts = ledger.accounts();
    let held = accounts.map(|(_, row)| row.balance.get() + row.bond.get());
    held.sum::<u64>()
        + ledger
            .orders()
            .map(|(_, row)| row.escrow.get())
            .sum::<u64>()
}

#[test]
fn a_genesis_that_could_issue_too_much_or_never_turns_is_refused() {
    let refused = |params| Ledger::genesis(&genesis(params)).unwrap_err();
    let with = |emission| Params {
        emission,
        ..params()
    };
    // The world's eight accounts hold 10 000 ASY each.
    let rest = Amount::new(SUPPLY_MAX.get() - 80_000 * ASY);
    let full = EmissionParams {
        total: rest,
        ..emission()
    };
    assert!(Ledger::genesis(&genesis(with(full))).is_ok());
    let over = EmissionParams {
        total: Amount::new(rest.get() + 1),
        ..full
    };
    assert_eq!(refused(with(over)), GenesisError::TooMuchMoney);
    let endless = EmissionParams {
        total: Amount::new(u64::MAX),
        ..full
    };
    assert_eq!(refused(with(endless)), GenesisError::TooMuchMoney);
    for standing in [
        EmissionParams {
            epoch_ms: 0,
            ..full
        },
        EmissionParams {
            half_life_epochs: 0,
            ..full
        },
    ] {
        assert!(matches!(
            refused(with(standing)),
            GenesisError::ZeroParameter { .. }
        ));
    }
    let greedy = EmissionParams {
        topics: BasisPoints::new(4_001),
        ..full
    };
    assert!(matches!(
        refused(with(greedy)),
        GenesisError::ShareTooLarge { .. }
    ));
    let names = NameParams {
        reserved_ms_min: 10_000,
        ..params().names
    };
    assert_eq!(
        refused(Params { names, ..params() }),
        GenesisError::NeverRipe
    );
}
