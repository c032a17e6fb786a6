//! AVX2: Intel since Haswell, AMD since Zen.
//!
//! Byte products of AVX2 saturate at 16 bits, which would not be exact; so activations and weights are
//! widened to 16 bits, whose pairwise products sum up in 32.

use std::arch::x86_64::*;

use super::pieces;
use crate::kernels::{
    portable::copy_lanes,
    simd::{Dot, Finish, Job, LANES, Line32, Pairs, Simd, Vector},
};

/// Proof that the processor has these instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The token, where the processor and the operating system have the instructions.
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

/// Runs an expression of intrinsics.
macro_rules! intrinsics {
    ($self:ident, $expression:expr) => {{
        let Self(()) = $self;
        // SAFETY: `detect` made the token after it found the instructions; pointers come from references
        // to as many elements as are loaded or stored.
        unsafe { $expression }
    }};
}

/// Lanes 0 to 7 and 8 to 15.
type Halves = [__m256i; 2];

impl Vector for Avx2 {
    type Lanes = Halves;
}

impl Dot<i8> for Avx2 {
    type Few = [i8; 2];
    type Splat = __m256i;
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i8], distance: usize, steps: usize) -> [&[[i8; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i8; 2]) -> __m256i {
        let two = i16::from_ne_bytes(few.map(|x| x as u8));
        intrinsics!(self, _mm256_cvtepi8_epi16(_mm_set1_epi16(two)))
    }

    #[inline(always)]
    fn dot(self, acc: Halves, x: __m256i, weights: &Pairs) -> Halves {
        self.dot_pairs(acc, x, weights)
    }
}

impl Dot<i16> for Avx2 {
    type Few = [i16; 2];
    type Splat = __m256i;
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i16], distance: usize, steps: usize) -> [&[[i16; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i16; 2]) -> __m256i {
        let [first, second] = few.map(|x| i32::from(x as u16));
        intrinsics!(self, _mm256_set1_epi32(first | second << 16))
    }

    #[inline(always)]
    fn dot(self, acc: Halves, x: __m256i, weights: &Pairs) -> Halves {
        self.dot_pairs(acc, x, weights)
    }
}

impl Avx2 {
    #[inline(always)]
    fn dot_pairs(self, acc: Halves, x: __m256i, weights: &Pairs) -> Halves {
        let (halves, _) = weights.0.as_chunks::<LANES>();
        intrinsics!(self, {
            let half = |at: usize| {
                let weights = _mm256_load_si256(halves[at].as_ptr().cast());
                _mm256_add_epi32(acc[at], _mm256_madd_epi16(x, weights))
            };
            [half(0), half(1)]
        })
    }
}

impl Simd for Avx2 {
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn vectorize<J: Job>(self, job: J) {
        #[target_feature(enable = "avx2")]
        fn compiled<J: Job>(simd: Avx2, job: J) {
            job.run(simd);
        }
        intrinsics!(self, compiled(self, job));
    }

    #[inline(always)]
    fn splat32(self, value: i32) -> Halves {
        intrinsics!(self, [_mm256_set1_epi32(value); 2])
    }

    #[inline(always)]
    fn load(self, values: &Line32) -> Halves {
        self.widen_i32(&values.0)
    }

    #[inline(always)]
    fn widen_i8(self, values: &[i8; LANES]) -> Halves {
        intrinsics!(self, {
            let bytes = _mm_loadu_si128(values.as_ptr().cast());
            [
                _mm256_cvtepi8_epi32(bytes),
                _mm256_cvtepi8_epi32(_mm_unpackhi_epi64(bytes, bytes)),
            ]
        })
    }

    #[inline(always)]
    fn widen_i16(self, values: &[i16; LANES]) -> Halves {
        let (halves, _) = values.as_chunks::<8>();
        intrinsics!(self, {
            let half =
                |at: usize| _mm256_cvtepi16_epi32(_mm_loadu_si128(halves[at].as_ptr().cast()));
            [half(0), half(1)]
        })
    }

    #[inline(always)]
    fn widen_i32(self, values: &[i32; LANES]) -> Halves {
        let (halves, _) = values.as_chunks::<8>();
        intrinsics!(self, {
            let half = |at: usize| _mm256_loadu_si256(halves[at].as_ptr().cast());
            [half(0), half(1)]
        })
    }

    #[inline(always)]
    fn add(self, a: Halves, b: Halves) -> Halves {
        intrinsics!(
            self,
            [_mm256_add_epi32(a[0], b[0]), _mm256_add_epi32(a[1], b[1])]
        )
    }

    #[inline(always)]
    fn multiply(self, a: Halves, b: Halves) -> Halves {
        intrinsics!(
            self,
            [
                _mm256_mullo_epi32(a[0], b[0]),
                _mm256_mullo_epi32(a[1], b[1])
            ]
        )
    }

    #[inline(always)]
    fn shift_left(self, a: Halves, shift: u32) -> Halves {
        intrinsics!(self, {
            let shift = _mm_cvtsi32_si128(shift.cast_signed());
            [_mm256_sll_epi32(a[0], shift), _mm256_sll_epi32(a[1], shift)]
        })
    }

    /// The weight in the lower half of a lane and zero above: the sign of `x` there counts nothing.
    #[inline(always)]
    fn tap(weight: i8) -> i32 {
        i32::from(weight) & 0xffff
    }

    #[inline(always)]
    fn add_tap(self, acc: Halves, x: Halves, tap: Halves) -> Halves {
        intrinsics!(
            self,
            [
                _mm256_add_epi32(acc[0], _mm256_madd_epi16(x[0], tap[0])),
                _mm256_add_epi32(acc[1], _mm256_madd_epi16(x[1], tap[1])),
            ]
        )
    }

    #[inline(always)]
    fn finish(self, acc: Halves, how: Finish<Halves>) -> Halves {
        intrinsics!(self, {
            let half = |at: usize| {
                let sum = _mm256_add_epi32(acc[at], how.half[at]);
                _mm256_max_epi32(_mm256_srav_epi32(sum, how.shift[at]), how.low[at])
            };
            [half(0), half(1)]
        })
    }

    #[inline(always)]
    fn store_i8(self, lanes: Halves, out: &mut [i8], count: usize) {
        let mut bytes = [0i8; LANES];
        intrinsics!(self, {
            let words = narrow_i16(lanes);
            let packed = _mm_packs_epi16(
                _mm256_castsi256_si128(words),
                _mm256_extracti128_si256::<1>(words),
            );
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), packed);
        });
        copy_lanes(&bytes, out, count);
    }

    #[inline(always)]
    fn store_i16(self, lanes: Halves, out: &mut [i16], count: usize) {
        let mut words = [0i16; LANES];
        intrinsics!(
            self,
            _mm256_storeu_si256(words.as_mut_ptr().cast(), narrow_i16(lanes))
        );
        copy_lanes(&words, out, count);
    }

    #[inline(always)]
    fn store_i32(self, lanes: Halves, out: &mut [i32], count: usize) {
        let mut values = [0i32; LANES];
        let (halves, _) = values.as_chunks_mut::<8>();
        for (half, lanes) in halves.iter_mut().zip(lanes) {
            intrinsics!(self, _mm256_storeu_si256(half.as_mut_ptr().cast(), lanes));
        }
        copy_lanes(&values, out, count);
    }
}

/// Sixteen int16 in the order of the lanes, saturated.
#[inline]
#[target_feature(enable = "avx2")]
fn narrow_i16(lanes: Halves) -> __m256i {
    // Packing interleaves the 128-bit halves of its operands: 0–3, 8–11, 4–7, 12–15.
    _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(lanes[0], lanes[1]))
}
