//! The largest element or the sum of each window, channel by channel.
//!
//! Channels are lanes. Windows are cut at the edges of the input, so borders are never read.

use std::ops::Range;

use super::{
    dense::Walk,
    portable::copy_lanes,
    simd::{Element, Finish, Job, LANES, Simd, finish_and_store, lanes_at},
};

/// A planned pooling.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Channels of input and output.
    pub(crate) channels: usize,
    /// Which rows of the input each row of the result sees; at least one.
    pub(crate) rows: Vec<Range<usize>>,
    /// Which columns of the input each column of the result sees; at least one.
    pub(crate) columns: Vec<Range<usize>>,
    /// Where the input's pixels lie.
    pub(crate) input: Walk,
    /// Where the results lie.
    pub(crate) output: Walk,
}

/// Takes the largest elements.
pub(crate) struct MaxPoolJob<'a, X> {
    pub(crate) pool: &'a Pool,
    pub(crate) x: &'a [X],
    pub(crate) out: &'a mut [X],
}

/// Takes multiples of the sums.
pub(crate) struct AveragePoolJob<'a, X, Y> {
    pub(crate) pool: &'a Pool,
    pub(crate) multiplier: i32,
    pub(crate) finish: Finish<i32>,
    pub(crate) x: &'a [X],
    pub(crate) out: &'a mut [Y],
}

/// One window and one block of channels.
struct Sight {
    /// Place of the window's first element.
    from: usize,
    /// Rows and columns that it sees.
    extent: [usize; 2],
    /// Place of the result.
    to: usize,
    /// Channels of the block.
    count: usize,
}

impl Pool {
    /// Calls `see` for each block of channels of each window.
    #[inline(always)]
    fn each(&self, mut see: impl FnMut(Sight)) {
        for (y, rows) in self.rows.iter().enumerate() {
            for (x, columns) in self.columns.iter().enumerate() {
                let from = self.input.at(rows.start, columns.start);
                let to = self.output.at(y, x);
                let mut channel = 0;
                while channel < self.channels {
                    see(Sight {
                        from: from + channel,
                        extent: [rows.len(), columns.len()],
                        to: to + channel,
                        count: LANES.min(self.channels - channel),
                    });
                    channel += LANES;
                }
            }
        }
    }
}

impl<X: Element> Job for MaxPoolJob<'_, X> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { pool, x, out } = self;
        pool.each(|sight| {
            let mut largest = *lanes_at(x, sight.from);
            let [rows, columns] = sight.extent;
            for row in 0..rows {
                let from = sight.from + row * pool.input.row;
                for column in 0..columns {
                    let seen = lanes_at(x, from + column * pool.input.pixel);
                    for (largest, &x) in largest.iter_mut().zip(seen) {
                        *largest = x.max(*largest);
                    }
                }
            }
            copy_lanes(&largest, &mut out[sight.to..], sight.count);
        });
    }
}

impl<X: Element, Y: Element> Job for AveragePoolJob<'_, X, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (how, multiplier) = (self.finish.splat(simd), simd.splat32(self.multiplier));
        let Self { pool, x, out, .. } = self;
        pool.each(|sight| {
            let mut sum = simd.splat32(0);
            let [rows, columns] = sight.extent;
            for row in 0..rows {
                let from = sight.from + row * pool.input.row;
                for column in 0..columns {
                    let seen = lanes_at(x, from + column * pool.input.pixel);
                    sum = simd.add(sum, X::widen(simd, seen));
                }
            }
            let acc = simd.multiply(sum, multiplier);
            finish_and_store(simd, acc, how, &mut out[sight.to..], sight.count);
        });
    }
}
