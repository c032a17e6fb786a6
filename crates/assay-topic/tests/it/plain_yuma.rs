//! Yuma consensus once more: dense, slow, and written from the formulas alone, to compare with on random topics.

#![expect(
    clippy::needless_range_loop,
    reason = "formulas name rows and columns by their indices"
)]

use crate::topics;
use assay_topic::{
    Mechanism as _, Role,
    yuma::{BondsRule, Epoch, LiquidAlpha, Matrix, Slot, State, Yuma},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

type Dense = Vec<Vec<f64>>;

/// What the plain implementation says of an epoch.
struct Plain {
    permits: Vec<bool>,
    consensus: Vec<f64>,
    trust: Vec<f64>,
    incentive: Vec<f64>,
    dividends: Vec<f64>,
    bonds: Dense,
    shares: Vec<[f64; 2]>,
}

fn over(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 {
        0.0
    } else {
        numerator / denominator
    }
}

fn norm(numbers: &[f64]) -> Vec<f64> {
    let sum = numbers.iter().sum::<f64>();
    numbers.iter().map(|number| over(*number, sum)).collect()
}

fn column_norm(matrix: &Dense) -> Dense {
    let n = matrix.len();
    let mut out = vec![vec![0.0; n]; n];
    for j in 0..n {
        let column: Vec<f64> = (0..n).map(|i| matrix[i][j]).collect();
        for (i, value) in norm(&column).into_iter().enumerate() {
            out[i][j] = value;
        }
    }
    out
}

/// `bonds` and `permits` are those of the epoch before; a bond is in parts of 65 535.
fn settle(yuma: &Yuma, epoch: &Epoch, permits: &[bool], bonds: &Dense) -> Plain {
    let n = epoch.slots.len();
    let u16s = |number: u16| f64::from(number) / 65535.0;
    let permitted = |i: usize| epoch.owner == Some(i) || permits.get(i) == Some(&true);
    let raw: Vec<u64> = (0..n)
        .map(|i| {
            let stake = epoch.slots[i].stake;
            if stake < yuma.stake_min && epoch.owner != Some(i) {
                0
            } else {
                stake
            }
        })
        .collect();
    let says: Vec<u64> = (0..n)
        .map(|i| {
            let inactive = epoch.slots[i].updated_at < epoch.active_since;
            if inactive || !permitted(i) { 0 } else { raw[i] }
        })
        .collect();
    let parts = |stakes: &[u64]| -> Vec<f64> {
        let sum: u128 = stakes.iter().map(|stake| u128::from(*stake)).sum();
        stakes
            .iter()
            .map(|stake| over(*stake as f64, sum as f64))
            .collect()
    };
    let (s, all) = (parts(&says), parts(&raw));

    let mut w: Dense = vec![vec![0.0; n]; n];
    for i in 0..n {
        let (columns, values) = epoch.weights.row(i);
        for (j, value) in columns.iter().zip(values) {
            w[i][*j as usize] = f64::from(*value);
        }
        for j in 0..n {
            let late = epoch.slots[i].updated_at <= epoch.slots[j].registered_at;
            if !permitted(i) || late || (i == j && epoch.owner != Some(i)) {
                w[i][j] = 0.0;
            }
        }
        w[i] = norm(&w[i]);
    }

    let total: u128 = says.iter().map(|stake| u128::from(*stake)).sum();
    let mut consensus = vec![0.0; n];
    for j in 0..n {
        let mut column: Vec<(f64, u64)> = (0..n)
            .filter(|i| says[*i] > 0)
            .map(|i| (w[i][j], says[i]))
            .collect();
        column.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut below = 0u128;
        for (value, stake) in column {
            consensus[j] = value;
            below += u128::from(stake);
            if below * 65535 > total * u128::from(65535 - yuma.kappa) {
                break;
            }
        }
    }
    let clipped: Dense = (0..n)
        .map(|i| (0..n).map(|j| w[i][j].min(consensus[j])).collect())
        .collect();
    let trust = clipped.iter().map(|row| row.iter().sum()).collect();
    let ranks: Vec<f64> = (0..n)
        .map(|j| (0..n).map(|i| s[i] * clipped[i][j]).sum())
        .collect();
    let incentive = norm(&ranks);

    let wb = |i: usize, j: usize| w[i][j] + u16s(yuma.bonds_penalty) * (clipped[i][j] - w[i][j]);
    let b: Dense = (0..n)
        .map(|i| {
            (0..n)
                .map(|j| {
                    let good = epoch.slots[j].registered_at < epoch.bonds_since;
                    let bond = bonds.get(i).and_then(|row| row.get(j)).copied();
                    if good { bond.unwrap_or(0.0) } else { 0.0 }
                })
                .collect()
        })
        .collect();
    let slow = 1.0 - f64::from(yuma.bonds_moving_average_ppm) / 1e6;
    let mut next: Dense = vec![vec![0.0; n]; n];
    let mut dividends = vec![0.0; n];
    if yuma.bonds == BondsRule::Classic {
        let delta: Dense = (0..n)
            .map(|i| (0..n).map(|j| s[i] * wb(i, j)).collect())
            .collect();
        let (delta, b) = (column_norm(&delta), column_norm(&b));
        for i in 0..n {
            for j in 0..n {
                next[i][j] = slow * delta[i][j] + (1.0 - slow) * b[i][j];
            }
        }
        let shares = column_norm(&next);
        for i in 0..n {
            dividends[i] = (0..n).map(|j| shares[i][j] * incentive[j]).sum();
        }
        for j in 0..n {
            let most = (0..n).map(|i| next[i][j]).fold(0.0, f64::max);
            for row in &mut next {
                row[j] = over(row[j], most);
            }
        }
    } else {
        let liquid = match yuma.bonds {
            BondsRule::Liquid(liquid) if consensus.iter().any(|c| *c != 0.0) => Some(liquid),
            _ => None,
        };
        for i in 0..n {
            for j in 0..n {
                let (weight, bond) = (wb(i, j), b[i][j] / 65535.0);
                let mut alpha = slow;
                if let Some(LiquidAlpha {
                    low,
                    high,
                    steepness,
                }) = liquid
                {
                    let d = if weight >= bond {
                        weight - consensus[j]
                    } else {
                        bond - weight
                    };
                    let x = -(f64::from(steepness) / 100.0) * (d.clamp(0.0, 1.0) - 0.5);
                    let sigmoid = 1.0 + libm::exp(x.clamp(-20.0, 20.0));
                    let (low, high) = (u16s(low), u16s(high));
                    alpha = (low + (high - low) / sigmoid).clamp(low, high);
                }
                next[i][j] = alpha * weight + (1.0 - alpha) * bond;
            }
        }
        let shares = column_norm(&next);
        for i in 0..n {
            dividends[i] = s[i] * (0..n).map(|j| shares[i][j] * incentive[j]).sum::<f64>();
        }
    }
    let dividends = norm(&dividends);

    let mut by_stake: Vec<usize> = (0..n).filter(|i| raw[*i] > 0).collect();
    by_stake.sort_by(|one, other| (raw[*other], other).cmp(&(raw[*one], one)));
    by_stake.truncate(yuma.validators_max);
    let permits: Vec<bool> = (0..n)
        .map(|i| by_stake.contains(&i) || epoch.owner == Some(i))
        .collect();
    for i in (0..n).filter(|i| !permits[*i]) {
        next[i] = vec![0.0; n];
    }
    let whole: f64 = incentive.iter().sum::<f64>() + dividends.iter().sum::<f64>();
    let shares = (0..n).map(|i| match () {
        () if whole > 0.0 => [incentive[i] / whole, dividends[i] / whole],
        () if total > 0 => [0.0, s[i]],
        () => [0.0, all[i]],
    });
    Plain {
        shares: shares.collect(),
        permits,
        consensus,
        trust,
        incentive,
        dividends,
        bonds: next
            .iter()
            .map(|row| row.iter().map(|bond| (bond * 65535.0).floor()).collect())
            .collect(),
    }
}

fn random_rules(rng: &mut StdRng) -> Yuma {
    let low = rng.random_range(1_000..50_000);
    Yuma {
        kappa: [32_767, 0, 65_535, rng.random()][rng.random_range(0..4usize)],
        bonds: match rng.random_range(0..3) {
            0 => BondsRule::Classic,
            1 => BondsRule::Yuma3,
            _ => BondsRule::Liquid(LiquidAlpha {
                low,
                high: rng.random_range(low..=65_535),
                steepness: rng.random_range(0..3_000),
            }),
        },
        bonds_moving_average_ppm: rng.random_range(0..=1_000_000),
        bonds_penalty: [0, 65_535, rng.random()][rng.random_range(0..3usize)],
        validators_max: rng.random_range(1..=64),
        stake_min: rng.random_range(0..3),
    }
}

fn random_epoch(rng: &mut StdRng, slots: usize, now: u64) -> Epoch {
    let weighing = rng.random_range(0.0..1.0);
    let density = rng.random_range(0.0..1.0);
    let large: bool = rng.random();
    let rows: Vec<Vec<(u32, u16)>> = (0..slots)
        .map(|_| {
            let weighs = rng.random_bool(weighing);
            let columns = (0..slots as u32).filter(|_| weighs);
            let columns: Vec<u32> = columns.filter(|_| rng.random_bool(density)).collect();
            let weight = |column| match rng.random_range(0..5) {
                0 => (column, 0),
                1 => (column, 65_535),
                _ => (column, rng.random()),
            };
            columns.into_iter().map(weight).collect()
        })
        .collect();
    Epoch {
        slots: (0..slots)
            .map(|_| Slot {
                stake: match rng.random_range(0..4) {
                    0 => 0,
                    1 => rng.random_range(0..4),
                    _ if large => rng.random_range(0..1 << 55),
                    _ => rng.random_range(0..1_000),
                },
                registered_at: rng.random_range(0..=now),
                updated_at: rng.random_range(now / 2..=now + 1),
            })
            .collect(),
        weights: Matrix::from_rows(rows).expect("ascending columns"),
        owner: rng.random_bool(0.3).then(|| rng.random_range(0..slots)),
        active_since: rng.random_range(0..=now),
        bonds_since: rng.random_range(0..=now + 1),
    }
}

/// Equal, up to what another order of sums changes.
fn close(one: &[f64], other: &[f64], what: &str, seed: u64) {
    assert_eq!(one.len(), other.len());
    for (slot, (one, other)) in one.iter().zip(other).enumerate() {
        let same = (one - other).abs() <= 1e-12 * one.abs().max(other.abs()).max(1.0);
        assert!(
            same,
            "seed {seed}: {what} of slot {slot}: {one} and {other}"
        );
    }
}

#[test]
fn random_topics_settle_as_the_plain_implementation_says() {
    for seed in 0..topics() {
        let mut rng = StdRng::seed_from_u64(seed);
        let yuma = random_rules(&mut rng);
        let slots = rng.random_range(1..=64);
        let mut state = State::default();
        for now in [10, 20, 30] {
            let epoch = random_epoch(&mut rng, slots, now);
            let dense: Dense = (0..slots)
                .map(|row| {
                    let mut dense = vec![0.0; slots];
                    let (columns, values) = state.bonds.row(row);
                    for (column, value) in columns.iter().zip(values) {
                        dense[*column as usize] = f64::from(*value);
                    }
                    dense
                })
                .collect();
            let plain = settle(&yuma, &epoch, &state.permits, &dense);
            let (next, settlement, outcome) = yuma.settle(&state, &epoch);

            assert_eq!(next.permits, plain.permits, "seed {seed}");
            close(&outcome.consensus, &plain.consensus, "consensus", seed);
            close(&outcome.validator_trust, &plain.trust, "trust", seed);
            close(&outcome.incentive, &plain.incentive, "incentive", seed);
            close(&outcome.dividends, &plain.dividends, "dividends", seed);
            let mut shares = vec![[0.0; 2]; slots];
            for share in &settlement.shares {
                let role = usize::from(share.role == Role::Validator);
                shares[share.slot as usize][role] = share.fraction;
            }
            close(&shares.concat(), &plain.shares.concat(), "shares", seed);
            let whole: f64 = shares.concat().iter().sum();
            assert!(
                whole == 0.0 || (whole - 1.0).abs() < 1e-12,
                "seed {seed}: {whole}"
            );
            for row in 0..slots {
                let mut bonds = vec![0.0; slots];
                let (columns, values) = next.bonds.row(row);
                for (column, value) in columns.iter().zip(values) {
                    assert!(*value > 0, "a cell of nothing");
                    bonds[*column as usize] = f64::from(*value);
                }
                for (found, wanted) in bonds.iter().zip(&plain.bonds[row]) {
                    // A bond that is whole but for the last bit may be floored to the next one.
                    assert!(
                        (found - wanted).abs() <= 1.0,
                        "seed {seed}: bond {found}, {wanted}"
                    );
                }
            }
            state = next;
        }
    }
}
