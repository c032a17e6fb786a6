//! Sums over all channels: matrix products and convolutions, grouped ones included.
//!
//! Maps lie with their channels innermost, so the part of a pixel's window that lies in one row is a
//! *run* of neighbouring elements, and a matrix product is a convolution of 1 × 1. A tile computes
//! `P` neighbouring pixels × `B` blocks of outputs in registers: each element is copied to all lanes once
//! and multiplied with the weights of all outputs.
//!
//! Runs are filled up to whole steps with zero weights, so reading may pass the end of a run by less
//! than one step; buffers are that much longer.

use super::{
    simd::{Dot, Element, Finish, Job, LANES, Simd, finish_and_store},
    weights::{Finishing, Packed, Weights},
};

/// A planned convolution.
#[derive(Debug)]
pub(crate) struct Dense {
    /// Block by block, run by run.
    pub(crate) weights: Weights,
    /// Block by block.
    pub(crate) finishing: Finishing,
    /// Groups of channels that do not see each other.
    pub(crate) groups: usize,
    /// Channels of the input in each.
    pub(crate) group_inputs: usize,
    /// Channels of the output in each.
    pub(crate) group_outputs: usize,
    /// Where each run begins, from where the first one does.
    pub(crate) runs: Vec<usize>,
    /// Steps of each run.
    pub(crate) run_steps: usize,
    /// Where the windows lie.
    pub(crate) input: Walk,
    /// Where the results lie.
    pub(crate) output: Walk,
    /// Rows of the result.
    pub(crate) rows: usize,
    /// Columns of the result.
    pub(crate) columns: usize,
}

/// How pixels follow each other in a buffer, in elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    /// Position of the first.
    pub(crate) origin: usize,
    /// From a row to the next.
    pub(crate) row: usize,
    /// From a pixel to the next.
    pub(crate) pixel: usize,
}

impl Walk {
    /// Place of a pixel's first element.
    #[inline(always)]
    pub(crate) fn at(&self, row: usize, column: usize) -> usize {
        self.origin + row * self.row + column * self.pixel
    }
}

/// Runs a [`Dense`] on `columns` columns.
pub(crate) struct DenseJob<'a, X, Y> {
    pub(crate) dense: &'a Dense,
    pub(crate) columns: usize,
    pub(crate) x: &'a [X],
    pub(crate) out: &'a mut [Y],
}

impl<Y: Element> Job for DenseJob<'_, i8, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        convolve::<S, i8, Y>(simd, self);
    }
}

impl<Y: Element> Job for DenseJob<'_, i16, Y> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        convolve::<S, i16, Y>(simd, self);
    }
}

/// One row of one group.
struct Line<'a, S: Dot<X>, X, Y> {
    dense: &'a Dense,
    weights: &'a [S::Group],
    /// The first block of the group.
    block: usize,
    /// From the first pixel's first run on.
    x: &'a [X],
    /// From the first pixel's first channel of the group on.
    out: &'a mut [Y],
}

#[inline(always)]
fn convolve<S, X, Y>(simd: S, job: DenseJob<'_, X, Y>)
where
    S: Simd + Dot<X>,
    Y: Element,
{
    let DenseJob {
        dense,
        columns,
        x,
        out,
    } = job;
    let weights = <S as Dot<X>>::Group::of(&dense.weights);
    for group in 0..dense.groups {
        for row in 0..dense.rows {
            let from = dense.input.origin + row * dense.input.row + group * dense.group_inputs;
            let to = dense.output.origin + row * dense.output.row + group * dense.group_outputs;
            let mut line = Line::<S, X, Y> {
                dense,
                weights,
                block: group * dense.group_outputs.div_ceil(LANES),
                x: &x[from..],
                out: &mut out[to..],
            };
            line.pixels(simd, columns);
        }
    }
}

impl<S: Simd + Dot<X>, X, Y: Element> Line<'_, S, X, Y> {
    /// Covers the columns with the largest tiles that fit; the last one steps back over columns that are
    /// already done rather than leave a remainder to smaller ones.
    #[inline(always)]
    fn pixels(&mut self, simd: S, columns: usize) {
        let mut column = 0;
        while column < columns {
            if S::MANY_REGISTERS && columns >= 8 {
                column = column.min(columns - 8);
                self.blocks::<8, 2>(simd, column);
                column += 8;
            } else if columns >= 4 {
                column = column.min(columns - 4);
                if S::MANY_REGISTERS {
                    self.blocks::<4, 2>(simd, column);
                } else {
                    self.blocks::<4, 1>(simd, column);
                }
                column += 4;
            } else {
                self.blocks::<1, 4>(simd, column);
                column += 1;
            }
        }
    }

    /// All blocks of the group for `P` pixels.
    #[inline(always)]
    fn blocks<const P: usize, const B: usize>(&mut self, simd: S, column: usize) {
        let blocks = self.dense.group_outputs.div_ceil(LANES);
        let mut block = 0;
        while block + B <= blocks {
            self.tile::<P, B>(simd, column, block);
            block += B;
        }
        while block < blocks {
            self.tile::<P, 1>(simd, column, block);
            block += 1;
        }
    }

    #[inline(always)]
    fn tile<const P: usize, const B: usize>(&mut self, simd: S, column: usize, block: usize) {
        let Dense {
            finishing,
            runs,
            run_steps,
            input,
            output,
            group_outputs,
            ..
        } = self.dense;
        let (first, steps) = (self.block + block, *run_steps);
        let per_block = runs.len() * steps;
        let weights = &self.weights[first * per_block..][..B * per_block];

        let mut acc = [[simd.splat32(0); B]; P];
        for b in 0..B {
            let bias = simd.load(&finishing.bias[first + b]);
            for acc in &mut acc {
                acc[b] = bias;
            }
        }
        for (run, &offset) in runs.iter().enumerate() {
            let x = &self.x[column * input.pixel + offset..];
            let x: [&[<S as Dot<X>>::Few]; P] = <S as Dot<X>>::few(simd, x, input.pixel, steps);
            let w = |b: usize| &weights[b * per_block + run * steps..][..steps];
            let w: [&[<S as Dot<X>>::Group]; B] = std::array::from_fn(w);
            for step in 0..steps {
                for p in 0..P {
                    let few = <S as Dot<X>>::splat(simd, &x[p][step]);
                    for b in 0..B {
                        acc[p][b] = <S as Dot<X>>::dot(simd, acc[p][b], few, &w[b][step]);
                    }
                }
            }
        }
        let low = simd.splat32(finishing.low);
        for b in 0..B {
            let how = Finish {
                half: simd.load(&finishing.half[first + b]),
                shift: simd.load(&finishing.shift[first + b]),
                low,
            };
            let channel = (block + b) * LANES;
            let count = LANES.min(group_outputs - channel);
            for (p, acc) in acc.iter().enumerate() {
                let to = (column + p) * output.pixel + channel;
                finish_and_store(simd, acc[b], how, &mut self.out[to..], count);
            }
        }
    }
}
