//! The end of a topic's epoch: what its mechanism says of those who took part, and who is paid.

mod synthesis;
mod yuma;

pub(crate) use synthesis::synthesis;

use crate::{
    block::Run,
    rows::{PoolKey, SlotKey, Topic, TopicSlot},
};
use assay_topic::{Role, Share, payout::split};
use assay_types::{AccountId, Amount, Event, LedgerTime, TopicId, TopicMechanism, TopicRole};

/// Most weights, bonds and slots that a block settles; a topic that has more is alone.
///
/// Topics whose turn does not come wait for the next block as they are: nothing that concerns an ended epoch is taken
/// before it is settled, so when that happens changes nothing.
pub(crate) const SETTLED_CELLS_PER_BLOCK_MAX: usize = 1 << 19;

/// What a topic's mechanism says of an epoch.
struct Judged {
    /// Who earned which part.
    shares: Vec<Share>,
    /// How many cells of work that was, see [`SETTLED_CELLS_PER_BLOCK_MAX`].
    work: usize,
}

/// What a settlement has to give.
struct Income {
    minted: Amount,
    fees: Amount,
}

impl Run<'_> {
    /// Settles the epoch of a topic that has ended; how many weights, bonds and slots that were.
    pub(crate) fn settle_topic(&mut self, topic: TopicId) -> usize {
        let Some(mut row) = self.state.topics.get(&topic).cloned() else {
            return 0;
        };
        let mut slots: Vec<(SlotKey, TopicSlot)> = self
            .slots(topic)
            .map(|(key, slot)| (*key, slot.clone()))
            .collect();
        let judged = match row.terms.mechanism {
            TopicMechanism::Yuma { .. } => self.judge_by_weights(topic, &row, &mut slots),
            TopicMechanism::Synthesis { .. } => self.judge_by_losses(topic, &row, &mut slots),
        };
        for (_, slot) in &mut slots {
            slot.earned = Amount::ZERO;
            slot.worked = Amount::ZERO;
        }

        let income = self.income(&mut row);
        let whole = income.minted.saturating_add(income.fees);
        let worked = |share: &Share| share.role == Role::Worker;
        if !judged.shares.iter().any(worked) {
            // Nothing was judged: what was to be minted never is, and who funded the topic pays a later epoch.
            row.fees = row.fees.saturating_add(income.fees);
            self.settled(topic, &row, Amount::ZERO, Amount::ZERO);
        } else {
            let to_owner = whole.share_floor(row.terms.owner_share);
            let rest = whole.saturating_sub(to_owner);
            let parts = split(rest.get(), judged.shares.iter().map(|share| share.fraction));
            let paid = whole.saturating_sub(Amount::new(parts.left));
            // Fees first: what is minted is what they do not cover.
            let fees = income.fees.min(paid);
            let minted = paid.saturating_sub(fees);
            row.fees = row.fees.saturating_add(income.fees.saturating_sub(fees));
            self.issue(minted);
            self.pay_topic(topic, row.epoch, row.owner, TopicRole::Owner, to_owner);
            for (share, amount) in judged.shares.iter().zip(parts.paid) {
                let slot = usize::try_from(share.slot).ok();
                let slot = slot.and_then(|slot| slots.get_mut(slot));
                let (_, slot) = slot.expect("shares are of the epoch's slots");
                let amount = Amount::new(amount);
                slot.earned = slot.earned.saturating_add(amount);
                let paid = match share.role {
                    Role::Validator => {
                        self.pay_validator(topic, &mut row, slot, amount);
                        continue;
                    }
                    Role::Worker => TopicRole::Worker,
                    Role::Forecaster => TopicRole::Forecaster,
                };
                slot.worked = slot.worked.saturating_add(amount);
                self.pay_topic(topic, row.epoch, slot.owner, paid, amount);
            }
            self.settled(topic, &row, minted, fees);
        }
        let worked = slots.iter().map(|(_, slot)| slot.worked);
        let worked = worked.filter(|amount| !amount.is_zero());
        (row.worked, row.workers) = worked.fold((Amount::ZERO, 0u16), |(sum, count), amount| {
            (sum.saturating_add(amount), count.saturating_add(1))
        });
        for (key, slot) in slots {
            self.state.put_slot(key, slot);
        }
        self.begin_epoch(topic, row);
        judged.work
    }

    /// Takes out of a topic what its epoch has to give: the part of its budget that its length is of the ledger's
    /// epoch, and what it was funded with.
    fn income(&self, row: &mut Topic) -> Income {
        let elapsed = u128::from(row.epoch_ends_at.since(row.settled_at));
        let minted = u128::from(row.rate.get())
            .saturating_mul(elapsed)
            .checked_div(u128::from(self.params.emission.epoch_ms))
            .and_then(|grains| u64::try_from(grains).ok())
            .map_or(row.budget, Amount::new)
            .min(row.budget);
        row.budget = row.budget.saturating_sub(minted);
        Income {
            minted,
            fees: std::mem::take(&mut row.fees),
        }
    }

    fn pay_topic(
        &mut self,
        topic: TopicId,
        epoch: u64,
        to: AccountId,
        role: TopicRole,
        amount: Amount,
    ) {
        if amount.is_zero() {
            return;
        }
        self.credit(to, amount);
        self.paid(topic, epoch, to, role, amount);
    }

    /// Dividends: the owner's take, and the rest into the pool behind the key.
    fn pay_validator(&mut self, topic: TopicId, row: &mut Topic, slot: &TopicSlot, amount: Amount) {
        let mut pool = self.pool(topic, slot.key);
        let kept = match pool.shares {
            0 => amount,
            _ => amount.share_floor(slot.take),
        };
        self.pay_topic(topic, row.epoch, slot.owner, TopicRole::Validator, kept);
        let rest = amount.saturating_sub(kept);
        if rest.is_zero() {
            return;
        }
        pool.total = pool.total.saturating_add(rest);
        row.stake = row.stake.saturating_add(rest);
        let key = slot.key;
        self.state.pools.put(PoolKey { topic, key }, pool);
        self.paid(topic, row.epoch, key, TopicRole::Stakers, rest);
    }

    fn paid(&mut self, topic: TopicId, epoch: u64, to: AccountId, role: TopicRole, amount: Amount) {
        self.events.push(Event::TopicPaid {
            topic,
            epoch,
            to,
            role,
            amount,
        });
    }

    fn missed(&mut self, place: SlotKey, key: AccountId) {
        self.events.push(Event::RevealMissed {
            topic: place.topic,
            slot: place.slot,
            key,
        });
    }

    fn settled(&mut self, topic: TopicId, row: &Topic, minted: Amount, fees: Amount) {
        self.events.push(Event::TopicSettled {
            topic,
            epoch: row.epoch,
            minted,
            fees,
        });
    }

    /// The next epoch ends one length after the last one, or, where time has passed over several, at the end of the one
    /// that it is in.
    fn begin_epoch(&mut self, topic: TopicId, mut row: Topic) {
        let length = row.terms.epoch_ms;
        let late = self.now().since(row.epoch_ends_at);
        let passed = late.checked_div(length).unwrap_or_default();
        row.settled_at = row.epoch_ends_at;
        row.epoch = row.epoch.saturating_add(1);
        row.epoch_ends_at = LedgerTime::new(
            row.epoch_ends_at
                .get()
                .saturating_add(length.saturating_mul(passed.saturating_add(1))),
        );
        self.state.put_topic(topic, row);
    }
}
