//! The mempool: transactions that wait for a block.
//!
//! Invariants:
//! - every transaction in it is signed by its sender, and was checked against the finalised ledger and
//!   against what the sender has pending: together they never cost more than its balance;
//! - the transactions of one lane are consecutive: nothing waits behind a gap;
//! - bytes, transactions and transactions per account are bounded, and a quarter of the room is kept for
//!   check calls, as a quarter of a block is, so that neither space nor price can silence them.
//!
//! Admission is cheap first, signature last; the caller tells what the ledger says ([`Facts`]), so
//! this module knows neither consensus nor the ledger's tables.
//!
//! A transaction lies in one slot; everything that finds it (its id, its lane, its priority, its expiry)
//! holds the slot's number.

mod admission;
mod senders;

use assay_types::{
    AccountId, Amount, FeeRate, Invalid, Lane, LedgerTime, Transaction, TxId, Weight,
};
use commonware_codec::EncodeSize as _;
use foldhash::fast::RandomState;
use slab::Slab;
use smallvec::SmallVec;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque},
};

pub use admission::AdmitError;
use admission::general_weight;
pub(crate) use admission::{Facts, check_alone};
pub(crate) use senders::{Senders, all_signed};

/// A replacement must pay at least this share of the old tip more, in percent, so that it pays for the work
/// of the one it replaces.
const REPLACEMENT_TIP_PERCENT: u64 = 10;

/// How much a mempool holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MempoolLimits {
    /// Transactions in all.
    pub transactions_max: usize,
    /// Their encoded bytes in all.
    pub bytes_max: usize,
    /// Transactions of one account, over all its lanes.
    pub account_transactions_max: usize,
}

impl Default for MempoolLimits {
    /// Two full blocks of transfers and some sixteen of evidence; a tenth for any one account.
    fn default() -> Self {
        Self {
            transactions_max: 65_536,
            bytes_max: 128 << 20,
            account_transactions_max: 8_192,
        }
    }
}

/// How much of what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MempoolStatus {
    /// Transactions.
    pub transactions: usize,
    /// Their encoded bytes.
    pub bytes: usize,
    /// Check calls by parties of their orders among them.
    pub reserved: usize,
}

/// How much a proposer takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockRoom {
    pub(crate) weight: Weight,
    pub(crate) bytes: usize,
    pub(crate) transactions: usize,
    pub(crate) base_fee: FeeRate,
    pub(crate) base_fee_min: FeeRate,
    pub(crate) time: LedgerTime,
}

/// Ids of a block's transactions.
pub(crate) type Ids = HashSet<TxId, RandomState>;

/// The transactions of blocks that are not final, one set a block.
#[derive(Debug, Default)]
pub(crate) struct Included<'a>(pub(crate) Vec<&'a Ids>);

impl Included<'_> {
    fn contains(&self, id: &TxId) -> bool {
        self.0.iter().any(|block| block.contains(id))
    }
}

/// Tip per weight, scaled by 2³²: what miners of space compete with.
type Priority = u128;

/// Where a transaction lies in [`Mempool::slots`].
type Slot = usize;

/// Place in the order of eviction: least priority first, and of equals who came last.
type Rank = (Priority, Reverse<u64>, Slot);

#[derive(Debug)]
struct Pending {
    transaction: Transaction,
    priority: Priority,
    /// Counts admissions; of two equal priorities the earlier is taken first.
    arrival: u64,
    weight: Weight,
    bytes: usize,
    /// See [`Facts::reserved`].
    reserved: bool,
}

impl Pending {
    fn id(&self) -> TxId {
        self.transaction.id()
    }

    /// What finds it in `slot`.
    fn keys(&self, slot: Slot) -> Keys {
        Keys {
            id: self.id(),
            rank: (self.priority, Reverse(self.arrival), slot),
            expiry: (self.transaction.body.valid_until, slot),
            reserved: self.reserved,
            bytes: self.bytes,
        }
    }

    /// Whether a block with this room may hold it, space apart.
    fn is_ripe(&self, room: &BlockRoom) -> bool {
        let rate = if self.reserved {
            room.base_fee_min
        } else {
            room.base_fee
        };
        let body = &self.transaction.body;
        rate.price(self.weight) <= body.fee_limit && body.valid_until >= room.time
    }
}

/// Where a transaction stands in the pool's indexes, and what it weighs on the limits.
struct Keys {
    id: TxId,
    rank: Rank,
    expiry: (LedgerTime, Slot),
    reserved: bool,
    bytes: usize,
}

/// What waits in one lane, consecutive from `first` on; never empty while its account keeps it.
#[derive(Debug)]
struct Queue {
    lane: Lane,
    first: u64,
    slots: VecDeque<Slot>,
}

impl Queue {
    fn next_sequence(&self) -> u64 {
        self.first.saturating_add(self.slots.len() as u64)
    }

    fn place(&self, sequence: u64) -> Option<usize> {
        let place = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        (place < self.slots.len()).then_some(place)
    }
}

#[derive(Debug, Default)]
struct Account {
    transactions: usize,
    /// Σ (fee limit + tip) of what is pending.
    committed: u64,
    /// Most accounts use one lane.
    queues: SmallVec<[Queue; 1]>,
}

impl Account {
    fn queue(&self, lane: Lane) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.lane == lane)
    }
}

/// Transactions that wait for a block.
#[derive(Debug)]
pub(crate) struct Mempool {
    limits: MempoolLimits,
    slots: Slab<Pending>,
    ids: HashMap<TxId, Slot, RandomState>,
    accounts: HashMap<AccountId, Account, RandomState>,
    by_priority: BTreeSet<Rank>,
    by_expiry: BTreeSet<(LedgerTime, Slot)>,
    arrivals: u64,
    ordinary: Load,
    reserved: Load,
}

#[derive(Debug, Default, Clone, Copy)]
struct Load {
    transactions: usize,
    bytes: usize,
}

impl Load {
    fn add(&mut self, bytes: usize) {
        self.transactions += 1;
        self.bytes += bytes;
    }

    fn subtract(&mut self, bytes: usize) {
        self.transactions -= 1;
        self.bytes -= bytes;
    }
}

impl MempoolLimits {
    /// Whether these loads are within the limits; a reserved newcomer may fill the quarter that is closed to
    /// others.
    fn hold(&self, ordinary: Load, reserved: Load, newcomer_reserved: bool) -> bool {
        let all = ordinary.transactions + reserved.transactions <= self.transactions_max
            && ordinary.bytes + reserved.bytes <= self.bytes_max;
        let open = ordinary.transactions <= self.transactions_max / 4 * 3
            && ordinary.bytes <= self.bytes_max / 4 * 3;
        all && (newcomer_reserved || open)
    }
}

impl Mempool {
    pub(crate) fn new(limits: MempoolLimits) -> Self {
        Self {
            limits,
            slots: Slab::new(),
            ids: HashMap::default(),
            accounts: HashMap::default(),
            by_priority: BTreeSet::new(),
            by_expiry: BTreeSet::new(),
            arrivals: 0,
            ordinary: Load::default(),
            reserved: Load::default(),
        }
    }

    pub(crate) fn status(&self) -> MempoolStatus {
        MempoolStatus {
            transactions: self.slots.len(),
            bytes: self.ordinary.bytes + self.reserved.bytes,
            reserved: self.reserved.transactions,
        }
    }

    /// Whether this transaction waits.
    pub(crate) fn contains(&self, id: &TxId) -> bool {
        self.ids.contains_key(id)
    }

    /// Whether this transaction waits with this signature, which then was verified. Its id does not cover
    /// the signature: another one under a known id is unknown.
    pub(crate) fn has_verified(&self, transaction: &Transaction) -> bool {
        let waiting = self.ids.get(&transaction.id());
        waiting.is_some_and(|&slot| self.slots[slot].transaction.signature == transaction.signature)
    }

    /// The sequence that the lane's next transaction needs, if any of it waits.
    pub(crate) fn next_sequence(&self, sender: AccountId, lane: Lane) -> Option<u64> {
        let queue = self.accounts.get(&sender)?.queue(lane)?;
        Some(queue.next_sequence())
    }

    /// Takes a transaction whose signature holds. Taking one that waits already changes nothing.
    ///
    /// # Errors
    /// [`AdmitError`]; the pool is unchanged.
    pub(crate) fn insert(
        &mut self,
        transaction: Transaction,
        facts: &Facts,
    ) -> Result<TxId, AdmitError> {
        let id = transaction.id();
        if self.contains(&id) {
            return Ok(id);
        }
        check_alone(&transaction, facts)?;
        let body = &transaction.body;
        let account = self.accounts.get(&body.sender);
        let replaced = self.place(account, &transaction, facts)?;
        let committed = account.map_or(0, |account| account.committed);
        let freed = replaced.map_or(0, |slot| cost(&self.slots[slot].transaction));
        let needed = committed
            .saturating_sub(freed)
            .saturating_add(cost(&transaction));
        if facts.balance.get() < needed {
            let (balance, needed) = (facts.balance, Amount::new(needed));
            return Err(Invalid::CannotPay { balance, needed }.into());
        }
        let max = self.limits.account_transactions_max;
        if replaced.is_none() && account.is_some_and(|account| account.transactions >= max) {
            return Err(AdmitError::AccountFull { max });
        }
        let weight = transaction.weight();
        let pending = Pending {
            priority: priority(&transaction, weight),
            arrival: self.arrivals,
            weight,
            bytes: transaction.encode_size(),
            reserved: facts.reserved,
            transaction,
        };
        for victim in self.victims(&pending, replaced)? {
            // One that stood behind another victim is gone already.
            if let Some(id) = self.slots.get(victim).map(Pending::id) {
                self.remove_with_successors(&id);
            }
        }
        self.arrivals += 1;
        match replaced {
            Some(slot) => self.replace(slot, pending),
            None => self.append(pending),
        }
        Ok(id)
    }

    /// The transactions to try in the next block, best first, each lane in order.
    ///
    /// `included` are those that blocks below it already hold, though they are not final yet. A quarter of
    /// the weight is kept for reserved check calls. The ledger has the last word on each.
    pub(crate) fn pick(&self, room: &BlockRoom, included: &Included<'_>) -> Vec<Transaction> {
        let heads: Vec<_> = self.heads(included).collect();
        let candidate = |index: usize, slot: Slot| {
            let pending = &self.slots[slot];
            (pending.priority, Reverse(pending.arrival), index, slot)
        };
        let first = heads.iter().enumerate();
        let first = first.map(|(index, (queue, place))| candidate(index, queue.slots[*place]));
        let mut candidates: BinaryHeap<_> = first.collect();
        let mut places: Vec<usize> = heads.iter().map(|(_, place)| *place).collect();
        let mut left = Room::of(room);
        let mut picked = Vec::new();
        while let Some((_, _, index, slot)) = candidates.pop() {
            if picked.len() >= room.transactions {
                break;
            }
            let pending = &self.slots[slot];
            // What does not fit blocks its lane, for what follows in it could not be executed.
            if !pending.is_ripe(room) || !left.take(pending) {
                continue;
            }
            picked.push(pending.transaction.clone());
            places[index] += 1;
            if let Some(next) = heads[index].0.slots.get(places[index]) {
                candidates.push(candidate(index, *next));
            }
        }
        picked
    }

    /// Whether [`Self::pick`] would find anything.
    pub(crate) fn has_work(&self, room: &BlockRoom, included: &Included<'_>) -> bool {
        self.heads(included).any(|(queue, place)| {
            let head = &self.slots[queue.slots[place]];
            head.is_ripe(room) && Room::of(room).take(head)
        })
    }

    /// The place of the first of each lane that the blocks below do not hold.
    fn heads(&self, included: &Included<'_>) -> impl Iterator<Item = (&Queue, usize)> {
        let queues = self.accounts.values().flat_map(|account| &account.queues);
        queues.filter_map(|queue| {
            let mut slots = queue.slots.iter();
            let place = slots.position(|slot| !included.contains(&self.slots[*slot].id()))?;
            Some((queue, place))
        })
    }

    /// Drops what a final block included, what it overtook, and what expired with it.
    pub(crate) fn finalized(&mut self, transactions: &[Transaction], now: LedgerTime) {
        for transaction in transactions {
            let body = &transaction.body;
            self.drain(body.sender, body.lane, |queue| {
                let overtaken = body.sequence.checked_sub(queue.first);
                let overtaken = overtaken.map_or(0, |places| places.saturating_add(1));
                let overtaken = usize::try_from(overtaken).unwrap_or(usize::MAX);
                0..overtaken.min(queue.slots.len())
            });
        }
        while let Some((valid_until, slot)) = self.by_expiry.first().copied() {
            if valid_until >= now {
                break;
            }
            let id = self.slots[slot].id();
            self.remove_with_successors(&id);
        }
    }

    /// Drops a transaction that cannot be executed, and what waits behind it.
    pub(crate) fn remove_with_successors(&mut self, id: &TxId) {
        let Some(&slot) = self.ids.get(id) else {
            return;
        };
        let body = &self.slots[slot].transaction.body;
        let (sender, lane, sequence) = (body.sender, body.lane, body.sequence);
        self.drain(sender, lane, |queue| {
            let len = queue.slots.len();
            queue.place(sequence).unwrap_or(len)..len
        });
    }

    /// Where the transaction goes in its lane: the one it replaces, or `None` at the lane's end.
    fn place(
        &self,
        account: Option<&Account>,
        transaction: &Transaction,
        facts: &Facts,
    ) -> Result<Option<Slot>, AdmitError> {
        let body = &transaction.body;
        let queue = account.and_then(|account| account.queue(body.lane));
        if let Some(queue) = queue
            && let Some(place) = queue.place(body.sequence)
        {
            let slot = queue.slots[place];
            let old = &self.slots[slot];
            let tip = old.transaction.body.tip.get();
            let tip_min = tip.saturating_add((tip / 100 * REPLACEMENT_TIP_PERCENT).max(1));
            if body.tip.get() < tip_min {
                return Err(AdmitError::SequenceTaken {
                    lane: body.lane.get(),
                    sequence: body.sequence,
                    pending: old.id(),
                    tip_min: Amount::new(tip_min),
                });
            }
            return Ok(Some(slot));
        }
        let expected = queue
            .map_or(0, Queue::next_sequence)
            .max(facts.next_sequence);
        if body.sequence != expected {
            let (lane, given) = (body.lane.get(), body.sequence);
            return Err(Invalid::SequenceGap {
                lane,
                given,
                expected,
            }
            .into());
        }
        Ok(None)
    }

    /// The least priorities whose going makes room for `new`, if that is what it takes.
    ///
    /// # Errors
    /// [`AdmitError::PoolFull`] when they would not make enough room.
    fn victims(&self, new: &Pending, replaced: Option<Slot>) -> Result<Vec<Slot>, AdmitError> {
        let (mut ordinary, mut reserved) = (self.ordinary, self.reserved);
        let mut load = |is_reserved: bool, change: &dyn Fn(&mut Load)| {
            change(if is_reserved {
                &mut reserved
            } else {
                &mut ordinary
            });
            self.limits.hold(ordinary, reserved, new.reserved)
        };
        if let Some(slot) = replaced {
            let old = &self.slots[slot];
            load(old.reserved, &|load| load.subtract(old.bytes));
        }
        let mut holds = load(new.reserved, &|load| load.add(new.bytes));
        let mut victims = Vec::new();
        let own = &new.transaction.body;
        let mut lowest_first = self.by_priority.iter();
        while !holds {
            let victim = lowest_first.find_map(|&(_, _, slot)| {
                let victim = &self.slots[slot];
                let body = &victim.transaction.body;
                // One's own lane must not lose what the newcomer builds on, and ordinary transactions
                // cannot push out reserved ones.
                let may_go = (body.sender, body.lane) != (own.sender, own.lane)
                    && (new.reserved || !victim.reserved);
                may_go.then_some((slot, victim))
            });
            match victim {
                Some((slot, victim)) if victim.priority < new.priority => {
                    holds = load(victim.reserved, &|load| load.subtract(victim.bytes));
                    victims.push(slot);
                }
                other => {
                    let floor = other.map_or(Priority::MAX, |(_, other)| other.priority);
                    let weight = u128::from(new.weight.get());
                    let tip = floor.saturating_mul(weight) >> 32;
                    let tip_min = Amount::new(u64::try_from(tip).unwrap_or(u64::MAX));
                    return Err(AdmitError::PoolFull { tip_min });
                }
            }
        }
        Ok(victims)
    }

    /// Puts a transaction at its lane's end.
    fn append(&mut self, pending: Pending) {
        let body = &pending.transaction.body;
        let (lane, sequence) = (body.lane, body.sequence);
        let account = self.accounts.entry(body.sender).or_default();
        account.transactions += 1;
        account.committed = account.committed.saturating_add(cost(&pending.transaction));
        let slot = self.slots.vacant_key();
        match account.queues.iter_mut().find(|queue| queue.lane == lane) {
            Some(queue) => queue.slots.push_back(slot),
            None => account.queues.push(Queue {
                lane,
                first: sequence,
                slots: VecDeque::from([slot]),
            }),
        }
        self.index(&pending.keys(slot));
        self.slots.insert(pending);
    }

    /// Puts a transaction in the place of another.
    fn replace(&mut self, slot: Slot, pending: Pending) {
        let (keys, new) = (pending.keys(slot), cost(&pending.transaction));
        let old = std::mem::replace(&mut self.slots[slot], pending);
        self.unindex(&old.keys(slot));
        self.index(&keys);
        if let Some(account) = self.accounts.get_mut(&old.transaction.body.sender) {
            account.committed = account
                .committed
                .saturating_sub(cost(&old.transaction))
                .saturating_add(new);
        }
    }

    /// Takes a lane's transactions at these places, which touch one of its ends, out of the pool.
    fn drain(
        &mut self,
        sender: AccountId,
        lane: Lane,
        places: impl FnOnce(&Queue) -> std::ops::Range<usize>,
    ) {
        let Some(account) = self.accounts.get_mut(&sender) else {
            return;
        };
        let Some(index) = account.queues.iter().position(|queue| queue.lane == lane) else {
            return;
        };
        let queue = &mut account.queues[index];
        let places = places(queue);
        if places.start == 0 {
            queue.first = queue.first.saturating_add(places.len() as u64);
        }
        let gone: SmallVec<[Slot; 4]> = queue.slots.drain(places).collect();
        if queue.slots.is_empty() {
            account.queues.swap_remove(index);
        }
        account.transactions -= gone.len();
        for slot in &gone {
            let spent = cost(&self.slots[*slot].transaction);
            account.committed = account.committed.saturating_sub(spent);
        }
        if account.transactions == 0 {
            self.accounts.remove(&sender);
        }
        for slot in gone {
            let keys = self.slots.remove(slot).keys(slot);
            self.unindex(&keys);
        }
    }

    fn index(&mut self, keys: &Keys) {
        self.load(keys.reserved).add(keys.bytes);
        self.by_priority.insert(keys.rank);
        self.by_expiry.insert(keys.expiry);
        self.ids.insert(keys.id, keys.rank.2);
    }

    fn unindex(&mut self, keys: &Keys) {
        self.load(keys.reserved).subtract(keys.bytes);
        self.by_priority.remove(&keys.rank);
        self.by_expiry.remove(&keys.expiry);
        self.ids.remove(&keys.id);
    }

    fn load(&mut self, reserved: bool) -> &mut Load {
        if reserved {
            &mut self.reserved
        } else {
            &mut self.ordinary
        }
    }
}

/// What is left of a block while it is filled.
struct Room {
    weight: u64,
    ordinary: u64,
    bytes: usize,
}

impl Room {
    const fn of(room: &BlockRoom) -> Self {
        Self {
            weight: room.weight.get(),
            ordinary: general_weight(room.weight.get()),
            bytes: room.bytes,
        }
    }

    fn take(&mut self, pending: &Pending) -> bool {
        let weight = pending.weight.get();
        if weight > self.weight
            || pending.bytes > self.bytes
            || (!pending.reserved && weight > self.ordinary)
        {
            return false;
        }
        self.weight -= weight;
        self.bytes -= pending.bytes;
        if !pending.reserved {
            self.ordinary -= weight;
        }
        true
    }
}

fn cost(transaction: &Transaction) -> u64 {
    transaction
        .body
        .fee_limit
        .saturating_add(transaction.body.tip)
        .get()
}

fn priority(transaction: &Transaction, weight: Weight) -> Priority {
    (u128::from(transaction.body.tip.get()) << 32) / u128::from(weight.get().max(1))
}

#[cfg(test)]
mod tests;
