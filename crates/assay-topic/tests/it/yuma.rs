//! The cases of `vectors/yuma.json`, epoch by epoch.

#![expect(clippy::needless_range_loop, reason = "the vectors are tables by slot")]

use assay_topic::{
    Mechanism as _, Role,
    payout::split,
    yuma::{BondsRule, Epoch, LiquidAlpha, Matrix, Slot, State, Yuma},
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    params: Params,
    epochs: Vec<Step>,
}

#[derive(Deserialize)]
struct Params {
    yuma_version: u8,
    kappa_u16: u16,
    bonds_moving_average_ppm: u32,
    bonds_penalty_u16: u16,
    liquid_alpha: bool,
    alpha_low_u16: u16,
    alpha_high_u16: u16,
    alpha_steepness: u16,
    activity_cutoff_blocks: u64,
    max_validators: usize,
    stake_threshold: u64,
    emission_per_epoch: u64,
}

#[derive(Deserialize)]
struct Step {
    label: String,
    block: u64,
    bonds_mask_block: u64,
    stake: Vec<u64>,
    registered_at: Vec<u64>,
    last_update: Vec<u64>,
    validator_permits: Vec<bool>,
    weights: Vec<Vec<(u32, u16)>>,
    #[serde(default)]
    clear_bonds_rows: Vec<usize>,
    #[serde(default)]
    clear_bonds_columns: Vec<usize>,
    expect: Expect,
    derived: Derived,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Expect {
    bonds_u16: Vec<(usize, u32, u16)>,
    dividends_u16: Vec<(usize, u16)>,
    emission: Vec<(usize, u64)>,
    dividends_fraction: Option<Vec<f64>>,
    bonds_fraction: Option<BondsFraction>,
    pruned_next: Option<usize>,
}

#[derive(Deserialize)]
struct BondsFraction {
    rows: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Derived {
    permits_after: Vec<bool>,
    consensus_u16: Vec<u16>,
    validator_trust_u16: Vec<u16>,
    incentive_u16: Vec<u16>,
    dividends_u16: Vec<u16>,
    emission: Vec<u64>,
    bonds_u16: Vec<Vec<(u32, u16)>>,
}

/// Largest deviation of each quantity of a case from what is asserted upstream (`expect`) or was derived by an
/// emulation of its fixed point.
#[derive(Default)]
struct Deviations(BTreeMap<&'static str, (usize, f64)>);

impl Deviations {
    fn compare(&mut self, quantity: &'static str, found: f64, wanted: f64) {
        let (count, largest) = self.0.entry(quantity).or_default();
        *count += 1;
        *largest = largest.max((found - wanted).abs());
    }

    #[expect(clippy::print_stdout, reason = "`--nocapture` shows the table")]
    fn within(&self, case: &str, tolerance: impl Fn(&str) -> f64) {
        for (quantity, (count, largest)) in &self.0 {
            println!("{case}: {quantity}: {count} compared, largest deviation {largest:.3e}");
            let allowed = tolerance(quantity);
            assert!(
                *largest <= allowed,
                "{case}: {quantity}: {largest} > {allowed}"
            );
        }
    }
}

fn vectors() -> Vec<Case> {
    let text = include_str!("../vectors/yuma.json");
    let vectors: Vectors = serde_json::from_str(text).expect("the vectors' form");
    assert_eq!(vectors.cases.len(), 7);
    vectors.cases
}

fn yuma(params: &Params) -> Yuma {
    let liquid = LiquidAlpha {
        low: params.alpha_low_u16,
        high: params.alpha_high_u16,
        steepness: params.alpha_steepness,
    };
    Yuma {
        kappa: params.kappa_u16,
        bonds: match (params.yuma_version, params.liquid_alpha) {
            (2, _) => BondsRule::Classic,
            (_, false) => BondsRule::Yuma3,
            (_, true) => BondsRule::Liquid(liquid),
        },
        bonds_moving_average_ppm: params.bonds_moving_average_ppm,
        bonds_penalty: params.bonds_penalty_u16,
        validators_max: params.max_validators,
        stake_min: params.stake_threshold,
    }
}

fn epoch(params: &Params, step: &Step) -> Epoch {
    let slots = step
        .stake
        .iter()
        .zip(&step.registered_at)
        .zip(&step.last_update);
    Epoch {
        slots: slots
            .map(|((stake, registered_at), updated_at)| Slot {
                stake: *stake,
                registered_at: *registered_at,
                updated_at: *updated_at,
            })
            .collect(),
        weights: Matrix::from_rows(step.weights.iter().cloned()).expect("rows of the vectors"),
        owner: None,
        active_since: step.block.saturating_sub(params.activity_cutoff_blocks),
        bonds_since: step.bonds_mask_block,
    }
}

fn cell(bonds: &Matrix<u16>, row: usize, column: u32) -> u16 {
    let (columns, values) = bonds.row(row);
    columns
        .binary_search(&column)
        .map_or(0, |place| values[place])
}

#[test]
fn vectors_are_reproduced_within_their_tolerances() {
    for case in vectors() {
        let params = &case.params;
        let yuma = yuma(params);
        let mut state = State::default();
        let (mut asserted, mut derived) = (Deviations::default(), Deviations::default());
        for (place, step) in case.epochs.iter().enumerate() {
            for row in &step.clear_bonds_rows {
                state.bonds.clear_row(*row);
            }
            for column in &step.clear_bonds_columns {
                state.bonds.clear_column(*column);
            }
            state.permits.clone_from(&step.validator_permits);
            let (next, settlement, outcome) = yuma.settle(&state, &epoch(params, step));
            state = next;

            let slots = step.stake.len();
            let mut fractions = vec![0.0; slots];
            for share in &settlement.shares {
                assert!(matches!(share.role, Role::Worker | Role::Validator));
                fractions[share.slot as usize] += share.fraction;
            }
            let emission = split(params.emission_per_epoch, fractions).paid;
            let u16s = |fraction: f64| (fraction * 65535.0).floor();

            let expect = &step.expect;
            for (row, column, wanted) in &expect.bonds_u16 {
                let found = cell(&state.bonds, *row, *column);
                asserted.compare("bonds_u16", f64::from(found), f64::from(*wanted));
            }
            for (slot, wanted) in &expect.dividends_u16 {
                asserted.compare(
                    "dividends_u16",
                    u16s(outcome.dividends[*slot]),
                    f64::from(*wanted),
                );
            }
            for (slot, wanted) in &expect.emission {
                asserted.compare("emission", emission[*slot] as f64, *wanted as f64);
            }
            let fractions = expect.dividends_fraction.iter().flatten();
            for (found, wanted) in outcome.dividends.iter().zip(fractions) {
                asserted.compare("dividends_fraction", *found, *wanted);
            }
            if let Some(bonds) = &expect.bonds_fraction {
                for (row, wanted) in bonds.rows.iter().zip(&bonds.values) {
                    for (column, wanted) in bonds.columns.iter().zip(wanted) {
                        let found = f64::from(cell(&state.bonds, *row, *column)) / 65535.0;
                        asserted.compare("bonds_fraction", found, *wanted);
                    }
                }
            }
            if let Some(pruned) = expect.pruned_next {
                let next = (0..slots)
                    .min_by_key(|slot| (emission[*slot], step.registered_at[*slot], *slot));
                assert_eq!(next, Some(pruned), "{}: {}", case.name, step.label);
            }

            let other = &step.derived;
            // What was derived holds the permits after the registrations that follow the epoch.
            let mut permits = state.permits.clone();
            let next = case.epochs.get(place + 1);
            for slot in next.iter().flat_map(|next| &next.clear_bonds_rows) {
                permits[*slot] = false;
            }
            assert_eq!(
                permits, other.permits_after,
                "{}: {}",
                case.name, step.label
            );
            for slot in 0..slots {
                for (quantity, found, wanted) in [
                    (
                        "consensus_u16",
                        outcome.consensus[slot],
                        other.consensus_u16[slot],
                    ),
                    (
                        "validator_trust_u16",
                        outcome.validator_trust[slot],
                        other.validator_trust_u16[slot],
                    ),
                    (
                        "incentive_u16",
                        outcome.incentive[slot],
                        other.incentive_u16[slot],
                    ),
                    (
                        "dividends_u16",
                        outcome.dividends[slot],
                        other.dividends_u16[slot],
                    ),
                ] {
                    derived.compare(quantity, u16s(found), f64::from(wanted));
                }
                derived.compare(
                    "emission",
                    emission[slot] as f64,
                    other.emission[slot] as f64,
                );
                let wanted: BTreeMap<u32, u16> = other.bonds_u16[slot].iter().copied().collect();
                for column in 0..slots as u32 {
                    let found = cell(&state.bonds, slot, column);
                    let wanted = wanted.get(&column).copied().unwrap_or(0);
                    derived.compare("bonds_u16", f64::from(found), f64::from(wanted));
                }
            }
        }
        asserted.within(
            &format!("{} (asserted)", case.name),
            |quantity| match quantity {
                "bonds_u16" | "dividends_u16" => 1.0,
                "emission" => 4.0,
                _ => 1e-3,
            },
        );
        derived.within(
            &format!("{} (derived)", case.name),
            |quantity| match quantity {
                "emission" => 4000.0,
                _ => 6.0,
            },
        );
    }
}
