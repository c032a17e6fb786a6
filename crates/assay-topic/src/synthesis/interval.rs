//! How far an inference may be off: quantiles of what it was made of, by weight.

/// Parts of the weight that lie below: those of a normal distribution at −2, −1, 0, 1 and 2 standard deviations.
pub const PARTS: [f64; 5] = [0.0228, 0.1587, 0.5, 0.8413, 0.9772];

/// The values that [`PARTS`] of the weight lie below; `weights` has one for each value.
///
/// A value stands at the middle of its own weight, and between two values the line is straight; beyond the outermost
/// it is level. Values without weight do not count; zeros where no value counts.
pub fn percentiles(values: &[f64], weights: &[f64]) -> [f64; 5] {
    let mut parts: Vec<(f64, f64)> = values
        .iter()
        .copied()
        .zip(weights.iter().copied())
        .filter(|part| part.1 > 0.0)
        .collect();
    parts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = parts.iter().map(|part| part.1).sum();
    let mut below = 0.0;
    let steps: Vec<(f64, f64)> = parts
        .iter()
        .map(|&(value, weight)| {
            below += weight;
            ((below - weight / 2.0) / total, value)
        })
        .collect();
    PARTS.map(|part| {
        let next = steps.partition_point(|step| step.0 < part);
        let Some(&(high, high_value)) = steps.get(next) else {
            return steps.last().map_or(0.0, |step| step.1);
        };
        let Some(&(low, low_value)) = next.checked_sub(1).and_then(|last| steps.get(last)) else {
            return high_value;
        };
        low_value + (high_value - low_value) * ((part - low) / (high - low))
    })
}
