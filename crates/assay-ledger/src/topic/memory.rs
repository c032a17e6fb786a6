//! The memory of inference synthesis: its state out of rows, and back into them.
//!
//! Invariant: what was remembered is what is recalled, number for number.

use crate::{
    block::Run,
    rows::{
        Against, Memory, RegretsKey, RegretsRow, Round, SlotCount, SlotCounts, SlotReal, SlotReals,
    },
    tables::{State as Rows, Tables},
};
use assay_topic::synthesis::{Column, Inputs, Labels, Regrets, State};
use assay_types::{List, Real, SlotLosses, TopicId, TopicMechanism, TopicTerms};
use std::collections::{BTreeMap, BTreeSet};

/// A view of rows: those of a block under way, or finalised ones.
pub(crate) trait Remembered {
    /// All but regrets.
    fn memory(&self, topic: TopicId) -> Option<&Memory>;
    /// Tables of regrets, ascending.
    fn regrets(&self, topic: TopicId) -> impl Iterator<Item = (&RegretsKey, &RegretsRow)>;
}

impl Remembered for Rows<'_> {
    fn memory(&self, topic: TopicId) -> Option<&Memory> {
        self.memories.get(&topic)
    }

    fn regrets(&self, topic: TopicId) -> impl Iterator<Item = (&RegretsKey, &RegretsRow)> {
        self.regrets.range(first(topic)..=last(topic))
    }
}

impl Remembered for Tables {
    fn memory(&self, topic: TopicId) -> Option<&Memory> {
        self.memories.get(&topic)
    }

    fn regrets(&self, topic: TopicId) -> impl Iterator<Item = (&RegretsKey, &RegretsRow)> {
        self.regrets.range(first(topic)..=last(topic))
    }
}

/// The first key of a topic's regrets.
const fn first(topic: TopicId) -> RegretsKey {
    RegretsKey {
        topic,
        against: Against::Network,
    }
}

/// The last key of a topic's regrets.
const fn last(topic: TopicId) -> RegretsKey {
    RegretsKey {
        topic,
        against: Against::WithForecaster { slot: u16::MAX },
    }
}

/// The state of a topic's mechanism.
pub(crate) fn recall(rows: &impl Remembered, topic: TopicId) -> State {
    let nothing = Memory::default();
    let memory = rows.memory(topic).unwrap_or(&nothing);
    let mut state = State {
        network_loss: memory.network_loss.map(Real::get),
        initial_regret: memory.initial_regret.get(),
        combined: Regrets::default(),
        naive: column(&memory.naive),
        oneout_inferers: BTreeMap::new(),
        oneout_forecasters: BTreeMap::new(),
        onein_forecasters: BTreeMap::new(),
        inferer_epochs: counts(&memory.inferer_epochs),
        forecaster_epochs: counts(&memory.forecaster_epochs),
        listening: column(&memory.listening),
        smooth_inferers: column(&memory.smooth_inferers),
        smooth_forecasters: column(&memory.smooth_forecasters),
        smooth_reputers: column(&memory.smooth_reputers),
        inferer_scores: numbers(&memory.inferer_scores),
        forecaster_scores: numbers(&memory.forecaster_scores),
        score_ratio: memory.score_ratio.get(),
    };
    for (key, row) in rows.regrets(topic) {
        let regrets = Regrets {
            inferers: column(&row.inferers),
            forecasters: column(&row.forecasters),
        };
        match key.against {
            Against::Network => state.combined = regrets,
            Against::WithoutInferer { slot } => {
                state.oneout_inferers.insert(u32::from(slot), regrets);
            }
            Against::WithoutForecaster { slot } => {
                state.oneout_forecasters.insert(u32::from(slot), regrets);
            }
            Against::WithForecaster { slot } => {
                state.onein_forecasters.insert(u32::from(slot), regrets);
            }
        }
    }
    state
}

impl Run<'_> {
    /// Stores the state of a topic's mechanism, and what its inferences lost in the last epoch that was measured. Tables
    /// that it no longer has are removed; those that did not change are not written.
    pub(super) fn remember<'a>(&mut self, topic: TopicId, state: &'a State, losses: SlotLosses) {
        let memory = Memory {
            network_loss: state.network_loss.map(real),
            losses,
            initial_regret: real(state.initial_regret),
            naive: reals(&state.naive),
            inferer_epochs: counts_row(&state.inferer_epochs),
            forecaster_epochs: counts_row(&state.forecaster_epochs),
            listening: reals(&state.listening),
            smooth_inferers: reals(&state.smooth_inferers),
            smooth_forecasters: reals(&state.smooth_forecasters),
            smooth_reputers: reals(&state.smooth_reputers),
            inferer_scores: scores(&state.inferer_scores),
            forecaster_scores: scores(&state.forecaster_scores),
            score_ratio: real(state.score_ratio),
        };
        self.state.memories.put(topic, memory);

        let mut tables = vec![(Against::Network, &state.combined)];
        let mut keep = |regrets: &'a BTreeMap<u32, Regrets>, against: fn(u16) -> Against| {
            let each = regrets.iter();
            tables.extend(each.map(|(slot, regrets)| (against(narrow(*slot)), regrets)));
        };
        keep(&state.oneout_inferers, |slot| Against::WithoutInferer {
            slot,
        });
        keep(&state.oneout_forecasters, |slot| {
            Against::WithoutForecaster { slot }
        });
        keep(&state.onein_forecasters, |slot| Against::WithForecaster {
            slot,
        });
        let kept: BTreeSet<Against> = tables.iter().map(|(against, _)| *against).collect();
        let stored = self.state.regrets.range(first(topic)..=last(topic));
        let gone: Vec<RegretsKey> = stored
            .map(|(key, _)| *key)
            .filter(|key| !kept.contains(&key.against))
            .collect();
        for key in gone {
            self.state.regrets.remove(key);
        }
        for (against, regrets) in tables {
            let row = RegretsRow {
                inferers: reals(&regrets.inferers),
                forecasters: reals(&regrets.forecasters),
            };
            let key = RegretsKey { topic, against };
            if self.state.regrets.get(&key) != Some(&row) {
                self.state.regrets.put(key, row);
            }
        }
    }
}

/// The inferences and forecasts of a round, as the mechanism takes them.
pub(crate) fn inputs(terms: &TopicTerms, round: &Round) -> Inputs {
    let labels = match terms.mechanism {
        TopicMechanism::Synthesis { labels, .. } => usize::from(labels),
        TopicMechanism::Yuma { .. } => 0,
    };
    let inferences = round.inferences.iter();
    let inferences = inferences.map(|sent| (u32::from(sent.slot), numbers(&sent.labels)));
    let forecasts = round.forecasts.iter().map(|sent| {
        let losses = sent.losses.iter();
        let losses = losses.map(|loss| (u32::from(loss.slot), loss.loss.get()));
        (u32::from(sent.slot), losses.collect())
    });
    Inputs::new(labels, inferences.collect(), forecasts.collect())
        .expect("what was revealed was checked")
}

fn numbers(labels: &[Real]) -> Labels {
    labels.iter().map(|label| label.get()).collect()
}

/// A number of the mechanism, which keeps all of them finite.
pub(super) fn real(number: f64) -> Real {
    Real::new(number).expect("the mechanism's numbers are finite")
}

pub(super) fn narrow(slot: u32) -> u16 {
    u16::try_from(slot).expect("a topic's slot")
}

fn column(row: &SlotReals) -> Column<f64> {
    let each = row.iter();
    each.map(|each| (u32::from(each.slot), each.number.get()))
        .collect()
}

fn reals(column: &Column<f64>) -> SlotReals {
    let each = column.iter().map(|(slot, number)| SlotReal {
        slot: narrow(slot),
        number: real(number),
    });
    List::new(each.collect()).expect("a column of a topic's slots")
}

fn counts(row: &SlotCounts) -> Column<u32> {
    let each = row.iter();
    each.map(|each| (u32::from(each.slot), each.count))
        .collect()
}

fn counts_row(column: &Column<u32>) -> SlotCounts {
    let each = column.iter().map(|(slot, count)| SlotCount {
        slot: narrow(slot),
        count,
    });
    List::new(each.collect()).expect("a column of a topic's slots")
}

fn scores<const MAX: usize>(numbers: &[f64]) -> List<Real, MAX> {
    let reals = numbers.iter().map(|number| real(*number));
    List::new(reals.collect()).expect("as many scores as a topic's parameters keep")
}
