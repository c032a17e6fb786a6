//! Fractions into grains: money is integers, so this is where doubles end.
//!
//! Invariant: what is paid and what is left are the amount, to the grain, whatever the fractions are.

/// Parts that a whole is cut into: a double holds all of them.
const PARTS: u64 = 1 << 52;

/// What an amount was split into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// One for each fraction, in order.
    pub paid: Vec<u64>,
    /// What no fraction took.
    pub left: u64,
}

/// Splits `amount` grains by `fractions`, each floored to a grain.
///
/// A fraction that is negative or no number counts as zero. Fractions that sum to more than one are paid in order until
/// nothing is left.
pub fn split(amount: u64, fractions: impl IntoIterator<Item = f64>) -> Split {
    let mut parts_left = PARTS;
    let mut left = amount;
    let mut paid = Vec::new();
    for fraction in fractions {
        let own = parts(fraction).min(parts_left);
        parts_left -= own;
        // Floored, so at most `amount` · own / PARTS, and all of these together at most `amount`.
        let grains = u128::from(amount) * u128::from(own) / u128::from(PARTS);
        let grains = u64::try_from(grains).unwrap_or(amount).min(left);
        left -= grains;
        paid.push(grains);
    }
    Split { paid, left }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number between zero and PARTS"
)]
fn parts(fraction: f64) -> u64 {
    if fraction > 0.0 {
        (fraction.min(1.0) * PARTS as f64) as u64
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amount: u64, fractions: &[f64], paid: &[u64]) {
        let split = split(amount, fractions.iter().copied());
        assert_eq!(split.paid, paid, "{amount} by {fractions:?}");
        assert_eq!(split.left, amount - paid.iter().sum::<u64>());
    }

    #[test]
    fn amounts_are_split_to_the_grain() {
        check(100, &[0.5, 0.25, 0.25], &[50, 25, 25]);
        check(100, &[1.0 / 3.0; 3], &[33, 33, 33]);
        check(7, &[], &[]);
        check(u64::MAX, &[1.0], &[u64::MAX]);
        check(u64::MAX, &[0.5, 0.5], &[u64::MAX / 2, u64::MAX / 2]);
    }

    #[test]
    fn no_fraction_pays_more_than_there_is() {
        check(100, &[0.75, 0.75, 0.1], &[75, 25, 0]);
        check(100, &[f64::NAN, -1.0, f64::INFINITY, 0.5], &[0, 0, 100, 0]);
    }
}
