//! Many inferences become one: the network's, and those that show what each participant changed.
//!
//! Leaving an inferer out of a forecaster's implied inference does not mean summing again: weights stay as they are
//! unless the best left, so sums from both ends up to the one left out serve. Where the best left, its followers are
//! weighed anew, for relative to it they may all weigh nothing.

use super::{Aggregates, Inputs, Parameters, State, interval};
use crate::number::{exp, median_absolute_deviation};

/// One value for each label of the topic.
pub type Labels = Vec<f64>;

/// A normal distribution's standard deviation, in units of its median absolute deviation.
const DEVIATIONS: f64 = 1.4826;

/// What an epoch's inferences and forecasts amount to.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// Who inferred, ascending.
    pub inferers: Vec<u32>,
    /// Whose forecasts imply an inference, ascending.
    pub forecasters: Vec<u32>,
    /// The inferences; none where nobody is left to infer.
    pub aggregates: Aggregates<Option<Labels>>,
    /// Weights of inferers in the network's inference; the greatest of all is one.
    pub inferer_weights: Vec<f64>,
    /// Weights of forecasters in it.
    pub forecaster_weights: Vec<f64>,
    /// The scale of regrets.
    pub scale: f64,
    /// For each label, values that [`interval::PARTS`] of the weight lie below; none where nobody infers.
    pub intervals: Vec<[f64; 5]>,
}

/// What all aggregates of an epoch share.
struct Epoch<'a> {
    parameters: &'a Parameters,
    scale: f64,
    labels: usize,
    inferences: &'a [Labels],
    /// Inferers that are new.
    new: Vec<bool>,
    known_count: usize,
}

/// A weighted mean, and the weights of the inferers and forecasters that it was asked for, in order.
struct Blend {
    inference: Option<Labels>,
    weights: Vec<f64>,
}

/// An implied inference, and the same without each inferer.
struct Implied {
    inference: Labels,
    oneouts: Vec<Option<Labels>>,
}

pub(super) fn infer(parameters: &Parameters, state: &State, inputs: &Inputs) -> Inferred {
    let inferers = inputs.inferers.as_slice();
    let forecasters = match state.network_loss {
        Some(_) => inputs.forecasters.as_slice(),
        None => &[],
    };
    let combined = state.regrets(Some(&state.combined), inferers, forecasters);
    let new: Vec<bool> = state
        .combined
        .inferers
        .gather(inferers)
        .map(|regret| regret.is_none())
        .collect();
    let epoch = Epoch {
        parameters,
        scale: scale(parameters, &combined),
        labels: inputs.labels,
        inferences: &inputs.inferences,
        known_count: new.iter().filter(|new| !**new).count(),
        new,
    };

    let implied: Vec<Implied> = inputs.forecasts[..forecasters.len()]
        .iter()
        .map(|forecast| epoch.implied(state, forecast))
        .collect();
    let all: Vec<Option<&Labels>> = implied.iter().map(|one| Some(&one.inference)).collect();
    let network = epoch.blend(&combined, None, &all);

    let naive = (state.filled(&state.naive, inferers), Vec::new());
    let oneout_inferers = inferers.iter().enumerate().map(|(place, slot)| {
        let regrets = state.regrets(state.oneout_inferers.get(slot), inferers, forecasters);
        let without: Vec<_> = implied
            .iter()
            .map(|one| one.oneouts[place].as_ref())
            .collect();
        epoch.blend(&regrets, Some(place), &without).inference
    });
    let oneout_forecasters = forecasters.iter().enumerate().map(|(place, slot)| {
        let regrets = state.regrets(state.oneout_forecasters.get(slot), inferers, forecasters);
        let mut others = all.clone();
        others[place] = None;
        epoch.blend(&regrets, None, &others).inference
    });
    let onein_forecasters = forecasters.iter().enumerate().map(|(place, slot)| {
        let table = state.onein_forecasters.get(slot);
        let regrets = state.regrets(table, inferers, &[*slot]);
        epoch.blend(&regrets, None, &all[place..=place]).inference
    });
    let aggregates = Aggregates {
        naive: epoch.blend(&naive, None, &[]).inference,
        inferers: inputs.inferences.iter().cloned().map(Some).collect(),
        implied: all.iter().map(|one| one.cloned()).collect(),
        oneout_inferers: oneout_inferers.collect(),
        oneout_forecasters: oneout_forecasters.collect(),
        onein_forecasters: onein_forecasters.collect(),
        implied_oneouts: implied
            .iter()
            .flat_map(|one| one.oneouts.iter().cloned())
            .collect(),
        network: network.inference,
    };

    let intervals = if inferers.is_empty() {
        Vec::new()
    } else {
        epoch.intervals(&implied, &network.weights)
    };
    let (inferer_weights, forecaster_weights) = network.weights.split_at(inferers.len());
    Inferred {
        inferers: inferers.to_vec(),
        forecasters: forecasters.to_vec(),
        aggregates,
        inferer_weights: inferer_weights.to_vec(),
        forecaster_weights: forecaster_weights.to_vec(),
        scale: epoch.scale,
        intervals,
    }
}

impl Epoch<'_> {
    /// The inference that a forecaster's losses imply of the inferers it foretells, and the same without each.
    fn implied(&self, state: &State, forecast: &[(usize, f64)]) -> Implied {
        let regrets: Vec<f64> = forecast
            .iter()
            .map(|&(_, loss)| state.forecast_regret(loss).unwrap_or(state.initial_regret))
            .collect();
        let mut weights = regrets.clone();
        self.weigh(&mut weights);
        let parts = |weights: &[f64]| -> Vec<(f64, &[f64])> {
            let inferences = forecast
                .iter()
                .map(|&(place, _)| self.inferences[place].as_slice());
            weights.iter().copied().zip(inferences).collect()
        };
        let parts_all = parts(&weights);
        let before = sums(self.labels, parts_all.iter());
        let after = sums(self.labels, parts_all.iter().rev());
        let count = forecast.len();
        let inference = mean(&before[count], None);

        let mut oneouts = vec![Some(inference.clone()); self.inferences.len()];
        let best_count = weights.iter().filter(|weight| **weight == 1.0).count();
        for (index, &(place, _)) in forecast.iter().enumerate() {
            oneouts[place] = if count == 1 {
                None
            } else if weights[index] == 1.0 && best_count == 1 {
                let mut followers = regrets.clone();
                followers.remove(index);
                self.weigh(&mut followers);
                followers.insert(index, 0.0);
                Some(mean(
                    &sums(self.labels, parts(&followers).iter())[count],
                    None,
                ))
            } else {
                Some(mean(
                    &before[index],
                    Some(after[count - 1 - index].as_slice()),
                ))
            };
        }
        Implied { inference, oneouts }
    }

    /// The weighted mean of inferers, one left out, and those forecasters whose implied inference is given.
    ///
    /// `regrets` are those of all inferers, and of as many forecasters as `implied` names.
    fn blend(
        &self,
        (inferers, forecasters): &(Vec<f64>, Vec<f64>),
        left_out: Option<usize>,
        implied: &[Option<&Labels>],
    ) -> Blend {
        let known_left = left_out.is_some_and(|place| !self.new[place]);
        let all_new = self.known_count == usize::from(known_left);
        let inferer_parts = (0..self.inferences.len())
            .filter(|place| Some(*place) != left_out)
            .map(|place| (place, &self.inferences[place]));
        let forecaster_parts = implied
            .iter()
            .enumerate()
            .filter_map(|(place, implied)| Some((place, (*implied)?)));

        let mut weights = vec![0.0; inferers.len() + implied.len()];
        if inferer_parts.clone().next().is_none() {
            return Blend {
                inference: None,
                weights,
            };
        }
        let mut parts: Vec<(usize, f64, &Labels)> = inferer_parts
            .map(|(place, inference)| (place, inferers[place], inference))
            .collect();
        if all_new {
            for part in &mut parts {
                part.1 = 1.0;
            }
        } else {
            parts.extend(
                forecaster_parts.map(|(place, inference)| {
                    (inferers.len() + place, forecasters[place], inference)
                }),
            );
            let mut regrets: Vec<f64> = parts.iter().map(|part| part.1).collect();
            self.weigh(&mut regrets);
            for (part, weight) in parts.iter_mut().zip(regrets) {
                part.1 = weight;
            }
        }
        let mut sum = vec![0.0; self.labels + 1];
        for (place, weight, inference) in parts {
            weights[place] = weight;
            add(&mut sum, weight, inference);
        }
        Blend {
            inference: Some(mean(&sum, None)),
            weights,
        }
    }

    /// Regrets into weights: the greatest weighs one.
    fn weigh(&self, regrets: &mut [f64]) {
        let Parameters { p, c, .. } = *self.parameters;
        // How far below the bend of φ, in its exponent: the best lies lowest.
        for regret in regrets.iter_mut() {
            *regret = p * (c - *regret / self.scale);
        }
        let best = regrets.iter().copied().fold(f64::INFINITY, f64::min);
        let numerator = 1.0 + exp(best.min(0.0));
        for depth in regrets {
            *depth = if *depth > 0.0 {
                // Both terms of the fraction divided by e^depth, which may exceed a double.
                let inverse = exp(-*depth);
                (inverse + exp(best - *depth)) / (1.0 + inverse)
            } else {
                numerator / (1.0 + exp(*depth))
            };
        }
    }

    /// For each label, what parts of the weight lie below.
    fn intervals(&self, implied: &[Implied], weights: &[f64]) -> Vec<[f64; 5]> {
        let values = |label: usize| -> Vec<f64> {
            let implied = implied.iter().map(|one| &one.inference);
            let all = self.inferences.iter().chain(implied);
            all.map(|inference| inference[label]).collect()
        };
        (0..self.labels)
            .map(|label| interval::percentiles(&values(label), weights))
            .collect()
    }
}

fn scale(parameters: &Parameters, (inferers, forecasters): &(Vec<f64>, Vec<f64>)) -> f64 {
    let regrets = [inferers.as_slice(), forecasters].concat();
    DEVIATIONS * median_absolute_deviation(&regrets) + parameters.epsilon
}

/// Weighted sums of the first 0, 1, … parts; the last number of each is the sum of weights.
fn sums<'a>(
    labels: usize,
    parts: impl ExactSizeIterator<Item = &'a (f64, &'a [f64])>,
) -> Vec<Vec<f64>> {
    let mut sum = vec![0.0; labels + 1];
    let mut all = Vec::with_capacity(parts.len() + 1);
    all.push(sum.clone());
    for (weight, inference) in parts {
        add(&mut sum, *weight, inference);
        all.push(sum.clone());
    }
    all
}

fn add(sum: &mut [f64], weight: f64, inference: &[f64]) {
    for (sum, label) in sum.iter_mut().zip(inference) {
        *sum += weight * label;
    }
    if let Some(total) = sum.last_mut() {
        *total += weight;
    }
}

/// The mean of one or two weighted sums; their weights are at least one together.
fn mean(sum: &[f64], other: Option<&[f64]>) -> Labels {
    let mut sum = sum.to_vec();
    for (sum, other) in sum.iter_mut().zip(other.unwrap_or_default()) {
        *sum += other;
    }
    let total = sum.pop().unwrap_or(1.0);
    sum.iter().map(|label| label / total).collect()
}
