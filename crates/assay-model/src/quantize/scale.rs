//! Scales: fraction bits for every value and every weight tensor.
//!
//! The finest power of two that saturates nothing often wastes half of the range on a few outliers,
//! so up to [`FINER_TRIED`] finer ones are tried too and the least sum of squared errors wins; equals
//! go to the coarser, which saturates less. Where a value is only looked up in a table, what counts is
//! the error behind the table: a hard sigmoid does not care how negative its operand is.

use super::{QuantizeError, Samples};
use crate::{
    float::{FloatGraph, FloatOp},
    function::Function,
};

/// Fewest fraction bits: values up to 2³⁸, far beyond any network that trains.
pub const FRACTION_BITS_MIN: i8 = -32;

/// Most fraction bits: values down to 2⁻³², where float weights are noise.
pub const FRACTION_BITS_MAX: i8 = 32;

/// How many finer scales are tried than the finest without saturation.
const FINER_TRIED: i8 = 3;

/// How many finer scales are tried for a value that is only looked up: functions that level off make
/// most of a range worthless.
const FINER_TRIED_LOOKED_UP: i8 = 6;

/// Fraction bits for int8, by value of the graph and by node with weights.
pub(super) struct Scales {
    pub(super) values: Vec<i8>,
    pub(super) weights: Vec<Option<WeightScales>>,
}

/// Fraction bits of the weights of one node.
pub(super) struct WeightScales {
    /// One for all.
    pub(super) whole: i8,
    /// One per output, where outputs of the model differ so much that they need it.
    pub(super) each: Option<Vec<i8>>,
}

/// Squared errors of the scales that are tried for one tensor.
#[derive(Debug, Clone)]
struct Trial {
    first: i8,
    errors: Vec<f64>,
}

/// Runs the samples twice: once for the ranges, once for the errors.
pub(super) fn calibrate(graph: &FloatGraph, samples: &Samples) -> Result<Scales, QuantizeError> {
    let mut largest = vec![0f64; graph.nodes.len() + 1];
    each_run(graph, samples, |value, data| {
        largest[value] = data
            .iter()
            .fold(largest[value], |max, &x| max.max(f64::from(x.abs())));
    })?;
    let functions = looked_up(graph);
    let mut trials: Vec<Trial> = largest
        .into_iter()
        .zip(&functions)
        .map(|(largest, function)| match function {
            None => Trial::new(largest, FINER_TRIED),
            Some(_) => Trial::new(largest, FINER_TRIED_LOOKED_UP),
        })
        .collect();
    each_run(graph, samples, |value, data| match functions[value] {
        None => trials[value].add(data),
        Some(function) => trials[value].add_behind(data, function),
    })?;
    // Filters that see one channel or few differ from each other by orders of magnitude.
    let grouped = graph
        .nodes
        .iter()
        .any(|node| matches!(node.op, FloatOp::Conv2d { groups, .. } if groups > 1));

    let weights = graph.nodes.iter().map(|node| match &node.op {
        FloatOp::Linear { weights, bias, .. } | FloatOp::Conv2d { weights, bias, .. } => {
            Some(WeightScales {
                whole: of_weights(weights),
                each: grouped.then(|| of_rows(weights, weights.len() / bias.len())),
            })
        }
        _ => None,
    });
    Ok(Scales {
        values: trials.iter().map(Trial::best).collect(),
        weights: weights.collect(),
    })
}

/// Calls `see` with every value of every sample; numbers that are not finite end the run.
fn each_run(
    graph: &FloatGraph,
    samples: &Samples,
    mut see: impl FnMut(usize, &[f32]),
) -> Result<(), QuantizeError> {
    for (sample, input) in samples.inputs.iter().enumerate() {
        let values = graph
            .run_values(input)
            .map_err(|source| QuantizeError::Sample { sample, source })?;
        for (value, data) in values.iter().enumerate() {
            if let Some(&found) = data.iter().find(|x| !x.is_finite()) {
                let node = value.checked_sub(1).map(|node| &graph.nodes[node]);
                return Err(QuantizeError::NotFinite {
                    layer: node.map_or_else(|| "the input".to_owned(), |node| node.name.clone()),
                    sample,
                    value: found,
                });
            }
            see(value, data);
        }
    }
    Ok(())
}

/// By value of the graph: the function that alone reads it.
fn looked_up(graph: &FloatGraph) -> Vec<Option<&Function>> {
    let mut readers = vec![0usize; graph.nodes.len() + 1];
    readers[graph.output] += 1;
    let mut functions = vec![None; graph.nodes.len() + 1];
    for node in &graph.nodes {
        for operand in node.op.operands() {
            readers[operand] += 1;
        }
        if let FloatOp::Function { input, function } = &node.op {
            functions[*input] = Some(function);
        }
    }
    for (function, readers) in functions.iter_mut().zip(readers) {
        if readers != 1 {
            *function = None;
        }
    }
    functions
}

/// Fraction bits of each output's weights. Rows of zeros are as fine as the finest other row.
fn of_rows(weights: &[f32], per_output: usize) -> Vec<i8> {
    let is_zero = |row: &[f32]| row.iter().all(|&weight| weight == 0.0);
    let rows = || weights.chunks_exact(per_output);
    let found: Vec<Option<i8>> = rows()
        .map(|row| (!is_zero(row)).then(|| of_weights(row)))
        .collect();
    let finest = found.iter().flatten().copied().max().unwrap_or(0);
    found
        .into_iter()
        .map(|bits| bits.unwrap_or(finest))
        .collect()
}

fn of_weights(weights: &[f32]) -> i8 {
    let largest = weights
        .iter()
        .fold(0f64, |max, &x| max.max(f64::from(x.abs())));
    let mut trial = Trial::new(largest, FINER_TRIED);
    trial.add(weights);
    trial.best()
}

impl Trial {
    fn new(largest: f64, finer_tried: i8) -> Self {
        let first = finest(largest);
        let count = finer_tried.min(FRACTION_BITS_MAX - first) + 1;
        Self {
            first,
            errors: vec![0.0; count as usize],
        }
    }

    fn add(&mut self, data: &[f32]) {
        for (finer, error) in (0i8..).zip(&mut self.errors) {
            let scale = power_of_two(self.first + finer);
            let sum: f64 = data
                .iter()
                .map(|&x| {
                    let x = f64::from(x) * scale;
                    let off = (round_half_up(x).clamp(-128.0, 127.0) - x) / scale;
                    off * off
                })
                .sum();
            *error += sum;
        }
    }

    /// As [`Trial::add`], where the error is that of `function`.
    fn add_behind(&mut self, data: &[f32], function: &Function) {
        for (finer, error) in (0i8..).zip(&mut self.errors) {
            let scale = power_of_two(self.first + finer);
            let sum: f64 = data
                .iter()
                .map(|&x| {
                    let rounded = round_half_up(f64::from(x) * scale).clamp(-128.0, 127.0) / scale;
                    let off = f64::from(function.at(rounded as f32)) - f64::from(function.at(x));
                    off * off
                })
                .sum();
            *error += sum;
        }
    }

    fn best(&self) -> i8 {
        let mut best = 0;
        for (finer, error) in self.errors.iter().enumerate() {
            if *error < self.errors[best] {
                best = finer;
            }
        }
        self.first + best as i8
    }
}

/// The most fraction bits with which `largest` fits an int8; 0 for a tensor of zeros.
fn finest(largest: f64) -> i8 {
    if largest == 0.0 {
        return 0;
    }
    let mut bits = FRACTION_BITS_MIN;
    while bits < FRACTION_BITS_MAX && largest * power_of_two(bits + 1) <= 127.0 {
        bits += 1;
    }
    bits
}

/// 2^exponent, exactly.
pub(crate) fn power_of_two(exponent: i8) -> f64 {
    // The exponent field of a double is biased by 1023 and holds any i8.
    f64::from_bits(((1023 + i64::from(exponent)) as u64) << 52)
}

/// The nearest integer, halves towards positive infinity: the rounding of programs.
pub(crate) fn round_half_up(x: f64) -> f64 {
    let floor = x.floor();
    // The difference is exact, unlike `x + 0.5`.
    if x - floor >= 0.5 { floor + 1.0 } else { floor }
}
