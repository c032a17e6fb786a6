//! Slots: who holds them, what they cost, and who gives way.

use super::{Crowded, Rules};
use crate::number::exp2;

/// Moments in an epoch.
pub(super) const EPOCH_TICKS: u64 = 360;
/// What the first slot costs, in tokens: `SLOT_PRICE_START` of our ledger, and upstream's.
const PRICE_START: f64 = 0.1;
/// The least that a slot costs.
const PRICE_MIN: f64 = 0.0005;
/// The most.
const PRICE_MAX: f64 = 100.0;
/// Each slot makes the next one dearer by this factor.
const PRICE_STEP: f64 = 1.26;

/// Who holds a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// The deviating party.
    Party,
    /// Anybody else.
    Other,
}

/// A miner's slot.
#[derive(Debug, Clone)]
pub(super) struct Miner {
    pub(super) holder: Holder,
    pub(super) registered_at: u64,
    /// Logarithm of its quality; negative infinity where it does not work.
    pub(super) quality: f64,
    /// Its part of the last epoch's emission.
    pub(super) earned: f64,
}

/// The miners' slots of a topic and their price.
#[derive(Debug)]
pub(super) struct Miners {
    pub(super) slots: Vec<Miner>,
    price: f64,
    priced_at: u64,
}

impl Miners {
    pub(super) fn new(slots: Vec<Miner>, now: u64) -> Self {
        Self {
            slots,
            price: PRICE_START,
            priced_at: now,
        }
    }

    /// How many slots the party holds.
    pub(super) fn held(&self) -> usize {
        let own = self
            .slots
            .iter()
            .filter(|slot| slot.holder == Holder::Party);
        own.count()
    }

    /// What the next slot costs, in tokens. It halves every epoch, which is an hour or 360 blocks.
    pub(super) fn price(&self, now: u64) -> f64 {
        let epochs = now.saturating_sub(self.priced_at) as f64 / EPOCH_TICKS as f64;
        (self.price * exp2(-epochs)).max(PRICE_MIN)
    }

    /// The slot that the next holder gets.
    pub(super) fn free(&self, rules: &Rules, now: u64) -> Option<usize> {
        let immune_ticks = rules.immunity_epochs * EPOCH_TICKS;
        let least = |immune: bool| {
            let slots = self.slots.iter().enumerate();
            let own =
                slots.filter(|(_, slot)| (slot.registered_at + immune_ticks >= now) == immune);
            let least = own.min_by(|(place, one), (other_place, other)| {
                let earned = one.earned.total_cmp(&other.earned);
                let age = one.registered_at.cmp(&other.registered_at);
                earned.then(age).then(place.cmp(other_place))
            });
            least.map(|(place, _)| place)
        };
        match rules.crowded {
            Crowded::Refuse => least(false),
            Crowded::ReplaceLeast => least(false).or_else(|| least(true)),
        }
    }

    /// Gives a slot to a new holder; what it pays, in tokens.
    pub(super) fn register(&mut self, place: usize, holder: Holder, quality: f64, now: u64) -> f64 {
        let price = self.price(now);
        self.price = (price * PRICE_STEP).min(PRICE_MAX);
        self.priced_at = now;
        self.slots[place] = Miner {
            holder,
            registered_at: now,
            quality,
            earned: 0.0,
        };
        price
    }
}
