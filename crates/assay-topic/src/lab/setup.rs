//! Who is in the topic, and who of them deviates.

use super::Rules;

/// Who takes part, and what happens to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Miners' slots, all taken from the start.
    pub miners: usize,
    /// Validators, the deviating one among them. Those that do not deviate have equal stakes.
    pub validators: usize,
    /// The logarithm of a miner's quality moves by this standard deviation an epoch.
    pub drift: f64,
    /// And returns to zero by this part of its distance.
    pub reversion: f64,
    /// Chance in an epoch that a quality becomes another one altogether.
    pub jump: f64,
    /// Standard deviation of qualities' logarithms at the start, of newcomers, and after a jump.
    pub spread: f64,
    /// A validator that measures errs by this standard deviation of the logarithm, each time anew.
    pub noise: f64,
    /// Chance in an epoch that a validator is absent: it neither sends nor reveals.
    pub absence: f64,
    /// Chance in an epoch that somebody outside wants a slot.
    pub entrants: f64,
    /// An entrant, or a miner that was replaced, pays at most what an average miner earns in so many epochs.
    pub payback_epochs: f64,
    /// An epoch's emission without the topic owner's part, in tokens: only prices of slots are in tokens.
    pub emission: f64,
    /// What measuring costs a validator an epoch, as a part of an average validator's dividends.
    pub measuring: f64,
    /// What working costs a miner an epoch, as a part of an average miner's incentive.
    pub working: f64,
}

impl Default for Population {
    fn default() -> Self {
        Self {
            miners: 22,
            validators: 10,
            drift: 0.05,
            reversion: 0.01,
            jump: 0.01,
            spread: 0.5,
            noise: 0.1,
            absence: 0.005,
            entrants: 0.2,
            payback_epochs: 20.0,
            emission: 10.0,
            measuring: 0.05,
            working: 0.5,
        }
    }
}

/// What the deviating party does. Everybody else is honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// One validator that measures each epoch and weighs by quality.
    Honest,
    /// Sends the mean, by stake, of the latest weights of others that it can read, as late as it can.
    Copier,
    /// The same, but gives slots that changed hands since those weights were made twice what an average miner has: it
    /// cannot know what their new holders are worth, but it knows that they are new.
    Guesser,
    /// Equal weights on all miners.
    LazyEqual,
    /// Measures once and sends that for ever.
    LazyFirst,
    /// Equal weights on its own miners, none on others.
    Cartel,
    /// Measures, and weighs its own miners twice.
    Partisan,
    /// Measures, and weighs miners that it weighs for the first time thrice.
    Booster,
    /// Measures once an epoch for several validators, behind which its stake is split.
    SplitStake,
    /// One miner that works.
    HonestMiner,
    /// One miner behind many slots, all of which give the same answers.
    SybilCopied,
    /// One miner behind many slots, among which its quality is divided.
    SybilDivided,
    /// Does not work; takes a slot whenever it costs no more than its holder earned in the last epoch.
    Sniper,
}

impl Strategy {
    /// All that deviate, in the order of tables.
    pub const DEVIATING: [Self; 11] = [
        Self::Copier,
        Self::Guesser,
        Self::LazyEqual,
        Self::LazyFirst,
        Self::Cartel,
        Self::Partisan,
        Self::Booster,
        Self::SplitStake,
        Self::SybilCopied,
        Self::SybilDivided,
        Self::Sniper,
    ];

    /// What tables call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::Copier => "copier",
            Self::Guesser => "copier that guesses",
            Self::LazyEqual => "lazy: equal weights",
            Self::LazyFirst => "lazy: first weights",
            Self::Cartel => "cartel",
            Self::Partisan => "partisan",
            Self::Booster => "booster of newcomers",
            Self::SplitStake => "split stake",
            Self::HonestMiner => "honest miner",
            Self::SybilCopied => "sybil: copied answers",
            Self::SybilDivided => "sybil: divided quality",
            Self::Sniper => "sniper",
        }
    }

    /// Which side of the topic deviates.
    pub const fn side(self) -> Side {
        match self {
            Self::HonestMiner | Self::SybilCopied | Self::SybilDivided | Self::Sniper => {
                Side::Miner
            }
            Self::Honest
            | Self::Copier
            | Self::Guesser
            | Self::LazyEqual
            | Self::LazyFirst
            | Self::Cartel
            | Self::Partisan
            | Self::Booster
            | Self::SplitStake => Side::Validator,
        }
    }

    /// What the same party would do if it were honest.
    pub const fn honest(self) -> Self {
        match self.side() {
            Side::Validator => Self::Honest,
            Side::Miner => Self::HonestMiner,
        }
    }

    /// Whether what a validator's own miners earn is why it deviates.
    pub(super) const fn counts_own_miners(self) -> bool {
        matches!(self, Self::Cartel | Self::Partisan)
    }
}

/// A side of the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Stake and weights.
    Validator,
    /// Slots and work.
    Miner,
}

/// One simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Who takes part.
    pub population: Population,
    /// Under which rules.
    pub rules: Rules,
    /// What the deviating party does.
    pub strategy: Strategy,
    /// How large it is: its part of all stake, or of all miners' slots, in per cent.
    pub share_percent: u8,
    /// For how many epochs.
    pub epochs: u64,
}

/// Why there is nothing to simulate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SetupError {
    /// Nobody would be left to compare with.
    #[error(
        "{validators} validators and {miners} miners; there must be at least {} and {}, and at most {} of each",
        VALIDATORS_MIN,
        MINERS_MIN,
        PARTICIPANTS_MAX
    )]
    Participants {
        /// How many validators.
        validators: usize,
        /// How many miners.
        miners: usize,
    },
    /// A party that is nobody or everybody.
    #[error("a party with {share_percent} % of a topic; it must be above 0 and below 100")]
    Share {
        /// In per cent.
        share_percent: u8,
    },
    /// No time.
    #[error("{epochs} epochs; there must be between 1 and {}", EPOCHS_MAX)]
    Epochs {
        /// How many.
        epochs: u64,
    },
    /// No seeds.
    #[error("{seeds} seeds; there must be between 1 and {}", SEEDS_MAX)]
    Seeds {
        /// How many.
        seeds: u64,
    },
    /// A number outside its range.
    #[error("{name} is {value}; it must be between 0 and {most}")]
    Number {
        /// Which.
        name: &'static str,
        /// What it was.
        value: f64,
        /// The largest.
        most: f64,
    },
}

/// One that deviates and two that do not.
const VALIDATORS_MIN: usize = 3;
/// A cartel's own, and as many of others.
const MINERS_MIN: usize = 2 * OWN_MINERS;
/// Keeps an epoch below a millisecond.
const PARTICIPANTS_MAX: usize = 256;
/// Keeps a simulation below a minute.
const EPOCHS_MAX: u64 = 1_000_000;
/// Keeps a study's memory small.
pub(super) const SEEDS_MAX: u64 = 10_000;
/// Miners of a party whose validator deviates.
pub(super) const OWN_MINERS: usize = 3;
/// Validators that a split stake stands behind.
pub(super) const SPLIT_VALIDATORS: usize = 4;

impl Setup {
    /// # Errors
    /// [`SetupError`]: what is impossible first, in the order of its variants.
    pub fn check(&self) -> Result<(), SetupError> {
        let Population {
            miners, validators, ..
        } = self.population;
        if !(VALIDATORS_MIN..=PARTICIPANTS_MAX).contains(&validators)
            || !(MINERS_MIN..=PARTICIPANTS_MAX).contains(&miners)
        {
            return Err(SetupError::Participants { validators, miners });
        }
        let share_percent = self.share_percent;
        if !(1..100).contains(&share_percent) {
            return Err(SetupError::Share { share_percent });
        }
        let epochs = self.epochs;
        if !(1..=EPOCHS_MAX).contains(&epochs) {
            return Err(SetupError::Epochs { epochs });
        }
        for (name, value, most) in self.population.numbers() {
            if !(0.0..=most).contains(&value) {
                return Err(SetupError::Number { name, value, most });
            }
        }
        Ok(())
    }
}

impl Population {
    /// Each number with its name and the most that it can be; none may be negative or infinite.
    fn numbers(&self) -> [(&'static str, f64, f64); 11] {
        [
            ("drift", self.drift, 1.0),
            ("reversion", self.reversion, 1.0),
            ("jump", self.jump, 1.0),
            ("spread", self.spread, 2.0),
            ("noise", self.noise, 2.0),
            ("absence", self.absence, 1.0),
            ("entrants", self.entrants, 1.0),
            ("payback_epochs", self.payback_epochs, 1e6),
            ("emission", self.emission, 1e9),
            ("measuring", self.measuring, 1.0),
            ("working", self.working, 1.0),
        ]
    }
}
