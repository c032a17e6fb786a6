//! Convolutions in which each channel sees itself alone.
//!
//! Channels are lanes: a tap multiplies sixteen channels of one pixel with their weights. Rows of the
//! window above or below the input are skipped; columns beside it read the border's zeros.

use super::{
    dense::Walk,
    simd::{Element, Finish, Job, LANES, Line32, Simd, finish_and_store, lanes_at},
    weights::Finishing,
};

/// A planned depthwise convolution.
#[derive(Debug)]
pub(crate) struct Depthwise {
    /// Block by block, tap by tap, in the form of [`Simd::tap`].
    pub(crate) taps: Vec<Line32>,
    /// Block by block.
    pub(crate) finishing: Finishing,
    /// Channels of input and output.
    pub(crate) channels: usize,
    /// Height and width of the kernel.
    pub(crate) kernel: [usize; 2],
    /// From a tap to the next one below and to the right, in elements.
    pub(crate) tap: [usize; 2],
    /// Which rows of the input the windows of each row of the result begin in and which of their own
    /// rows lie inside.
    pub(crate) windows: Vec<RowWindow>,
    /// Where the windows lie, as if all began in the first row.
    pub(crate) input: Walk,
    /// Where the results lie.
    pub(crate) output: Walk,
    /// Columns of the result.
    pub(crate) columns: usize,
}

/// The rows of the input that one row of the result sees.
#[derive(Debug, Clone)]
pub(crate) struct RowWindow {
    /// The first of them.
    pub(crate) row: usize,
    /// Their rows of the kernel.
    pub(crate) taps: std::ops::Range<usize>,
}

/// Runs a [`Depthwise`].
pub(crate) struct DepthwiseJob<'a, X, Y> {
    pub(crate) depthwise: &'a Depthwise,
    pub(crate) x: &'a [X],
    pub(crate) out: &'a mut [Y],
}

impl<X: Element, Y: Element> Job for DepthwiseJob<'_, X, Y> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (columns, channels) = (self.depthwise.columns, self.depthwise.channels);
        for (row, window) in self.depthwise.windows.iter().enumerate() {
            for block in 0..channels.div_ceil(LANES) {
                let mut column = 0;
                while column < columns {
                    if S::MANY_REGISTERS && columns >= 8 {
                        column = column.min(columns - 8);
                        self.tile::<S, 8>(simd, row, window, block, column);
                        column += 8;
                    } else if columns >= 4 {
                        column = column.min(columns - 4);
                        self.tile::<S, 4>(simd, row, window, block, column);
                        column += 4;
                    } else {
                        self.tile::<S, 1>(simd, row, window, block, column);
                        column += 1;
                    }
                }
            }
        }
    }
}

impl<X: Element, Y: Element> DepthwiseJob<'_, X, Y> {
    /// One block of channels for `P` neighbouring pixels.
    #[inline(always)]
    fn tile<S: Simd, const P: usize>(
        &mut self,
        simd: S,
        row: usize,
        window: &RowWindow,
        block: usize,
        column: usize,
    ) {
        let Depthwise {
            taps,
            finishing,
            channels,
            kernel: [height, width],
            tap: [below, right],
            input,
            output,
            ..
        } = self.depthwise;
        let channel = block * LANES;
        let mut acc = [simd.load(&finishing.bias[block]); P];
        let mut at = input.origin + window.row * input.row + column * input.pixel + channel;
        for i in window.taps.clone() {
            let taps = &taps[(block * height + i) * width..][..*width];
            for (j, weight) in taps.iter().enumerate() {
                let weight = simd.load(weight);
                let x = &self.x[at + j * right..];
                for (p, acc) in acc.iter_mut().enumerate() {
                    let x = X::widen(simd, lanes_at(x, p * input.pixel));
                    *acc = simd.add_tap(*acc, x, weight);
                }
            }
            at += below;
        }
        let how = Finish {
            half: simd.load(&finishing.half[block]),
            shift: simd.load(&finishing.shift[block]),
            low: simd.splat32(finishing.low),
        };
        let to = output.origin + row * output.row + column * output.pixel + channel;
        let count = LANES.min(channels - channel);
        for (p, acc) in acc.iter().enumerate() {
            let out = &mut self.out[to + p * output.pixel..];
            finish_and_store(simd, *acc, how, out, count);
        }
    }
}
