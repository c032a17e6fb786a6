//! The set for any processor: arrays of sixteen, which compilers turn into whatever vectors there are.

use super::machine::pieces;
use super::simd::{Dot, Finish, Job, LANES, Line32, Pairs, Simd, Vector};

/// Runs everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Portable;

impl Vector for Portable {
    type Lanes = [i32; LANES];
}

impl Dot<i8> for Portable {
    type Few = [i8; 2];
    type Splat = [i32; 2];
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i8], distance: usize, steps: usize) -> [&[[i8; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i8; 2]) -> [i32; 2] {
        few.map(i32::from)
    }

    #[inline(always)]
    fn dot(self, acc: [i32; LANES], x: [i32; 2], weights: &Pairs) -> [i32; LANES] {
        dot_pairs(acc, x, weights)
    }
}

impl Dot<i16> for Portable {
    type Few = [i16; 2];
    type Splat = [i32; 2];
    type Group = Pairs;

    #[inline(always)]
    fn few<const P: usize>(self, x: &[i16], distance: usize, steps: usize) -> [&[[i16; 2]]; P] {
        pieces(x, distance, steps)
    }

    #[inline(always)]
    fn splat(self, few: &[i16; 2]) -> [i32; 2] {
        few.map(i32::from)
    }

    #[inline(always)]
    fn dot(self, acc: [i32; LANES], x: [i32; 2], weights: &Pairs) -> [i32; LANES] {
        dot_pairs(acc, x, weights)
    }
}

#[inline(always)]
fn dot_pairs(mut acc: [i32; LANES], x: [i32; 2], weights: &Pairs) -> [i32; LANES] {
    for (acc, pair) in acc.iter_mut().zip(weights.0.as_chunks::<2>().0) {
        *acc += x[0] * i32::from(pair[0]) + x[1] * i32::from(pair[1]);
    }
    acc
}

#[inline(always)]
fn map(a: [i32; LANES], b: [i32; LANES], f: impl Fn(i32, i32) -> i32) -> [i32; LANES] {
    let mut out = a;
    for (out, b) in out.iter_mut().zip(b) {
        *out = f(*out, b);
    }
    out
}

impl Simd for Portable {
    const MANY_REGISTERS: bool = false;

    #[inline(always)]
    fn vectorize<J: Job>(self, job: J) {
        job.run(self);
    }

    #[inline(always)]
    fn splat32(self, value: i32) -> [i32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, values: &Line32) -> [i32; LANES] {
        values.0
    }

    #[inline(always)]
    fn widen_i8(self, values: &[i8; LANES]) -> [i32; LANES] {
        values.map(i32::from)
    }

    #[inline(always)]
    fn widen_i16(self, values: &[i16; LANES]) -> [i32; LANES] {
        values.map(i32::from)
    }

    #[inline(always)]
    fn widen_i32(self, values: &[i32; LANES]) -> [i32; LANES] {
        *values
    }

    #[inline(always)]
    fn add(self, a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] {
        map(a, b, i32::wrapping_add)
    }

    #[inline(always)]
    fn multiply(self, a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] {
        map(a, b, i32::wrapping_mul)
    }

    #[inline(always)]
    fn shift_left(self, a: [i32; LANES], shift: u32) -> [i32; LANES] {
        a.map(|a| a << shift)
    }

    #[inline(always)]
    fn tap(weight: i8) -> i32 {
        i32::from(weight)
    }

    #[inline(always)]
    fn add_tap(self, acc: [i32; LANES], x: [i32; LANES], tap: [i32; LANES]) -> [i32; LANES] {
        self.add(acc, self.multiply(x, tap))
    }

    #[inline(always)]
    fn finish(self, acc: [i32; LANES], how: Finish<[i32; LANES]>) -> [i32; LANES] {
        let mut out = self.add(acc, how.half);
        for ((out, shift), low) in out.iter_mut().zip(how.shift).zip(how.low) {
            *out = (*out >> shift).max(low);
        }
        out
    }

    #[inline(always)]
    fn store_i8(self, lanes: [i32; LANES], out: &mut [i8], count: usize) {
        let narrow = lanes.map(|x| x.clamp(i32::from(i8::MIN), i32::from(i8::MAX)) as i8);
        copy_lanes(&narrow, out, count);
    }

    #[inline(always)]
    fn store_i16(self, lanes: [i32; LANES], out: &mut [i16], count: usize) {
        let narrow = lanes.map(|x| x.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16);
        copy_lanes(&narrow, out, count);
    }

    #[inline(always)]
    fn store_i32(self, lanes: [i32; LANES], out: &mut [i32], count: usize) {
        copy_lanes(&lanes, out, count);
    }
}

/// Copies the first `count` lanes; whole and half vectors without a loop.
#[inline(always)]
pub(super) fn copy_lanes<T: Copy>(lanes: &[T; LANES], out: &mut [T], count: usize) {
    match count {
        LANES => out[..LANES].copy_from_slice(lanes),
        8 => out[..8].copy_from_slice(&lanes[..8]),
        4 => out[..4].copy_from_slice(&lanes[..4]),
        count => {
            for (out, &lane) in out[..count].iter_mut().zip(lanes) {
                *out = lane;
            }
        }
    }
}
