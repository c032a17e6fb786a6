//! What models answered over a series, checked.

/// Greatest magnitude of a value or an inference: squares of differences still sum to a double.
pub const VALUE_MAX: f64 = 1e100;

/// Most miners, and most forecasters: a topic of synthesis has no more slots.
pub const PARTICIPANTS_MAX: usize = 128;

/// What models answered over a series, whatever the order in which they come.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    pub(super) truths: Vec<f64>,
    /// By miner and round; none where it gave none.
    pub(super) inferences: Vec<Vec<Option<f64>>>,
    /// By forecaster and round: losses by miner.
    pub(super) forecasts: Vec<Vec<Vec<(usize, f64)>>>,
}

/// Answers that make no recording.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RecordingError {
    /// Nobody infers, or too many do.
    #[error(
        "a backtest takes 1 to {PARTICIPANTS_MAX} miners and at most as many forecasters, not {miners} and {forecasters}"
    )]
    Participants {
        /// Miners.
        miners: usize,
        /// Forecasters.
        forecasters: usize,
    },
    /// A participant answered for another number of rounds than the series has.
    #[error("{who} {place} answered for {got} rounds of {expected}")]
    Rounds {
        /// `miner` or `forecaster`.
        who: &'static str,
        /// Which of them.
        place: usize,
        /// Rounds of the series.
        expected: usize,
        /// Rounds it answered for.
        got: usize,
    },
    /// A value or an inference is no number, or too large.
    #[error("{what} of round {round} is {value:e}, beyond ±{VALUE_MAX:e}")]
    Value {
        /// `the truth` or `an inference`.
        what: &'static str,
        /// The round.
        round: usize,
        /// The number.
        value: f64,
    },
    /// A forecast cannot be one of the topic.
    #[error(
        "forecaster {forecaster}'s losses of round {round} name a miner twice, one that there is not, or none that is a loss"
    )]
    Forecast {
        /// Which forecaster.
        forecaster: usize,
        /// The round.
        round: usize,
    },
}

impl Recording {
    /// Answers over a series: `truths` by round; of each miner an inference a round, or none; of each forecaster the
    /// losses a round that it foretells, as decimal logarithms by miner.
    ///
    /// # Errors
    /// [`RecordingError`] where shapes do not match or a number is beyond its limit.
    pub fn new(
        truths: Vec<f64>,
        inferences: Vec<Vec<Option<f64>>>,
        forecasts: Vec<Vec<Vec<(usize, f64)>>>,
    ) -> Result<Self, RecordingError> {
        let (miners, forecasters, rounds) = (inferences.len(), forecasts.len(), truths.len());
        if miners == 0 || miners > PARTICIPANTS_MAX || forecasters > PARTICIPANTS_MAX {
            return Err(RecordingError::Participants {
                miners,
                forecasters,
            });
        }
        let answered = |who, place, got| match got == rounds {
            true => Ok(()),
            false => Err(RecordingError::Rounds {
                who,
                place,
                expected: rounds,
                got,
            }),
        };
        for (round, truth) in truths.iter().enumerate() {
            check_value("the truth", round, *truth)?;
        }
        for (place, own) in inferences.iter().enumerate() {
            answered("miner", place, own.len())?;
            for (round, inference) in own.iter().enumerate() {
                if let Some(inference) = inference {
                    check_value("an inference", round, *inference)?;
                }
            }
        }
        for (forecaster, own) in forecasts.iter().enumerate() {
            answered("forecaster", forecaster, own.len())?;
            for (round, losses) in own.iter().enumerate() {
                let mut named = vec![false; miners];
                let is_valid = losses.iter().all(|(miner, loss)| {
                    let is_new = named
                        .get_mut(*miner)
                        .is_some_and(|named| !std::mem::replace(named, true));
                    is_new && loss.abs() <= crate::synthesis::LOSS_MAX
                });
                if !is_valid {
                    return Err(RecordingError::Forecast { forecaster, round });
                }
            }
        }
        Ok(Self {
            truths,
            inferences,
            forecasts,
        })
    }

    /// Rounds of the series.
    pub fn rounds(&self) -> usize {
        self.truths.len()
    }

    /// How many miners there are.
    pub fn miners(&self) -> usize {
        self.inferences.len()
    }

    /// How many forecasters there are.
    pub fn forecasters(&self) -> usize {
        self.forecasts.len()
    }
}

fn check_value(what: &'static str, round: usize, value: f64) -> Result<(), RecordingError> {
    if value.abs() <= VALUE_MAX {
        Ok(())
    } else {
        Err(RecordingError::Value { what, round, value })
    }
}
