//! Inference synthesis: the last epoch's inferences are measured, and this epoch's become one.
//!
//! Both need the state of the mechanism, in this order: what was measured teaches it, then it forgets whose slot changed
//! hands, then it weighs what is new. So what reputers measure can be computed by anyone from the rows between.

use super::Judged;
use crate::{
    block::Run,
    rows::{Round, SentForecast, SentInference, SlotKey, Topic, TopicSlot},
    topic::memory::{self, narrow, real},
};
use assay_topic::{
    Mechanism as _, Role, Share, permits,
    synthesis::{Aggregates, Inferred, Parameters, Report, State, Submissions, Synthesis},
};
use assay_types::{
    Amount, Event, Labels, List, Losses, Real, SlotLoss, SlotLosses, Submission, TopicId,
    TopicMechanism, TopicTerms,
};
use std::cmp::Reverse;

impl Run<'_> {
    pub(super) fn judge_by_losses(
        &mut self,
        topic: TopicId,
        row: &Topic,
        slots: &mut [(SlotKey, TopicSlot)],
    ) -> Judged {
        for (place, slot) in slots.iter_mut() {
            if slot.committed.take().is_some() {
                self.missed(*place, slot.key);
            }
        }
        let mechanism = synthesis(&row.terms);
        let mut state = memory::recall(&self.state, topic);
        let measured = self.measure(&mechanism, &mut state, topic, row, slots);
        for (place, slot) in slots.iter() {
            if slot.registered_at > row.settled_at {
                state.forget(u32::from(place.slot));
            }
        }
        let losses = match measured.losses {
            Some(losses) => losses,
            None => {
                let last = self.state.memories.get(&topic);
                last.map(|memory| memory.losses.clone()).unwrap_or_default()
            }
        };
        self.remember(topic, &state, losses);
        let inferred = self.synthesise(&mechanism, &state, topic, row, slots);

        let stakes: Vec<u64> = slots
            .iter()
            .map(|(_, slot)| self.counted_stake(topic, row, slot))
            .collect();
        let permits = permits(&stakes, usize::from(row.terms.validators));
        for ((_, slot), permit) in slots.iter_mut().zip(permits) {
            slot.permit = permit;
            slot.sent = None;
        }
        Judged {
            shares: measured.shares,
            work: slots
                .len()
                .saturating_add(measured.work)
                .saturating_add(inferred),
        }
    }

    /// Settles the round that waits, if there is one, with the losses that were sent in this epoch.
    fn measure(
        &mut self,
        mechanism: &Synthesis,
        state: &mut State,
        topic: TopicId,
        row: &Topic,
        slots: &[(SlotKey, TopicSlot)],
    ) -> Measured {
        let Some(round) = self.state.rounds.get(&topic).cloned() else {
            return Measured::default();
        };
        self.state.rounds.remove(topic);
        let inferred = mechanism.infer(state, &memory::inputs(&row.terms, &round));
        let reports: Vec<Report> = slots
            .iter()
            .filter_map(|(place, slot)| {
                let Some(Submission::Losses { losses, .. }) = &slot.sent else {
                    return None;
                };
                Some(Report {
                    slot: u32::from(place.slot),
                    stake: self.counted_stake(topic, row, slot),
                    losses: of_aggregates(&inferred, losses),
                })
            })
            .collect();
        let count = usize::from(round.aggregates);
        let work = work(&inferred).saturating_add(
            reports
                .len()
                .saturating_mul(reports.len())
                .saturating_mul(count),
        );
        let submissions =
            Submissions::new(&inferred, reports).expect("what was revealed was checked");
        let (next, settlement, outcome) = mechanism.settle(state, &submissions);
        *state = next;
        let holds = |share: &Share| {
            let slot = narrow(share.slot);
            let now = slots.iter().find(|(place, _)| place.slot == slot);
            let now = now.map(|(_, slot)| slot.key);
            let then = match share.role {
                Role::Worker => round
                    .inferences
                    .iter()
                    .find(|sent| sent.slot == slot)
                    .map(|sent| sent.key),
                Role::Forecaster => round
                    .forecasts
                    .iter()
                    .find(|sent| sent.slot == slot)
                    .map(|sent| sent.key),
                Role::Validator => now,
            };
            now.is_some() && now == then
        };
        let losses = outcome.losses.network.map(|_| {
            let each = inferred.inferers.iter().zip(&outcome.losses.inferers);
            let each = each.filter_map(|(slot, loss)| {
                let slot = narrow(*slot);
                loss.map(|loss| SlotLoss {
                    slot,
                    loss: real(loss),
                })
            });
            SlotLosses::new(each.collect()).expect("a loss for each inferer at most")
        });
        Measured {
            shares: settlement.shares.into_iter().filter(holds).collect(),
            losses,
            work,
        }
    }

    /// Makes one inference of those that were sent in this epoch, which then wait to be measured; how much work it was.
    fn synthesise(
        &mut self,
        mechanism: &Synthesis,
        state: &State,
        topic: TopicId,
        row: &Topic,
        slots: &[(SlotKey, TopicSlot)],
    ) -> usize {
        let inferences = slots.iter().filter_map(|(place, slot)| match &slot.sent {
            Some(Submission::Inference { labels }) => Some(SentInference {
                slot: place.slot,
                key: slot.key,
                labels: labels.clone(),
            }),
            _ => None,
        });
        let mut round = Round {
            epoch: row.epoch,
            inference: Labels::default(),
            aggregates: 0,
            inferences: List::new(inferences.collect()).expect("one for each slot at most"),
            forecasts: List::new(forecasts(&row.terms, slots)).expect("as many as are counted"),
        };
        let inferred = mechanism.infer(state, &memory::inputs(&row.terms, &round));
        let Some(network) = &inferred.aggregates.network else {
            return 0;
        };
        round.inference = labels(network);
        let aggregates = inferred.aggregates.iter().count();
        round.aggregates = u16::try_from(aggregates).expect("bounded by slots and forecasters");
        self.events.push(Event::TopicInferred {
            topic,
            epoch: row.epoch,
            inference: round.inference.clone(),
            inferers: u16::try_from(inferred.inferers.len()).unwrap_or(u16::MAX),
        });
        self.state.rounds.put(topic, round);
        work(&inferred)
    }

    /// What stands behind a slot's key, if it is enough for a say.
    fn counted_stake(&self, topic: TopicId, row: &Topic, slot: &TopicSlot) -> u64 {
        let stake = self.pool(topic, slot.key).total;
        match stake >= row.terms.stake_min {
            true => stake.get(),
            false => Amount::ZERO.get(),
        }
    }
}

/// What was measured of a round.
#[derive(Default)]
struct Measured {
    shares: Vec<Share>,
    /// Losses of inferences; none where nothing was measured.
    losses: Option<SlotLosses>,
    work: usize,
}

/// Forecasts of this epoch, ascending by slot: of more than are counted, those whose slots earned most in the last epoch,
/// then the earliest registered.
fn forecasts(terms: &TopicTerms, slots: &[(SlotKey, TopicSlot)]) -> Vec<SentForecast> {
    let TopicMechanism::Synthesis { forecasters, .. } = terms.mechanism else {
        return Vec::new();
    };
    let mut sent: Vec<_> = slots
        .iter()
        .filter_map(|(place, slot)| match &slot.sent {
            Some(Submission::Forecast { losses }) => Some((place.slot, slot, losses)),
            _ => None,
        })
        .collect();
    sent.sort_by_key(|(place, slot, _)| (Reverse(slot.earned), slot.registered_at, *place));
    sent.truncate(usize::from(forecasters));
    sent.sort_by_key(|(place, ..)| *place);
    let sent = sent.into_iter().map(|(slot, row, losses)| SentForecast {
        slot,
        key: row.key,
        losses: losses.clone(),
    });
    sent.collect()
}

/// Losses, as they were sent, by aggregate.
fn of_aggregates(inferred: &Inferred, losses: &Losses) -> Aggregates<Option<f64>> {
    let (inferers, forecasters) = (inferred.inferers.len(), inferred.forecasters.len());
    let mut each = Aggregates::of(&None, inferers, forecasters);
    for (place, loss) in each.iter_mut().zip(losses) {
        *place = loss.map(Real::get);
    }
    each
}

fn labels(numbers: &[f64]) -> Labels {
    let labels = numbers.iter().map(|number| real(*number));
    Labels::new(labels.collect()).expect("as many as the topic has labels")
}

/// What inferring costs, in cells: twice the square of who took part.
fn work(inferred: &Inferred) -> usize {
    let all = inferred
        .inferers
        .len()
        .saturating_add(inferred.forecasters.len());
    all.saturating_mul(all).saturating_mul(2)
}

/// The mechanism of a topic.
pub(crate) fn synthesis(terms: &TopicTerms) -> Synthesis {
    let TopicMechanism::Synthesis {
        p_milli,
        c_milli,
        epsilon_ppm,
        regret_alpha_ppm,
        ..
    } = terms.mechanism
    else {
        unreachable!("losses settle topics of inference synthesis only")
    };
    let parameters = Parameters {
        p: part(p_milli, 1_000),
        c: part(c_milli, 1_000),
        epsilon: part(epsilon_ppm, 1_000_000),
        regret_alpha: part(regret_alpha_ppm, 1_000_000),
        ..Parameters::default()
    };
    Synthesis::new(parameters).expect("terms of a topic are within the mechanism's limits")
}

/// A fraction of integers as the nearest double.
#[expect(
    clippy::float_arithmetic,
    reason = "one division, which the standard rounds exactly"
)]
fn part(number: u32, whole: u32) -> f64 {
    f64::from(number) / f64::from(whole)
}
