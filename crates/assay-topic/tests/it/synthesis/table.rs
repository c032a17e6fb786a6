//! A table's rows, and what an epoch's state, inputs and reports were by them.

use std::collections::BTreeMap;
use std::ops::Range;

use assay_topic::synthesis::{Aggregates, Column, Inputs, Regrets, Report, State};

pub(super) const INFERERS: u32 = 5;
pub(super) const FORECASTERS: u32 = 3;
pub(super) const WORKERS: u32 = INFERERS + FORECASTERS;
pub(super) const REPUTERS: u32 = 5;

/// Slots: inferers from 0, forecasters behind them, reputers behind these.
pub(super) const REPUTER_SLOT: u32 = WORKERS;

/// Stakes are integers of this unit, by which the tables' stakes, doubles of at least 2¹⁵, lose nothing.
const STAKE_UNIT: f64 = (1_u64 << 37) as f64;

/// A row of a table, by column.
pub(super) struct Row<'a>(BTreeMap<&'a str, f64>);

impl Row<'_> {
    pub(super) fn get(&self, column: &str) -> f64 {
        let value = self.0.get(column);
        *value.unwrap_or_else(|| panic!("the table has no column {column}"))
    }

    /// A value with labels, or a scalar.
    pub(super) fn labels(&self, column: &str) -> Vec<f64> {
        match self.0.get(column) {
            Some(scalar) => vec![*scalar],
            None => (0..3)
                .map(|label| self.get(&format!("{column}_label_{label}")))
                .collect(),
        }
    }
}

pub(super) fn rows(table: &str) -> Vec<Row<'_>> {
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines
        .map(|line| {
            let cells = names.iter().copied().zip(line.split(','));
            // `time` and `target` of version 10 are no numbers and not needed.
            Row(cells
                .filter_map(|(name, cell)| Some((name, cell.parse().ok()?)))
                .collect())
        })
        .collect()
}

fn columns(slots: Range<u32>, value: impl Fn(u32) -> f64) -> Column<f64> {
    slots.map(|slot| (slot, value(slot))).collect()
}

/// The state that rows, of which the last is the latest, leave.
pub(super) fn state(rows: &[Row<'_>]) -> State {
    let row = rows.last().expect("a row");
    let regrets = |suffix: &str, forecasters: Range<u32>| {
        let regret = |slot| row.get(&format!("inference_regret_worker_{slot}{suffix}"));
        Regrets {
            inferers: columns(0..INFERERS, regret),
            forecasters: columns(forecasters, regret),
        }
    };
    let smooth = |role: &str, first: u32, count: u32| {
        columns(first..first + count, |slot| {
            row.get(&format!("{role}_reward_fraction_smooth_{}", slot - first))
        })
    };
    let scores = |role: &str, count: u32| -> Vec<f64> {
        let scores = rows
            .iter()
            .rev()
            .flat_map(|row| (0..count).map(move |place| row.get(&format!("{role}_score_{place}"))));
        scores.take(10).collect()
    };
    let oneout = |slot: u32| (slot, regrets(&format!("_oneout_{slot}"), INFERERS..WORKERS));
    State {
        network_loss: Some(row.get("network_loss")),
        initial_regret: 0.0,
        combined: regrets("", INFERERS..WORKERS),
        naive: columns(0..INFERERS, |slot| {
            row.get(&format!("naive_inference_regret_worker_{slot}"))
        }),
        oneout_inferers: (0..INFERERS).map(oneout).collect(),
        oneout_forecasters: (INFERERS..WORKERS).map(oneout).collect(),
        onein_forecasters: (0..FORECASTERS)
            .map(|place| {
                // The table names the one forecaster of each set as worker 5.
                let suffix = format!("_onein_{place}");
                let own = row.get(&format!("inference_regret_worker_5{suffix}"));
                let mut regrets = regrets(&suffix, 0..0);
                regrets.forecasters.insert(INFERERS + place, own);
                (INFERERS + place, regrets)
            })
            .collect(),
        listening: columns(REPUTER_SLOT..REPUTER_SLOT + REPUTERS, |slot| {
            row.get(&format!(
                "reputer_listening_coefficient_{}",
                slot - REPUTER_SLOT
            ))
        }),
        smooth_inferers: smooth("inferer", 0, INFERERS),
        smooth_forecasters: smooth("forecaster", INFERERS, FORECASTERS),
        smooth_reputers: smooth("reputer", REPUTER_SLOT, REPUTERS),
        inferer_scores: scores("inferer", INFERERS),
        forecaster_scores: scores("forecaster", FORECASTERS),
        score_ratio: row.get("forecaster_score_ratio"),
        ..State::default()
    }
}

pub(super) fn inputs(row: &Row<'_>) -> Inputs {
    let inferences: Vec<(u32, Vec<f64>)> = (0..INFERERS)
        .map(|slot| (slot, row.labels(&format!("inference_{slot}"))))
        .collect();
    let forecasts = (0..FORECASTERS).map(|place| {
        let loss = |slot| row.get(&format!("forecasted_loss_{place}_for_{slot}"));
        (
            INFERERS + place,
            (0..INFERERS).map(|slot| (slot, loss(slot))).collect(),
        )
    });
    Inputs::new(inferences[0].1.len(), inferences, forecasts.collect()).expect("valid inputs")
}

/// Values by the names of the table's columns for losses, behind a prefix: those of a reputer or the network.
pub(super) fn losses(get: impl Fn(String) -> f64, names: &LossNames) -> Aggregates<f64> {
    let [network, naive, inferer, implied] = names.0;
    let many = |count: u32, name: &dyn Fn(u32) -> String| -> Vec<f64> {
        (0..count).map(|place| get(name(place))).collect()
    };
    Aggregates {
        network: get(network.to_owned()),
        naive: get(naive.to_owned()),
        inferers: many(INFERERS, &|place| format!("{inferer}_{place}")),
        implied: many(FORECASTERS, &|place| format!("{implied}_{place}")),
        oneout_inferers: many(INFERERS, &|place| format!("{network}_oneout_{place}")),
        oneout_forecasters: many(FORECASTERS, &|place| {
            format!("{network}_oneout_{}", INFERERS + place)
        }),
        onein_forecasters: many(FORECASTERS, &|place| format!("{naive}_onein_{place}")),
        implied_oneouts: many(FORECASTERS * INFERERS, &|place| {
            format!("{implied}_{}_oneout_{}", place / INFERERS, place % INFERERS)
        }),
    }
}

/// What columns begin with: the network's, the naive one's, the inferers' and the implied ones'.
pub(super) struct LossNames([&'static str; 4]);

pub(super) const REPUTER_LOSSES: LossNames = LossNames([
    "loss_network_inference",
    "loss_naive_network_inference",
    "loss_inference",
    "loss_forecast_implied_inference",
]);

pub(super) const NETWORK_LOSSES: LossNames = LossNames([
    "network_loss",
    "network_naive_loss",
    "inference_loss",
    "forecast_implied_inference_loss",
]);

pub(super) fn report_of(row: &Row<'_>, reputer: u32) -> Report {
    let losses = losses(
        |name| row.get(&format!("reputer_{reputer}_{name}")),
        &REPUTER_LOSSES,
    );
    let stake = row.get(&format!("reputer_stake_{reputer}")) * STAKE_UNIT;
    assert_eq!(stake.trunc(), stake, "a stake is lost in part");
    let mut report = Report {
        slot: REPUTER_SLOT + reputer,
        stake: stake as u64,
        losses: Aggregates::of(&None, INFERERS as usize, FORECASTERS as usize),
    };
    for (loss, value) in report.losses.iter_mut().zip(losses.iter()) {
        *loss = Some(*value);
    }
    report
}
