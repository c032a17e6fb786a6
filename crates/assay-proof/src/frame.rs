//! The frame of a proof: an outline, and how many inferences one proof is about.
//!
//! Every value of the outline gets one more dimension, outermost: the inferences, padded to a power of two. Values
//! are zero where they are padding.

use crate::{
    field::Extension,
    layout::{below, bits, real},
    outline::{COLUMN_VARIABLES_MIN, Outline},
};
use p3_field::PrimeCharacteristicRing as _;

/// Most inferences of one proof.
pub const SAMPLES_MAX: usize = 256;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What is proven.
    pub outline: &'a Outline,
    samples: usize,
}

impl<'a> Frame<'a> {
    /// The frame of a proof of so many inferences; `None` when they are none or more than [`SAMPLES_MAX`].
    pub fn new(outline: &'a Outline, samples: usize) -> Option<Self> {
        let possible = (1..=SAMPLES_MAX).contains(&samples);
        possible.then_some(Self { outline, samples })
    }

    /// Inferences.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Coordinates of an inference.
    pub fn sample_variables(&self) -> usize {
        bits(self.samples as u32)
    }

    /// Coordinates of a point of a value.
    pub fn variables(&self, value: usize) -> usize {
        self.sample_variables() + self.outline.layout(value).variables()
    }

    /// Coordinates of a point of a value's columns, which have a smallest size.
    pub fn column_variables(&self, value: usize) -> usize {
        self.variables(value).max(COLUMN_VARIABLES_MIN)
    }

    /// Most coordinates of any value's point.
    pub fn variables_max(&self) -> usize {
        let values = 0..self.outline.values().len();
        values.map(|value| self.variables(value)).max().unwrap_or(0)
    }

    /// A value's own coordinates of a point for all: the last.
    pub fn own<'p>(&self, value: usize, point: &'p [Extension]) -> &'p [Extension] {
        &point[point.len() - self.variables(value)..]
    }

    /// A point of a value, and the coordinates of the inference before.
    pub fn split<'p>(&self, point: &'p [Extension]) -> (&'p [Extension], &'p [Extension]) {
        point.split_at(self.sample_variables())
    }

    /// Σ eq(point, i) over the elements of a value, padding left out.
    pub fn real(&self, value: usize, point: &[Extension]) -> Extension {
        let (sample, element) = self.split(point);
        self.real_sample(sample) * real(self.outline.layout(value), element)
    }

    /// Σ eq(point, i) over the inferences.
    pub fn real_sample(&self, sample: &[Extension]) -> Extension {
        below(sample, self.samples as u32)
    }
}

/// A point with zeros before it, where a smaller cube is part of one of so many variables.
pub fn lifted(point: &[Extension], variables: usize) -> Vec<Extension> {
    let zeros = std::iter::repeat_n(Extension::ZERO, variables.saturating_sub(point.len()));
    zeros.chain(point.iter().copied()).collect()
}
