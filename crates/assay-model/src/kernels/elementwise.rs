//! What happens to each element by itself.
//!
//! Elements come in *stretches* that lie side by side in memory: whole rows, or the channels of one pixel
//! where one operand is the same for all pixels.

use super::{
    dense::Walk,
    simd::{Element, Finish, Job, LANES, Simd, finish_and_store, lanes_at},
};

/// Stretches of `length` elements, in `rows` × `columns` places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretches {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) length: usize,
}

/// How two operands become one accumulator.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Combine {
    /// `left · 2^shift + right · 2^shift`
    Add([u32; 2]),
    /// `left · right`
    Multiply,
}

/// Combines two operands.
pub(crate) struct PairJob<'a, L, R, Y> {
    pub(crate) stretches: Stretches,
    pub(crate) combine: Combine,
    pub(crate) finish: Finish<i32>,
    pub(crate) left: (&'a [L], Walk),
    pub(crate) right: (&'a [R], Walk),
    pub(crate) out: (&'a mut [Y], Walk),
}

/// Multiplies by a power of two.
pub(crate) struct RescaleJob<'a, X, Y> {
    pub(crate) stretches: Stretches,
    pub(crate) shift: u32,
    pub(crate) finish: Finish<i32>,
    pub(crate) x: (&'a [X], Walk),
    pub(crate) out: (&'a mut [Y], Walk),
}

/// Looks each element up.
pub(crate) struct TableJob<'a> {
    pub(crate) stretches: Stretches,
    pub(crate) entries: &'a [i8; 256],
    pub(crate) x: (&'a [i8], Walk),
    pub(crate) out: (&'a mut [i8], Walk),
}

/// Looks each element up in a table of a wider type.
pub(crate) struct WideTableJob<'a> {
    pub(crate) stretches: Stretches,
    pub(crate) entries: &'a [i16; 256],
    pub(crate) x: (&'a [i8], Walk),
    pub(crate) out: (&'a mut [i16], Walk),
}

/// Replaces negative elements by zero.
pub(crate) struct ReluJob<'a, X> {
    pub(crate) stretches: Stretches,
    pub(crate) x: (&'a [X], Walk),
    pub(crate) out: (&'a mut [X], Walk),
}

/// Turns real numbers into the nearest integers of their multiples, halves up, saturated.
pub(crate) struct QuantizeJob<'a, Y> {
    /// A power of two.
    pub(crate) scale: f32,
    pub(crate) numbers: &'a [f32],
    pub(crate) out: &'a mut [Y],
}

/// Finds out whether all numbers are finite.
pub(crate) struct FiniteJob<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) all_finite: &'a mut bool,
}

impl Stretches {
    /// Row and column of each place.
    #[inline(always)]
    fn places(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows).flat_map(move |row| (0..self.columns).map(move |column| (row, column)))
    }

    /// Beginnings and lengths of the vectors of one stretch.
    #[inline(always)]
    fn vectors(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.length)
            .step_by(LANES)
            .map(move |at| (at, LANES.min(self.length - at)))
    }
}

impl<L: Element, R: Element, Y: Element> Job for PairJob<'_, L, R, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (stretches, how) = (self.stretches, self.finish.splat(simd));
        for (row, column) in stretches.places() {
            let left = &self.left.0[self.left.1.at(row, column)..];
            let right = &self.right.0[self.right.1.at(row, column)..];
            let out = &mut self.out.0[self.out.1.at(row, column)..];
            for (at, count) in stretches.vectors() {
                let left = L::widen(simd, lanes_at(left, at));
                let right = R::widen(simd, lanes_at(right, at));
                let acc = match self.combine {
                    Combine::Add([of_left, of_right]) => simd.add(
                        simd.shift_left(left, of_left),
                        simd.shift_left(right, of_right),
                    ),
                    Combine::Multiply => simd.multiply(left, right),
                };
                finish_and_store(simd, acc, how, &mut out[at..], count);
            }
        }
    }
}

impl<X: Element, Y: Element> Job for RescaleJob<'_, X, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (stretches, how) = (self.stretches, self.finish.splat(simd));
        for (row, column) in stretches.places() {
            let x = &self.x.0[self.x.1.at(row, column)..];
            let out = &mut self.out.0[self.out.1.at(row, column)..];
            for (at, count) in stretches.vectors() {
                let acc = simd.shift_left(X::widen(simd, lanes_at(x, at)), self.shift);
                finish_and_store(simd, acc, how, &mut out[at..], count);
            }
        }
    }
}

impl Job for TableJob<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (row, column) in self.stretches.places() {
            let x = &self.x.0[self.x.1.at(row, column)..][..self.stretches.length];
            let out = &mut self.out.0[self.out.1.at(row, column)..][..self.stretches.length];
            simd.look_up(self.entries, x, out);
        }
    }
}

impl Job for WideTableJob<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (row, column) in self.stretches.places() {
            let x = &self.x.0[self.x.1.at(row, column)..][..self.stretches.length];
            let out = &mut self.out.0[self.out.1.at(row, column)..];
            for (out, &x) in out.iter_mut().zip(x) {
                *out = self.entries[usize::from(x as u8 ^ 0x80)];
            }
        }
    }
}

impl<X: Element> Job for ReluJob<'_, X> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (row, column) in self.stretches.places() {
            let x = &self.x.0[self.x.1.at(row, column)..][..self.stretches.length];
            let out = &mut self.out.0[self.out.1.at(row, column)..];
            for (out, &x) in out.iter_mut().zip(x) {
                *out = x.max(X::default());
            }
        }
    }
}

/// An integer type that real numbers are rounded to.
pub(crate) trait Quantum: Element {
    /// Its ends.
    const ENDS: [f32; 2];

    /// The whole number `x`, which lies between the ends.
    fn from_whole(x: f32) -> Self;
}

impl Quantum for i8 {
    const ENDS: [f32; 2] = [-128.0, 127.0];

    #[inline(always)]
    fn from_whole(x: f32) -> Self {
        x as Self
    }
}

impl Quantum for i16 {
    const ENDS: [f32; 2] = [-32768.0, 32767.0];

    #[inline(always)]
    fn from_whole(x: f32) -> Self {
        x as Self
    }
}

impl<Y: Quantum> Job for QuantizeJob<'_, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [low, high] = Y::ENDS;
        for (out, &number) in self.out.iter_mut().zip(self.numbers) {
            let x = number * self.scale;
            let floor = x.floor();
            // The difference is exact, unlike `x + 0.5`.
            let up = if x - floor >= 0.5 { 1.0 } else { 0.0 };
            *out = Y::from_whole((floor + up).clamp(low, high));
        }
    }
}

impl Job for FiniteJob<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        // Without an early end the loop is a few vector instructions.
        let mut all_finite = true;
        for number in self.numbers {
            all_finite &= number.is_finite();
        }
        *self.all_finite = all_finite;
    }
}
