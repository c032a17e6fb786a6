//! A series in one order of arrival, round by round through the mechanism.

use super::{Order, Recording};
use crate::{
    Mechanism,
    number::{mean, ratio},
    synthesis::{
        Aggregates, Inferred, Inputs, LossFunction, Report, State, Submissions, Synthesis,
    },
};

/// The reputer's stake: alone, it counts whatever it is.
const STAKE: u64 = 1;

/// Errors of a round; none where there was no inference.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Of the network's inference.
    pub network: Option<f64>,
    /// Of the simple mean of those that had come and answered.
    pub mean: Option<f64>,
    /// By miner: of its answer, come or not.
    pub miners: Vec<Option<f64>>,
}

/// What an order of arrival came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Who came when.
    pub order: Order,
    /// Errors, by round.
    pub rounds: Vec<Round>,
    /// By miner: its part of all that was paid.
    pub miners_paid: Vec<f64>,
    /// By forecaster: the same. The reputer has the rest.
    pub forecasters_paid: Vec<f64>,
}

/// Runs a recording through the mechanism in an order of arrival. Forecasters and the reputer are there from the first
/// round; every round has the same to pay.
///
/// # Panics
/// Where the order is one of another number of miners than the recording.
pub fn run(synthesis: &Synthesis, recording: &Recording, loss: LossFunction, order: Order) -> Run {
    assert_eq!(
        order.miners(),
        recording.miners(),
        "miners of the order and of the recording"
    );
    let mut state = State::default();
    let slots = recording.miners() + recording.forecasters() + 1;
    let mut paid = vec![0.0; slots];
    let mut rounds = Vec::with_capacity(recording.rounds());
    for (round, truth) in recording.truths.iter().enumerate() {
        let inputs = inputs(recording, &order, round);
        let inferred = synthesis.infer(&state, &inputs);
        let error = |inference: f64| loss.error(&[inference], &[*truth]);
        rounds.push(Round {
            network: inferred
                .aggregates
                .network
                .as_ref()
                .map(|labels| loss.error(labels, &[*truth])),
            mean: simple_mean(&inferred).map(error),
            miners: recording
                .inferences
                .iter()
                .map(|own| own[round].map(error))
                .collect(),
        });
        let report = report(loss, &inferred, *truth, slot(slots - 1));
        let submissions =
            Submissions::new(&inferred, vec![report]).expect("a report made for the inferences");
        let (next, settlement, _) = synthesis.settle(&state, &submissions);
        state = next;
        for share in settlement.shares {
            paid[share.slot as usize] += share.fraction;
        }
    }
    let total: f64 = paid.iter().sum();
    let part = |slot: usize| ratio(paid[slot], total);
    Run {
        miners_paid: (0..recording.miners())
            .map(|miner| part(order.slot(miner) as usize))
            .collect(),
        forecasters_paid: (recording.miners()..slots - 1).map(part).collect(),
        order,
        rounds,
    }
}

/// What those that have come send in a round. Forecasters' slots follow those of miners.
fn inputs(recording: &Recording, order: &Order, round: usize) -> Inputs {
    let present = |miner: &usize| order.arrival(*miner) <= round;
    let inferences = (0..recording.miners()).filter(present).filter_map(|miner| {
        let inference = recording.inferences[miner][round]?;
        Some((order.slot(miner), vec![inference]))
    });
    let forecasts = recording.forecasts.iter().enumerate().map(|(place, own)| {
        let losses = own[round].iter().filter(|(miner, _)| present(miner));
        let losses = losses.map(|(miner, loss)| (order.slot(*miner), *loss));
        (slot(recording.miners() + place), losses.collect())
    });
    Inputs::new(1, inferences.collect(), forecasts.collect())
        .expect("a recording holds what a topic accepts")
}

/// The honest reputer's measurement of everything that was inferred.
fn report(loss: LossFunction, inferred: &Inferred, truth: f64, slot: u32) -> Report {
    let mut losses = Aggregates::of(&None, inferred.inferers.len(), inferred.forecasters.len());
    for (of_one, inference) in losses.iter_mut().zip(inferred.aggregates.iter()) {
        *of_one = inference.as_ref().map(|labels| loss.loss(labels, &[truth]));
    }
    Report {
        slot,
        stake: STAKE,
        losses,
    }
}

fn simple_mean(inferred: &Inferred) -> Option<f64> {
    let own: Vec<f64> = inferred
        .aggregates
        .inferers
        .iter()
        .flatten()
        .map(|labels| labels[0])
        .collect();
    (!own.is_empty()).then(|| mean(&own))
}

fn slot(place: usize) -> u32 {
    u32::try_from(place).expect("participants are limited")
}
