//! The end of a topic's epoch: missed reveals, the mechanism, and who is paid.

use crate::{
    block::Run,
    rows::{PoolKey, SlotKey, Topic, TopicSlot},
};
use assay_topic::{
    Mechanism as _, Role, Share,
    payout::split,
    yuma::{BondsRule, Epoch, LiquidAlpha, Matrix, Slot, State, Yuma},
};
use assay_types::{
    AccountId, Amount, Event, LedgerTime, TopicId, TopicMechanism, TopicRole, TopicTerms,
    WeightCell, WeightRow, YumaBonds,
};

/// The moment of weights that do not count.
const NEVER: u64 = 0;

/// Most weights, bonds and slots that a block settles; a topic that has more is alone.
///
/// Topics whose turn does not come wait for the next block as they are: nothing that concerns an ended epoch is taken
/// before it is settled, so when that happens changes nothing.
pub(crate) const SETTLED_CELLS_PER_BLOCK_MAX: usize = 1 << 19;

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
        for (key, slot) in &mut slots {
            if slot.due.take().is_some() {
                slot.weights = WeightRow::default();
                self.events.push(Event::RevealMissed {
                    topic,
                    slot: key.slot,
                    key: slot.key,
                });
            }
        }
        let epoch = self.epoch_of(topic, &row, &slots);
        let state = State {
            permits: slots.iter().map(|(_, slot)| slot.permit).collect(),
            bonds: matrix(slots.iter().map(|(_, slot)| &slot.bonds)),
        };
        let cells = epoch.weights.cells().saturating_add(state.bonds.cells());
        let work = cells.saturating_add(slots.len());
        let (next, settlement, _) = yuma(&row.terms).settle(&state, &epoch);
        for (place, (_, slot)) in slots.iter_mut().enumerate() {
            slot.permit = next.permits.get(place).copied().unwrap_or_default();
            let (columns, values) = next.bonds.row(place);
            slot.bonds = cells_of(columns, values);
            slot.due = slot.committed.take();
            slot.earned = Amount::ZERO;
            slot.worked = Amount::ZERO;
        }

        let income = self.income(&mut row);
        let whole = income.minted.saturating_add(income.fees);
        let worked = |share: &Share| share.role == Role::Worker;
        if !settlement.shares.iter().any(worked) {
            // Nothing was judged: what was to be minted never is, and who funded the topic pays a later epoch.
            row.fees = row.fees.saturating_add(income.fees);
            self.settled(topic, &row, Amount::ZERO, Amount::ZERO);
        } else {
            let to_owner = whole.share_floor(row.terms.owner_share);
            let rest = whole.saturating_sub(to_owner);
            let parts = split(
                rest.get(),
                settlement.shares.iter().map(|share| share.fraction),
            );
            let paid = whole.saturating_sub(Amount::new(parts.left));
            // Fees first: what is minted is what they do not cover.
            let fees = income.fees.min(paid);
            let minted = paid.saturating_sub(fees);
            row.fees = row.fees.saturating_add(income.fees.saturating_sub(fees));
            self.issue(minted);
            self.pay_topic(topic, row.epoch, row.owner, TopicRole::Owner, to_owner);
            for (share, amount) in settlement.shares.iter().zip(parts.paid) {
                let slot = usize::try_from(share.slot).ok();
                let slot = slot.and_then(|slot| slots.get_mut(slot));
                let (_, slot) = slot.expect("shares are of the epoch's slots");
                let amount = Amount::new(amount);
                slot.earned = slot.earned.saturating_add(amount);
                match share.role {
                    Role::Validator => self.pay_validator(topic, &mut row, slot, amount),
                    Role::Worker | Role::Forecaster => {
                        slot.worked = slot.worked.saturating_add(amount);
                        self.pay_topic(topic, row.epoch, slot.owner, TopicRole::Worker, amount);
                    }
                }
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
        work
    }

    fn epoch_of(&self, topic: TopicId, row: &Topic, slots: &[(SlotKey, TopicSlot)]) -> Epoch {
        let counts = |slot: &TopicSlot| {
            let age = row.epoch.saturating_sub(slot.counted_in);
            !slot.weights.is_empty() && age < u64::from(row.terms.activity_epochs)
        };
        let each = slots.iter().map(|(_, slot)| Slot {
            stake: self.pool(topic, slot.key).total.get(),
            registered_at: slot.registered_at.get(),
            updated_at: match counts(slot) {
                true => slot.updated_at.get(),
                false => NEVER,
            },
        });
        Epoch {
            slots: each.collect(),
            weights: matrix(slots.iter().map(|(_, slot)| &slot.weights)),
            owner: None,
            active_since: NEVER.saturating_add(1),
            bonds_since: row.settled_at.get(),
        }
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

/// The mechanism of a topic.
fn yuma(terms: &TopicTerms) -> Yuma {
    let TopicMechanism::Yuma {
        kappa,
        bonds,
        moving_average_ppm,
        bonds_penalty,
    } = terms.mechanism;
    Yuma {
        kappa,
        bonds: match bonds {
            YumaBonds::Classic => BondsRule::Classic,
            YumaBonds::Yuma3 => BondsRule::Yuma3,
            YumaBonds::Liquid {
                low,
                high,
                steepness,
            } => BondsRule::Liquid(LiquidAlpha {
                low,
                high,
                steepness,
            }),
        },
        bonds_moving_average_ppm: moving_average_ppm,
        bonds_penalty,
        validators_max: usize::from(terms.validators),
        stake_min: terms.stake_min.get(),
    }
}

fn matrix<'a>(rows: impl Iterator<Item = &'a WeightRow>) -> Matrix<u16> {
    let rows = rows.map(|row| {
        let cells = row.iter();
        cells.map(|cell| (u32::from(cell.slot), cell.weight))
    });
    Matrix::from_rows(rows).expect("stored rows ascend and name slots that were taken")
}

fn cells_of(columns: &[u32], values: &[u16]) -> WeightRow {
    let cells = columns
        .iter()
        .zip(values)
        .map(|(column, weight)| WeightCell {
            slot: u16::try_from(*column).expect("a topic's slot"),
            weight: *weight,
        });
    WeightRow::new(cells.collect()).expect("a row of a topic's slots")
}
