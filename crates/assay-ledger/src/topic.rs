//! Topics: who works and judges in them, what stands behind whom, and what their epochs pay.
//!
//! ```text
//!               first half    second half
//!  epoch n      commit ───────────────────────┐
//!  epoch n + 1  commit        reveal ◄─────────┘   ─► settlement: what was revealed counts, what was not is a miss
//! ```
//! That is Yuma consensus. Weights are committed to in the first half of one epoch and revealed in the second half of the next, so nobody can
//! copy what others judge now, and who commits next has not read what is revealed in that epoch either. They are of the
//! moment of their commitment: a slot that changed hands since is not meant by them, so pruning a miner gives
//! its successor nothing. Whoever commits and does not reveal has no weights, and no say before it has some again.
//!
//! Inference synthesis asks something new in each epoch, which nobody can copy from the last one, so what is committed to
//! is revealed in the same epoch:
//! ```text
//!               first half    second half
//!  epoch n      commit ─────► reveal: inferences, forecasts  ─► settlement: they become one inference
//!  epoch n + 1  commit ─────► reveal: losses of epoch n      ─► settlement: who inferred, foretold and measured is paid
//! ```
//! So the truth of an epoch must be known in the first half of the next one.
//!
//! A slot has two accounts: the *key* registers, works, commits and reveals; the *owner* that it names, who may keep its
//! own key away from any network, gets what the slot earns. Money stands behind a key and stays its stakers' if the key
//! loses its slot.
//!
//! Invariants: a key holds at most one slot of a topic; what stands behind a key is the sum of what its stakers can
//! take back, but for less than a grain each; an epoch that has ended changes by its settlement alone.
//! Source: docs/adr/0021-topics-on-the-ledger.md.

pub(crate) mod memory;
mod settle;
mod shares;
mod submissions;

pub(crate) use settle::{SETTLED_CELLS_PER_BLOCK_MAX, synthesis};

use crate::{
    block::Run,
    emission::half_to,
    rows::{MemberKey, PoolKey, SlotKey, Staker, StakerKey, Topic, TopicSlot},
};
use assay_types::{
    AccountId, Amount, BasisPoints, Event, LedgerTime, MinerAddress, Rejection, TOPIC_FUNDING_BURN,
    TOPIC_PRICE, TOPIC_STAKE_MIN, TOPIC_TAKE_MAX, TOPICS_MAX, TopicId, TopicTerms, Unsigned,
    WeightRow,
};

/// What the first slot of a topic costs.
const SLOT_PRICE_START: Amount = Amount::new(100_000_000);
/// A slot costs at least so much.
const SLOT_PRICE_MIN: Amount = Amount::new(500_000);
/// And at most so much.
const SLOT_PRICE_MAX: Amount = Amount::new(100_000_000_000);
/// Each slot makes the next one dearer by this part, in hundredths.
const SLOT_PRICE_STEP: u64 = 126;
/// Ledger time in which a price halves.
const SLOT_PRICE_HALF_LIFE_MS: u64 = 3_600_000;

impl Topic {
    /// The last moment of the epoch under way at which commitments are taken; reveals are, afterwards.
    pub fn commits_end_at(&self) -> LedgerTime {
        let length = self.epoch_ends_at.since(self.settled_at);
        self.settled_at.after(length / 2)
    }

    /// What a slot costs at `elapsed_ms` after the last one was taken.
    pub fn price_after(&self, elapsed_ms: u64) -> Amount {
        let halvings = elapsed_ms
            .checked_div(SLOT_PRICE_HALF_LIFE_MS)
            .and_then(|halvings| u32::try_from(halvings).ok())
            .unwrap_or(u32::MAX);
        let part = elapsed_ms
            .checked_rem(SLOT_PRICE_HALF_LIFE_MS)
            .unwrap_or_default();
        let price = u128::from(self.price.get())
            .saturating_mul(half_to(part, SLOT_PRICE_HALF_LIFE_MS))
            >> 64;
        let price = u64::try_from(price).unwrap_or(u64::MAX);
        let price = price.checked_shr(halvings).unwrap_or_default();
        Amount::new(price).max(SLOT_PRICE_MIN)
    }
}

impl Run<'_> {
    /// # Errors
    /// In this order: [`Rejection::TopicTermsImpossible`], [`Rejection::TooManyTopics`],
    /// [`Rejection::InsufficientFunds`].
    pub(crate) fn create_topic(
        &mut self,
        body: &Unsigned,
        terms: &TopicTerms,
    ) -> Result<(), Rejection> {
        if !terms.are_possible() {
            return Err(Rejection::TopicTermsImpossible);
        }
        if self.state.topics.range(..).count() >= TOPICS_MAX {
            return Err(Rejection::TooManyTopics);
        }
        self.debit(body.sender, TOPIC_PRICE)?;
        self.burn(TOPIC_PRICE);
        let topic = TopicId::of(self.chain, body.sender, body.lane, body.sequence);
        let now = self.now();
        let row = Topic {
            owner: body.sender,
            terms: terms.clone(),
            epoch: 0,
            epoch_ends_at: now.after(terms.epoch_ms),
            settled_at: now,
            slots: 0,
            price: SLOT_PRICE_START,
            priced_at: now,
            budget: Amount::ZERO,
            rate: Amount::ZERO,
            fees: Amount::ZERO,
            funded: Amount::ZERO,
            demand: Amount::ZERO,
            stake: Amount::ZERO,
            worked: Amount::ZERO,
            workers: 0,
        };
        self.state.put_topic(topic, row);
        self.events.push(Event::TopicCreated {
            topic,
            owner: body.sender,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::TakeTooLarge`],
    /// [`Rejection::KeyTaken`], [`Rejection::NoFreeSlot`], [`Rejection::PriceAboveMaximum`],
    /// [`Rejection::InsufficientFunds`].
    pub(crate) fn register_slot(
        &mut self,
        key: AccountId,
        topic: TopicId,
        owner: AccountId,
        take: BasisPoints,
        price_max: Amount,
    ) -> Result<(), Rejection> {
        let mut row = self.open_topic(topic)?;
        if take > TOPIC_TAKE_MAX {
            return Err(Rejection::TakeTooLarge);
        }
        if self.slot_of(topic, key).is_some() {
            return Err(Rejection::KeyTaken);
        }
        let slot = self.free_slot(topic, &row).ok_or(Rejection::NoFreeSlot)?;
        let now = self.now();
        let price = row.price_after(now.since(row.priced_at));
        if price > price_max {
            return Err(Rejection::PriceAboveMaximum);
        }
        self.debit(key, price)?;
        self.burn(price);
        let dearer = price.checked_mul(SLOT_PRICE_STEP).unwrap_or(SLOT_PRICE_MAX);
        row.price = Amount::new(dearer.get() / 100).min(SLOT_PRICE_MAX);
        row.priced_at = now;
        row.slots = row.slots.max(slot.saturating_add(1));
        self.state.put_topic(topic, row);
        let place = SlotKey { topic, slot };
        let replaced = self.state.take_slot(place).map(|old| old.key);
        let holder = TopicSlot {
            key,
            owner,
            take,
            registered_at: now,
            permit: false,
            committed: None,
            due: None,
            sent: None,
            weights: WeightRow::default(),
            updated_at: now,
            counted_in: 0,
            bonds: WeightRow::default(),
            earned: Amount::ZERO,
            worked: Amount::ZERO,
            address: None,
        };
        self.state.put_slot(place, holder);
        self.events.push(Event::SlotRegistered {
            topic,
            slot,
            key,
            owner,
            price,
            replaced,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::UnknownSlot`],
    /// [`Rejection::StakeTooSmall`], [`Rejection::InsufficientFunds`].
    pub(crate) fn stake(
        &mut self,
        staker: AccountId,
        topic: TopicId,
        key: AccountId,
        amount: Amount,
    ) -> Result<(), Rejection> {
        let mut row = self.open_topic(topic)?;
        self.slot_of(topic, key).ok_or(Rejection::UnknownSlot)?;
        let mut pool = self.pool(topic, key);
        let mut held = self.staker(topic, key, staker);
        // Whole shares only, and no more than they cost: dividends make a share dear, and what a staker paid beyond
        // its shares would be the others'.
        let bought = pool.shares_for(amount);
        let amount = pool.cost(bought);
        let shares = held.shares.checked_add(bought).filter(|_| bought > 0);
        held.shares = shares.ok_or(Rejection::StakeTooSmall)?;
        pool.shares = pool
            .shares
            .checked_add(bought)
            .ok_or(Rejection::StakeTooSmall)?;
        pool.total = pool.total.saturating_add(amount);
        if pool.worth(held.shares) < TOPIC_STAKE_MIN {
            return Err(Rejection::StakeTooSmall);
        }
        self.debit(staker, amount)?;
        row.stake = row.stake.saturating_add(amount);
        self.state.put_topic(topic, row);
        self.state.pools.put(PoolKey { topic, key }, pool);
        let place = StakerKey { topic, key, staker };
        self.state.stakers.put(place, held);
        self.events.push(Event::Staked {
            topic,
            key,
            staker,
            amount,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::AmountZero`],
    /// [`Rejection::InsufficientStake`], [`Rejection::StakeTooSmall`], [`Rejection::TooManyUnbondings`].
    pub(crate) fn unstake(
        &mut self,
        body: &Unsigned,
        topic: TopicId,
        key: AccountId,
        amount: Amount,
    ) -> Result<(), Rejection> {
        let mut row = self.open_topic(topic)?;
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        let staker = body.sender;
        let mut pool = self.pool(topic, key);
        let held = self.staker(topic, key, staker);
        let worth = pool.worth(held.shares);
        if worth < amount {
            return Err(Rejection::InsufficientStake);
        }
        // Whole shares, and all that they are worth: as many as the amount takes, never more than there are.
        let exact = pool.shares_for(amount);
        let dearer = u64::from(pool.worth(exact) < amount);
        let sold = match amount == worth {
            true => held.shares,
            false => exact.saturating_add(dearer).min(held.shares),
        };
        let amount = pool.worth(sold);
        let shares = held.shares.saturating_sub(sold);
        pool.shares = pool.shares.saturating_sub(sold);
        pool.total = pool.total.saturating_sub(amount);
        if shares > 0 && pool.worth(shares) < TOPIC_STAKE_MIN {
            return Err(Rejection::StakeTooSmall);
        }
        // What nobody has a share of is the last staker's.
        let amount = match pool.shares {
            0 => amount.saturating_add(std::mem::take(&mut pool.total)),
            _ => amount,
        };
        let release_at = self.start_unbonding(body, amount)?;
        row.stake = row.stake.saturating_sub(amount);
        self.state.put_topic(topic, row);
        let (pool_key, place) = (PoolKey { topic, key }, StakerKey { topic, key, staker });
        match pool.shares {
            0 => self.state.pools.remove(pool_key),
            _ => self.state.pools.put(pool_key, pool),
        }
        match shares {
            0 => self.state.stakers.remove(place),
            _ => self.state.stakers.put(place, Staker { shares }),
        }
        self.events.push(Event::UnstakingStarted {
            topic,
            key,
            staker,
            amount,
            release_at,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::AmountZero`],
    /// [`Rejection::InsufficientFunds`].
    pub(crate) fn fund_topic(
        &mut self,
        from: AccountId,
        topic: TopicId,
        amount: Amount,
    ) -> Result<(), Rejection> {
        let mut row = self.open_topic(topic)?;
        if amount.is_zero() {
            return Err(Rejection::AmountZero);
        }
        self.debit(from, amount)?;
        let burnt = amount.share_floor(TOPIC_FUNDING_BURN);
        self.burn(burnt);
        let given = amount.saturating_sub(burnt);
        row.fees = row.fees.saturating_add(given);
        row.funded = row.funded.saturating_add(given);
        self.state.put_topic(topic, row);
        self.events.push(Event::TopicFunded {
            topic,
            from,
            amount,
        });
        Ok(())
    }

    /// # Errors
    /// In this order: [`Rejection::UnknownTopic`], [`Rejection::TopicSettling`], [`Rejection::UnknownSlot`].
    pub(crate) fn announce_slot(
        &mut self,
        key: AccountId,
        topic: TopicId,
        address: Option<&MinerAddress>,
    ) -> Result<(), Rejection> {
        self.open_topic(topic)?;
        let (place, mut slot) = self.held_slot(topic, key)?;
        slot.address = address.cloned();
        self.state.put_slot(place, slot);
        self.events.push(Event::SlotAnnounced {
            topic,
            slot: place.slot,
            key,
            address: address.cloned(),
        });
        Ok(())
    }

    /// A topic whose epoch has not ended.
    fn open_topic(&self, topic: TopicId) -> Result<Topic, Rejection> {
        let row = self.state.topics.get(&topic);
        let row = row.ok_or(Rejection::UnknownTopic)?;
        if row.epoch_ends_at < self.now() {
            return Err(Rejection::TopicSettling);
        }
        Ok(row.clone())
    }

    /// The slot that a key holds.
    pub(crate) fn slot_of(&self, topic: TopicId, key: AccountId) -> Option<SlotKey> {
        let at = |slot| MemberKey { topic, key, slot };
        let mut held = self.state.members.range(at(0)..=at(u16::MAX));
        let (member, ()) = held.next()?;
        Some(SlotKey {
            topic,
            slot: member.slot,
        })
    }

    fn held_slot(&self, topic: TopicId, key: AccountId) -> Result<(SlotKey, TopicSlot), Rejection> {
        let place = self.slot_of(topic, key).ok_or(Rejection::UnknownSlot)?;
        let row = self.state.topic_slots.get(&place);
        Ok((place, row.expect("an indexed slot").clone()))
    }

    /// The slot that the next holder gets: one that was never taken, or else, of those that are neither immune nor
    /// validate, the one that earned least; the earliest of equals.
    fn free_slot(&self, topic: TopicId, row: &Topic) -> Option<u16> {
        if row.slots < row.terms.slots {
            return Some(row.slots);
        }
        let immune_ms = row
            .terms
            .epoch_ms
            .saturating_mul(u64::from(row.terms.immunity_epochs));
        let replaceable = self
            .slots(topic)
            .filter(|(_, slot)| !slot.permit && slot.registered_at.after(immune_ms) < self.now());
        let least =
            replaceable.min_by_key(|(key, slot)| (slot.earned, slot.registered_at, key.slot));
        least.map(|(key, _)| key.slot)
    }

    /// The slots of a topic, ascending.
    fn slots(&self, topic: TopicId) -> impl Iterator<Item = (&SlotKey, &TopicSlot)> {
        let at = |slot| SlotKey { topic, slot };
        self.state.topic_slots.range(at(0)..=at(u16::MAX))
    }
}
