//! A topic's epochs, one after the other.
//!
//! ```text
//!  tick 0    qualities move; who is absent
//!       60   reveals of the last epoch's commitments, where they can be read while committing
//!       120  somebody may take a slot
//!       150  validators observe and send
//!       170  who copies sends, where commitments end with the first half
//!       240  somebody may take a slot
//!       300  who copies sends, elsewhere
//!       330  reveals of the last epoch's commitments, where commitments end with the first half
//!       360  settlement
//! ```

use super::{
    Population, Readable, Secrecy, Setup, SetupError, Side, Strategy, Unjudged,
    random::{Random, Stream},
    setup::OWN_MINERS,
    slots::{EPOCH_TICKS, Holder, Miner, Miners},
    validators::{Sent, Validator, read},
};
use crate::{
    mechanism::{Mechanism as _, Role},
    number::{exp, ln, normalize},
    yuma::{Epoch, Matrix, Outcome, Slot, State},
};

/// When the first epoch begins: later than the first holders came and than any epoch that still counts.
const START: u64 = 1_000 * EPOCH_TICKS;

/// What the deviating party got and paid. Money is in epochs' emissions without the topic owner's part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Earnings {
    /// What its validators got.
    pub dividends: f64,
    /// What its miners got.
    pub incentive: f64,
    /// What measuring cost it.
    pub measuring: f64,
    /// What working cost it.
    pub working: f64,
    /// What it burnt for slots.
    pub burnt: f64,
    /// What all participants got together.
    pub everybody: f64,
    /// Epochs that paid nobody.
    pub unpaid_epochs: u64,
    /// The distance of incentives from qualities, ½·Σ|Iⱼ − qⱼ/Σq|, on average: 0 just, 1 entirely unjust.
    pub misjudged: f64,
}

/// Runs a topic; the same setup and seed give the same bits on every platform.
///
/// Cost: epochs × validators × miners; some 20 ms for a thousand epochs of the default population.
///
/// # Errors
/// [`SetupError`] where there is nothing to simulate.
pub fn simulate(setup: &Setup, seed: u64) -> Result<Earnings, SetupError> {
    setup.check()?;
    let mut run = Run::new(setup, seed);
    for epoch in 0..setup.epochs {
        run.epoch(START + epoch * EPOCH_TICKS);
    }
    run.earnings.misjudged /= setup.epochs as f64;
    Ok(run.earnings)
}

struct Run<'a> {
    setup: &'a Setup,
    qualities: Random,
    entrants: Random,
    party: Random,
    /// Logarithm of the quality of a party that is a miner.
    party_quality: f64,
    miners: Miners,
    validators: Vec<Validator>,
    state: State,
    earnings: Earnings,
}

impl<'a> Run<'a> {
    fn new(setup: &'a Setup, seed: u64) -> Self {
        let population = &setup.population;
        let mut qualities = Random::new(seed, Stream::Qualities);
        let slots = (0..population.miners).map(|place| {
            let own = setup.strategy.side() == Side::Validator && place < OWN_MINERS;
            Miner {
                holder: if own { Holder::Party } else { Holder::Other },
                registered_at: 1,
                quality: population.spread * qualities.normal(),
                earned: 0.0,
            }
        });
        let mut run = Self {
            setup,
            miners: Miners::new(slots.collect(), START),
            qualities,
            entrants: Random::new(seed, Stream::Entrants),
            party: Random::new(seed, Stream::Party),
            party_quality: 0.0,
            validators: Validator::all(setup, seed, START),
            state: State::default(),
            earnings: Earnings::default(),
        };
        if setup.strategy.side() == Side::Miner && setup.strategy != Strategy::Sniper {
            for place in 0..run.slots_wanted() {
                run.take(place, Holder::Party, run.own_quality(), START);
            }
        }
        run
    }

    fn epoch(&mut self, start: u64) {
        let population = &self.setup.population;
        self.move_qualities();
        for validator in &mut self.validators {
            validator.wake(population.absence);
        }
        let readable = match self.setup.rules.secrecy {
            Secrecy::Revealed { readable } => Some(readable),
            Secrecy::Open | Secrecy::TimeLocked => None,
        };
        let entrant = self.entrants.uniform() < population.entrants;
        let early = self.entrants.uniform() < 0.5;
        let quality = population.spread * self.entrants.normal();
        if readable == Some(Readable::WhileCommitting) {
            self.reveal();
        }
        self.registrations((entrant && early).then_some(quality), start + 120);
        for validator in &mut self.validators {
            validator.observe(&self.miners.slots, population.noise);
        }
        self.share_observations();
        self.send(false, start + 150);
        let halves = readable == Some(Readable::AfterCommitting);
        if halves {
            self.send(true, start + 170);
        }
        self.registrations((entrant && !early).then_some(quality), start + 240);
        if halves {
            self.reveal();
        } else {
            self.send(true, start + 300);
        }
        self.settle(start);
        self.pay_costs();
    }

    fn move_qualities(&mut self) {
        let population = &self.setup.population;
        for miner in &mut self.miners.slots {
            miner.quality = moved(miner.quality, population, &mut self.qualities);
        }
        self.party_quality = moved(self.party_quality, population, &mut self.party);
        if self.setup.strategy.side() == Side::Miner {
            let quality = self.own_quality();
            let own = self.miners.slots.iter_mut();
            for miner in own.filter(|miner| miner.holder == Holder::Party) {
                miner.quality = quality;
            }
        }
    }

    /// The logarithm of the quality that a slot of the party has when it takes it.
    fn own_quality(&self) -> f64 {
        match self.setup.strategy {
            Strategy::Sniper => f64::NEG_INFINITY,
            Strategy::SybilDivided => self.party_quality - ln(self.slots_wanted() as f64),
            Strategy::HonestMiner | Strategy::SybilCopied => self.party_quality,
            // A deviating validator's miners are average when they come.
            _ => 0.0,
        }
    }

    /// How many miners' slots the party wants to hold.
    fn slots_wanted(&self) -> usize {
        match self.setup.strategy {
            Strategy::HonestMiner => 1,
            Strategy::SybilCopied | Strategy::SybilDivided | Strategy::Sniper => {
                let slots = self.setup.population.miners * usize::from(self.setup.share_percent);
                (slots / 100).max(1)
            }
            _ => OWN_MINERS,
        }
    }

    fn registrations(&mut self, entrant: Option<f64>, now: u64) {
        let population = &self.setup.population;
        let worth = population.payback_epochs * 0.5 / population.miners as f64;
        let worth = worth * population.emission;
        if self.miners.held() < self.slots_wanted()
            && let Some(place) = self.miners.free(&self.setup.rules, now)
        {
            let slot = &self.miners.slots[place];
            let most = match self.setup.strategy {
                Strategy::Sniper => slot.earned * population.emission,
                _ => worth,
            };
            if slot.holder == Holder::Other && self.miners.price(now) <= most {
                self.take(place, Holder::Party, self.own_quality(), now);
            }
        }
        if let Some(quality) = entrant
            && self.miners.price(now) <= worth
            && let Some(place) = self.miners.free(&self.setup.rules, now)
        {
            self.take(place, Holder::Other, quality, now);
        }
    }

    fn take(&mut self, place: usize, holder: Holder, quality: f64, now: u64) {
        let price = self.miners.register(place, holder, quality, now);
        if holder == Holder::Party {
            self.earnings.burnt += price / self.setup.population.emission;
        }
        self.state.forget(place);
    }

    /// A party that measures once for several validators sees the same behind all of them.
    fn share_observations(&mut self) {
        let mut own = (self.validators.iter_mut())
            .filter(|validator| validator.strategy == Strategy::SplitStake);
        if let Some(first) = own.next() {
            for other in own {
                other.observed.clone_from(&first.observed);
            }
        }
    }

    /// Those send that wait for others, or those that do not.
    fn send(&mut self, waiting: bool, now: u64) {
        let miners = &self.miners.slots;
        for place in 0..self.validators.len() {
            let (before, own) = self.validators.split_at_mut(place);
            let Some((validator, after)) = own.split_first_mut() else {
                continue;
            };
            if validator.absent || validator.waits() != waiting {
                continue;
            }
            debug_assert!(after.is_empty() || !waiting, "who waits comes last");
            let weights = validator.weigh(miners, now, || read(before, miners));
            match self.setup.rules.secrecy {
                Secrecy::Open => {
                    validator.weights = weights;
                    validator.updated_at = now;
                    validator.made_at = now;
                }
                Secrecy::TimeLocked | Secrecy::Revealed { .. } => {
                    validator.committed = Some(Sent { weights, at: now });
                }
            }
        }
    }

    fn reveal(&mut self) {
        for validator in self.validators.iter_mut().filter(|own| !own.absent) {
            if let Some(sent) = validator.due.take() {
                validator.weights = sent.weights;
                validator.updated_at = sent.at;
                validator.made_at = sent.at;
            }
        }
    }

    fn settle(&mut self, start: u64) {
        for validator in &mut self.validators {
            let due = validator.due.take();
            match (self.setup.rules.secrecy, due) {
                (Secrecy::Revealed { .. }, Some(_)) => validator.weights.clear(),
                (_, Some(sent)) => {
                    validator.weights = sent.weights;
                    validator.made_at = sent.at;
                }
                (_, None) => {}
            }
            if let (Secrecy::TimeLocked, Some(sent)) =
                (self.setup.rules.secrecy, &validator.committed)
            {
                validator.updated_at = sent.at;
            }
        }
        let epoch = self.submissions(start);
        let (state, mut settlement, outcome) = self.setup.rules.yuma.settle(&self.state, &epoch);
        if self.setup.rules.unjudged == Unjudged::PaysNobody
            && outcome.incentive.iter().all(|incentive| *incentive == 0.0)
        {
            settlement.shares.clear();
        }
        self.state = state;
        for validator in &mut self.validators {
            validator.due = validator.committed.take();
        }
        for miner in &mut self.miners.slots {
            miner.earned = 0.0;
        }
        if settlement.shares.is_empty() {
            self.earnings.unpaid_epochs += 1;
        }
        for share in &settlement.shares {
            self.earnings.everybody += share.fraction;
            let place = share.slot as usize;
            match self.miners.slots.get_mut(place) {
                Some(miner) => {
                    debug_assert_eq!(share.role, Role::Worker, "nothing is staked on miners");
                    miner.earned = share.fraction;
                    if miner.holder == Holder::Party {
                        self.earnings.incentive += share.fraction;
                    }
                }
                None => {
                    let validator = &self.validators[place - self.miners.slots.len()];
                    if validator.holder == Holder::Party {
                        self.earnings.dividends += share.fraction;
                    }
                }
            }
        }
        self.judge(&outcome);
    }

    fn submissions(&self, start: u64) -> Epoch {
        let revealed = matches!(self.setup.rules.secrecy, Secrecy::Revealed { .. });
        let miners = self.miners.slots.iter().map(|miner| Slot {
            stake: 0,
            registered_at: miner.registered_at,
            updated_at: miner.registered_at,
        });
        let validators = self.validators.iter().map(|validator| Slot {
            stake: validator.stake,
            registered_at: 1,
            // Where weights are revealed, an empty row has no say: neither one never sent nor one lost by a miss.
            updated_at: if revealed && validator.weights.iter().all(|weight| *weight == 0) {
                0
            } else {
                validator.updated_at
            },
        });
        let nothing: &[u16] = &[];
        let rows = self.miners.slots.iter().map(|_| nothing);
        let rows = rows.chain(self.validators.iter().map(|own| own.weights.as_slice()));
        let rows = rows.map(|row| {
            let cells = (0..).zip(row.iter().copied());
            cells.filter(|(_, weight)| *weight > 0)
        });
        let ends_at = start + EPOCH_TICKS;
        Epoch {
            slots: miners.chain(validators).collect(),
            weights: Matrix::from_rows(rows).expect("weights on miners, which are slots"),
            owner: None,
            active_since: ends_at - self.setup.rules.activity_epochs * EPOCH_TICKS,
            bonds_since: start,
        }
    }

    /// Compares what miners were given with what they are worth.
    fn judge(&mut self, outcome: &Outcome) {
        let slots = self.miners.slots.iter();
        let mut just: Vec<f64> = slots.map(|miner| exp(miner.quality)).collect();
        normalize(&mut just);
        let distances = just.iter().zip(&outcome.incentive);
        let distance: f64 = distances.map(|(just, given)| (just - given).max(0.0)).sum();
        let given = outcome.incentive.iter().any(|given| *given > 0.0);
        self.earnings.misjudged += if given { distance } else { 1.0 };
    }

    fn pay_costs(&mut self) {
        let population = &self.setup.population;
        match self.setup.strategy.side() {
            Side::Validator => {
                let own = self.validators.iter();
                let mut own = own.filter(|validator| validator.holder == Holder::Party);
                if own.any(|validator| validator.measured()) {
                    let average = 0.5 / population.validators as f64;
                    self.earnings.measuring += population.measuring * average;
                }
            }
            Side::Miner => {
                if self.setup.strategy != Strategy::Sniper && self.miners.held() > 0 {
                    let average = 0.5 / population.miners as f64;
                    self.earnings.working += population.working * average;
                }
            }
        }
    }
}

/// A quality's logarithm in the next epoch. Draws as often whatever happens.
fn moved(quality: f64, population: &Population, random: &mut Random) -> f64 {
    let step = population.drift * random.normal();
    let jumps = random.uniform() < population.jump;
    let other = population.spread * random.normal();
    if jumps && quality.is_finite() {
        other
    } else {
        quality - population.reversion * quality + step
    }
}
