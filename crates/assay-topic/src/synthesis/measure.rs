//! What reputers measure: the loss of an inference once the truth is known.

use crate::number::log10;

/// Least error that is told from none: its logarithm is the loss of an exact inference.
pub const ERROR_MIN: f64 = 1e-12;

/// How far an inference is from the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossFunction {
    /// The mean squared difference of labels.
    Squared,
    /// The mean absolute difference of labels.
    Absolute,
}

impl LossFunction {
    /// The error, at least zero; of differing numbers of labels those that both have count.
    pub fn error(self, inference: &[f64], truth: &[f64]) -> f64 {
        let differences = inference.iter().zip(truth).map(|(label, truth)| {
            let difference = label - truth;
            match self {
                Self::Squared => difference * difference,
                Self::Absolute => difference.abs(),
            }
        });
        let count = inference.len().min(truth.len()).max(1);
        differences.sum::<f64>() / count as f64
    }

    /// The loss: the decimal logarithm of the error, or of [`ERROR_MIN`] where that is more. Errors beyond a double's
    /// range are its greatest.
    pub fn loss(self, inference: &[f64], truth: &[f64]) -> f64 {
        let error = self.error(inference, truth);
        log10(error.clamp(ERROR_MIN, f64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(function: LossFunction, inference: &[f64], truth: &[f64], expected: f64) {
        let loss = function.loss(inference, truth);
        assert!((loss - expected).abs() < 1e-12, "{inference:?}: {loss}");
    }

    #[test]
    fn losses_are_logarithms_of_mean_errors() {
        check(LossFunction::Squared, &[3.0], &[13.0], 2.0);
        check(LossFunction::Absolute, &[3.0], &[13.0], 1.0);
        check(
            LossFunction::Squared,
            &[1.0, 1.0],
            &[11.0, 1.0],
            50f64.log10(),
        );
        check(LossFunction::Absolute, &[1.0, 1.0], &[3.0, 1.0], 0.0);
        check(LossFunction::Squared, &[7.0], &[7.0], -12.0);
        check(LossFunction::Squared, &[1e290], &[-1e290], f64::MAX.log10());
    }
}
