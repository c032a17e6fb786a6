//! What participants' scores are, and what fraction of their task's pay they earn by them.

use super::{Aggregates, Column, Parameters};
use crate::number::{exp, exp2, ln_1p, normalize, pow, standard_deviation};

/// What a participant earned within its task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Earned {
    /// Its slot.
    pub slot: u32,
    /// What it changed for the better, as a decimal logarithm; a reputer's closeness to consensus.
    pub score: f64,
    /// Its fraction of what the task is paid; those of a task sum to one.
    pub fraction: f64,
    /// Its smoothed fraction, by which its task's worth is reckoned.
    pub smooth: f64,
}

/// Scores of an epoch's workers.
pub(super) struct Scores {
    /// What leaving each inferer out costs.
    pub(super) inferers: Vec<f64>,
    /// What each forecaster gains, alone and beside the others.
    pub(super) forecasters: Vec<f64>,
    /// What all forecasters gain together.
    pub(super) forecasting: f64,
}

/// Scores from losses; a difference of which one is missing is zero.
pub(super) fn of_workers(network_loss: f64, losses: &Aggregates<Option<f64>>) -> Scores {
    let gain = |without: Option<f64>| without.map_or(0.0, |without| without - network_loss);
    // The more forecasters there are, the less one of them alone tells.
    let unique = exp2(1.0 - losses.implied.len() as f64);
    let forecasters = losses
        .onein_forecasters
        .iter()
        .zip(&losses.oneout_forecasters)
        .map(|(with, without)| {
            let alone = match (losses.naive, with) {
                (Some(naive), Some(with)) => naive - with,
                _ => 0.0,
            };
            unique * alone + (1.0 - unique) * gain(*without)
        });
    Scores {
        inferers: losses.oneout_inferers.iter().copied().map(gain).collect(),
        forecasters: forecasters.collect(),
        forecasting: gain(losses.naive),
    }
}

/// The latest scores: this epoch's, then older ones, as many as are kept.
pub(super) fn latest(parameters: &Parameters, scores: &[f64], older: &[f64]) -> Vec<f64> {
    let kept = parameters.scores_kept as usize;
    scores.iter().chain(older).copied().take(kept).collect()
}

/// Fractions of workers: φ of their scores in units of the latest scores' spread, normalised.
pub(super) fn fractions(parameters: &Parameters, scores: &[f64], latest: &[f64]) -> Vec<f64> {
    let spread = standard_deviation(latest);
    let equal = || vec![1.0 / scores.len() as f64; scores.len()];
    if spread < parameters.epsilon {
        return equal();
    }
    let mut fractions: Vec<f64> = scores
        .iter()
        .map(|score| phi(parameters, score / (spread + parameters.epsilon)))
        .collect();
    if fractions.iter().sum::<f64>() == 0.0 {
        return equal();
    }
    normalize(&mut fractions);
    fractions
}

/// Fractions of reputers: stake times score, normalised; by stake alone where all of that is zero.
pub(super) fn fractions_of_reputers(
    parameters: &Parameters,
    stakes: &[f64],
    scores: &[f64],
) -> Vec<f64> {
    let mut fractions: Vec<f64> = stakes
        .iter()
        .zip(scores)
        .map(|(stake, score)| pow(stake * score, parameters.reputer_exponent))
        .collect();
    if fractions.iter().sum::<f64>() == 0.0 {
        fractions = stakes.to_vec();
    }
    normalize(&mut fractions);
    fractions
}

/// Smooths fractions, of newcomers as they are, and puts what is known of each participant together.
pub(super) fn earn(
    parameters: &Parameters,
    smooth: &mut Column<f64>,
    slots: &[u32],
    scores: &[f64],
    fractions: &[f64],
) -> Vec<Earned> {
    let alpha = parameters.fraction_alpha;
    let earned: Vec<Earned> = smooth
        .gather(slots)
        .enumerate()
        .map(|(place, old)| {
            let fraction = fractions[place];
            Earned {
                slot: slots[place],
                score: scores[place],
                fraction,
                smooth: old.map_or(fraction, |old| alpha * fraction + (1.0 - alpha) * old),
            }
        })
        .collect();
    *smooth = smooth.merged(earned.iter().map(|earned| (earned.slot, earned.smooth)));
    earned
}

/// `ln(1 + e^{p(x − c)})`, whatever x is.
fn phi(parameters: &Parameters, x: f64) -> f64 {
    let exponent = parameters.p * (x - parameters.c);
    exponent.max(0.0) + ln_1p(exp(-exponent.abs()))
}
