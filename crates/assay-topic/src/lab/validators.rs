//! Validators: what they observe, and what they send.

use super::{
    Setup, Side, Strategy,
    random::{Random, Stream},
    setup::SPLIT_VALIDATORS,
    slots::{EPOCH_TICKS, Holder, Miner},
};
use crate::number::{exp, mean, normalize};

/// How much more than by what it saw a booster gives newcomers. What exceeds the consensus is clipped; the rest was first.
const BOOST: f64 = 3.0;
/// How much more than an average miner has a copier gives slots of whose holders it knows nothing: of 1, 2 and 3, what
/// pays best by our rules.
const GUESS: f64 = 2.0;
/// All stake, in the smallest units that there are here.
const STAKE: u64 = 1_000_000_000_000;

/// Weights on miners' slots, and when they were made.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) weights: Vec<u16>,
    pub(super) at: u64,
}

/// A validator.
#[derive(Debug)]
pub(super) struct Validator {
    pub(super) holder: Holder,
    /// What it does.
    pub(super) strategy: Strategy,
    pub(super) stake: u64,
    /// What it is absent from and observes.
    random: Random,
    pub(super) absent: bool,
    /// What it saw of each slot in this epoch: weights by quality.
    pub(super) observed: Vec<f64>,
    /// What it sent first, if it never looks again.
    first: Option<Vec<u16>>,
    /// The weights in force, and what they count as of.
    pub(super) weights: Vec<u16>,
    pub(super) updated_at: u64,
    /// When the weights in force were made.
    pub(super) made_at: u64,
    /// What it committed to in this epoch.
    pub(super) committed: Option<Sent>,
    /// What it committed to in the last one.
    pub(super) due: Option<Sent>,
}

impl Validator {
    /// All of a topic: those of the party last, so that the others see the same whatever it does.
    pub(super) fn all(setup: &Setup, seed: u64, now: u64) -> Vec<Self> {
        let validators = setup.population.validators;
        let (others, party, of_party) = match (setup.strategy.side(), setup.strategy) {
            (Side::Miner, _) => (validators, 0, 0),
            (Side::Validator, Strategy::SplitStake) => {
                (validators - 1, SPLIT_VALIDATORS, setup.share_percent)
            }
            (Side::Validator, _) => (validators - 1, 1, setup.share_percent),
        };
        let of_party = STAKE / 100 * u64::from(of_party);
        let other = |place| (place, Holder::Other, (STAKE - of_party) / others as u64);
        let own = |place| (place, Holder::Party, of_party / party.max(1) as u64);
        let each = (0..others).map(other);
        let each = each.chain((others..others + party).map(own));
        each.map(|(place, holder, stake)| Self {
            holder,
            strategy: match holder {
                Holder::Party => setup.strategy,
                Holder::Other => Strategy::Honest,
            },
            stake,
            random: Random::new(seed, Stream::Validator(place as u64)),
            absent: false,
            observed: vec![0.0; setup.population.miners],
            first: None,
            weights: Vec::new(),
            updated_at: now,
            made_at: 0,
            committed: None,
            due: None,
        })
        .collect()
    }

    /// Begins an epoch: whether it is there.
    pub(super) fn wake(&mut self, absence: f64) {
        self.absent = self.random.uniform() < absence;
    }

    /// Observes all slots. Drawn whether it looks or not, so that its next epochs do not depend on what it does.
    pub(super) fn observe(&mut self, miners: &[Miner], noise: f64) {
        for (observed, miner) in self.observed.iter_mut().zip(miners) {
            *observed = exp(miner.quality + noise * self.random.normal());
        }
    }

    /// Whether it paid for measuring in this epoch. Looking once and never again costs nothing worth counting.
    pub(super) fn measured(&self) -> bool {
        match self.strategy {
            Strategy::Honest | Strategy::Partisan | Strategy::Booster | Strategy::SplitStake => {
                !self.absent
            }
            _ => false,
        }
    }

    /// Whether it waits for what others send.
    pub(super) fn waits(&self) -> bool {
        matches!(self.strategy, Strategy::Copier | Strategy::Guesser)
    }

    /// What it sends in this epoch, given what it can read of others.
    pub(super) fn weigh(
        &mut self,
        miners: &[Miner],
        now: u64,
        read: impl Fn() -> Read,
    ) -> Vec<u16> {
        match self.strategy {
            Strategy::Copier => scaled(&read().mean),
            Strategy::Guesser => scaled(&read().guessed()),
            Strategy::LazyEqual => vec![u16::MAX; miners.len()],
            Strategy::LazyFirst => {
                let first = self.first.take().unwrap_or_else(|| scaled(&self.observed));
                self.first.insert(first).clone()
            }
            Strategy::Cartel => own(miners)
                .map(u16::from)
                .map(|own| own * u16::MAX)
                .collect(),
            Strategy::Partisan => {
                let favours = own(miners).map(|own| if own { 2.0 } else { 1.0 });
                let favoured: Vec<f64> = (self.observed.iter().zip(favours))
                    .map(|(observed, favour)| observed * favour)
                    .collect();
                scaled(&favoured)
            }
            Strategy::Booster => {
                let boosted: Vec<f64> = (self.observed.iter().zip(miners))
                    .map(|(observed, miner)| {
                        let new = miner.registered_at + EPOCH_TICKS > now;
                        observed * if new { BOOST } else { 1.0 }
                    })
                    .collect();
                scaled(&boosted)
            }
            Strategy::Honest
            | Strategy::SplitStake
            | Strategy::HonestMiner
            | Strategy::SybilCopied
            | Strategy::SybilDivided
            | Strategy::Sniper => scaled(&self.observed),
        }
    }
}

/// What somebody who waits can read of those that do not.
///
/// The weights are the mean of those in force, by stake; equal ones where there are none.
pub(super) fn read(validators: &[Validator], miners: &[Miner]) -> Read {
    let mut mean = vec![0.0; miners.len()];
    let mut made_at = 0;
    for validator in validators.iter().filter(|own| !own.waits()) {
        let mut row: Vec<f64> = validator.weights.iter().copied().map(f64::from).collect();
        normalize(&mut row);
        for (mean, weight) in mean.iter_mut().zip(row) {
            *mean += validator.stake as f64 * weight;
        }
        made_at = validator.made_at.max(made_at);
    }
    if mean.iter().all(|weight| *weight == 0.0) {
        mean.fill(1.0);
    }
    let new = miners.iter().map(|miner| miner.registered_at >= made_at);
    Read {
        new: new.collect(),
        mean,
    }
}

/// See [`read`].
pub(super) struct Read {
    mean: Vec<f64>,
    /// Slots whose holders came after all of these weights were made.
    new: Vec<bool>,
}

impl Read {
    /// The weights, but a guess on slots with new holders.
    fn guessed(mut self) -> Vec<f64> {
        let guess = GUESS * mean(&self.mean);
        for (weight, new) in self.mean.iter_mut().zip(&self.new) {
            if *new {
                *weight = guess;
            }
        }
        self.mean
    }
}

fn own(miners: &[Miner]) -> impl Iterator<Item = bool> + '_ {
    miners.iter().map(|miner| miner.holder == Holder::Party)
}

/// Weights in 16 bits, the largest 65 535, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between zero and 65 535"
)]
fn scaled(weights: &[f64]) -> Vec<u16> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let whole = f64::from(u16::MAX);
    let scaled = weights.iter().map(|weight| weight / largest * whole);
    scaled
        .map(|weight| weight.clamp(0.0, whole) as u16)
        .collect()
}
