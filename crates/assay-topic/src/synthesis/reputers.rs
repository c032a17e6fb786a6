//! Reputers are scored by their distance from consensus, and consensus listens to those who agree.
//!
//! A reputer's adjusted stake is its stake times its listening coefficient, capped at the mean: `Ŝ = min(q·a·S / Σ a·S,
//! 1)`. Consensus is the mean of their losses by adjusted stake; a score is `T = 1 / (‖L_m − L‖ / ‖L‖ + ε)`. Coefficients
//! then climb towards a greater Σ S·T, by a slope measured with each coefficient moved alone. All of these consensuses
//! are computed side by side, one column each, from the first loss to the last.

use super::{Column, Parameters, Submissions};
use crate::number::{ratio, sqrt};

/// How a reputer was listened to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Its slot.
    pub slot: u32,
    /// How much it is listened to from now on, from zero to one.
    pub listening: f64,
    /// Its adjusted stake before the last step.
    pub adjusted_stake: f64,
    /// Its score before the last step.
    pub score: f64,
}

/// What reputers measured, a row for each loss with a column for each reputer.
struct Panel {
    stakes: Vec<f64>,
    /// Rows in which nothing is missing, one after the other.
    complete: Vec<f64>,
    /// The others, except those in which everything is.
    incomplete: Vec<Vec<Option<f64>>>,
}

/// Judges reputers of whom at least one has stake; they are listened to as `listening` says, newcomers fully.
pub(super) fn judge(
    parameters: &Parameters,
    listening: &Column<f64>,
    submissions: &Submissions,
) -> Vec<Judged> {
    let panel = Panel::new(submissions);
    let known = listening.gather(&submissions.reputers);
    let mut coefficients: Vec<f64> = known.map(|known| known.unwrap_or(1.0)).collect();
    panel.raise(parameters, &mut coefficients);

    let mut adjusted = Vec::new();
    let mut scores = Vec::new();
    for _ in 0..parameters.gradient_steps_max {
        let step = panel.step(parameters, &coefficients);
        (adjusted, scores) = (step.adjusted, step.scores);
        let mut moved = 0.0_f64;
        for (old, new) in coefficients.iter().zip(&step.coefficients) {
            moved = moved.max((new - old).abs());
        }
        coefficients = step.coefficients;
        if moved / parameters.learning_rate <= parameters.gradient_stop {
            break;
        }
    }
    let reputers = submissions.reputers.iter().enumerate();
    reputers
        .map(|(place, &slot)| Judged {
            slot,
            listening: coefficients[place],
            adjusted_stake: adjusted[place],
            score: scores[place],
        })
        .collect()
}

/// A step along the gradient, and what was the case before it.
struct Step {
    coefficients: Vec<f64>,
    adjusted: Vec<f64>,
    scores: Vec<f64>,
}

impl Panel {
    fn new(submissions: &Submissions) -> Self {
        let mut panel = Self {
            stakes: submissions.stakes.clone(),
            complete: Vec::new(),
            incomplete: Vec::new(),
        };
        let mut reports: Vec<_> = submissions
            .losses
            .iter()
            .map(|losses| losses.iter())
            .collect();
        let mut row = Vec::with_capacity(reports.len());
        for _ in 0..submissions.loss_count() {
            row.clear();
            row.extend(
                reports
                    .iter_mut()
                    .map(|losses| losses.next().copied().flatten()),
            );
            if row.iter().all(Option::is_some) {
                panel.complete.extend(row.iter().flatten());
            } else if row.iter().any(Option::is_some) {
                panel.incomplete.push(row.clone());
            }
        }
        panel
    }

    /// One step from coefficients, at which enough stake is listened to.
    fn step(&self, parameters: &Parameters, coefficients: &[f64]) -> Step {
        // Column 0 is the consensus as it is; column l + 1 that with coefficient l moved.
        let reputer_count = self.stakes.len();
        let width = reputer_count + 1;
        let delta = |coefficient: f64| {
            if coefficient == 1.0 {
                -parameters.gradient_delta
            } else {
                parameters.gradient_delta
            }
        };
        let mut adjusted = vec![0.0; reputer_count * width];
        for column in 0..width {
            let mut moved = coefficients.to_vec();
            if let Some(place) = column.checked_sub(1) {
                moved[place] += delta(moved[place]);
            }
            for (place, stake) in self.adjusted(&moved).into_iter().enumerate() {
                adjusted[place * width + column] = stake;
            }
        }
        let scores = self.scores(parameters, &adjusted, width);
        let total = |column: usize| -> f64 {
            let scores = scores[column..].iter().step_by(width);
            self.stakes
                .iter()
                .zip(scores)
                .map(|(stake, score)| stake * score)
                .sum()
        };
        let now = total(0);
        let climbed = coefficients
            .iter()
            .enumerate()
            .map(|(place, &coefficient)| {
                let then = total(place + 1);
                let slope = if then > 0.0 {
                    (1.0 - now / then) / delta(coefficient)
                } else {
                    0.0
                };
                (coefficient + parameters.learning_rate * slope).clamp(0.0, 1.0)
            });
        let mut climbed: Vec<f64> = climbed.collect();
        self.keep_listening(parameters, coefficients, &mut climbed);
        let before = |table: &[f64]| table.iter().step_by(width).copied().collect();
        Step {
            coefficients: climbed,
            adjusted: before(&adjusted),
            scores: before(&scores),
        }
    }

    /// Adjusted stakes.
    fn adjusted(&self, coefficients: &[f64]) -> Vec<f64> {
        let listened: Vec<f64> = coefficients
            .iter()
            .zip(&self.stakes)
            .map(|(a, s)| a * s)
            .collect();
        let total: f64 = listened.iter().sum();
        let count = listened.len() as f64;
        listened
            .iter()
            .map(|own| ratio(count * own, total).min(1.0))
            .collect()
    }

    /// Part of the stake that is listened to.
    fn listened(&self, coefficients: &[f64]) -> f64 {
        let listened: f64 = coefficients
            .iter()
            .zip(&self.stakes)
            .map(|(a, s)| a * s)
            .sum();
        ratio(listened, self.stakes.iter().sum())
    }

    /// Where too little stake is listened to, moves coefficients towards one until it is enough.
    fn raise(&self, parameters: &Parameters, coefficients: &mut [f64]) {
        let least = parameters.listened_stake_min;
        let listened = self.listened(coefficients);
        if listened < least {
            let part = ratio(least - listened, 1.0 - listened).clamp(0.0, 1.0);
            for coefficient in coefficients {
                *coefficient += (1.0 - *coefficient) * part;
            }
        }
    }

    /// Where too little stake would be listened to, moves coefficients back until it is enough.
    fn keep_listening(&self, parameters: &Parameters, old: &[f64], new: &mut [f64]) {
        let least = parameters.listened_stake_min;
        let (before, after) = (self.listened(old), self.listened(new));
        if after < least {
            let part = ratio(least - before, after - before).clamp(0.0, 1.0);
            for (old, new) in old.iter().zip(new) {
                *new = old + (*new - old) * part;
            }
        }
    }

    /// Scores of reputers at several consensuses: `adjusted` has a row for each reputer, `width` stakes in it.
    fn scores(&self, parameters: &Parameters, adjusted: &[f64], width: usize) -> Vec<f64> {
        let reputer_count = self.stakes.len();
        let mut totals = vec![0.0; width];
        for stakes in adjusted.chunks_exact(width) {
            add(&mut totals, stakes);
        }
        let mut norms = vec![0.0; width];
        let mut distances = vec![0.0; reputer_count * width];
        let mut consensus = vec![0.0; width];
        for losses in self.complete.chunks_exact(reputer_count) {
            consensus.fill(0.0);
            for (loss, stakes) in losses.iter().zip(adjusted.chunks_exact(width)) {
                for (consensus, stake) in consensus.iter_mut().zip(stakes) {
                    *consensus += stake * loss;
                }
            }
            for ((consensus, total), norm) in consensus.iter_mut().zip(&totals).zip(&mut norms) {
                *consensus /= total;
                *norm += *consensus * *consensus;
            }
            for (loss, distances) in losses.iter().zip(distances.chunks_exact_mut(width)) {
                for (distance, consensus) in distances.iter_mut().zip(&consensus) {
                    *distance += (loss - consensus) * (loss - consensus);
                }
            }
        }
        for losses in &self.incomplete {
            let partial = PartialConsensus::new(losses, adjusted, width);
            for ((consensus, heard), norm) in
                partial.consensus.iter().zip(&partial.heard).zip(&mut norms)
            {
                *norm += heard * (consensus * consensus);
            }
            for (loss, distances) in losses.iter().zip(distances.chunks_exact_mut(width)) {
                partial.add_distances(*loss, distances);
            }
        }
        for distances in distances.chunks_exact_mut(width) {
            for (distance, norm) in distances.iter_mut().zip(&norms) {
                *distance = score(parameters, sqrt(*distance), sqrt(*norm));
            }
        }
        distances
    }
}

fn add(sums: &mut [f64], numbers: &[f64]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += number;
    }
}

/// Consensuses about a loss that not everyone measured.
struct PartialConsensus {
    consensus: Vec<f64>,
    /// One where someone who measured it is listened to, else zero.
    heard: Vec<f64>,
    /// The measured loss most distant from it, of equally distant ones the first.
    farthest: Vec<f64>,
}

impl PartialConsensus {
    fn new(losses: &[Option<f64>], adjusted: &[f64], width: usize) -> Self {
        let mut consensus = vec![0.0; width];
        let mut totals = vec![0.0; width];
        for (loss, stakes) in losses.iter().zip(adjusted.chunks_exact(width)) {
            let Some(loss) = loss else { continue };
            for ((consensus, total), stake) in consensus.iter_mut().zip(&mut totals).zip(stakes) {
                *consensus += stake * loss;
                *total += stake;
            }
        }
        for (consensus, total) in consensus.iter_mut().zip(&totals) {
            *consensus = ratio(*consensus, *total);
        }
        let mut farthest = consensus.clone();
        for loss in losses.iter().flatten() {
            for (farthest, consensus) in farthest.iter_mut().zip(&consensus) {
                if (loss - consensus).abs() > (*farthest - consensus).abs() {
                    *farthest = *loss;
                }
            }
        }
        let heard = totals.iter().map(|total| f64::from(u8::from(*total > 0.0)));
        Self {
            heard: heard.collect(),
            consensus,
            farthest,
        }
    }

    /// Adds the squared distances of a reputer, who measured the loss or did not.
    fn add_distances(&self, loss: Option<f64>, distances: &mut [f64]) {
        let consensuses = self.consensus.iter().zip(&self.farthest).zip(&self.heard);
        for (distance, ((consensus, farthest), heard)) in distances.iter_mut().zip(consensuses) {
            let own = loss.unwrap_or(*farthest) - consensus;
            *distance += heard * (own * own);
        }
    }
}

/// A score. Whoever agrees has the greatest, even with a consensus of zeros, from which everyone else is infinitely far.
fn score(parameters: &Parameters, distance: f64, norm: f64) -> f64 {
    if distance == 0.0 {
        1.0 / parameters.reputer_epsilon
    } else {
        1.0 / (distance / norm + parameters.reputer_epsilon)
    }
}
