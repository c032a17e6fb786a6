//! How far windows reach: borders, and which rows and columns a window sees.

use std::ops::Range;

use super::Planner;
use crate::{
    execute::layout::Border,
    kernels::{depthwise::RowWindow, pool::Pool},
    program::{Op, Program, ValueId, Window},
};

/// A bordered value takes at most this many times the memory of its elements, and [`BORDER_FREE`].
/// Windows that reach farther are rare, and a stranger's program could ask for any amount.
const BORDER_FACTOR_MAX: usize = 2;

/// Elements that a value with its border may always take.
const BORDER_FREE: usize = 1 << 16;

/// The border that a node's operand needs for the kernels; `None` if it needs none, or more than is
/// worth its memory ([`fits`] tells them apart).
pub(super) fn border(program: &Program, node: usize, op: &Op) -> Option<(ValueId, Border)> {
    let Op::Conv2d { input, window, .. } = op else {
        return None;
    };
    reach(program, node, op, *input, window).map(|border| (*input, border))
}

/// Whether a convolution's border is worth its memory.
pub(super) fn fits(program: &Program, node: usize, op: &Op) -> bool {
    match op {
        Op::Conv2d { input, window, .. } => reach(program, node, op, *input, window).is_some(),
        _ => true,
    }
}

fn reach(
    program: &Program,
    node: usize,
    op: &Op,
    input: ValueId,
    window: &Window,
) -> Option<Border> {
    let (channels, height, width) = program.value(input).shape.channels_height_width()?;
    let (_, rows, columns) = program.facts()[node].value.shape.channels_height_width()?;
    let after = |axis: usize, positions: u32, extent: u32| {
        let last = (positions as usize - 1) * usize::from(window.stride[axis])
            + (usize::from(window.kernel[axis]) - 1) * usize::from(window.dilation[axis]);
        (last + 1).saturating_sub(usize::from(window.padding[axis]) + extent as usize)
    };
    let mut border = [
        usize::from(window.padding[0]),
        usize::from(window.padding[1]),
        after(0, rows, height),
        after(1, columns, width),
    ];
    if is_depthwise(op, channels) {
        // Rows outside the input are skipped.
        (border[0], border[2]) = (0, 0);
    }
    let [top, left, bottom, right] = border;
    let (channels, height, width) = (channels as usize, height as usize, width as usize);
    let bordered = channels * (top + height + bottom) * (left + width + right);
    let limit = BORDER_FACTOR_MAX * channels * height * width + BORDER_FREE;
    (bordered <= limit).then_some(border)
}

/// Whether each channel of `channels` sees itself alone and makes one output.
pub(super) fn is_depthwise(op: &Op, channels: u32) -> bool {
    match op {
        Op::Conv2d { groups, bias, .. } => {
            channels > 1 && *groups == channels && bias.len() == channels as usize
        }
        _ => false,
    }
}

/// For each of `positions` positions, the first place inside an input of `extent` that the window sees
/// along `axis`, and its taps that lie inside.
pub(super) fn inside(
    window: &Window,
    axis: usize,
    extent: usize,
    positions: usize,
) -> impl Iterator<Item = RowWindow> {
    let [stride, padding, dilation, taps] = [
        window.stride[axis],
        window.padding[axis],
        window.dilation[axis],
        window.kernel[axis],
    ]
    .map(usize::from);
    (0..positions).map(move |position| {
        // A tap `t` reads `start + t · dilation − padding`.
        let start = position * stride;
        let first = padding.saturating_sub(start).div_ceil(dilation).min(taps);
        let end = (extent + padding)
            .saturating_sub(start)
            .div_ceil(dilation)
            .min(taps);
        if first < end {
            RowWindow {
                row: start + first * dilation - padding,
                taps: first..end,
            }
        } else {
            RowWindow { row: 0, taps: 0..0 }
        }
    })
}

impl Planner<'_> {
    pub(super) fn pool(&self, input: usize, output: usize, window: &Window) -> Pool {
        let (from, to) = (&self.slots[input].layout, &self.slots[output].layout);
        let seen = |axis, extent, positions| -> Vec<Range<usize>> {
            // Pooling is never dilated.
            inside(window, axis, extent, positions)
                .map(|seen| seen.row..seen.row + seen.taps.len())
                .collect()
        };
        Pool {
            channels: from.channels,
            rows: seen(0, from.height, to.height),
            columns: seen(1, from.width, to.width),
            input: from.walk(),
            output: to.walk(),
        }
    }
}
