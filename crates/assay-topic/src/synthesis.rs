//! Inference synthesis, as Allora defines it in its version 10: many inferences become one, and everyone is paid by what
//! theirs changed.
//!
//! ```text
//!  epoch e   inferences, forecasts ─┐
//!            State ─────────────────┴─► infer ─► Inferred: the network's inference, and what it would have been
//!                                                  │         without or with each participant
//!            reputers measure the truth ───────────┴─► Submissions ─► settle ─► State, Settlement, Outcome
//! ```
//! Who takes part: *inferers* send values; *forecasters* foretell the inferers' losses, from which an inference of their
//! own is implied; *reputers* measure, once the truth is known, the loss of each aggregate. A slot may have several of
//! these parts. Losses are decimal logarithms, so a difference of two is a ratio of errors.
//!
//! Weights follow regret: how much better than the aggregate a worker's own inference was, smoothed over epochs. One
//! scale, `s = 1.4826·MAD + ε` of the regrets of all who take part, serves every aggregate. With `r = R/s`, a worker
//! weighs `(1 + e^{−p(r_max − c)}) / (1 + e^{−p(r − c)})`, so the best weighs one and a sum of weights is at least one:
//! upstream's floor under that sum never acts and is left out.
//!
//! Every edge is defined:
//!
//! | where | what |
//! |---|---|
//! | nobody infers | nothing is inferred; forecasters are as absent; no shares, and the state stays |
//! | one inferer | it is the network's inference; leaving it out gives none; it scores zero and has its task's whole fraction |
//! | an aggregate's inferers are all new | the mean of their inferences, without forecasters |
//! | a forecaster foretells nobody present | it is as absent |
//! | no loss of the network is known yet | forecasts mean nothing: forecasters are as absent |
//! | a loss that no reputer with stake measured | is missing: regrets that need it stay, scores that need it are zero |
//! | an implied inference's loss without an inferer is missing | its loss with everyone stands in |
//! | the network's own loss is missing | the epoch is unmeasured: no shares, and the state stays |
//! | a reputer left a loss out | consensus skips it; its score takes the reported value most distant from consensus |
//! | a loss measured only by reputers who are not listened to | is left out of that consensus |
//! | scores spread less than ε, or φ of all is zero | all of the task have equal fractions |
//! | the best inferer's score is zero | forecasters gain nothing on it: the ratio only decays |
//! | nobody agrees with a consensus of zeros | reputers are paid by stake |
//! | listened stake would fall below half | coefficients go back towards the last ones, to exactly half |
//! | listened stake begins below half (the listened-to left) | coefficients go towards one, to exactly half |
//!
//! Deviations from upstream: the value most distant from consensus is so by absolute distance (upstream compares signed
//! ones); where listened stake is low, coefficients are interpolated (upstream's 2024 code subtracts a vector from
//! itself); limits on how many of a task are rewarded, and the cut of outliers, are the ledger's to make.
//!
//! Cost of n inferers, m forecasters and q reputers, with V = n·m + 2n + 3m + 2 losses: `infer` takes O((n + m)²) time,
//! `settle` as much and O(q·V), and the gradient of listening O(steps · q² · V) at most. The losses of implied inferences
//! without each inferer are n·m of V; a topic of many forecasters goes without them.
//!
//! Reading order: [`parameters`], [`Column`] and [`State`], [`Inputs`], `inference` (with [`interval`]), [`Aggregates`],
//! [`Submissions`], [`LossFunction`], `losses`, `regret`, `reputers`, `scores`, `rewards`.

mod aggregates;
mod column;
mod inference;
mod inputs;
pub mod interval;
mod losses;
mod measure;
pub mod parameters;
mod regret;
mod reputers;
mod rewards;
mod scores;
mod state;
mod submissions;

pub use aggregates::Aggregates;
pub use column::Column;
pub use inference::{Inferred, Labels};
pub use inputs::{Inputs, InputsError, LABEL_MAX, LOSS_MAX};
pub use measure::{ERROR_MIN, LossFunction};
pub use parameters::{Parameters, ParametersError};
pub use reputers::Judged;
pub use rewards::Split;
pub use scores::Earned;
pub use state::{Regrets, State};
pub use submissions::{Report, Submissions, SubmissionsError};

use crate::{Mechanism, Role, Settlement, Share};

/// Inference synthesis with a topic's parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Synthesis {
    parameters: Parameters,
}

/// What an epoch's losses say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// The network's losses: those of reputers, weighted by stake.
    pub losses: Aggregates<Option<f64>>,
    /// What inferers earned within their task, in the order of the epoch's inferers.
    pub inferers: Vec<Earned>,
    /// The same of forecasters.
    pub forecasters: Vec<Earned>,
    /// The same of reputers.
    pub reputers: Vec<Earned>,
    /// How reputers were listened to, in the same order.
    pub judged: Vec<Judged>,
    /// What each task is worth.
    pub split: Split,
}

impl Synthesis {
    /// Checks a topic's parameters.
    ///
    /// # Errors
    /// [`ParametersError`] for the first that is outside its limits.
    pub fn new(parameters: Parameters) -> Result<Self, ParametersError> {
        parameters.check()?;
        Ok(Self { parameters })
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The first half of an epoch: what the network infers, and what it would infer without or with each participant.
    pub fn infer(&self, state: &State, inputs: &Inputs) -> Inferred {
        inference::infer(&self.parameters, state, inputs)
    }
}

impl Mechanism for Synthesis {
    type State = State;
    type Submissions = Submissions;
    type Outcome = Outcome;

    /// The second half of an epoch.
    fn settle(&self, state: &State, submissions: &Submissions) -> (State, Settlement, Outcome) {
        let parameters = &self.parameters;
        let losses = losses::of_network(submissions);
        let Some(network_loss) = losses.network else {
            let outcome = Outcome {
                losses,
                ..Outcome::default()
            };
            return (state.clone(), Settlement::default(), outcome);
        };

        let mut next = regret::learn(parameters, state, submissions, &losses);
        let judged = reputers::judge(parameters, &state.listening, submissions);
        let coefficients = judged.iter().map(|judged| (judged.slot, judged.listening));
        next.listening = state.listening.merged(coefficients);

        let scores = scores::of_workers(network_loss, &losses);
        next.inferer_scores = scores::latest(parameters, &scores.inferers, &state.inferer_scores);
        next.forecaster_scores =
            scores::latest(parameters, &scores.forecasters, &state.forecaster_scores);
        let inferers = scores::earn(
            parameters,
            &mut next.smooth_inferers,
            &submissions.inferers,
            &scores.inferers,
            &scores::fractions(parameters, &scores.inferers, &next.inferer_scores),
        );
        let forecasters = scores::earn(
            parameters,
            &mut next.smooth_forecasters,
            &submissions.forecasters,
            &scores.forecasters,
            &scores::fractions(parameters, &scores.forecasters, &next.forecaster_scores),
        );
        let reputer_scores: Vec<f64> = judged.iter().map(|judged| judged.score).collect();
        let reputers = scores::earn(
            parameters,
            &mut next.smooth_reputers,
            &submissions.reputers,
            &reputer_scores,
            &scores::fractions_of_reputers(parameters, &submissions.stakes, &reputer_scores),
        );

        let split = rewards::split(
            parameters,
            &rewards::Tasks {
                inferers: &inferers,
                forecasters: &forecasters,
                reputers: &reputers,
            },
            scores.forecasting,
            state.score_ratio,
        );
        next.score_ratio = split.score_ratio;

        let share = |role: Role, task: f64| {
            move |earned: &Earned| Share {
                slot: earned.slot,
                role,
                fraction: task * earned.fraction,
            }
        };
        let shares = inferers
            .iter()
            .map(share(Role::Worker, split.inferers))
            .chain(
                forecasters
                    .iter()
                    .map(share(Role::Forecaster, split.forecasters)),
            )
            .chain(reputers.iter().map(share(Role::Validator, split.reputers)))
            .collect();
        let outcome = Outcome {
            losses,
            inferers,
            forecasters,
            reputers,
            judged,
            split,
        };
        (next, Settlement::new(shares), outcome)
    }
}

#[cfg(test)]
mod tests;
