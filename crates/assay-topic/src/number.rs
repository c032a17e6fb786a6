//! Elementary functions and statistics, the same bits on every platform.
//!
//! Rust never fuses a product with a sum nor reorders either, and IEEE 754 rounds both exactly; functions that the
//! standard does not round exactly come from `libm`, never from the platform. Sums run from the first element to the
//! last.

/// eˣ.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// 2ˣ.
pub fn exp2(x: f64) -> f64 {
    libm::exp2(x)
}

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Decimal logarithm.
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// ln(1 + x), exact where x is small.
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// xʸ.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// √x, which IEEE 754 rounds exactly.
pub fn sqrt(x: f64) -> f64 {
    libm::sqrt(x)
}

/// `numerator / denominator`; zero where that is not a finite number.
pub fn ratio(numerator: f64, denominator: f64) -> f64 {
    let quotient = numerator / denominator;
    if quotient.is_finite() { quotient } else { 0.0 }
}

/// Scales numbers so that their sum is one; zeros where it is none.
pub fn normalize(numbers: &mut [f64]) {
    let sum: f64 = numbers.iter().sum();
    for number in numbers {
        *number = ratio(*number, sum);
    }
}

/// Mean; zero of nothing.
pub fn mean(numbers: &[f64]) -> f64 {
    ratio(numbers.iter().sum(), numbers.len() as f64)
}

/// The sample's standard deviation, with n − 1 in the denominator; zero of fewer than two numbers.
pub fn standard_deviation(numbers: &[f64]) -> f64 {
    if numbers.len() < 2 {
        return 0.0;
    }
    let mean = mean(numbers);
    let squares = numbers
        .iter()
        .map(|number| (number - mean) * (number - mean));
    sqrt(squares.sum::<f64>() / (numbers.len() - 1) as f64)
}

/// The number that a fraction of the others lies below, interpolated linearly between neighbours; zero of nothing.
pub fn quantile(numbers: &[f64], fraction: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = fraction * last as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, and between zero and `last`"
    )]
    let low = (libm::floor(place) as usize).min(last);
    let high = (low + 1).min(last);
    sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64)
}

/// The middle number, or the mean of the two in the middle; zero of nothing.
pub fn median(numbers: &[f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// median|x − median(x)|; zero of nothing.
pub fn median_absolute_deviation(numbers: &[f64]) -> f64 {
    let middle = median(numbers);
    let distances: Vec<f64> = numbers
        .iter()
        .map(|number| libm::fabs(number - middle))
        .collect();
    median(&distances)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_few_numbers_are_what_a_hand_computes() {
        assert_eq!(mean(&[]), 0.0);
        assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(
            median_absolute_deviation(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]),
            1.0
        );
        assert_eq!(quantile(&[10.0, 20.0, 30.0, 40.0, 50.0], 0.25), 20.0);
        assert_eq!(standard_deviation(&[7.0]), 0.0);
        assert_eq!(standard_deviation(&[1.0, 3.0, 5.0]), 2.0);
    }

    #[test]
    fn what_cannot_be_divided_is_zero() {
        assert_eq!(ratio(1.0, 0.0), 0.0);
        assert_eq!(ratio(0.0, 0.0), 0.0);
        assert_eq!(ratio(f64::INFINITY, 2.0), 0.0);
        let mut none = [0.0, 0.0];
        normalize(&mut none);
        assert_eq!(none, [0.0, 0.0]);
    }
}
