//! The loop nests of operators, over any arithmetic.
//!
//! Integers and calibration's floats run the same lines. Each output element starts from its bias and
//! adds its products in one fixed order (input channel, kernel row, kernel column, ascending), so
//! floats give the same bits on every machine too: only IEEE multiplications and additions, never
//! fused or reordered.

use crate::{
    program::Window,
    shape::{RANK_MAX, Shape},
};

/// Extents of a matrix product: `x: [rows, inner]`, `weights: [outputs, inner]` → `[rows, outputs]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinearExtents {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) outputs: usize,
}

/// Extents of a convolution or pooling: `[channels, height, width]` → `[outputs, out_height, out_width]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowExtents {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) outputs: usize,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
    pub(crate) window: Window,
    /// Blocks of channels that do not see each other; pooling has as many as channels.
    pub(crate) groups: usize,
}

impl WindowExtents {
    /// Extents of a window over `input` with the result `output`, both `[channels, height, width]`.
    ///
    /// # Panics
    /// If a shape has another rank; whoever builds nodes has checked that.
    pub(crate) fn new(input: &Shape, output: &Shape, window: Window, groups: u32) -> Self {
        match (
            input.channels_height_width(),
            output.channels_height_width(),
        ) {
            (Some((channels, height, width)), Some((outputs, out_height, out_width))) => Self {
                channels: channels as usize,
                height: height as usize,
                width: width as usize,
                outputs: outputs as usize,
                out_height: out_height as usize,
                out_width: out_width as usize,
                window,
                groups: groups as usize,
            },
            _ => unreachable!("a window from {input} to {output} is refused before it is planned"),
        }
    }
}

/// `acc[r, j] = bias[j] + Σ_i weights[j, i] · x[r, i]`.
#[inline(always)]
pub(crate) fn linear<X: Copy, W: Copy, A: Copy>(
    extents: LinearExtents,
    x: &[X],
    weights: &[W],
    bias: &[A],
    acc: &mut [A],
    mac: impl Fn(A, W, X) -> A,
) {
    let LinearExtents {
        rows,
        inner,
        outputs,
    } = extents;
    assert_eq!(x.len(), rows * inner);
    assert_eq!(weights.len(), outputs * inner);
    assert_eq!(bias.len(), outputs);
    assert_eq!(acc.len(), rows * outputs);
    for (x, acc) in x.chunks_exact(inner).zip(acc.chunks_exact_mut(outputs)) {
        for ((row, &bias), acc) in weights.chunks_exact(inner).zip(bias).zip(acc) {
            *acc = row
                .iter()
                .zip(x)
                .fold(bias, |sum, (&weight, &x)| mac(sum, weight, x));
        }
    }
}

/// `acc[o, y, x] = bias[o] + Σ_{c, i, j} weights[o, c, i, j] · in[g(o) + c, y·s − p + i·d, x·s − p + j·d]`,
/// where `g(o)` is the first channel of the group of `o`.
///
/// Each tap of the kernel is added to whole output rows, whose input lies contiguous for stride 1.
#[inline(always)]
pub(crate) fn conv2d<X: Copy, W: Copy, A: Copy>(
    extents: &WindowExtents,
    input: &[X],
    weights: &[W],
    bias: &[A],
    acc: &mut [A],
    mac: impl Fn(A, W, X) -> A,
) {
    let WindowExtents {
        channels,
        height,
        width,
        outputs,
        out_height,
        out_width,
        window,
        groups,
    } = *extents;
    let group_channels = channels / groups;
    let group_outputs = outputs / groups;
    let [kernel_height, kernel_width] = window.kernel.map(usize::from);
    assert_eq!(input.len(), channels * height * width);
    assert_eq!(
        weights.len(),
        outputs * group_channels * kernel_height * kernel_width
    );
    assert_eq!(bias.len(), outputs);
    assert_eq!(acc.len(), outputs * out_height * out_width);

    let stride_x = usize::from(window.stride[1]);
    let per_output = group_channels * kernel_height * kernel_width;
    for (output, map) in acc.chunks_exact_mut(out_height * out_width).enumerate() {
        map.fill(bias[output]);
        let mut taps = weights[output * per_output..][..per_output].iter();
        let group = output / group_outputs * group_channels * height * width;
        let seen = &input[group..][..group_channels * height * width];
        for channel in seen.chunks_exact(height * width) {
            for i in 0..kernel_height {
                let rows = in_bounds(&window, 0, i, height, out_height);
                for j in 0..kernel_width {
                    let Some(&weight) = taps.next() else { return };
                    let columns = in_bounds(&window, 1, j, width, out_width);
                    if columns.is_empty() {
                        continue;
                    }
                    for y in rows.clone() {
                        let from =
                            source(&window, 0, i, y) * width + source(&window, 1, j, columns.start);
                        let out = &mut map[y * out_width..][columns.clone()];
                        if stride_x == 1 {
                            for (acc, &x) in out.iter_mut().zip(&channel[from..]) {
                                *acc = mac(*acc, weight, x);
                            }
                        } else {
                            let line = channel[from..].iter().step_by(stride_x);
                            for (acc, &x) in out.iter_mut().zip(line) {
                                *acc = mac(*acc, weight, x);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The largest element of each window, per channel; padding is not looked at.
#[inline(always)]
pub(crate) fn max_pool2d<T: Copy + PartialOrd>(
    extents: &WindowExtents,
    input: &[T],
    out: &mut [T],
) {
    let WindowExtents {
        channels,
        height,
        width,
        out_height,
        out_width,
        window,
        ..
    } = *extents;
    assert_eq!(input.len(), channels * height * width);
    assert_eq!(out.len(), channels * out_height * out_width);
    let maps = input.chunks_exact(height * width);
    for (map, out) in maps.zip(out.chunks_exact_mut(out_height * out_width)) {
        for (y, line) in out.chunks_exact_mut(out_width).enumerate() {
            let rows = seen(&window, 0, y, height);
            for (x, out) in line.iter_mut().enumerate() {
                let columns = seen(&window, 1, x, width);
                let mut largest = map[rows.start * width + columns.start];
                for row in rows.clone() {
                    for &value in &map[row * width..][columns.clone()] {
                        if value > largest {
                            largest = value;
                        }
                    }
                }
                *out = largest;
            }
        }
    }
}

/// A walk over a result's elements that reads an operand elsewhere: extents of the result and how far
/// the operand moves with each of its dimensions.
#[derive(Debug, Clone)]
pub(crate) struct Strides {
    extents: Vec<usize>,
    strides: Vec<usize>,
}

impl Strides {
    /// Repeats `operand` along its dimensions of 1 to fill `result`; both have the same rank.
    pub(crate) fn broadcast(operand: &Shape, result: &Shape) -> Self {
        let dims = operand.dims().iter().zip(dense(operand));
        Self {
            extents: extents(result),
            strides: dims
                .map(|(&dim, stride)| if dim == 1 { 0 } else { stride })
                .collect(),
        }
    }

    /// Reads dimension `axes[i]` of `operand` along dimension `i` of the result.
    pub(crate) fn transposed(operand: &Shape, axes: &[u8]) -> Self {
        let (dims, steps) = (extents(operand), dense(operand));
        let axes = axes.iter().map(|&axis| usize::from(axis));
        Self {
            extents: axes.clone().map(|axis| dims[axis]).collect(),
            strides: axes.map(|axis| steps[axis]).collect(),
        }
    }

    /// Calls `see` with the operand's position for each element of the result, in order. Innermost
    /// rows are straight; positions of outer dimensions are counted up like an odometer.
    pub(crate) fn walk(&self, mut see: impl FnMut(usize)) {
        let (Some((&row, outer)), Some((&step, outer_strides))) =
            (self.extents.split_last(), self.strides.split_last())
        else {
            return;
        };
        let mut at = [0usize; RANK_MAX];
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

    /// `out` from the elements of `x` in this order.
    pub(crate) fn gather<T: Copy>(&self, x: &[T], out: &mut [T]) {
        let mut out = out.iter_mut();
        self.walk(|position| {
            if let Some(out) = out.next() {
                *out = x[position];
            }
        });
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

/// Copies runs of `run` elements of `x` to `offset` of each `total` elements of `out`.
pub(crate) fn interleave<T: Copy>(x: &[T], run: usize, offset: usize, total: usize, out: &mut [T]) {
    for (x, out) in x.chunks_exact(run).zip(out.chunks_exact_mut(total)) {
        out[offset..][..run].copy_from_slice(x);
    }
}

/// The sum of each window, per channel, where padding counts as zero.
#[inline(always)]
pub(crate) fn sum_pool2d<T: Copy, A: Copy + Default>(
    extents: &WindowExtents,
    input: &[T],
    acc: &mut [A],
    add: impl Fn(A, T) -> A,
) {
    let WindowExtents {
        channels,
        height,
        width,
        out_height,
        out_width,
        window,
        ..
    } = *extents;
    assert_eq!(input.len(), channels * height * width);
    assert_eq!(acc.len(), channels * out_height * out_width);
    let maps = input.chunks_exact(height * width);
    for (map, acc) in maps.zip(acc.chunks_exact_mut(out_height * out_width)) {
        for (y, line) in acc.chunks_exact_mut(out_width).enumerate() {
            for (x, acc) in line.iter_mut().enumerate() {
                let columns = seen(&window, 1, x, width);
                *acc = A::default();
                for row in seen(&window, 0, y, height) {
                    let line = &map[row * width..][columns.clone()];
                    *acc = line.iter().fold(*acc, |sum, &x| add(sum, x));
                }
            }
        }
    }
}

/// Input positions along `axis` that the window at an output `position` sees; without dilation.
fn seen(window: &Window, axis: usize, position: usize, extent: usize) -> std::ops::Range<usize> {
    let start = position * usize::from(window.stride[axis]);
    let padding = usize::from(window.padding[axis]);
    let end = (start + usize::from(window.kernel[axis])).saturating_sub(padding);
    start.saturating_sub(padding)..end.min(extent)
}

/// Output positions along `axis` whose tap `tap` falls inside the input.
fn in_bounds(
    window: &Window,
    axis: usize,
    tap: usize,
    extent: usize,
    out_extent: usize,
) -> std::ops::Range<usize> {
    let stride = usize::from(window.stride[axis]);
    let padding = usize::from(window.padding[axis]);
    let offset = tap * usize::from(window.dilation[axis]);
    // position · stride + offset − padding must lie in 0..extent.
    let start = padding.saturating_sub(offset).div_ceil(stride);
    let end = (extent + padding).saturating_sub(offset).div_ceil(stride);
    start..end.min(out_extent)
}

/// The input position that `tap` reads for an output `position` inside [`in_bounds`].
fn source(window: &Window, axis: usize, tap: usize, position: usize) -> usize {
    position * usize::from(window.stride[axis]) + tap * usize::from(window.dilation[axis])
        - usize::from(window.padding[axis])
}
