//! Bonds: what validators hold of slots by having weighed them, and the dividends that it brings.

use super::{BondsRule, Epoch, LiquidAlpha, Matrix, WHOLE, Yuma};
use crate::number::{exp, normalize, ratio};
use std::cmp::Ordering;

/// Largest magnitude of the sigmoid's exponent, beyond which it is flat.
const EXPONENT_MAX: f64 = 20.0;

/// How bonds follow an epoch's weights.
pub(super) struct Rule<'a> {
    pub(super) yuma: &'a Yuma,
    pub(super) consensus: &'a [f64],
    pub(super) stakes: &'a [f64],
}

/// The bonds that are still good: those to slots that changed hands since count no more.
pub(super) fn masked(epoch: &Epoch, bonds: &Matrix<u16>) -> Matrix<u16> {
    let slots = epoch.slots.len();
    let mut masked = Matrix::with_capacity(slots, bonds.cells());
    for row in 0..slots {
        let (columns, values) = bonds.row(row);
        for (column, value) in columns.iter().zip(values) {
            let slot = epoch.slots.get(*column as usize);
            if slot.is_some_and(|slot| slot.registered_at < epoch.bonds_since) {
                masked.push(*column, *value);
            }
        }
        masked.end_row();
    }
    masked
}

impl Rule<'_> {
    /// The next bonds as they are stored, and the dividends.
    pub(super) fn follow(
        &self,
        weights: &Matrix<f64>,
        bonds: &Matrix<u16>,
        incentive: &[f64],
    ) -> (Matrix<u16>, Vec<f64>) {
        match self.yuma.bonds {
            BondsRule::Classic => self.classic(weights, bonds, incentive),
            BondsRule::Yuma3 => self.yuma3(weights, bonds, incentive, None),
            BondsRule::Liquid(liquid) => {
                // Without a consensus nobody leads or leaves it.
                let some = self.consensus.iter().any(|consensus| *consensus > 0.0);
                self.yuma3(weights, bonds, incentive, some.then(|| Sigmoid::of(liquid)))
            }
        }
    }

    fn classic(
        &self,
        weights: &Matrix<f64>,
        bonds: &Matrix<u16>,
        incentive: &[f64],
    ) -> (Matrix<u16>, Vec<f64>) {
        let alpha = self.alpha();
        let mut added = vec![0.0; incentive.len()];
        for (row, stake) in self.stakes.iter().enumerate() {
            let (columns, values) = weights.row(row);
            for (column, weight) in columns.iter().zip(values) {
                added[*column as usize] += stake * self.penalised(*column, *weight);
            }
        }
        let held = column_sums(bonds, f64::from);
        let mut next = Matrix::with_capacity(weights.rows(), weights.cells().max(bonds.cells()));
        for (row, stake) in self.stakes.iter().enumerate() {
            for (column, weight, bond) in union(weights.row(row), bonds.row(row)) {
                let slot = column as usize;
                let new = ratio(stake * self.penalised(column, weight), added[slot]);
                let old = ratio(f64::from(bond), held[slot]);
                let value = alpha * new + (1.0 - alpha) * old;
                if value > 0.0 {
                    next.push(column, value);
                }
            }
            next.end_row();
        }
        let sums = column_sums(&next, |bond| bond);
        let mut dividends = paid(&next, &sums, incentive);
        normalize(&mut dividends);
        let mut largest = vec![0.0f64; incentive.len()];
        for (column, value) in next.all() {
            largest[column] = largest[column].max(value);
        }
        let stored = stored(&next, |column, value| {
            ratio(value, largest[column as usize])
        });
        (stored, dividends)
    }

    fn yuma3(
        &self,
        weights: &Matrix<f64>,
        bonds: &Matrix<u16>,
        incentive: &[f64],
        liquid: Option<Sigmoid>,
    ) -> (Matrix<u16>, Vec<f64>) {
        let alpha = self.alpha();
        let mut next = Matrix::with_capacity(weights.rows(), weights.cells().max(bonds.cells()));
        for row in 0..weights.rows() {
            for (column, weight, bond) in union(weights.row(row), bonds.row(row)) {
                let weight = self.penalised(column, weight);
                let bond = f64::from(bond) / WHOLE;
                let alpha = liquid.as_ref().map_or(alpha, |sigmoid| {
                    sigmoid.alpha(weight, bond, self.consensus[column as usize])
                });
                let value = alpha * weight + (1.0 - alpha) * bond;
                if value > 0.0 {
                    next.push(column, value);
                }
            }
            next.end_row();
        }
        let sums = column_sums(&next, |bond| bond);
        let mut dividends = paid(&next, &sums, incentive);
        for (dividend, stake) in dividends.iter_mut().zip(self.stakes) {
            *dividend *= stake;
        }
        normalize(&mut dividends);
        (stored(&next, |_, value| value), dividends)
    }

    /// What of the new weights enters, where the rule is not liquid.
    fn alpha(&self) -> f64 {
        1.0 - f64::from(self.yuma.bonds_moving_average_ppm.min(1_000_000)) / 1e6
    }

    /// A weight as bonds follow it.
    fn penalised(&self, column: u32, weight: f64) -> f64 {
        let clipped = weight.min(self.consensus[column as usize]);
        weight + f64::from(self.yuma.bonds_penalty) / WHOLE * (clipped - weight)
    }
}

/// Liquid alpha, its parameters as doubles.
struct Sigmoid {
    low: f64,
    high: f64,
    steepness: f64,
}

impl Sigmoid {
    fn of(liquid: LiquidAlpha) -> Self {
        Self {
            low: f64::from(liquid.low) / WHOLE,
            high: f64::from(liquid.high.max(liquid.low)) / WHOLE,
            steepness: f64::from(liquid.steepness) / 100.0,
        }
    }

    /// How fast a bond follows: the faster, the further a weight lies above the consensus, or below the bond.
    fn alpha(&self, weight: f64, bond: f64, consensus: f64) -> f64 {
        let distance = if weight >= bond {
            weight - consensus
        } else {
            bond - weight
        };
        let exponent = -self.steepness * (distance.clamp(0.0, 1.0) - 0.5);
        let exponent = exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX);
        let alpha = self.low + (self.high - self.low) / (1.0 + exp(exponent));
        alpha.clamp(self.low, self.high)
    }
}

/// The cells of two rows, ascending; zero where one has none.
fn union<'a>(
    (weight_columns, weights): (&'a [u32], &'a [f64]),
    (bond_columns, bonds): (&'a [u32], &'a [u16]),
) -> impl Iterator<Item = (u32, f64, u16)> + 'a {
    let (mut weight, mut bond) = (0, 0);
    std::iter::from_fn(move || {
        let order = match (weight_columns.get(weight), bond_columns.get(bond)) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let mut cell = (0, 0.0, 0);
        if order.is_le() {
            cell = (weight_columns[weight], weights[weight], 0);
            weight += 1;
        }
        if order.is_ge() {
            cell = (bond_columns[bond], cell.1, bonds[bond]);
            bond += 1;
        }
        Some(cell)
    })
}

fn column_sums<T: Copy>(matrix: &Matrix<T>, number: impl Fn(T) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; matrix.rows()];
    for (column, value) in matrix.all() {
        sums[column] += number(value);
    }
    sums
}

/// For each row, what its parts of all slots' bonds bring of their incentive.
fn paid(bonds: &Matrix<f64>, sums: &[f64], incentive: &[f64]) -> Vec<f64> {
    let rates: Vec<f64> = (incentive.iter().zip(sums))
        .map(|(incentive, sum)| ratio(*incentive, *sum))
        .collect();
    let rows = (0..bonds.rows()).map(|row| {
        let (columns, values) = bonds.row(row);
        let cells = columns.iter().zip(values);
        cells
            .map(|(column, bond)| bond * rates[*column as usize])
            .sum()
    });
    rows.collect()
}

/// Bonds in 16 bits, floored.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "fractions between zero and one, of a whole of 16 bits"
)]
fn stored(bonds: &Matrix<f64>, fraction: impl Fn(u32, f64) -> f64) -> Matrix<u16> {
    let mut stored = Matrix::with_capacity(bonds.rows(), bonds.cells());
    for row in 0..bonds.rows() {
        let (columns, values) = bonds.row(row);
        for (column, value) in columns.iter().zip(values) {
            let number = (fraction(*column, *value).clamp(0.0, 1.0) * WHOLE) as u16;
            if number > 0 {
                stored.push(*column, number);
            }
        }
        stored.end_row();
    }
    stored
}
