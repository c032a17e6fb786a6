//! Kernels: the arithmetic that takes the time, behind one table of functions.
//!
//! A faster set is another table and must return the same bits; `tests.rs` compares every set in
//! [`ALL`] with plain 64-bit arithmetic.

use crate::{
    loops::{self, LinearExtents, WindowExtents},
    program::Requant,
};

type Linear<X> = fn(&LinearExtents, x: &[X], weights: &[i8], bias: &[i32], acc: &mut [i32]);
type Conv2d<X> = fn(&WindowExtents, x: &[X], weights: &[i8], bias: &[i32], acc: &mut [i32]);

/// One implementation of every costly loop.
#[derive(Debug)]
pub(super) struct KernelSet {
    /// `acc: [rows, outputs]` from `x: [rows, inner]` and `weights: [outputs, inner]`.
    pub(super) linear_i8: Linear<i8>,
    pub(super) linear_i16: Linear<i16>,
    /// `acc: [outputs, out height, out width]` from `x: [channels, height, width]`.
    pub(super) conv2d_i8: Conv2d<i8>,
    pub(super) conv2d_i16: Conv2d<i16>,
    /// Accumulators to values, as [`Requant`] specifies.
    pub(super) requantize_i8: fn(Requant, acc: &[i32], out: &mut [i8]),
    pub(super) requantize_i16: fn(Requant, acc: &[i32], out: &mut [i16]),
    /// Largest element per window.
    pub(super) max_pool2d_i8: fn(&WindowExtents, x: &[i8], out: &mut [i8]),
}

/// Plain Rust for any target; compilers vectorise its inner loops.
pub(super) static PORTABLE: KernelSet = KernelSet {
    linear_i8: linear,
    linear_i16: linear,
    conv2d_i8: conv2d,
    conv2d_i16: conv2d,
    requantize_i8,
    requantize_i16,
    max_pool2d_i8: loops::max_pool2d,
};

/// Every set, by name.
#[cfg(test)]
pub(super) static ALL: &[(&str, &KernelSet)] = &[("portable", &PORTABLE)];

fn linear<X: Copy + Into<i32>>(
    extents: &LinearExtents,
    x: &[X],
    weights: &[i8],
    bias: &[i32],
    acc: &mut [i32],
) {
    loops::linear(*extents, x, weights, bias, acc, multiply_add);
}

fn conv2d<X: Copy + Into<i32>>(
    extents: &WindowExtents,
    x: &[X],
    weights: &[i8],
    bias: &[i32],
    acc: &mut [i32],
) {
    loops::conv2d(extents, x, weights, bias, acc, multiply_add);
}

fn multiply_add<X: Into<i32>>(acc: i32, weight: i8, x: X) -> i32 {
    acc + i32::from(weight) * x.into()
}

fn requantize_i8(requant: Requant, acc: &[i32], out: &mut [i8]) {
    for (out, &acc) in out.iter_mut().zip(acc) {
        // `apply` clamps to the range of int8.
        *out = requant.apply(acc) as i8;
    }
}

fn requantize_i16(requant: Requant, acc: &[i32], out: &mut [i16]) {
    for (out, &acc) in out.iter_mut().zip(acc) {
        // `apply` clamps to the range of int16.
        *out = requant.apply(acc) as i16;
    }
}
