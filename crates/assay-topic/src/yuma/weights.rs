//! Weights: what counts of a row.

use super::{Epoch, Matrix, State, is_permitted};
use crate::number::ratio;

/// The weights that count, each row normalised: rows of who may weigh, without its own slot unless it is the owner's,
/// and without slots whose holder came with or after the row.
pub(super) fn masked(epoch: &Epoch, state: &State) -> Matrix<f64> {
    let slots = epoch.slots.len();
    let mut masked = Matrix::with_capacity(slots, epoch.weights.cells());
    for (row, slot) in epoch.slots.iter().enumerate() {
        if is_permitted(state, epoch, row) {
            let (columns, values) = epoch.weights.row(row);
            let own = columns.iter().zip(values).filter(|(column, value)| {
                let column = **column as usize;
                let target = epoch.slots.get(column);
                let current = target.is_some_and(|target| slot.updated_at > target.registered_at);
                **value > 0 && current && (column != row || epoch.owner == Some(row))
            });
            for (column, value) in own {
                masked.push(*column, f64::from(*value));
            }
            let sum: f64 = masked.open_row().iter().sum();
            for value in masked.open_row() {
                *value = ratio(*value, sum);
            }
        }
        masked.end_row();
    }
    masked
}
