//! The stake-weighted median: what most of the stake gives a slot at least.

use super::Matrix;

/// For each slot the smallest weight `v` such that more than `1 − κ` of the stake gives it at most `v`; rows without a
/// cell give it zero.
///
/// Sums of stake are integers, so the answer does not depend on the order in which they are added. Cost: the cells, on
/// average and at worst, for halves are selected and not sorted.
pub(super) fn consensus(weights: &Matrix<f64>, stakes: &[u64], kappa: u16) -> Vec<f64> {
    let total: u128 = stakes.iter().map(|stake| u128::from(*stake)).sum();
    // `below` stake is too little when below · 65535 ≤ total · (65535 − κ); for integers that is a comparison with the
    // floored quotient.
    let minority = total * u128::from(u16::MAX - kappa) / u128::from(u16::MAX);
    let mut columns = Columns::of(weights, stakes);
    (0..stakes.len())
        .map(|column| {
            let cells = columns.cells(column);
            let given: u128 = cells.iter().map(|(_, stake)| u128::from(*stake)).sum();
            match total - given {
                zero if zero > minority || cells.is_empty() => 0.0,
                zero => select(cells, zero, minority),
            }
        })
        .collect()
}

/// The weight at which the stake from below first exceeds `minority`, when `below` lies under all cells.
fn select(mut cells: &mut [(f64, u64)], mut below: u128, minority: u128) -> f64 {
    loop {
        let middle = cells.len() / 2;
        let (low, (pivot, stake), high) =
            cells.select_nth_unstable_by(middle, |one, other| one.0.total_cmp(&other.0));
        let low_stake: u128 = low.iter().map(|(_, stake)| u128::from(*stake)).sum();
        if !low.is_empty() && below + low_stake > minority {
            cells = low;
        } else if high.is_empty() || below + low_stake + u128::from(*stake) > minority {
            return *pivot;
        } else {
            below += low_stake + u128::from(*stake);
            cells = high;
        }
    }
}

/// Weights by column, each with the stake behind it, of rows with stake.
struct Columns {
    starts: Vec<usize>,
    cells: Vec<(f64, u64)>,
}

impl Columns {
    fn of(weights: &Matrix<f64>, stakes: &[u64]) -> Self {
        let slots = stakes.len();
        let with_stake = || (0..slots).filter(|row| stakes[*row] > 0);
        let mut starts = vec![0usize; slots + 1];
        for row in with_stake() {
            for column in weights.row(row).0 {
                starts[*column as usize + 1] += 1;
            }
        }
        for column in 0..slots {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let mut cells = vec![(0.0, 0); starts[slots]];
        for row in with_stake() {
            let (columns, values) = weights.row(row);
            for (column, value) in columns.iter().zip(values) {
                let place = &mut next[*column as usize];
                cells[*place] = (*value, stakes[row]);
                *place += 1;
            }
        }
        Self { starts, cells }
    }

    fn cells(&mut self, column: usize) -> &mut [(f64, u64)] {
        &mut self.cells[self.starts[column]..self.starts[column + 1]]
    }
}
