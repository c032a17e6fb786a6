//! NEON: every 64-bit ARM.

use std::arch::aarch64::*;

use super::pieces;
use crate::kernels::{
    portable::copy_lanes,
    simd::{Dot, Finish, Job, LANES, Line32, Pairs, Simd, Vector},
};

/// Proof that the processor has these instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Neon(());

impl Neon {
    /// The token, where the processor has the instructions.
    pub(crate) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
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

/// Lanes 0 to 3, 4 to 7, 8 to 11 and 12 to 15.
type Quarters = [int32x4_t; 4];

impl Vector for Neon {
    type Lanes = Quarters;
}

impl Dot<i8> for Neon {
    type Few = [i8; 2];
    type Splat = int16x4_t;
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i8], distance: usize, steps: usize) -> [&[[i8; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i8; 2]) -> int16x4_t {
        self.splat_pair(few.map(i16::from))
    }

    #[inline(always)]
    fn dot(self, acc: Quarters, x: int16x4_t, weights: &Pairs) -> Quarters {
        self.dot_pairs(acc, x, weights)
    }
}

impl Dot<i16> for Neon {
    type Few = [i16; 2];
    type Splat = int16x4_t;
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i16], distance: usize, steps: usize) -> [&[[i16; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i16; 2]) -> int16x4_t {
        self.splat_pair(*few)
    }

    #[inline(always)]
    fn dot(self, acc: Quarters, x: int16x4_t, weights: &Pairs) -> Quarters {
        self.dot_pairs(acc, x, weights)
    }
}

impl Neon {
    #[inline(always)]
    fn splat_pair(self, pair: [i16; 2]) -> int16x4_t {
        let [first, second] = pair.map(|x| u32::from(x as u16));
        intrinsics!(self, vreinterpret_s16_u32(vdup_n_u32(first | second << 16)))
    }

    /// Products of pairs of two lanes at a time, whose neighbours are then added.
    #[inline(always)]
    fn dot_pairs(self, acc: Quarters, x: int16x4_t, weights: &Pairs) -> Quarters {
        let (quarters, _) = weights.0.as_chunks::<8>();
        intrinsics!(self, {
            let quarter = |at: usize| {
                let weights = vld1q_s16(quarters[at].as_ptr());
                let lower = vmull_s16(vget_low_s16(weights), x);
                let upper = vmull_s16(vget_high_s16(weights), x);
                vaddq_s32(acc[at], vpaddq_s32(lower, upper))
            };
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }
}

impl Simd for Neon {
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn vectorize<J: Job>(self, job: J) {
        #[target_feature(enable = "neon")]
        fn compiled<J: Job>(simd: Neon, job: J) {
            job.run(simd);
        }
        intrinsics!(self, compiled(self, job));
    }

    #[inline(always)]
    fn splat32(self, value: i32) -> Quarters {
        intrinsics!(self, [vdupq_n_s32(value); 4])
    }

    #[inline(always)]
    fn load(self, values: &Line32) -> Quarters {
        self.widen_i32(&values.0)
    }

    #[inline(always)]
    fn widen_i8(self, values: &[i8; LANES]) -> Quarters {
        intrinsics!(self, {
            let bytes = vld1q_s8(values.as_ptr());
            let (lower, upper) = (vmovl_s8(vget_low_s8(bytes)), vmovl_s8(vget_high_s8(bytes)));
            [
                vmovl_s16(vget_low_s16(lower)),
                vmovl_s16(vget_high_s16(lower)),
                vmovl_s16(vget_low_s16(upper)),
                vmovl_s16(vget_high_s16(upper)),
            ]
        })
    }

    #[inline(always)]
    fn widen_i16(self, values: &[i16; LANES]) -> Quarters {
        let (quarters, _) = values.as_chunks::<4>();
        intrinsics!(self, {
            let quarter = |at: usize| vmovl_s16(vld1_s16(quarters[at].as_ptr()));
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn widen_i32(self, values: &[i32; LANES]) -> Quarters {
        let (quarters, _) = values.as_chunks::<4>();
        intrinsics!(self, {
            let quarter = |at: usize| vld1q_s32(quarters[at].as_ptr());
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn add(self, a: Quarters, b: Quarters) -> Quarters {
        intrinsics!(self, {
            let quarter = |at: usize| vaddq_s32(a[at], b[at]);
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn multiply(self, a: Quarters, b: Quarters) -> Quarters {
        intrinsics!(self, {
            let quarter = |at: usize| vmulq_s32(a[at], b[at]);
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn shift_left(self, a: Quarters, shift: u32) -> Quarters {
        intrinsics!(self, {
            let shift = vdupq_n_s32(shift.cast_signed());
            let quarter = |at: usize| vshlq_s32(a[at], shift);
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn tap(weight: i8) -> i32 {
        i32::from(weight)
    }

    #[inline(always)]
    fn add_tap(self, acc: Quarters, x: Quarters, tap: Quarters) -> Quarters {
        intrinsics!(self, {
            let quarter = |at: usize| vmlaq_s32(acc[at], x[at], tap[at]);
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn finish(self, acc: Quarters, how: Finish<Quarters>) -> Quarters {
        intrinsics!(self, {
            let quarter = |at: usize| {
                let sum = vaddq_s32(acc[at], how.half[at]);
                // A shift to the left by a negative number is an arithmetic shift to the right.
                let quotient = vshlq_s32(sum, vnegq_s32(how.shift[at]));
                vmaxq_s32(quotient, how.low[at])
            };
            [quarter(0), quarter(1), quarter(2), quarter(3)]
        })
    }

    #[inline(always)]
    fn store_i8(self, lanes: Quarters, out: &mut [i8], count: usize) {
        let mut bytes = [0i8; LANES];
        intrinsics!(self, {
            let [lower, upper] = narrow_i16(lanes);
            let narrow = vcombine_s8(vqmovn_s16(lower), vqmovn_s16(upper));
            vst1q_s8(bytes.as_mut_ptr(), narrow);
        });
        copy_lanes(&bytes, out, count);
    }

    #[inline(always)]
    fn store_i16(self, lanes: Quarters, out: &mut [i16], count: usize) {
        let mut words = [0i16; LANES];
        let (halves, _) = words.as_chunks_mut::<8>();
        intrinsics!(self, {
            for (half, narrow) in halves.iter_mut().zip(narrow_i16(lanes)) {
                vst1q_s16(half.as_mut_ptr(), narrow);
            }
        });
        copy_lanes(&words, out, count);
    }

    #[inline(always)]
    fn store_i32(self, lanes: Quarters, out: &mut [i32], count: usize) {
        let mut values = [0i32; LANES];
        let (quarters, _) = values.as_chunks_mut::<4>();
        intrinsics!(self, {
            for (quarter, lanes) in quarters.iter_mut().zip(lanes) {
                vst1q_s32(quarter.as_mut_ptr(), lanes);
            }
        });
        copy_lanes(&values, out, count);
    }
}

/// Sixteen int16 in the order of the lanes, saturated.
#[inline]
#[target_feature(enable = "neon")]
fn narrow_i16(lanes: Quarters) -> [int16x8_t; 2] {
    [
        vcombine_s16(vqmovn_s32(lanes[0]), vqmovn_s32(lanes[1])),
        vcombine_s16(vqmovn_s32(lanes[2]), vqmovn_s32(lanes[3])),
    ]
}
