//! What a topic chooses, and within which limits.

use std::ops::RangeInclusive;

/// Steepness of weights and fractions: from almost flat to almost "the best takes all".
pub const P: RangeInclusive<f64> = 0.1..=100.0;
/// Where φ bends, in units of spread.
pub const C: RangeInclusive<f64> = -10.0..=10.0;
/// What keeps a spread from zero; divisors are at least this.
pub const EPSILON: RangeInclusive<f64> = 1e-6..=1.0;
/// Weight of the newest value in a moving average: never nothing.
pub const ALPHA: RangeInclusive<f64> = 1e-3..=1.0;
/// A part of a whole.
pub const PART: RangeInclusive<f64> = 0.0..=1.0;
/// Least part of the stake to be listened to: never nothing, for then there were no consensus.
pub const LISTENED_STAKE: RangeInclusive<f64> = 0.01..=1.0;
/// How far a coefficient is moved to see what changes: small enough for a slope, large enough for a double.
pub const DELTA: RangeInclusive<f64> = 1e-6..=0.1;
/// Exponent of a reputer's stake times score; that to the eighth still is a double.
pub const REPUTER_EXPONENT: RangeInclusive<f64> = 0.1..=8.0;
/// Spreads by which a newcomer's regret lies under the experienced ones.
pub const NEWCOMER_OFFSET: RangeInclusive<f64> = 0.0..=100.0;
/// Nats that a single participant counts as.
pub const SINGLE_ENTROPY: RangeInclusive<f64> = 0.0..=10.0;
/// Steps of the gradient; each costs as much as the last.
pub const STEPS: RangeInclusive<u32> = 1..=100;
/// Scores whose spread is taken; the state holds them.
pub const SCORES: RangeInclusive<u32> = 2..=1000;
/// Epochs or participants.
pub const COUNT: RangeInclusive<u32> = 1..=1_000_000;

/// A topic's parameters. `Default` is upstream's.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Steepness p of φ ([`P`]).
    pub p: f64,
    /// Where φ bends ([`C`]).
    pub c: f64,
    /// ε of spreads ([`EPSILON`]).
    pub epsilon: f64,
    /// Weight of an epoch's regret in the smoothed one ([`ALPHA`]).
    pub regret_alpha: f64,
    /// Epochs after which a worker counts as experienced ([`COUNT`]).
    pub experienced_epochs: u32,
    /// Experienced workers from which on newcomers begin relative to them ([`COUNT`]).
    pub experienced_workers_min: u32,
    /// Quantile of experienced regrets at which newcomers begin, before the offset ([`PART`]).
    pub newcomer_quantile: f64,
    /// The offset is `c − newcomer_offset / p` spreads ([`NEWCOMER_OFFSET`]).
    pub newcomer_offset: f64,
    /// Weight of an epoch's fractions, and of its score ratio, in the smoothed ones ([`ALPHA`]).
    pub fraction_alpha: f64,
    /// β: exponent of the effective part of participants in an entropy ([`PART`]).
    pub entropy_exponent: f64,
    /// Entropy of a task with one participant, in nats ([`SINGLE_ENTROPY`]).
    pub single_entropy: f64,
    /// ε of a reputer's relative distance from consensus ([`EPSILON`]).
    pub reputer_epsilon: f64,
    /// η: step along the gradient of listening ([`ALPHA`]).
    pub learning_rate: f64,
    /// δ: how far a listening coefficient is moved to measure the gradient ([`DELTA`]).
    pub gradient_delta: f64,
    /// Steps along the gradient, at most ([`STEPS`]).
    pub gradient_steps_max: u32,
    /// The descent ends where no coefficient moved by more than this, times η ([`PART`]).
    pub gradient_stop: f64,
    /// Part of the stake that is listened to at least ([`LISTENED_STAKE`]).
    pub listened_stake_min: f64,
    /// Exponent of stake times score in a reputer's fraction ([`REPUTER_EXPONENT`]).
    pub reputer_exponent: f64,
    /// Latest scores whose spread scales the fractions of workers ([`SCORES`]).
    pub scores_kept: u32,
}

/// Parameters that no topic may have.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ParametersError {
    /// A number is outside its limits, or none.
    #[error("parameter {name} is {value}, outside {low} to {high}")]
    Outside {
        /// Its field.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its least.
        low: f64,
        /// Its greatest.
        high: f64,
    },
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            p: 3.0,
            c: 0.75,
            epsilon: 0.01,
            regret_alpha: 0.1,
            experienced_epochs: 10,
            experienced_workers_min: 10,
            newcomer_quantile: 0.25,
            newcomer_offset: 8.25,
            fraction_alpha: 0.1,
            entropy_exponent: 0.25,
            single_entropy: 0.173_286_795_139_986,
            reputer_epsilon: 0.01,
            learning_rate: 0.05,
            gradient_delta: 0.001,
            gradient_steps_max: 10,
            gradient_stop: 0.001,
            listened_stake_min: 0.5,
            reputer_exponent: 1.0,
            scores_kept: 10,
        }
    }
}

impl Parameters {
    pub(super) fn check(&self) -> Result<(), ParametersError> {
        let reals = [
            ("p", self.p, P),
            ("c", self.c, C),
            ("epsilon", self.epsilon, EPSILON),
            ("regret_alpha", self.regret_alpha, ALPHA),
            ("newcomer_quantile", self.newcomer_quantile, PART),
            ("newcomer_offset", self.newcomer_offset, NEWCOMER_OFFSET),
            ("fraction_alpha", self.fraction_alpha, ALPHA),
            ("entropy_exponent", self.entropy_exponent, PART),
            ("single_entropy", self.single_entropy, SINGLE_ENTROPY),
            ("reputer_epsilon", self.reputer_epsilon, EPSILON),
            ("learning_rate", self.learning_rate, ALPHA),
            ("gradient_delta", self.gradient_delta, DELTA),
            ("gradient_stop", self.gradient_stop, PART),
            (
                "listened_stake_min",
                self.listened_stake_min,
                LISTENED_STAKE,
            ),
            ("reputer_exponent", self.reputer_exponent, REPUTER_EXPONENT),
        ];
        for (name, value, limits) in reals {
            within(name, value, *limits.start(), *limits.end())?;
        }
        let counts = [
            ("experienced_epochs", self.experienced_epochs, COUNT),
            (
                "experienced_workers_min",
                self.experienced_workers_min,
                COUNT,
            ),
            ("gradient_steps_max", self.gradient_steps_max, STEPS),
            ("scores_kept", self.scores_kept, SCORES),
        ];
        for (name, value, limits) in counts {
            within(
                name,
                f64::from(value),
                f64::from(*limits.start()),
                f64::from(*limits.end()),
            )?;
        }
        Ok(())
    }
}

fn within(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), ParametersError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(ParametersError::Outside {
            name,
            value,
            low,
            high,
        })
    }
}
