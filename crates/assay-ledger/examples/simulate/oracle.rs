//! What must hold, re-derived in plain integers from the rows alone; no production predicate is asked.

use crate::world::ORDER_MS_MAX;
use assay_ledger::Ledger;
use assay_types::SUPPLY_MAX;

/// Expiries may lag behind a heap of deadlines for this long.
const BACKLOG_MS: u64 = 60_000;

/// Balances + bonds + unbondings + escrow + burnt = issued.
pub(crate) fn check_sums(ledger: &Ledger) {
    let mut held: u128 = u128::from(ledger.burnt().get());
    for (id, row) in ledger.accounts() {
        held += u128::from(row.balance.get()) + u128::from(row.bond.get());
        assert!(
            row.locked.get() <= row.bond.get(),
            "{id} has locked more than it bonded"
        );
        held += ledger
            .unbondings(*id)
            .map(|(_, row)| u128::from(row.amount.get()))
            .sum::<u128>();
    }
    held += ledger
        .orders()
        .map(|(_, row)| u128::from(row.escrow.get()))
        .sum::<u128>();
    assert_eq!(
        held,
        u128::from(ledger.issued().get()),
        "money came or went"
    );
    assert!(
        ledger.issued() <= SUPPLY_MAX,
        "more was issued than can exist"
    );
}

/// No order outlives its longest life and the backlog.
pub(crate) fn check_nothing_is_stuck(ledger: &Ledger) {
    let now = ledger.time().get();
    for (id, row) in ledger.orders() {
        let age = now - row.placed_at.get();
        assert!(
            age <= ORDER_MS_MAX + BACKLOG_MS,
            "order {id} is {age} ms old"
        );
    }
}

/// Nothing is open, held or under way any more.
pub(crate) fn check_all_ended(ledger: &Ledger) {
    assert_eq!(ledger.orders().count(), 0, "escrow is stuck");
    for (id, row) in ledger.accounts() {
        assert_eq!(
            (row.locked.get(), row.orders, row.unbondings),
            (0, 0, 0),
            "{id} is stuck"
        );
    }
    assert!(
        ledger.offers().all(|(_, row)| row.busy == 0),
        "capacity is stuck"
    );
    assert_eq!(ledger.names().count(), 0, "a name is stuck");
    for (id, _) in ledger.accounts() {
        assert!(
            ledger.reservation(id).is_none(),
            "a reservation of {id} is stuck"
        );
    }
}
