//! What a kernel set has to offer: sixteen lanes of 32-bit integers, and products of few factors.
//!
//! Drivers (`dense.rs`, `depthwise.rs`, …) are written once over [`Simd`] and compiled once per set, by
//! [`Simd::vectorize`]. Every operation here is exact integer arithmetic with wrap-around, so sets
//! differ in speed and in nothing else.

use super::weights::Packed;

/// 32-bit lanes of one vector: the widest registers that we compute in hold sixteen.
pub(crate) const LANES: usize = 16;

/// A vector's worth of values where a vector load does not cross a cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line<T, const N: usize>(pub(crate) [T; N]);

/// One value per lane.
pub(crate) type Line32 = Line<i32, LANES>;

/// Four int8 factors per lane.
pub(crate) type Quads = Line<i8, { 4 * LANES }>;

/// Two int16 factors per lane.
pub(crate) type Pairs = Line<i16, { 2 * LANES }>;

/// Work that is compiled for each set.
pub(crate) trait Job {
    /// Does it. Implementations are `#[inline(always)]`, and so is what they call: what is not inlined is
    /// compiled for the plainest processor.
    fn run<S: Simd>(self, simd: S);
}

/// A vector type.
pub(crate) trait Vector: Copy {
    /// Sixteen int32.
    type Lanes: Copy;
}

/// Sums of products whose first factor is the same in every lane.
pub(crate) trait Dot<X>: Vector {
    /// As many neighbouring factors as one instruction sums up.
    type Few: Copy;
    /// Them, in every lane.
    type Splat: Copy;
    /// The other factors: as many per lane.
    type Group: Packed;

    /// `P` sequences of `steps` pieces each, of which the beginnings lie `distance` elements apart.
    fn few<const P: usize>(self, x: &[X], distance: usize, steps: usize) -> [&[Self::Few]; P];
    /// Copies `few` to every lane.
    fn splat(self, few: &Self::Few) -> Self::Splat;
    /// Adds to each lane the sum of its products.
    fn dot(self, acc: Self::Lanes, x: Self::Splat, weights: &Self::Group) -> Self::Lanes;
}

/// How accumulators become a narrower type: [`Requant`](crate::program::Requant), by lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish<L> {
    /// `2^(shift − 1)`, or 0 for a shift of 0.
    pub(crate) half: L,
    /// Exponent of the divisor.
    pub(crate) shift: L,
    /// 0 after a ReLU, else the least int32.
    pub(crate) low: L,
}

/// A set of kernels.
pub(crate) trait Simd: Dot<i8> + Dot<i16> {
    /// Whether there are registers for 8 × 2 accumulators rather than 4 × 1.
    const MANY_REGISTERS: bool;

    /// Runs `job`, compiled for this set.
    fn vectorize<J: Job>(self, job: J);

    /// `value` in every lane.
    fn splat32(self, value: i32) -> Self::Lanes;
    /// One value per lane.
    fn load(self, values: &Line32) -> Self::Lanes;
    /// Sixteen int8, widened.
    fn widen_i8(self, values: &[i8; LANES]) -> Self::Lanes;
    /// Sixteen int16, widened.
    fn widen_i16(self, values: &[i16; LANES]) -> Self::Lanes;
    /// Sixteen int32.
    fn widen_i32(self, values: &[i32; LANES]) -> Self::Lanes;
    /// `a + b`
    fn add(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    /// `a · b`
    fn multiply(self, a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    /// `a · 2^shift`
    fn shift_left(self, a: Self::Lanes, shift: u32) -> Self::Lanes;
    /// The form in which [`Simd::add_tap`] takes a weight.
    fn tap(weight: i8) -> i32;
    /// `acc + x · weight` for `x` in the range of int16 and a weight in the form of [`Simd::tap`].
    fn add_tap(self, acc: Self::Lanes, x: Self::Lanes, tap: Self::Lanes) -> Self::Lanes;
    /// `max((acc + half) >> shift, low)`
    fn finish(self, acc: Self::Lanes, how: Finish<Self::Lanes>) -> Self::Lanes;
    /// Stores the first `count` lanes, saturated.
    fn store_i8(self, lanes: Self::Lanes, out: &mut [i8], count: usize);
    /// Stores the first `count` lanes, saturated.
    fn store_i16(self, lanes: Self::Lanes, out: &mut [i16], count: usize);
    /// Stores the first `count` lanes.
    fn store_i32(self, lanes: Self::Lanes, out: &mut [i32], count: usize);

    /// `out[i] = entries[x[i] + 128]`
    #[inline(always)]
    fn look_up(self, entries: &[i8; 256], x: &[i8], out: &mut [i8]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = entries[usize::from(x as u8 ^ 0x80)];
        }
    }
}

/// A type that values have.
pub(crate) trait Element: Copy + Default + Ord {
    /// Whether accumulators are requantised before they are stored as this type.
    const NARROW: bool;

    /// Sixteen values, widened.
    fn widen<S: Simd>(simd: S, values: &[Self; LANES]) -> S::Lanes;
    /// Stores the first `count` lanes; narrow types saturate.
    fn store<S: Simd>(simd: S, lanes: S::Lanes, out: &mut [Self], count: usize);
}

impl Element for i8 {
    const NARROW: bool = true;

    #[inline(always)]
    fn widen<S: Simd>(simd: S, values: &[Self; LANES]) -> S::Lanes {
        simd.widen_i8(values)
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, lanes: S::Lanes, out: &mut [Self], count: usize) {
        simd.store_i8(lanes, out, count);
    }
}

impl Element for i16 {
    const NARROW: bool = true;

    #[inline(always)]
    fn widen<S: Simd>(simd: S, values: &[Self; LANES]) -> S::Lanes {
        simd.widen_i16(values)
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, lanes: S::Lanes, out: &mut [Self], count: usize) {
        simd.store_i16(lanes, out, count);
    }
}

impl Element for i32 {
    const NARROW: bool = false;

    #[inline(always)]
    fn widen<S: Simd>(simd: S, values: &[Self; LANES]) -> S::Lanes {
        simd.widen_i32(values)
    }

    #[inline(always)]
    fn store<S: Simd>(simd: S, lanes: S::Lanes, out: &mut [Self], count: usize) {
        simd.store_i32(lanes, out, count);
    }
}

/// Sixteen elements from `at` on. Buffers are so much longer than what they hold that this stays inside.
#[inline(always)]
pub(crate) fn lanes_at<X>(x: &[X], at: usize) -> &[X; LANES] {
    match x[at..].first_chunk() {
        Some(lanes) => lanes,
        None => unreachable!("buffers end in more than {LANES} spare elements"),
    }
}

/// Finishes accumulators if `Y` is narrow, and stores the first `count`.
#[inline(always)]
pub(crate) fn finish_and_store<S: Simd, Y: Element>(
    simd: S,
    acc: S::Lanes,
    how: Finish<S::Lanes>,
    out: &mut [Y],
    count: usize,
) {
    let lanes = if Y::NARROW {
        simd.finish(acc, how)
    } else {
        acc
    };
    Y::store(simd, lanes, out, count);
}

impl Finish<i32> {
    /// The same in every lane.
    #[inline(always)]
    pub(crate) fn splat<S: Simd>(self, simd: S) -> Finish<S::Lanes> {
        Finish {
            half: simd.splat32(self.half),
            shift: simd.splat32(self.shift),
            low: simd.splat32(self.low),
        }
    }
}
