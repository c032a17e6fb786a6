//! Overlays: forks side by side, pending ancestors, reload from rows, equal roots.

use super::world::*;
use crate::{BlockEnv, Execution, Ledger, LoadError};
use assay_types::{Call, Height, LedgerTime};

#[test]
fn pending_blocks_execute_like_finalised_ones_and_forks_do_not_meet() {
    let mut world = World::with_sellers(3);
    world.place(world.terms(world.quorum(2, 3)));
    let base = world.ledger.clone();
    let step = |time: u64| BlockEnv {
        height: Height::new(base.height().get() + time),
        time: LedgerTime::new(base.time().get() + time),
        ..world.env(1)
    };
    let pay = |amount| Call::Transfer {
        to: CREATOR,
        amount,
    };
    let first = {
        let mut run = Execution::begin(&base, &[], step(1));
        run.apply(&world.tx(BUYER, pay(asy(1)))).unwrap();
        run.finish()
    };
    let fork = {
        let mut run = Execution::begin(&base, &[], step(1));
        run.apply(&world.tx(BUYER, pay(asy(500)))).unwrap();
        run.finish()
    };
    let over_pending = Execution::begin(&base, &[&first.changes], step(2)).finish();
    let over_fork = Execution::begin(&base, &[&fork.changes], step(2)).finish();

    let mut finalised = base.clone();
    finalised.apply(&first.changes);
    let over_finalised = Execution::begin(&finalised, &[], step(2)).finish();
    assert_eq!(over_pending.changes.rows(), over_finalised.changes.rows());
    finalised.apply(&over_finalised.changes);
    finalised.audit().unwrap();

    let mut other = base.clone();
    other.apply(&fork.changes);
    other.apply(&over_fork.changes);
    other.audit().unwrap();
    assert_eq!(
        base.rows(),
        world.ledger.rows(),
        "nothing was written in place"
    );
    assert_ne!(finalised.rows(), other.rows());
}

#[test]
fn a_ledger_reloaded_from_its_rows_is_the_same() {
    let mut world = World::with_sellers(4);
    world.ok(seller(0), Call::Unbond { amount: asy(1) });
    world.place(world.terms(world.quorum(2, 3)));
    let (order, sellers) = world.start(world.terms(world.quorum(3, 3)));
    world.commit_answer(order, sellers[0], b"7");
    world.ok(CREATOR, register_key_call(MODEL, key_id()));
    let values: Vec<Vec<u8>> = world
        .ledger
        .rows()
        .into_iter()
        .filter_map(|(_, value)| Some(value?.to_vec()))
        .collect();
    let loaded = Ledger::load(&genesis(params()), values.iter().rev().cloned()).unwrap();
    loaded.audit().unwrap();
    assert_eq!(loaded.rows(), world.ledger.rows());
    let next = Execution::begin(&loaded, &[], world.env(2_500)).finish();
    let same = Execution::begin(&world.ledger, &[], world.env(2_500)).finish();
    assert_eq!(
        next.changes.rows(),
        same.changes.rows(),
        "the indexes are the same too"
    );
}

#[test]
fn damaged_rows_are_refused() {
    let world = World::new();
    let rows = || {
        world
            .ledger
            .rows()
            .into_iter()
            .filter_map(|(_, value)| Some(value?.to_vec()))
    };
    let load = |rows: Vec<Vec<u8>>| Ledger::load(&genesis(params()), rows);
    assert!(matches!(load(vec![vec![]]), Err(LoadError::Empty)));
    assert!(matches!(
        load(vec![vec![99, 1]]),
        Err(LoadError::UnknownTable { table: 99 })
    ));
    assert!(matches!(load(Vec::new()), Err(LoadError::NoMeta)));
    let mut cut: Vec<Vec<u8>> = rows().collect();
    cut[0].pop();
    assert!(matches!(load(cut), Err(LoadError::Damaged { .. })));
}
