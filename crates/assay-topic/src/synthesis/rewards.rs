//! What inference, forecasting and reputation are worth, each against the others.
//!
//! A task is worth the more the more evenly its pay is spread: its entropy, of smoothed fractions. Between inference and
//! forecasting the part of forecasting grows with what it gains, from a tenth to a half, without changing their sum.

use super::{Earned, Parameters};
use crate::number::{ln, pow, ratio};

/// Part of inference and forecasting that goes to forecasting where it gains nothing.
const UTILITY_MIN: f64 = 0.1;

/// The same where it gains as much as the best inferer does.
const UTILITY_MAX: f64 = 0.5;

/// What each task is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Split {
    /// F, in nats.
    pub inferers_entropy: f64,
    /// G, in nats.
    pub forecasters_entropy: f64,
    /// H, in nats.
    pub reputers_entropy: f64,
    /// What forecasting gained: the loss of inferers alone less the network's.
    pub forecasting_score: f64,
    /// τ: that in units of the best inferer's score, smoothed.
    pub score_ratio: f64,
    /// χ: the part of forecasting.
    pub utility: f64,
    /// Fraction of the emission that inferers earn.
    pub inferers: f64,
    /// That forecasters earn.
    pub forecasters: f64,
    /// That reputers earn.
    pub reputers: f64,
}

/// Who earned what within each task.
pub(super) struct Tasks<'a> {
    pub(super) inferers: &'a [Earned],
    pub(super) forecasters: &'a [Earned],
    pub(super) reputers: &'a [Earned],
}

/// What each task is worth; all nothing where no task's pay is spread.
pub(super) fn split(
    parameters: &Parameters,
    tasks: &Tasks<'_>,
    forecasting_score: f64,
    last_ratio: f64,
) -> Split {
    let inferers = entropy(parameters, tasks.inferers);
    let forecasters = entropy(parameters, tasks.forecasters);
    let reputers = entropy(parameters, tasks.reputers);

    let scores = tasks.inferers.iter().map(|earned| earned.score);
    let best = scores.reduce(f64::max).unwrap_or(0.0);
    let alpha = parameters.fraction_alpha;
    let gain = ratio(forecasting_score - best.min(0.0), best.abs());
    let score_ratio = alpha * gain + (1.0 - alpha) * last_ratio;
    let utility = utility(score_ratio);

    let total = inferers + forecasters + reputers;
    let kept = (1.0 - utility) * inferers + utility * forecasters;
    let gamma = ratio(inferers + forecasters, kept);
    Split {
        inferers_entropy: inferers,
        forecasters_entropy: forecasters,
        reputers_entropy: reputers,
        forecasting_score,
        score_ratio,
        utility,
        inferers: ratio((1.0 - utility) * gamma * inferers, total),
        forecasters: ratio(utility * gamma * forecasters, total),
        reputers: ratio(reputers, total),
    }
}

/// χ of τ.
fn utility(score_ratio: f64) -> f64 {
    if score_ratio < 0.0 {
        UTILITY_MIN
    } else if score_ratio >= 1.0 {
        UTILITY_MAX
    } else {
        UTILITY_MIN + (UTILITY_MAX - UTILITY_MIN) * score_ratio
    }
}

/// `−Σ f ln f · (N_eff / N)^β` of smoothed fractions, normalised, where `N_eff = 1 / Σ f²`; zero of nobody.
fn entropy(parameters: &Parameters, task: &[Earned]) -> f64 {
    if task.len() == 1 {
        return parameters.single_entropy;
    }
    let total: f64 = task.iter().map(|earned| earned.smooth).sum();
    let (mut logarithms, mut squares) = (0.0, 0.0);
    for earned in task {
        let fraction = ratio(earned.smooth, total);
        squares += fraction * fraction;
        if fraction > 0.0 {
            logarithms -= fraction * ln(fraction);
        }
    }
    let effective = ratio(1.0, squares * task.len() as f64);
    logarithms * pow(effective, parameters.entropy_exponent)
}
