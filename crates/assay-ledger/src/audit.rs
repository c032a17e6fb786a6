//! Invariants: cheap ones after every block, all of them on demand.

use crate::{
    rows::{PoolKey, Stage, Wake},
    tables::{ONLY, State, Tables},
};
use assay_types::{AccountId, Amount, OrderId, TopicId};
use std::collections::BTreeMap;

/// Where the money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Spendable.
    pub balances: u128,
    /// Bonded.
    pub bonds: u128,
    /// On its way from bond to balance.
    pub unbonding: u128,
    /// Held for open orders.
    pub escrow: u128,
    /// Behind keys of topics.
    pub staked: u128,
    /// Held by topics for those who will earn it.
    pub topic_fees: u128,
    /// Destroyed.
    pub burnt: u128,
    /// All that was ever issued.
    pub issued: u128,
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Money came or went.
    #[error("money is not conserved: {0:?}")]
    NotConserved(Box<Totals>),
    /// A lock that no seat explains, or a seat without its lock.
    #[error("account {account} has {locked} locked, its jobs hold {expected}")]
    Locks {
        /// The account.
        account: AccountId,
        /// What the account says.
        locked: Amount,
        /// What its seats say.
        expected: u128,
    },
    /// An order that time cannot move on, or with the wrong escrow.
    #[error("order {order} is stuck: {what}")]
    Stuck {
        /// The order.
        order: OrderId,
        /// What is wrong.
        what: &'static str,
    },
    /// A topic that does not follow its pools.
    #[error("topic {topic} is inconsistent: {what}")]
    Topic {
        /// The topic.
        topic: TopicId,
        /// What is wrong.
        what: &'static str,
    },
    /// An index that does not follow its rows.
    #[error("index {index} is out of step with its rows")]
    Index {
        /// Its name.
        index: &'static str,
    },
    /// A counter that does not follow its rows.
    #[error("account {account} counts {counted} {what}, there are {actual}")]
    Counter {
        /// The account.
        account: AccountId,
        /// What is counted.
        what: &'static str,
        /// What the account says.
        counted: u32,
        /// What there is.
        actual: u32,
    },
}

/// Asserts that what this block changed sums to nothing.
pub(crate) fn assert_conserved(state: &State<'_>) {
    let mut difference: i128 = 0;
    let mut add = |after: u128, before: u128| {
        let change = i128::try_from(after)
            .and_then(|after| i128::try_from(before).map(|before| after.saturating_sub(before)))
            .expect("sums of u64 fit i128");
        difference = difference.saturating_add(change);
    };
    for (_, before, after) in state.accounts.changed() {
        let money = |row: Option<&crate::rows::Account>| {
            row.map_or(0, |row| wide(row.balance).saturating_add(wide(row.bond)))
        };
        add(money(after), money(before));
        let locks_hold = after.is_none_or(|row| row.locked <= row.bond);
        assert!(locks_hold, "a lock never exceeds its bond");
    }
    for (_, before, after) in state.orders.changed() {
        let escrow = |row: Option<&crate::rows::Order>| row.map_or(0, |row| wide(row.escrow));
        add(escrow(after), escrow(before));
    }
    for (_, before, after) in state.unbondings.changed() {
        let amount = |row: Option<&crate::rows::Unbonding>| row.map_or(0, |row| wide(row.amount));
        add(amount(after), amount(before));
    }
    for (_, before, after) in state.pools.changed() {
        let total = |row: Option<&crate::rows::Pool>| row.map_or(0, |row| wide(row.total));
        add(total(after), total(before));
    }
    for (_, before, after) in state.topics.changed() {
        let fees = |row: Option<&crate::rows::Topic>| row.map_or(0, |row| wide(row.fees));
        add(fees(after), fees(before));
    }
    for (_, before, after) in state.meta.changed() {
        let burnt = |row: Option<&crate::rows::Meta>| row.map_or(0, |row| wide(row.burnt));
        add(burnt(after), burnt(before));
        let issued = |row: Option<&crate::rows::Meta>| row.map_or(0, |row| wide(row.issued));
        add(issued(before), issued(after));
    }
    assert_eq!(
        difference, 0,
        "balances + bonds + unbondings + escrow + staked + topics' fees + burnt = issued"
    );
}

/// Checks everything.
pub(crate) fn audit(tables: &Tables) -> Result<Totals, AuditError> {
    let totals = totals(tables);
    let held = [
        totals.balances,
        totals.bonds,
        totals.unbonding,
        totals.escrow,
        totals.staked,
        totals.topic_fees,
        totals.burnt,
    ];
    if held
        .iter()
        .fold(0u128, |sum, part| sum.saturating_add(*part))
        != totals.issued
    {
        return Err(AuditError::NotConserved(Box::new(totals)));
    }
    audit_orders(tables)?;
    audit_accounts(tables)?;
    audit_topics(tables)?;
    let mut rebuilt = tables.clone();
    rebuilt.rebuild_indexes();
    for (index, same) in [
        ("book", rebuilt.book == tables.book),
        ("draws", rebuilt.draws == tables.draws),
        ("wakes", rebuilt.wakes == tables.wakes),
        ("parties", rebuilt.parties == tables.parties),
        ("held", rebuilt.held == tables.held),
        ("members", rebuilt.members == tables.members),
    ] {
        if !same {
            return Err(AuditError::Index { index });
        }
    }
    Ok(totals)
}

fn totals(tables: &Tables) -> Totals {
    let sum = |amounts: &mut dyn Iterator<Item = Amount>| {
        amounts.fold(0u128, |sum, amount| sum.saturating_add(wide(amount)))
    };
    let meta = tables.meta.get(&ONLY);
    Totals {
        balances: sum(&mut tables.accounts.values().map(|row| row.balance)),
        bonds: sum(&mut tables.accounts.values().map(|row| row.bond)),
        unbonding: sum(&mut tables.unbondings.values().map(|row| row.amount)),
        escrow: sum(&mut tables.orders.values().map(|row| row.escrow)),
        staked: sum(&mut tables.pools.values().map(|row| row.total)),
        topic_fees: sum(&mut tables.topics.values().map(|row| row.fees)),
        burnt: meta.map_or(0, |row| wide(row.burnt)),
        issued: meta.map_or(0, |row| wide(row.issued)),
    }
}

fn audit_orders(tables: &Tables) -> Result<(), AuditError> {
    for (id, order) in &tables.orders {
        let stuck = |what| Err(AuditError::Stuck { order: *id, what });
        let wakes = tables.wakes.contains_key(&crate::rows::WakeKey {
            at: order.wake_at,
            what: Wake::Order(*id),
        });
        if !wakes {
            return stuck("no deadline is indexed");
        }
        let sellers = u64::from(order.terms.check.sellers());
        let full = wide(order.terms.price_max).saturating_mul(u128::from(sellers));
        let paid = order
            .seats
            .iter()
            .fold(0u128, |sum, seat| sum.saturating_add(wide(seat.paid)));
        if wide(order.escrow).saturating_add(paid) != full {
            return stuck("escrow and payments are not the buyer's maximum");
        }
        if order.stage == Stage::Drawing && order.started_at.is_some() {
            return stuck("it is drawing but has started");
        }
    }
    Ok(())
}

/// Shares of each pool are its stakers', and each topic knows what stands behind its keys.
fn audit_topics(tables: &Tables) -> Result<(), AuditError> {
    let mut shares: BTreeMap<PoolKey, u128> = BTreeMap::new();
    for (key, staker) in &tables.stakers {
        let pool = PoolKey {
            topic: key.topic,
            key: key.key,
        };
        let sum = shares.entry(pool).or_default();
        *sum = sum.saturating_add(u128::from(staker.shares));
    }
    let mut stakes: BTreeMap<TopicId, u128> = BTreeMap::new();
    for (key, pool) in &tables.pools {
        let topic = key.topic;
        if shares.remove(key) != Some(u128::from(pool.shares)) {
            let what = "a pool's shares are not its stakers'";
            return Err(AuditError::Topic { topic, what });
        }
        let sum = stakes.entry(topic).or_default();
        *sum = sum.saturating_add(wide(pool.total));
    }
    if let Some((key, _)) = shares.first_key_value() {
        return Err(AuditError::Topic {
            topic: key.topic,
            what: "a staker has no pool",
        });
    }
    for (topic, row) in &tables.topics {
        if stakes.remove(topic).unwrap_or_default() != wide(row.stake) {
            return Err(AuditError::Topic {
                topic: *topic,
                what: "its stake is not that of its pools",
            });
        }
    }
    Ok(())
}

fn audit_accounts(tables: &Tables) -> Result<(), AuditError> {
    #[derive(Default)]
    struct Expected {
        locked: u128,
        orders: u32,
        offers: u32,
        unbondings: u32,
    }
    let mut expected: BTreeMap<AccountId, Expected> = BTreeMap::new();
    for order in tables.orders.values() {
        let buyer = expected.entry(order.buyer).or_default();
        buyer.orders = buyer.orders.saturating_add(1);
        for seat in order.seats.iter().filter(|seat| !seat.state.is_over()) {
            let held = seat.lock.saturating_sub(seat.burnt);
            let seller = expected.entry(seat.seller).or_default();
            seller.locked = seller.locked.saturating_add(wide(held));
        }
    }
    for offer in tables.offers.values() {
        let seller = expected.entry(offer.seller).or_default();
        seller.offers = seller.offers.saturating_add(1);
    }
    for key in tables.unbondings.keys() {
        let account = expected.entry(key.account).or_default();
        account.unbondings = account.unbondings.saturating_add(1);
    }
    for (id, row) in tables.accounts.iter() {
        let expected = expected.remove(id).unwrap_or_default();
        if wide(row.locked) != expected.locked || row.locked > row.bond {
            return Err(AuditError::Locks {
                account: *id,
                locked: row.locked,
                expected: expected.locked,
            });
        }
        for (what, counted, actual) in [
            ("orders", row.orders, expected.orders),
            ("offers", row.offers, expected.offers),
            ("unbondings", row.unbondings, expected.unbondings),
        ] {
            if counted != actual {
                return Err(AuditError::Counter {
                    account: *id,
                    what,
                    counted,
                    actual,
                });
            }
        }
    }
    Ok(())
}

fn wide(amount: Amount) -> u128 {
    u128::from(amount.get())
}
