//! Operators that take one element, or one of each operand, at a time: the portable reference.

use super::reference::mismatch;
use crate::{shape::Shape, tensor::TensorData};

/// A walk over a result's elements that reads an operand elsewhere: extents of the result and how far
/// the operand moves with each of its dimensions.
#[derive(Debug, Clone)]
pub(super) struct Strides {
    extents: Vec<usize>,
    strides: Vec<usize>,
}

impl Strides {
    /// Repeats `operand` along its dimensions of 1 to fill `result`; both have the same rank.
    pub(super) fn broadcast(operand: &Shape, result: &Shape) -> Self {
        let dims = operand.dims().iter().zip(dense(operand));
        Self {
            extents: extents(result),
            strides: dims
                .map(|(&dim, stride)| if dim == 1 { 0 } else { stride })
                .collect(),
        }
    }

    /// Reads dimension `axes[i]` of `operand` along dimension `i` of the result.
    pub(super) fn transposed(operand: &Shape, axes: &[u8]) -> Self {
        let (dims, steps) = (extents(operand), dense(operand));
        let axes = axes.iter().map(|&axis| usize::from(axis));
        Self {
            extents: axes.clone().map(|axis| dims[axis]).collect(),
            strides: axes.map(|axis| steps[axis]).collect(),
        }
    }

    /// Calls `see` with the operand's position for each element of the result, in order. Innermost
    /// rows are straight; positions of outer dimensions are counted up like an odometer.
    fn walk(&self, mut see: impl FnMut(usize)) {
        let (Some((&row, outer)), Some((&step, outer_strides))) =
            (self.extents.split_last(), self.strides.split_last())
        else {
            return;
        };
        let mut at = [0usize; crate::shape::RANK_MAX];
        let mut start = 0;
        loop {
            for x in 0..row {
                see(start + x * step);
            }
            let mut axis = outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                at[axis] += 1;
                start += outer_strides[axis];
                if at[axis] < outer[axis] {
                    break;
                }
                start -= at[axis] * outer_strides[axis];
                at[axis] = 0;
            }
        }
    }
}

fn extents(shape: &Shape) -> Vec<usize> {
    shape.dims().iter().map(|&dim| dim as usize).collect()
}

/// How far apart neighbours along each dimension lie.
fn dense(shape: &Shape) -> Vec<usize> {
    let dims = extents(shape);
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

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
    fn pick<T: Copy>(x: &[T], strides: &Strides, out: &mut [T]) {
        let mut out = out.iter_mut();
        strides.walk(|position| {
            if let Some(out) = out.next() {
                *out = x[position];
            }
        });
    }
    match (x, out) {
        (TensorData::I8(x), TensorData::I8(out)) => pick(x, strides, out),
        (TensorData::I16(x), TensorData::I16(out)) => pick(x, strides, out),
        (TensorData::I32(x), TensorData::I32(out)) => pick(x, strides, out),
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
    fn place<T: Copy>(x: &[T], run: usize, offset: usize, total: usize, out: &mut [T]) {
        for (x, out) in x.chunks_exact(run).zip(out.chunks_exact_mut(total)) {
            out[offset..][..run].copy_from_slice(x);
        }
    }
    match (x, out) {
        (TensorData::I8(x), TensorData::I8(out)) => place(x, run, offset, total, out),
        (TensorData::I16(x), TensorData::I16(out)) => place(x, run, offset, total, out),
        (TensorData::I32(x), TensorData::I32(out)) => place(x, run, offset, total, out),
        (x, out) => mismatch(x, out),
    }
}
