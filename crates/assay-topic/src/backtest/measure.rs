//! How the honest reputer measures an inference.

use crate::number::{log10, pow};

/// Errors below it count as it: the logarithm of an exact hit is none, and one lucky round must not be worth many.
pub const ERROR_FLOOR: f64 = 1e-12;

/// How far an inference is from the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The squared difference.
    Squared,
    /// The absolute difference.
    Absolute,
}

impl Measure {
    /// The error of an inference, in units of the series or their squares.
    pub fn error(self, inference: f64, truth: f64) -> f64 {
        let difference = (inference - truth).abs();
        match self {
            Self::Squared => pow(difference, 2.0),
            Self::Absolute => difference,
        }
    }

    /// The loss of an error: its decimal logarithm, floored by [`ERROR_FLOOR`].
    pub fn loss(error: f64) -> f64 {
        log10(error.max(ERROR_FLOOR))
    }
}
