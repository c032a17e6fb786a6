//! Operators that take one element, or one of each operand, at a time: the portable reference.

use super::reference::mismatch;
use crate::{
    loops::{self, Strides},
    tensor::TensorData,
};

/// `acc += operand · 2^shift`.
pub(super) fn add_shifted(operand: &TensorData, shift: u8, acc: &mut [i32]) {
    fn add<T: Copy + Into<i32>>(operand: &[T], shift: u8, acc: &mut [i32]) {
        for (acc, &x) in acc.iter_mut().zip(operand) {
            *acc += x.into() << shift;
        }
    }
    match operand {
        TensorData::I8(x) => add(x, shift, acc),
        TensorData::I16(x) => add(x, shift, acc),
        TensorData::I32(x) => add(x, shift, acc),
    }
}

/// `acc = left · right`, with `right` read where `strides` says.
pub(super) fn multiply(left: &TensorData, right: &TensorData, strides: &Strides, acc: &mut [i32]) {
    fn by<L: Copy + Into<i32>, R: Copy + Into<i32>>(
        left: &[L],
        right: &[R],
        strides: &Strides,
        acc: &mut [i32],
    ) {
        let mut pairs = acc.iter_mut().zip(left);
        strides.walk(|position| {
            if let Some((acc, &left)) = pairs.next() {
                *acc = left.into() * right[position].into();
            }
        });
    }
    match (left, right) {
        (TensorData::I8(left), TensorData::I8(right)) => by(left, right, strides, acc),
        (TensorData::I8(left), TensorData::I16(right)) => by(left, right, strides, acc),
        (TensorData::I16(left), TensorData::I8(right)) => by(left, right, strides, acc),
        (TensorData::I16(left), TensorData::I16(right)) => by(left, right, strides, acc),
        (TensorData::I32(_), _) | (_, TensorData::I32(_)) => {
            unreachable!("validation refuses int32 factors")
        }
    }
}

/// `out = entries[x + 128]`.
pub(super) fn table(x: &[i8], entries: &TensorData, out: &mut TensorData) {
    fn look_up<T: Copy>(x: &[i8], entries: &[T], out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            // −128 is the first entry.
            *out = entries[usize::from(x.cast_unsigned() ^ 0x80)];
        }
    }
    match (entries, out) {
        (TensorData::I8(entries), TensorData::I8(out)) => look_up(x, entries, out),
        (TensorData::I16(entries), TensorData::I16(out)) => look_up(x, entries, out),
        (entries, out) => mismatch(entries, out),
    }
}

/// `out = max(x, 0)`.
pub(super) fn relu(x: &TensorData, out: &mut TensorData) {
    fn positive<T: Copy + Ord + Default>(x: &[T], out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = x.max(T::default());
        }
    }
    match (x, out) {
        (TensorData::I8(x), TensorData::I8(out)) => positive(x, out),
        (TensorData::I16(x), TensorData::I16(out)) => positive(x, out),
        (TensorData::I32(x), TensorData::I32(out)) => positive(x, out),
        (x, out) => mismatch(x, out),
    }
}

/// `out` from the elements of `x` in the order of `strides`.
pub(super) fn gather(x: &TensorData, strides: &Strides, out: &mut TensorData) {
    match (x, out) {
        (TensorData::I8(x), TensorData::I8(out)) => strides.gather(x, out),
        (TensorData::I16(x), TensorData::I16(out)) => strides.gather(x, out),
        (TensorData::I32(x), TensorData::I32(out)) => strides.gather(x, out),
        (x, out) => mismatch(x, out),
    }
}

/// Copies runs of `run` elements of `x` to `offset` of each `total` elements of `out`.
pub(super) fn interleave(
    x: &TensorData,
    run: usize,
    offset: usize,
    total: usize,
    out: &mut TensorData,
) {
    match (x, out) {
        (TensorData::I8(x), TensorData::I8(out)) => loops::interleave(x, run, offset, total, out),
        (TensorData::I16(x), TensorData::I16(out)) => loops::interleave(x, run, offset, total, out),
        (TensorData::I32(x), TensorData::I32(out)) => loops::interleave(x, run, offset, total, out),
        (x, out) => mismatch(x, out),
    }
}
