//! Weights: how a row is stored, and what counts of it.

use super::{Epoch, Matrix, State, is_permitted};
use crate::number::ratio;

/// Why weights are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The list has no weight above zero.
    #[error("none of the {count} weights is above zero, so they say nothing")]
    Nothing {
        /// How many there are.
        count: usize,
    },
}

/// Weights as a row stores them: scaled so that the largest is 65 535, rounded half up.
///
/// # Errors
/// [`WeightsError::Nothing`] where none is above zero.
pub fn upscaled(weights: &[u16]) -> Result<Vec<u16>, WeightsError> {
    let count = weights.len();
    let largest = weights.iter().copied().max().filter(|largest| *largest > 0);
    let largest = u64::from(largest.ok_or(WeightsError::Nothing { count })?);
    let scaled = weights.iter().map(|weight| {
        let doubled = u64::from(*weight) * u64::from(u16::MAX) * 2;
        // At most 65 535, for no weight is above the largest.
        u16::try_from((doubled + largest) / (2 * largest)).unwrap_or(u16::MAX)
    });
    Ok(scaled.collect())
}

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
