//! AVX-512 with VNNI and VBMI: Intel since Ice Lake, AMD since Zen 4.
//!
//! `vpdpbusd` multiplies unsigned by signed bytes. Activations are made unsigned by adding 128, that is
//! by flipping their highest bit; the constant `128 · Σ weights` that this adds to a sum is taken off the
//! bias when weights are packed ([`Dot::Group`] = [`Quads`]).

use std::arch::x86_64::*;

use super::pieces;
use crate::kernels::simd::{Dot, Finish, Job, LANES, Line32, Pairs, Quads, Simd, Vector};

/// Proof that the processor has these instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The token, where the processor and the operating system have the instructions.
    pub(crate) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vbmi");
        found.then_some(Self(()))
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

impl Vector for Avx512 {
    type Lanes = __m512i;
}

impl Dot<i8> for Avx512 {
    type Few = [i8; 4];
    type Splat = __m512i;
    type Group = Quads;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i8], distance: usize, steps: usize) -> [&[[i8; 4]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i8; 4]) -> __m512i {
        let four = i32::from_ne_bytes(few.map(|x| x as u8));
        intrinsics!(
            self,
            _mm512_xor_si512(_mm512_set1_epi32(four), _mm512_set1_epi8(i8::MIN))
        )
    }

    #[inline(always)]
    fn dot(self, acc: __m512i, x: __m512i, weights: &Quads) -> __m512i {
        let weights = weights.0.as_ptr().cast();
        intrinsics!(
            self,
            _mm512_dpbusd_epi32(acc, x, _mm512_load_si512(weights))
        )
    }
}

impl Dot<i16> for Avx512 {
    type Few = [i16; 2];
    type Splat = __m512i;
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i16], distance: usize, steps: usize) -> [&[[i16; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i16; 2]) -> __m512i {
        let [first, second] = few.map(|x| i32::from(x as u16));
        intrinsics!(self, _mm512_set1_epi32(first | second << 16))
    }

    #[inline(always)]
    fn dot(self, acc: __m512i, x: __m512i, weights: &Pairs) -> __m512i {
        let weights = weights.0.as_ptr().cast();
        intrinsics!(
            self,
            _mm512_dpwssd_epi32(acc, x, _mm512_load_si512(weights))
        )
    }
}

impl Simd for Avx512 {
    const MANY_REGISTERS: bool = true;

    #[inline(always)]
    fn vectorize<J: Job>(self, job: J) {
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx512vbmi")]
        fn compiled<J: Job>(simd: Avx512, job: J) {
            job.run(simd);
        }
        intrinsics!(self, compiled(self, job));
    }

    #[inline(always)]
    fn splat32(self, value: i32) -> __m512i {
        intrinsics!(self, _mm512_set1_epi32(value))
    }

    #[inline(always)]
    fn load(self, values: &Line32) -> __m512i {
        intrinsics!(self, _mm512_load_si512(values.0.as_ptr().cast()))
    }

    #[inline(always)]
    fn widen_i8(self, values: &[i8; LANES]) -> __m512i {
        intrinsics!(
            self,
            _mm512_cvtepi8_epi32(_mm_loadu_si128(values.as_ptr().cast()))
        )
    }

    #[inline(always)]
    fn widen_i16(self, values: &[i16; LANES]) -> __m512i {
        intrinsics!(
            self,
            _mm512_cvtepi16_epi32(_mm256_loadu_si256(values.as_ptr().cast()))
        )
    }

    #[inline(always)]
    fn widen_i32(self, values: &[i32; LANES]) -> __m512i {
        intrinsics!(self, _mm512_loadu_si512(values.as_ptr().cast()))
    }

    #[inline(always)]
    fn add(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsics!(self, _mm512_add_epi32(a, b))
    }

    #[inline(always)]
    fn multiply(self, a: __m512i, b: __m512i) -> __m512i {
        intrinsics!(self, _mm512_mullo_epi32(a, b))
    }

    #[inline(always)]
    fn shift_left(self, a: __m512i, shift: u32) -> __m512i {
        intrinsics!(
            self,
            _mm512_sll_epi32(a, _mm_cvtsi32_si128(shift.cast_signed()))
        )
    }

    /// The weight in the lower half of a lane and zero above: the sign of `x` there counts nothing.
    #[inline(always)]
    fn tap(weight: i8) -> i32 {
        i32::from(weight) & 0xffff
    }

    #[inline(always)]
    fn add_tap(self, acc: __m512i, x: __m512i, tap: __m512i) -> __m512i {
        intrinsics!(self, _mm512_dpwssd_epi32(acc, x, tap))
    }

    #[inline(always)]
    fn finish(self, acc: __m512i, how: Finish<__m512i>) -> __m512i {
        intrinsics!(self, {
            let quotient = _mm512_srav_epi32(_mm512_add_epi32(acc, how.half), how.shift);
            _mm512_max_epi32(quotient, how.low)
        })
    }

    #[inline(always)]
    fn store_i8(self, lanes: __m512i, out: &mut [i8], count: usize) {
        let out = out[..count].as_mut_ptr();
        intrinsics!(self, {
            let narrow = _mm512_cvtsepi32_epi8(lanes);
            if count == LANES {
                _mm_storeu_si128(out.cast(), narrow);
            } else {
                _mm_mask_storeu_epi8(out, first(count), narrow);
            }
        });
    }

    #[inline(always)]
    fn store_i16(self, lanes: __m512i, out: &mut [i16], count: usize) {
        let out = out[..count].as_mut_ptr();
        intrinsics!(
            self,
            _mm256_mask_storeu_epi16(out, first(count), _mm512_cvtsepi32_epi16(lanes))
        );
    }

    #[inline(always)]
    fn store_i32(self, lanes: __m512i, out: &mut [i32], count: usize) {
        let out = out[..count].as_mut_ptr();
        intrinsics!(self, _mm512_mask_storeu_epi32(out, first(count), lanes));
    }

    /// Two look-ups of 128 entries, of which the highest bit of the index chooses one.
    #[inline(always)]
    fn look_up(self, entries: &[i8; 256], x: &[i8], out: &mut [i8]) {
        let count = x.len().min(out.len());
        let (whole, rest) = x[..count].as_chunks::<64>();
        let (whole_out, rest_out) = out[..count].as_chunks_mut::<64>();
        let (table, _) = entries.as_chunks::<64>();
        for (x, out) in whole.iter().zip(whole_out) {
            intrinsics!(self, {
                let quarter = |at: usize| _mm512_loadu_si512(table[at].as_ptr().cast());
                let x = _mm512_loadu_si512(x.as_ptr().cast());
                let at = _mm512_xor_si512(x, _mm512_set1_epi8(i8::MIN));
                let lower = _mm512_permutex2var_epi8(quarter(0), at, quarter(1));
                let upper = _mm512_permutex2var_epi8(quarter(2), at, quarter(3));
                let found = _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), lower, upper);
                _mm512_storeu_si512(out.as_mut_ptr().cast(), found);
            });
        }
        for (out, &x) in rest_out.iter_mut().zip(rest) {
            *out = entries[usize::from(x as u8 ^ 0x80)];
        }
    }
}

/// A mask of the first `count` lanes.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    // Counts are at most 16.
    ((1u32 << count) - 1) as __mmask16
}
