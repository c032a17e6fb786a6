//! Inference synthesis against Allora's own tables (`tests/vectors/README.md`): every family of columns that obeys
//! version 10, each recomputed from the row before.
//!
//! Row e holds inferences made with the regrets of row e − 1, and the regrets that its own losses then gave. The rows of
//! version 10 check the inferences; those of 2024, made with other weights, check everything from the losses onwards, and
//! the rule of the error bars with weights by the rule of 2024, which only this test knows.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use assay_topic::synthesis::{
    Inferred, Outcome, Parameters, Regrets, State, Submissions, Synthesis, interval,
};
use assay_topic::{Mechanism, Role, Settlement};

use table::{
    FORECASTERS, INFERERS, NETWORK_LOSSES, REPUTER_SLOT, REPUTERS, Row, WORKERS, inputs, losses,
    report_of, rows, state,
};

/// Largest deviation that a family may have, relative to the expected value or, below one, absolute.
const TOLERANCE: f64 = 1e-12;

/// Families of version 10, and how many epochs each can be recomputed in: 2024's, version 10's.
const FAMILIES: [(&str, usize, usize); 30] = [
    ("forecasted_regret_k_inferer_i", 5, 2),
    ("forecast_implied_inference_k", 0, 2),
    ("forecast_implied_inference_k_oneout_i", 0, 2),
    ("network_inference", 0, 2),
    ("network_inference_oneout_o", 0, 2),
    ("network_naive_inference", 0, 2),
    ("network_naive_inference_onein_k", 0, 2),
    ("network_inference_errorbar", 5, 0),
    ("losses of aggregates", 5, 2),
    ("inference_regret_worker_j", 5, 2),
    ("naive_inference_regret_worker_i", 5, 2),
    ("inference_regret_worker_j_oneout_o", 5, 2),
    ("inference_regret_worker_j_onein_k", 5, 2),
    ("inferer_score_i", 5, 2),
    ("forecaster_score_k", 5, 2),
    ("inferer_reward_fraction_i", 5, 2),
    ("forecaster_reward_fraction_k", 3, 0),
    ("inferer_reward_fraction_smooth_i", 5, 2),
    ("forecaster_reward_fraction_smooth_k", 5, 2),
    ("reputer_listening_coefficient_m", 5, 2),
    ("reputer_adjusted_stake_m", 5, 2),
    ("reputer_score_m", 5, 2),
    ("reputer_reward_fraction_m", 5, 2),
    ("reputer_reward_fraction_smooth_m", 5, 2),
    ("entropies", 5, 2),
    ("forecaster_task_score", 5, 2),
    ("forecaster_score_ratio", 5, 2),
    ("forecasters_utility", 5, 2),
    ("fractions of tasks", 5, 2),
    ("rewards", 5, 2),
];

#[test]
fn allora_2024() {
    let deviations = check(
        include_str!("../vectors/allora_2024_epochs_300_305.csv"),
        Inferences::Taken,
    );
    report("2024", &deviations, |family| family.1);
}

#[test]
fn allora_v10() {
    let deviations = check(
        include_str!("../vectors/allora_v10_classification_rows.csv"),
        Inferences::Checked,
    );
    report("v10", &deviations, |family| family.2);
}

/// Whether a table's inferences follow version 10.
#[derive(Clone, Copy, PartialEq)]
enum Inferences {
    Taken,
    Checked,
}

/// For each family, the epochs and numbers compared and the largest deviation.
type Deviations = BTreeMap<&'static str, Deviation>;

#[derive(Default)]
struct Deviation {
    epochs: BTreeSet<usize>,
    count: usize,
    largest: f64,
}

#[expect(
    clippy::print_stdout,
    reason = "a table for whoever asks with --nocapture"
)]
fn report(
    table: &str,
    deviations: &Deviations,
    epochs_of: impl Fn(&(&str, usize, usize)) -> usize,
) {
    println!("table, family, epochs, numbers, largest deviation");
    for family in &FAMILIES {
        let none = Deviation::default();
        let deviation = deviations.get(family.0).unwrap_or(&none);
        let (epochs, count) = (deviation.epochs.len(), deviation.count);
        println!(
            "{table}, {}, {epochs}, {count}, {:.1e}",
            family.0, deviation.largest
        );
        assert_eq!(epochs, epochs_of(family), "epochs of {}", family.0);
        assert!(deviation.largest <= TOLERANCE, "{}", family.0);
    }
    for family in deviations.keys() {
        assert!(
            FAMILIES.iter().any(|known| known.0 == *family),
            "{family} is not listed"
        );
    }
}

fn check(table: &str, inferences: Inferences) -> Deviations {
    let rows = rows(table);
    let mechanism = Synthesis::new(Parameters::default()).expect("upstream's parameters");
    let mut deviations = Deviations::new();
    for epoch in 1..rows.len() {
        let mut state = state(&rows[..epoch]);
        let inputs = inputs(&rows[epoch]);
        let inferred = mechanism.infer(&state, &inputs);
        let reports = (0..REPUTERS).map(|reputer| report_of(&rows[epoch], reputer));
        let submissions =
            Submissions::new(&inferred, reports.collect()).expect("reports of the epoch's shape");
        if epoch < FORECASTER_EPOCHS {
            fit_forecaster_scores(&mechanism, &mut state, &submissions, &rows[epoch]);
        }
        let settled = mechanism.settle(&state, &submissions);

        let mut compare = Compare {
            epoch,
            row: &rows[epoch],
            deviations: &mut deviations,
        };
        compare.forecasts(&state);
        match inferences {
            Inferences::Checked => compare.inferences(&inferred),
            Inferences::Taken => compare.errorbars(&rows[epoch - 1]),
        }
        compare.regrets(&settled.0);
        compare.outcome(epoch, &settled.2);
        compare.listening(&settled.2);
        compare.pay(&settled.1, &settled.2);
    }
    deviations
}

/// Rows before the first in which forecasters' fractions follow: ten scores of three take four.
const FORECASTER_EPOCHS: usize = 3;

/// Where older scores of forecasters lie before the table, puts seven in their place whose spread gives all forecasters
/// their fractions: one unknown for three of them, so that two, and what follows from all, are a check.
fn fit_forecaster_scores(
    mechanism: &Synthesis,
    state: &mut State,
    submissions: &Submissions,
    row: &Row<'_>,
) {
    let forecasters = |state: &State| mechanism.settle(state, submissions).2.forecasters;
    let now = forecasters(state);
    let middle = now.iter().map(|earned| earned.score).sum::<f64>() / 3.0;
    let scores = |spread: f64| {
        (0..7)
            .map(|place| middle + spread * f64::from(place - 3))
            .collect()
    };
    let mut error = |spread: f64, place: usize| {
        state.forecaster_scores = scores(spread);
        let expected = row.get(&format!("forecaster_reward_fraction_{place}"));
        forecasters(state)[place].fraction - expected
    };
    // The first forecaster's fraction need not fall or rise all along, so the way is searched in steps.
    let mut fits = Vec::new();
    for step in 0..40 {
        let (mut low, mut high) = (0.01 * f64::from(step), 0.01 * f64::from(step + 1));
        let sign = error(low, 0) > 0.0;
        if sign == (error(high, 0) > 0.0) {
            continue;
        }
        for _ in 0..60 {
            let spread = (low + high) / 2.0;
            if (error(spread, 0) > 0.0) == sign {
                low = spread;
            } else {
                high = spread;
            }
        }
        fits.push((error(low, 1).abs(), low));
    }
    let best = fits
        .into_iter()
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .expect("a spread that fits");
    state.forecaster_scores = scores(best.1);
}

/// Compares what was computed with a row.
struct Compare<'a> {
    epoch: usize,
    row: &'a Row<'a>,
    deviations: &'a mut Deviations,
}

impl Compare<'_> {
    fn number(&mut self, family: &'static str, got: f64, expected: f64) {
        let deviation = (got - expected).abs() / expected.abs().max(1.0);
        let entry = self.deviations.entry(family).or_default();
        entry.epochs.insert(self.epoch);
        entry.count += 1;
        entry.largest = entry.largest.max(deviation);
    }

    fn column(&mut self, family: &'static str, got: f64, column: &str) {
        self.number(family, got, self.row.get(column));
    }

    fn labels(&mut self, family: &'static str, got: &Option<Vec<f64>>, column: &str) {
        let got = got.as_ref().expect("an inference");
        for (got, expected) in got.iter().zip(self.row.labels(column)) {
            self.number(family, *got, expected);
        }
    }

    fn forecasts(&mut self, state: &State) {
        for forecaster in 0..FORECASTERS {
            for inferer in 0..INFERERS {
                let loss = self
                    .row
                    .get(&format!("forecasted_loss_{forecaster}_for_{inferer}"));
                self.column(
                    "forecasted_regret_k_inferer_i",
                    state.forecast_regret(loss).expect("a loss of the network"),
                    &format!("forecasted_regret_{forecaster}_inferer_{inferer}"),
                );
            }
        }
    }

    fn inferences(&mut self, inferred: &Inferred) {
        let all = &inferred.aggregates;
        self.labels("network_inference", &all.network, "network_inference");
        self.labels(
            "network_naive_inference",
            &all.naive,
            "network_naive_inference",
        );
        let oneouts = all.oneout_inferers.iter().chain(&all.oneout_forecasters);
        for (place, got) in oneouts.enumerate() {
            let column = format!("network_inference_oneout_{place}");
            self.labels("network_inference_oneout_o", got, &column);
        }
        for (place, got) in all.onein_forecasters.iter().enumerate() {
            let column = format!("network_naive_inference_onein_{place}");
            self.labels("network_naive_inference_onein_k", got, &column);
        }
        for (place, got) in all.implied.iter().enumerate() {
            let column = format!("forecast_implied_inference_{place}");
            self.labels("forecast_implied_inference_k", got, &column);
        }
        for (place, got) in all.implied_oneouts.iter().enumerate() {
            let (forecaster, inferer) = (place / 5, place % 5);
            let column = format!("forecast_implied_inference_{forecaster}_oneout_{inferer}");
            self.labels("forecast_implied_inference_k_oneout_i", got, &column);
        }
    }

    /// The error bars' rule, over the table's own inferences with weights as they were in 2024: regrets in units of
    /// their standard deviation, capped, and shifted where even the best is low.
    fn errorbars(&mut self, last: &Row<'_>) {
        let (p, c) = (3.0, 0.75);
        let regrets: Vec<f64> = (0..WORKERS)
            .map(|worker| last.get(&format!("inference_regret_worker_{worker}")))
            .collect();
        let mean = regrets.iter().sum::<f64>() / 8.0;
        let variance = regrets.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / 7.0;
        let scaled: Vec<f64> = regrets
            .iter()
            .map(|regret| (regret / (variance.sqrt() + 0.01)).min(c + 6.75 / p))
            .collect();
        let best = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shift = (c - 8.25 / p - best).max(0.0);
        let weights: Vec<f64> = scaled
            .iter()
            .map(|regret| regret + shift)
            .map(|regret| {
                if regret < c - 17.25 / p {
                    0.0
                } else {
                    p / (1.0 + (p * (c - regret)).exp())
                }
            })
            .collect();
        let inferers = (0..INFERERS).map(|place| format!("inference_{place}"));
        let implied = (0..FORECASTERS).map(|place| format!("forecast_implied_inference_{place}"));
        let values: Vec<f64> = inferers
            .chain(implied)
            .map(|column| self.row.get(&column))
            .collect();
        for (place, got) in interval::percentiles(&values, &weights)
            .into_iter()
            .enumerate()
        {
            let column = format!("network_inference_errorbar_{place}");
            self.column("network_inference_errorbar", got, &column);
        }
    }

    fn regrets(&mut self, state: &State) {
        let both = |regrets: &Regrets| -> Vec<(u32, f64)> {
            regrets
                .inferers
                .iter()
                .chain(regrets.forecasters.iter())
                .collect()
        };
        for (slot, regret) in both(&state.combined) {
            let column = format!("inference_regret_worker_{slot}");
            self.column("inference_regret_worker_j", regret, &column);
        }
        for (slot, regret) in state.naive.iter() {
            let column = format!("naive_inference_regret_worker_{slot}");
            self.column("naive_inference_regret_worker_i", regret, &column);
        }
        let oneouts = state
            .oneout_inferers
            .iter()
            .chain(&state.oneout_forecasters);
        for (out, regrets) in oneouts {
            for (slot, regret) in both(regrets) {
                let column = format!("inference_regret_worker_{slot}_oneout_{out}");
                self.column("inference_regret_worker_j_oneout_o", regret, &column);
            }
        }
        for (forecaster, regrets) in &state.onein_forecasters {
            for (slot, regret) in both(regrets) {
                let suffix = format!("onein_{}", forecaster - INFERERS);
                let column = format!("inference_regret_worker_{}_{suffix}", slot.min(INFERERS));
                self.column("inference_regret_worker_j_onein_k", regret, &column);
            }
        }
    }

    fn outcome(&mut self, epoch: usize, outcome: &Outcome) {
        let row = self.row;
        let expected = losses(|name| row.get(&name), &NETWORK_LOSSES);
        for (got, expected) in outcome.losses.iter().zip(expected.iter()) {
            self.number("losses of aggregates", got.expect("a loss"), *expected);
        }
        for (place, earned) in outcome.inferers.iter().enumerate() {
            self.column(
                "inferer_score_i",
                earned.score,
                &format!("inferer_score_{place}"),
            );
            let column = format!("inferer_reward_fraction_{place}");
            self.column("inferer_reward_fraction_i", earned.fraction, &column);
            let column = format!("inferer_reward_fraction_smooth_{place}");
            self.column("inferer_reward_fraction_smooth_i", earned.smooth, &column);
        }
        for (place, earned) in outcome.forecasters.iter().enumerate() {
            self.column(
                "forecaster_score_k",
                earned.score,
                &format!("forecaster_score_{place}"),
            );
            if epoch >= FORECASTER_EPOCHS {
                let column = format!("forecaster_reward_fraction_{place}");
                self.column("forecaster_reward_fraction_k", earned.fraction, &column);
            }
            let column = format!("forecaster_reward_fraction_smooth_{place}");
            self.column(
                "forecaster_reward_fraction_smooth_k",
                earned.smooth,
                &column,
            );
        }
        let split = &outcome.split;
        self.column("entropies", split.inferers_entropy, "inferers_entropy");
        self.column("entropies", split.reputers_entropy, "reputers_entropy");
        self.column(
            "forecaster_task_score",
            split.forecasting_score,
            "forecaster_task_score",
        );
        self.column(
            "forecaster_score_ratio",
            split.score_ratio,
            "forecaster_score_ratio",
        );
        self.column("forecasters_utility", split.utility, "forecasters_utility");
    }

    fn listening(&mut self, outcome: &Outcome) {
        for (place, judged) in outcome.judged.iter().enumerate() {
            let column = |name: &str| format!("reputer_{name}_{place}");
            let earned = outcome.reputers[place];
            for (family, got, name) in [
                (
                    "reputer_listening_coefficient_m",
                    judged.listening,
                    "listening_coefficient",
                ),
                (
                    "reputer_adjusted_stake_m",
                    judged.adjusted_stake,
                    "adjusted_stake",
                ),
                ("reputer_score_m", judged.score, "score"),
                (
                    "reputer_reward_fraction_m",
                    earned.fraction,
                    "reward_fraction",
                ),
                (
                    "reputer_reward_fraction_smooth_m",
                    earned.smooth,
                    "reward_fraction_smooth",
                ),
            ] {
                self.column(family, got, &column(name));
            }
        }
    }

    /// What follows from forecasters' fractions too.
    fn pay(&mut self, settlement: &Settlement, outcome: &Outcome) {
        let split = &outcome.split;
        self.column(
            "entropies",
            split.forecasters_entropy,
            "forecasters_entropy",
        );
        for (got, column) in [
            (split.inferers, "inferers_reward_fraction"),
            (split.forecasters, "forecasters_reward_fraction"),
            (split.reputers, "reputers_reward_fraction"),
        ] {
            self.column("fractions of tasks", got, column);
        }
        let emission = self.row.get("topic_rewards");
        assert_eq!(settlement.shares.len(), 13);
        for share in &settlement.shares {
            let column = match share.role {
                Role::Worker => format!("inferer_reward_{}", share.slot),
                Role::Forecaster => format!("forecaster_reward_{}", share.slot - INFERERS),
                Role::Validator => format!("reputer_reward_{}", share.slot - REPUTER_SLOT),
            };
            self.column("rewards", emission * share.fraction, &column);
        }
    }
}
