//! Weights and biases of a program, as a proof takes them.
//!
//! Where output channels have shifts of their own, an output's weights and bias count `2^(largest − own)` times: its
//! accumulators are then all rounded by the largest shift.

use crate::{
    field::{Base, Extension, of_integer},
    frame::lifted,
    layout::{Layout, bits, weights},
    outline::{Made, Outline, ParameterTable},
    relations::ParameterClaim,
};
use assay_model::{
    Program,
    program::{Op, Output},
};
use p3_field::{PrimeCharacteristicRing as _, dot_product};
use std::sync::LazyLock;

/// Every int8 as a field element, by its bits.
static BYTES: LazyLock<[Base; 256]> =
    LazyLock::new(|| std::array::from_fn(|byte| of_integer(i64::from(byte as u8 as i8))));

/// A weight as a field element.
#[inline]
pub fn of_weight(weight: i8) -> Base {
    BYTES[usize::from(weight as u8)]
}

/// Weights and biases of one value.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a> {
    /// `[outputs, …]`.
    pub weights: &'a [i8],
    /// `[outputs]`.
    pub bias: &'a [i32],
    shifts: Option<&'a [u8]>,
    /// Channels of a group, and outputs of one.
    group: (usize, usize),
    taps: usize,
    channels: usize,
}

impl<'a> Parameters<'a> {
    /// Those of a value of the program's outline.
    ///
    /// # Panics
    /// When the value has none.
    pub fn of(program: &'a Program, outline: &Outline, value: usize) -> Self {
        let (weights, bias, output) = match &program.nodes()[value - 1] {
            Op::Linear {
                weights,
                bias,
                output,
                ..
            }
            | Op::Conv2d {
                weights,
                bias,
                output,
                ..
            } => (weights, bias, output),
            other => unreachable!("{} has no weights", other.name()),
        };
        let shifts = match output {
            Output::PerChannel(requant) => Some(&requant.shifts[..]),
            _ => None,
        };
        let layout = outline.weights(value);
        let (group, taps, channels) = match outline.made(value) {
            Made::Convolution {
                input,
                window,
                groups,
                outputs,
                ..
            } => {
                let channels = outline.layout(*input as usize).dims()[0];
                let group = ((channels / groups) as usize, (outputs / groups) as usize);
                (group, window.taps(), channels as usize)
            }
            _ => {
                let inputs = layout.dims()[1] as usize;
                ((inputs, bias.len()), 1, inputs)
            }
        };
        Self {
            weights,
            bias,
            shifts,
            group,
            taps,
            channels,
        }
    }

    /// How often the parameters of an output count.
    pub fn scale(&self, output: usize) -> Base {
        let shift = self.shifts.map_or(0, |shifts| {
            let largest = shifts.iter().copied().max().unwrap_or_default();
            largest - shifts[output]
        });
        of_integer(1 << shift)
    }

    /// The weights of each output.
    pub fn rows(&self) -> impl Iterator<Item = &'a [i8]> {
        self.weights
            .chunks_exact(self.weights.len() / self.bias.len())
    }

    /// The first channel that an output sees.
    pub fn first_channel(&self, output: usize) -> usize {
        let (channels, outputs) = self.group;
        output / outputs * channels
    }

    /// Taps of the kernel; 1 where there is none.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// `Σ_o output(o) · weights[o, c, t]` for each channel and tap, both padded. Cost: the weights.
    pub fn folded(&self, outputs: &[Extension]) -> Vec<Extension> {
        let taps = 1usize << bits(self.taps as u32);
        let mut folded = vec![Extension::ZERO; taps << bits(self.channels as u32)];
        for ((output, row), weight) in self.rows().enumerate().zip(outputs) {
            let weight = *weight * self.scale(output);
            if self.taps == 1 {
                let seen = &mut folded[self.first_channel(output)..];
                for (sum, own) in seen.iter_mut().zip(row) {
                    *sum += weight * of_weight(*own);
                }
                continue;
            }
            let seen = folded[self.first_channel(output) * taps..].chunks_exact_mut(taps);
            for (sums, kernel) in seen.zip(row.chunks_exact(self.taps)) {
                for (sum, own) in sums.iter_mut().zip(kernel) {
                    *sum += weight * of_weight(*own);
                }
            }
        }
        folded
    }

    /// The polynomial of [`Self::folded`] at a point of channel and tap. Cost: the weights.
    pub fn folded_at(&self, outputs: &[Extension], point: &[Extension]) -> Extension {
        let taps = 1usize << bits(self.taps as u32);
        let ends = weights(point);
        let rows = self.rows().enumerate().zip(outputs);
        rows.map(|((output, row), weight)| {
            let seen = &ends[self.first_channel(output) * taps..];
            let sum: Extension = if self.taps == 1 {
                let row = row.iter().map(|own| of_weight(*own));
                dot_product(seen.iter().copied(), row)
            } else {
                let kernels = row.chunks_exact(self.taps).zip(seen.chunks_exact(taps));
                kernels
                    .map(|(kernel, seen)| {
                        let kernel = kernel.iter().map(|own| of_weight(*own));
                        dot_product::<Extension, _, _>(seen.iter().copied(), kernel)
                    })
                    .sum()
            };
            *weight * self.scale(output) * sum
        })
        .sum()
    }

    /// `Σ_o output(o) · bias[o]`.
    pub fn bias_at(&self, outputs: &[Extension]) -> Extension {
        let bias = self.bias.iter().zip(outputs).enumerate();
        bias.map(|(output, (bias, weight))| {
            *weight * self.scale(output) * of_integer(i64::from(*bias))
        })
        .sum()
    }

    /// The weights in their layout, on a cube of so many variables.
    pub fn weights_column(&self, layout: &Layout, variables: usize) -> Vec<Base> {
        let mut column = vec![Base::ZERO; 1 << variables];
        let per_output = self.weights.len() / self.bias.len();
        let weights = self.weights.iter().enumerate();
        for (place, (index, weight)) in layout.places().iter().zip(weights) {
            column[*place as usize] = self.scale(index / per_output) * of_weight(*weight);
        }
        column
    }

    /// The biases.
    pub fn biases(&self) -> impl Iterator<Item = Base> {
        let bias = self.bias.iter().enumerate();
        bias.map(|(output, own)| self.scale(output) * of_integer(i64::from(*own)))
    }
}

/// The biases of a program and its gathered weights, behind each other on a cube of so many variables: weights in their
/// layouts, biases value by value.
pub fn gathered_column(program: &Program, outline: &Outline, variables: usize) -> Vec<Base> {
    let mut column = Vec::with_capacity(1 << variables);
    for table in outline.gathered() {
        let end = column.len() + (1 << table.variables);
        if let Some(value) = table.weights_of {
            let parameters = Parameters::of(program, outline, value);
            column.extend(parameters.weights_column(&outline.weights(value), table.variables));
        } else {
            for value in outline.parametrized() {
                column.extend(Parameters::of(program, outline, value).biases());
            }
        }
        column.resize(end, Base::ZERO);
    }
    column.resize(1 << variables, Base::ZERO);
    column
}

/// Where a stack of committed parameters is opened, and what must be there.
///
/// # Panics
/// When a table of the stack has no claim.
pub fn openings(
    claims: &[ParameterClaim],
    stack: &[ParameterTable],
) -> Vec<(Vec<Extension>, Extension)> {
    let openings = stack.iter().map(|table| {
        let mut claims = claims.iter();
        let claim = claims.find(|claim| claim.weights_of == table.weights_of);
        let claim = claim.expect("a claim on all parameters");
        (lifted(&claim.point, table.variables), claim.claim)
    });
    openings.collect()
}
