//! Weights in the order in which kernels read them, packed once per program.
//!
//! Outputs come in blocks of [`LANES`], the last one filled up with zeros. Within a block lie, for each
//! step of the sum, the factors of all its lanes: four int8 or two int16 each.

use super::simd::{LANES, Line, Line32, Pairs, Quads};
use crate::program::Requant;

/// The form of factors that a set multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// [`Quads`], for activations of int8 to which 128 is added.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "no other processor's set multiplies them")
    )]
    Quads,
    /// [`Pairs`].
    Pairs,
}

/// Packed weights.
#[derive(Debug)]
pub(crate) enum Weights {
    /// In groups of four.
    Quads(Vec<Quads>),
    /// In groups of two, widened.
    Pairs(Vec<Pairs>),
}

/// A form of packed weights.
pub(crate) trait Packed: Sized {
    /// The groups of this form.
    fn of(weights: &Weights) -> &[Self];
}

/// What lanes do with their sums, by block.
#[derive(Debug)]
pub(crate) struct Finishing {
    /// Where sums start.
    pub(crate) bias: Vec<Line32>,
    /// As [`Finish::half`](super::simd::Finish::half).
    pub(crate) half: Vec<Line32>,
    /// As [`Finish::shift`](super::simd::Finish::shift).
    pub(crate) shift: Vec<Line32>,
    /// As [`Finish::low`](super::simd::Finish::low).
    pub(crate) low: i32,
}

impl Form {
    /// Factors of one lane in one step.
    pub(crate) fn factors(self) -> usize {
        match self {
            Self::Quads => 4,
            Self::Pairs => 2,
        }
    }

    /// Packs the weights of `outputs` outputs, whose sums have `runs` runs of `length` factors each; a
    /// run is filled up with zeros to whole steps. `weight(output, run, position)` is a factor.
    pub(crate) fn pack(
        self,
        outputs: usize,
        runs: usize,
        length: usize,
        weight: impl Fn(usize, usize, usize) -> i8,
    ) -> Weights {
        match self {
            Self::Quads => {
                Weights::Quads(pack::<i8, 4, { 4 * LANES }>(outputs, runs, length, weight))
            }
            Self::Pairs => {
                Weights::Pairs(pack::<i16, 2, { 2 * LANES }>(outputs, runs, length, weight))
            }
        }
    }

    /// What an addition of 128 to every activation adds to a sum over these weights.
    pub(crate) fn excess(self, weights: impl Iterator<Item = i8>) -> i32 {
        match self {
            Self::Quads => weights.fold(0, |sum: i32, weight| {
                sum.wrapping_add(128 * i32::from(weight))
            }),
            Self::Pairs => 0,
        }
    }
}

fn pack<T: From<i8> + Copy, const FACTORS: usize, const LENGTH: usize>(
    outputs: usize,
    runs: usize,
    length: usize,
    weight: impl Fn(usize, usize, usize) -> i8,
) -> Vec<Line<T, LENGTH>> {
    let steps = length.div_ceil(FACTORS);
    let mut packed = Vec::with_capacity(outputs.div_ceil(LANES) * runs * steps);
    for first in (0..outputs).step_by(LANES) {
        for run in 0..runs {
            for step in 0..steps {
                let mut line = Line([T::from(0); LENGTH]);
                for (at, factor) in line.0.iter_mut().enumerate() {
                    let output = first + at / FACTORS;
                    let position = step * FACTORS + at % FACTORS;
                    if output < outputs && position < length {
                        *factor = T::from(weight(output, run, position));
                    }
                }
                packed.push(line);
            }
        }
    }
    packed
}

impl Weights {
    /// Appends another group's weights of the same form.
    pub(crate) fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Quads(all), Self::Quads(more)) => all.extend(more),
            (Self::Pairs(all), Self::Pairs(more)) => all.extend(more),
            (one, other) => unreachable!("{one:?} and {other:?} have different forms"),
        }
    }
}

impl Packed for Quads {
    fn of(weights: &Weights) -> &[Self] {
        match weights {
            Weights::Quads(weights) => weights,
            Weights::Pairs(_) => unreachable!("plans pack weights in the form of their set"),
        }
    }
}

impl Packed for Pairs {
    fn of(weights: &Weights) -> &[Self] {
        match weights {
            Weights::Pairs(weights) => weights,
            Weights::Quads(_) => unreachable!("plans pack weights in the form of their set"),
        }
    }
}

impl Finishing {
    /// For `groups` groups of `per_group` outputs, none of which share a block; a requantisation of `None`
    /// keeps the accumulators.
    pub(crate) fn new(
        groups: usize,
        per_group: usize,
        bias: impl Fn(usize) -> i32,
        requant: impl Fn(usize) -> Option<Requant>,
    ) -> Self {
        let shift = |output| requant(output).map_or(0, |requant| requant.shift);
        let relu = requant(0).is_some_and(|requant| requant.relu);
        let lines = |value: &dyn Fn(usize) -> i32| {
            (0..groups)
                .flat_map(|group| lines(per_group, |output| value(group * per_group + output)))
                .collect()
        };
        Self {
            bias: lines(&bias),
            half: lines(&|output| (1 << shift(output)) >> 1),
            shift: lines(&|output| i32::from(shift(output))),
            low: if relu { 0 } else { i32::MIN },
        }
    }
}

/// One value per output, in blocks filled up with zeros.
pub(crate) fn lines(outputs: usize, value: impl Fn(usize) -> i32) -> Vec<Line32> {
    let of = |output| if output < outputs { value(output) } else { 0 };
    (0..outputs)
        .step_by(LANES)
        .map(|first| Line(std::array::from_fn(|lane| of(first + lane))))
        .collect()
}
