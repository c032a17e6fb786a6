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

mod senders;
mod verified;

use assay_types::{
    AccountId, Amount, ChainId, FeeRate, Invalid, Lane, LedgerTime, TRANSACTION_BYTES_MAX,
    Transaction, TxId, Weight,
};
use commonware_codec::EncodeSize as _;
use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

pub(crate) use senders::{Senders, with_keys};
pub(crate) use verified::Verified;

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

/// What the finalised ledger says about a transaction's sender and the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// This chain.
    pub chain: ChainId,
    /// Ledger time.
    pub now: LedgerTime,
    /// Price of weight in the next block.
    pub base_fee: FeeRate,
    /// Lowest price of weight, which reserved check calls pay.
    pub base_fee_min: FeeRate,
    /// Weight a block may hold.
    pub block_weight_max: Weight,
    /// Furthest that `valid_until` may lie ahead, in milliseconds.
    pub valid_ms_max: u64,
    /// Next sequence of the transaction's lane.
    pub next_sequence: u64,
    /// The sender's balance.
    pub balance: Amount,
    /// Whether it is a check call by a party of the order it names, which may use the reserved weight.
    pub reserved: bool,
}

/// Why a transaction was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// No block may hold it, now or for ever.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Over the limit of bytes.
    #[error("it has {bytes} bytes, a transaction may have {max}; shorten its evidence")]
    TooLong {
        /// Its encoded length.
        bytes: usize,
        /// [`TRANSACTION_BYTES_MAX`].
        max: usize,
    },
    /// Another transaction waits at its place.
    #[error(
        "sequence {sequence} of lane {lane} is taken by {pending}; replace it with a tip of at least {tip_min}, or use the lane's next"
    )]
    SequenceTaken {
        /// The lane.
        lane: u8,
        /// The sequence.
        sequence: u64,
        /// Who waits there.
        pending: TxId,
        /// What a replacement must tip.
        tip_min: Amount,
    },
    /// The account has too much pending.
    #[error(
        "the account has {max} transactions pending, as many as one may have; wait until some are final"
    )]
    AccountFull {
        /// Limit per account.
        max: usize,
    },
    /// The node has too much pending.
    #[error(
        "the mempool is full and all in it tip more per weight; tip more than {tip_min} or try again later"
    )]
    PoolFull {
        /// The tip that would have displaced one.
        tip_min: Amount,
    },
    /// The node is going down.
    #[error("the node is stopping; send it again to another, or when it is back")]
    Stopping,
}

impl AdmitError {
    /// Whether sending the same bytes again later may succeed.
    pub const fn may_succeed_later(&self) -> bool {
        match self {
            Self::Invalid(reason) => !reason.is_permanent(),
            Self::TooLong { .. } => false,
            Self::SequenceTaken { .. }
            | Self::AccountFull { .. }
            | Self::PoolFull { .. }
            | Self::Stopping => true,
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

/// Tip per weight, scaled by 2³²: what miners of space compete with.
type Priority = u128;

#[derive(Debug)]
struct Pending {
    id: TxId,
    transaction: Transaction,
    priority: Priority,
    bytes: usize,
    /// See [`Facts::reserved`].
    reserved: bool,
}

/// The transactions of blocks that are not final, one set a block.
#[derive(Debug, Default)]
pub(crate) struct Included<'a>(pub(crate) Vec<&'a HashSet<TxId>>);

impl Included<'_> {
    fn contains(&self, id: &TxId) -> bool {
        self.0.iter().any(|block| block.contains(id))
    }
}

/// A lane's place in the pool.
type LaneId = (AccountId, Lane);

#[derive(Debug, Default)]
struct Account {
    transactions: usize,
    /// Σ (fee limit + tip) of what is pending.
    committed: u64,
}

/// Transactions that wait for a block.
#[derive(Debug)]
pub(crate) struct Mempool {
    limits: MempoolLimits,
    lanes: BTreeMap<LaneId, BTreeMap<u64, Arc<Pending>>>,
    ids: HashMap<TxId, Arc<Pending>>,
    accounts: HashMap<AccountId, Account>,
    by_priority: BTreeSet<(Priority, TxId)>,
    by_expiry: BTreeSet<(LedgerTime, TxId)>,
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
            lanes: BTreeMap::new(),
            ids: HashMap::new(),
            accounts: HashMap::new(),
            by_priority: BTreeSet::new(),
            by_expiry: BTreeSet::new(),
            ordinary: Load::default(),
            reserved: Load::default(),
        }
    }

    pub(crate) fn status(&self) -> MempoolStatus {
        MempoolStatus {
            transactions: self.ids.len(),
            bytes: self.ordinary.bytes + self.reserved.bytes,
            reserved: self.reserved.transactions,
        }
    }

    /// Whether this transaction waits.
    pub(crate) fn contains(&self, id: &TxId) -> bool {
        self.ids.contains_key(id)
    }

    /// The sequence that the lane's next transaction needs, if any of it waits.
    pub(crate) fn next_sequence(&self, sender: AccountId, lane: Lane) -> Option<u64> {
        let waiting = self.lanes.get(&(sender, lane))?;
        waiting.last_key_value().map(|(sequence, _)| sequence + 1)
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
        let lane = (body.sender, body.lane);
        let replaced = self.place(&transaction, facts)?;
        let account = self.accounts.get(&body.sender);
        let committed = account.map_or(0, |account| account.committed);
        let freed = replaced.as_ref().map_or(0, |old| cost(&old.transaction));
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
        let pending = Arc::new(Pending {
            id,
            priority: priority(&transaction),
            bytes: transaction.encode_size(),
            reserved: facts.reserved,
            transaction,
        });
        // The old one goes first, so that its room counts as free; it returns if that is not enough.
        if let Some(old) = &replaced {
            self.unlink(old);
        }
        if let Err(error) = self.make_room(&pending) {
            if let Some(old) = replaced {
                self.link(lane, old);
            }
            return Err(error);
        }
        self.link(lane, pending);
        Ok(id)
    }

    /// The transactions to try in the next block, best first, each lane in order.
    ///
    /// `included` are those that blocks below it already hold, though they are not final yet. A quarter of
    /// the weight is kept for reserved check calls. The ledger has the last word on each.
    pub(crate) fn pick(&self, room: &BlockRoom, included: &Included<'_>) -> Vec<Transaction> {
        let mut heads: BinaryHeap<(Priority, std::cmp::Reverse<LaneId>, u64)> = self
            .heads(included)
            .map(|(lane, sequence, head)| (head.priority, std::cmp::Reverse(*lane), *sequence))
            .collect();
        let mut left = Room::of(room);
        let mut picked = Vec::new();
        while let Some((_, std::cmp::Reverse(lane), sequence)) = heads.pop() {
            if picked.len() >= room.transactions {
                break;
            }
            let Some(waiting) = self.lanes.get(&lane) else {
                continue;
            };
            let Some(pending) = waiting.get(&sequence) else {
                continue;
            };
            // What does not fit blocks its lane, for what follows in it could not be executed.
            if !fits(pending, room) || !left.take(pending) {
                continue;
            }
            picked.push(pending.transaction.clone());
            if let Some(next) = waiting.get(&(sequence + 1)) {
                heads.push((next.priority, std::cmp::Reverse(lane), sequence + 1));
            }
        }
        picked
    }

    /// Whether [`Self::pick`] would find anything.
    pub(crate) fn has_work(&self, room: &BlockRoom, included: &Included<'_>) -> bool {
        self.heads(included)
            .any(|(_, _, head)| fits(head, room) && Room::of(room).take(head))
    }

    /// The first of each lane that the blocks below do not hold.
    fn heads<'a>(
        &'a self,
        included: &Included<'_>,
    ) -> impl Iterator<Item = (&'a LaneId, &'a u64, &'a Pending)> {
        self.lanes.iter().filter_map(|(lane, waiting)| {
            let (sequence, head) = waiting
                .iter()
                .find(|(_, pending)| !included.contains(&pending.id))?;
            Some((lane, sequence, &**head))
        })
    }

    /// Drops what a final block included, what it overtook, and what expired with it.
    pub(crate) fn finalized(&mut self, transactions: &[Transaction], now: LedgerTime) {
        for transaction in transactions {
            let body = &transaction.body;
            let lane = (body.sender, body.lane);
            let Some(waiting) = self.lanes.get(&lane) else {
                continue;
            };
            let done: Vec<_> = waiting
                .range(..=body.sequence)
                .map(|(_, pending)| pending.clone())
                .collect();
            for pending in done {
                self.unlink(&pending);
            }
        }
        while let Some((valid_until, id)) = self.by_expiry.first().copied() {
            if valid_until >= now {
                break;
            }
            self.remove_with_successors(&id);
        }
    }

    /// Drops a transaction that cannot be executed, and what waits behind it.
    pub(crate) fn remove_with_successors(&mut self, id: &TxId) {
        let Some(pending) = self.ids.get(id).cloned() else {
            return;
        };
        let body = &pending.transaction.body;
        let lane = (body.sender, body.lane);
        let Some(waiting) = self.lanes.get(&lane) else {
            return;
        };
        let behind: Vec<_> = waiting
            .range(body.sequence..)
            .map(|(_, pending)| pending.clone())
            .collect();
        for pending in behind {
            self.unlink(&pending);
        }
    }

    /// Where the transaction goes in its lane: the one it replaces, or `None` at the lane's end.
    fn place(
        &self,
        transaction: &Transaction,
        facts: &Facts,
    ) -> Result<Option<Arc<Pending>>, AdmitError> {
        let body = &transaction.body;
        let waiting = self.lanes.get(&(body.sender, body.lane));
        if let Some(old) = waiting.and_then(|waiting| waiting.get(&body.sequence)) {
            let tip = old.transaction.body.tip.get();
            let tip_min = tip.saturating_add((tip / 100 * REPLACEMENT_TIP_PERCENT).max(1));
            if body.tip.get() < tip_min {
                return Err(AdmitError::SequenceTaken {
                    lane: body.lane.get(),
                    sequence: body.sequence,
                    pending: old.id,
                    tip_min: Amount::new(tip_min),
                });
            }
            return Ok(Some(old.clone()));
        }
        let expected = self
            .next_sequence(body.sender, body.lane)
            .unwrap_or(0)
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

    /// Evicts the least priorities until `new` fits, or nothing if they do not make enough room.
    fn make_room(&mut self, new: &Pending) -> Result<(), AdmitError> {
        let lane = (new.transaction.body.sender, new.transaction.body.lane);
        let (mut ordinary, mut reserved) = (self.ordinary, self.reserved);
        let load = if new.reserved {
            &mut reserved
        } else {
            &mut ordinary
        };
        load.add(new.bytes);
        let mut victims = Vec::new();
        let mut lowest_first = self
            .by_priority
            .iter()
            .filter_map(|(_, id)| self.ids.get(id));
        while !self.limits.hold(ordinary, reserved, new.reserved) {
            let victim = lowest_first.find(|victim| {
                let body = &victim.transaction.body;
                // One's own lane must not lose what the newcomer builds on, and ordinary transactions
                // cannot push out reserved ones.
                (body.sender, body.lane) != lane && (new.reserved || !victim.reserved)
            });
            match victim {
                Some(victim) if victim.priority < new.priority => {
                    let load = if victim.reserved {
                        &mut reserved
                    } else {
                        &mut ordinary
                    };
                    load.subtract(victim.bytes);
                    victims.push(victim.id);
                }
                other => {
                    let floor = other.map_or(Priority::MAX, |other| other.priority);
                    let weight = u128::from(new.transaction.weight().get());
                    let tip = floor.saturating_mul(weight) >> 32;
                    let tip_min = Amount::new(u64::try_from(tip).unwrap_or(u64::MAX));
                    return Err(AdmitError::PoolFull { tip_min });
                }
            }
        }
        for id in victims {
            self.remove_with_successors(&id);
        }
        Ok(())
    }

    fn link(&mut self, lane: LaneId, pending: Arc<Pending>) {
        let body = &pending.transaction.body;
        let account = self.accounts.entry(body.sender).or_default();
        account.transactions += 1;
        account.committed = account.committed.saturating_add(cost(&pending.transaction));
        let load = if pending.reserved {
            &mut self.reserved
        } else {
            &mut self.ordinary
        };
        load.add(pending.bytes);
        self.by_priority.insert((pending.priority, pending.id));
        self.by_expiry
            .insert((pending.transaction.body.valid_until, pending.id));
        self.ids.insert(pending.id, pending.clone());
        self.lanes
            .entry(lane)
            .or_default()
            .insert(pending.transaction.body.sequence, pending);
    }

    fn unlink(&mut self, pending: &Pending) {
        let body = &pending.transaction.body;
        if let Some(account) = self.accounts.get_mut(&body.sender) {
            account.transactions -= 1;
            account.committed = account.committed.saturating_sub(cost(&pending.transaction));
            if account.transactions == 0 {
                self.accounts.remove(&body.sender);
            }
        }
        let load = if pending.reserved {
            &mut self.reserved
        } else {
            &mut self.ordinary
        };
        load.subtract(pending.bytes);
        self.by_priority.remove(&(pending.priority, pending.id));
        self.by_expiry.remove(&(body.valid_until, pending.id));
        self.ids.remove(&pending.id);
        let lane = (body.sender, body.lane);
        if let Some(waiting) = self.lanes.get_mut(&lane) {
            waiting.remove(&body.sequence);
            if waiting.is_empty() {
                self.lanes.remove(&lane);
            }
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
        let weight = pending.transaction.weight().get();
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

/// The checks that need neither the pool nor the signature, in the order of their answers.
///
/// # Errors
/// [`AdmitError`].
pub(crate) fn check_alone(transaction: &Transaction, facts: &Facts) -> Result<(), AdmitError> {
    let body = &transaction.body;
    let bytes = transaction.encode_size();
    if bytes > TRANSACTION_BYTES_MAX {
        return Err(AdmitError::TooLong {
            bytes,
            max: TRANSACTION_BYTES_MAX,
        });
    }
    if body.chain != facts.chain {
        return Err(Invalid::WrongChain {
            given: body.chain,
            expected: facts.chain,
        }
        .into());
    }
    if body.sequence < facts.next_sequence {
        let (lane, given, expected) = (body.lane.get(), body.sequence, facts.next_sequence);
        return Err(Invalid::Replayed {
            lane,
            given,
            expected,
        }
        .into());
    }
    if body.valid_until < facts.now {
        return Err(Invalid::Expired {
            valid_until: body.valid_until,
            now: facts.now,
        }
        .into());
    }
    let latest = facts.now.after(facts.valid_ms_max);
    if body.valid_until > latest {
        return Err(Invalid::ValidTooLong {
            valid_until: body.valid_until,
            latest,
        }
        .into());
    }
    let (weight, max) = (transaction.weight().get(), facts.block_weight_max.get());
    let max = if facts.reserved {
        max
    } else {
        general_weight(max)
    };
    if weight > max {
        return Err(Invalid::TooHeavy { weight, max }.into());
    }
    let rate = if facts.reserved {
        facts.base_fee_min
    } else {
        facts.base_fee
    };
    let (fee, limit) = (transaction.fee(rate), body.fee_limit);
    if limit < fee {
        return Err(Invalid::FeeLimitTooLow { limit, fee }.into());
    }
    Ok(())
}

fn fits(pending: &Pending, room: &BlockRoom) -> bool {
    let rate = if pending.reserved {
        room.base_fee_min
    } else {
        room.base_fee
    };
    let body = &pending.transaction.body;
    pending.transaction.fee(rate) <= body.fee_limit && body.valid_until >= room.time
}

/// What the reserved quarter leaves to all others, as the ledger computes it.
const fn general_weight(whole: u64) -> u64 {
    whole - whole / 4
}

fn cost(transaction: &Transaction) -> u64 {
    transaction
        .body
        .fee_limit
        .saturating_add(transaction.body.tip)
        .get()
}

fn priority(transaction: &Transaction) -> Priority {
    (u128::from(transaction.body.tip.get()) << 32) / u128::from(transaction.weight().get().max(1))
}

#[cfg(test)]
mod tests;
