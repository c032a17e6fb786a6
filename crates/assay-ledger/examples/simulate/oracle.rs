//! What must hold, re-derived in plain integers from the rows alone; no production predicate is asked.

use crate::world::ORDER_MS_MAX;
use assay_ledger::{Ledger, rows::PoolKey};
use assay_types::{AccountId, Amount, Event, SUPPLY_MAX, TopicId, TopicRole};
use std::collections::{BTreeMap, BTreeSet};

/// Expiries may lag behind a heap of deadlines for this long.
const BACKLOG_MS: u64 = 60_000;

/// Balances + bonds + unbondings + escrow + stakes + topics' fees + burnt = issued.
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
    held += ledger.pools().map(|(_, row)| wide(row.total)).sum::<u128>();
    held += ledger.topics().map(|(_, row)| wide(row.fees)).sum::<u128>();
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
    for (id, row) in ledger.topics() {
        let late = now.saturating_sub(row.epoch_ends_at.get());
        assert!(
            late <= BACKLOG_MS,
            "topic {id} is not settled after {late} ms"
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

/// Slots are held by one key each, a key holds at most one, and what stands behind a key is its stakers', to the grain.
pub(crate) fn check_topics(ledger: &Ledger) {
    let mut stakes: BTreeMap<TopicId, u128> = BTreeMap::new();
    for (key, pool) in ledger.pools() {
        *stakes.entry(key.topic).or_default() += wide(pool.total);
    }
    for (id, row) in ledger.topics() {
        let slots: Vec<u16> = ledger.topic_slots(*id).map(|(slot, _)| slot).collect();
        let dense: Vec<u16> = (0..row.slots).collect();
        assert_eq!(slots, dense, "a slot of {id} was lost");
        assert!(row.slots <= row.terms.slots, "{id} has too many slots");
        let keys: BTreeSet<AccountId> = ledger.topic_slots(*id).map(|(_, row)| row.key).collect();
        assert_eq!(keys.len(), slots.len(), "a key holds two slots of {id}");
        let worked = ledger.topic_slots(*id).map(|(_, row)| wide(row.worked));
        let worked: Vec<u128> = worked.filter(|amount| *amount > 0).collect();
        // Who earned and lost its slot since is counted still.
        assert!(
            worked.iter().sum::<u128>() <= wide(row.worked)
                && worked.len() <= usize::from(row.workers),
            "{id} miscounts its workers"
        );
        let permits = ledger.topic_slots(*id).filter(|(_, row)| row.permit);
        assert!(
            permits.count() <= usize::from(row.terms.validators),
            "{id} has too many validators"
        );
        let stake = stakes.remove(id).unwrap_or_default();
        assert_eq!(stake, wide(row.stake), "{id} miscounts its stake");
    }
    assert!(stakes.is_empty(), "a pool has no topic");
    let mut shares: BTreeMap<PoolKey, Vec<u128>> = BTreeMap::new();
    for (key, row) in ledger.stakers() {
        let (topic, key) = (key.topic, key.key);
        let all = shares.entry(PoolKey { topic, key }).or_default();
        all.push(u128::from(row.shares));
    }
    for (key, pool) in ledger.pools() {
        let own = shares.remove(key).unwrap_or_default();
        let (total, all) = (wide(pool.total), u128::from(pool.shares));
        assert_eq!(own.iter().sum::<u128>(), all, "{key:?} has other shares");
        let worth: u128 = own.iter().map(|own| own * total / all).sum();
        assert!(
            worth <= total && total - worth < own.len() as u128,
            "of {total} behind {key:?} only {worth} is anybody's"
        );
    }
    assert!(shares.is_empty(), "a staker has no pool");
}

/// Follows topics' money from block to block, by events on one side and rows on the other.
pub(crate) struct Watch {
    /// All that was issued.
    issued: u128,
    /// All that leaders were paid.
    emitted: u128,
    /// All that topics minted.
    minted: u128,
    /// Funded and not paid out.
    fees: BTreeMap<TopicId, u128>,
    /// Staked or paid to stakers, and not taken back.
    stakes: BTreeMap<PoolKey, u128>,
    /// Totals and shares as of the last block.
    pools: BTreeMap<PoolKey, (u128, u128)>,
    /// Epochs of topics, each settled once and in order.
    epochs: BTreeMap<TopicId, u64>,
}

impl Watch {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        Self {
            issued: wide(ledger.issued()),
            emitted: 0,
            minted: 0,
            fees: BTreeMap::new(),
            stakes: BTreeMap::new(),
            pools: BTreeMap::new(),
            epochs: BTreeMap::new(),
        }
    }

    /// A block has brought the ledger to where it is.
    pub(crate) fn block(&mut self, ledger: &Ledger, events: &[Event]) {
        let mut paid: BTreeMap<(TopicId, u64), u128> = BTreeMap::new();
        for event in events {
            match event {
                Event::Emitted { amount, .. } => {
                    self.emitted += wide(*amount);
                    self.issued += wide(*amount);
                }
                Event::Rebated { amount, .. } => self.issued += wide(*amount),
                Event::TopicFunded { topic, amount, .. } => {
                    // A twentieth burns, floored.
                    let amount = wide(*amount);
                    *self.fees.entry(*topic).or_default() += amount - amount / 20;
                }
                Event::Staked {
                    topic, key, amount, ..
                } => *self.stake(*topic, *key) += wide(*amount),
                Event::UnstakingStarted {
                    topic, key, amount, ..
                } => {
                    let left = self.stake(*topic, *key);
                    *left = left
                        .checked_sub(wide(*amount))
                        .expect("only what stood there is taken back");
                }
                Event::TopicPaid {
                    topic,
                    epoch,
                    to,
                    role,
                    amount,
                } => {
                    *paid.entry((*topic, *epoch)).or_default() += wide(*amount);
                    if *role == TopicRole::Stakers {
                        *self.stake(*topic, *to) += wide(*amount);
                    }
                }
                Event::TopicSettled {
                    topic,
                    epoch,
                    minted,
                    fees,
                } => {
                    let sum = paid.remove(&(*topic, *epoch)).unwrap_or_default();
                    let (minted, fees) = (wide(*minted), wide(*fees));
                    assert_eq!(
                        sum,
                        minted + fees,
                        "epoch {epoch} of {topic} pays otherwise"
                    );
                    self.minted += minted;
                    self.issued += minted;
                    let left = self.fees.entry(*topic).or_default();
                    *left = left
                        .checked_sub(fees)
                        .expect("only what was funded is paid");
                    let next = self.epochs.entry(*topic).or_default();
                    assert_eq!(*epoch, *next, "{topic} settles out of order");
                    *next += 1;
                }
                _ => {}
            }
        }
        assert!(paid.is_empty(), "pay of an epoch that was not settled");
        assert_eq!(self.issued, wide(ledger.issued()), "money without an event");
        self.check_emission(ledger);
        self.check_pools(ledger);
        for (id, row) in ledger.topics() {
            let fees = self.fees.get(id).copied().unwrap_or_default();
            assert_eq!(fees, wide(row.fees), "{id} miscounts its fees");
        }
    }

    fn stake(&mut self, topic: TopicId, key: AccountId) -> &mut u128 {
        self.stakes.entry(PoolKey { topic, key }).or_default()
    }

    /// What topics minted and may still mint is at most their share of ended epochs, of which leaders got theirs in the
    /// same blocks, but for a grain to each of at most three leaders and one of rounding.
    fn check_emission(&self, ledger: &Ledger) {
        let emission = ledger.params().emission;
        let (topics, leaders) = (
            u128::from(emission.topics.get()),
            u128::from(emission.validators.get()),
        );
        let epochs = (ledger.time().get() - 1) / emission.epoch_ms;
        let to_leaders = self.emitted + 4 * u128::from(epochs);
        let to_topics: u128 = ledger.topics().map(|(_, row)| wide(row.budget)).sum();
        assert!(
            (self.minted + to_topics) * leaders <= to_leaders * topics,
            "topics minted {} beside {} to leaders",
            self.minted,
            self.emitted
        );
        assert!(
            self.minted * 10_000 <= wide(emission.total) * topics,
            "topics minted more than ever is theirs"
        );
    }

    /// Pools hold what went in and did not come out, and a share never loses worth.
    fn check_pools(&mut self, ledger: &Ledger) {
        let mut pools = BTreeMap::new();
        for (key, row) in ledger.pools() {
            let (total, shares) = (wide(row.total), u128::from(row.shares));
            let expected = self.stakes.get(key).copied().unwrap_or_default();
            assert_eq!(total, expected, "{key:?} holds another sum");
            assert!(shares > 0, "nobody has a share of {key:?}");
            pools.insert(*key, (total, shares));
        }
        self.stakes.retain(|_, left| *left > 0);
        assert_eq!(
            self.stakes.len(),
            pools.len(),
            "a pool is gone, not its money"
        );
        for (key, (total, shares)) in &self.pools {
            // A pool that was left entirely begins anew, maybe in the same block.
            let began = pools.get(key).is_none_or(|(total, shares)| total == shares);
            let (total_now, shares_now) = pools.get(key).copied().unwrap_or_default();
            assert!(
                began || total_now * shares >= total * shares_now,
                "a share of {key:?} lost worth"
            );
        }
        self.pools = pools;
    }
}

fn wide(amount: Amount) -> u128 {
    u128::from(amount.get())
}
