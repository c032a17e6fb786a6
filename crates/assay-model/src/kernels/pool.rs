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
struct Sight<'a> {
    /// Place of the window's first element.
    from: usize,
    /// The pixels that it sees, from the first.
    extent: [usize; 2],
    walk: &'a Walk,
    /// Place of the result.
    to: usize,
    /// Channels of the block.
    count: usize,
}

impl Pool {
    #[inline(always)]
    fn sights(&self) -> impl Iterator<Item = Sight<'_>> {
        let blocks = move |(from, to, extent)| {
            (0..self.channels).step_by(LANES).map(move |channel| Sight {
                from: from + channel,
                extent,
                walk: &self.input,
                to: to + channel,
                count: LANES.min(self.channels - channel),
            })
        };
        let windows = self.rows.iter().enumerate().flat_map(move |(y, rows)| {
            self.columns.iter().enumerate().map(move |(x, columns)| {
                let from = self.input.at(rows.start, columns.start);
                (from, self.output.at(y, x), [rows.len(), columns.len()])
            })
        });
        windows.flat_map(blocks)
    }
}

impl Sight<'_> {
    /// Places of its pixels.
    #[inline(always)]
    fn pixels(&self) -> impl Iterator<Item = usize> {
        let [rows, columns] = self.extent;
        (0..rows).flat_map(move |row| {
            let from = self.from + row * self.walk.row;
            (0..columns).map(move |column| from + column * self.walk.pixel)
        })
    }
}

impl<X: Element> Job for MaxPoolJob<'_, X> {
    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for sight in self.pool.sights() {
            let mut largest = *lanes_at(self.x, sight.from);
            for pixel in sight.pixels().skip(1) {
                for (largest, &x) in largest.iter_mut().zip(lanes_at(self.x, pixel)) {
                    *largest = x.max(*largest);
                }
            }
            copy_lanes(&largest, &mut self.out[sight.to..], sight.count);
        }
    }
}

impl<X: Element, Y: Element> Job for AveragePoolJob<'_, X, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (how, multiplier) = (self.finish.splat(simd), simd.splat32(self.multiplier));
        for sight in self.pool.sights() {
            let mut sum = simd.splat32(0);
            for pixel in sight.pixels() {
                sum = simd.add(sum, X::widen(simd, lanes_at(self.x, pixel)));
            }
            let acc = simd.multiply(sum, multiplier);
            finish_and_store(simd, acc, how, &mut self.out[sight.to..], sight.count);
        }
    }
}
