//! How an accumulator is decomposed into columns, and what its result is.
//!
//! ```text
//! acc + ⌊2^(s−1)⌋ = rest + 2^s · (low + middle + 2^w · (high − below))
//!                   0 ≤ rest < 2^s,  0 ≤ middle < 2^w,  0 ≤ high < 2^t
//! ```
//!
//! with `low` the smallest value of the result (−128, or 0 after a ReLU) and `2^w` the number of its values. So
//! the result is `low + inside(high) · middle + (2^w − 1) · above(high)`, where `inside` is 1 at `below` only,
//! and `above` is 1 beyond. The committed columns are `rest` and `middle` in limbs of at most [`LIMB_BITS`] bits,
//! and `high`. The whole spans at most 2³⁰ integers, fewer than the field has elements, so an accumulator has one
//! decomposition.
//!
//! Where each output channel has a shift of its own, accumulators are scaled to the largest: parameters are
//! multiplied by `2^(s − shift)`, which changes no result.

use crate::field::{Base, Extension, of_integer};
use serde::{Deserialize, Serialize};

/// Longest limb: a table of as many entries travels in the clear, 16 bytes each.
pub const LIMB_BITS: u8 = 10;
/// Longest entry of a `high` table, which travels in the clear too.
pub const HIGH_BITS_MAX: u32 = 12;
/// Largest span of one decomposition, in bits.
pub const SPAN_BITS_MAX: u32 = 30;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rounding {
    /// s: exponent of the divisor.
    pub shift: u8,
    /// Smallest value of the result.
    pub low: i32,
    /// w: bits of the offset of the result from `low`.
    pub width: u8,
    /// The table that `high` reads.
    pub high: HighTable,
}

/// The table of `high`: which of its entries lie inside, and which above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HighTable {
    /// The entry inside.
    pub below: u32,
    /// t: bits of an entry.
    pub bits: u8,
}

/// Which bits of an accumulator a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limb {
    /// Its least significant bit, counted from that of the accumulator.
    pub place: u8,
    /// How many.
    pub bits: u8,
}

impl Rounding {
    /// The rounding by `2^shift` to results from `low` of `width` bits, where quotients lie in `quotients`;
    /// `None` when these span too much.
    ///
    /// Where it can, the entry inside is one less than a power of two: roundings then share few tables.
    pub fn new(shift: u8, low: i32, width: u8, quotients: (i64, i64)) -> Option<Self> {
        let (least, most) = quotients;
        let block = |quotient: i64| (quotient - i64::from(low)) >> width;
        // Padding has the accumulator 0, which is always among them.
        let below = u32::try_from(-block(least.min(0)).min(0)).ok()?;
        let above = u32::try_from(block(most.max(0)).max(0)).ok()?;
        let shared = below.checked_add(1)?.checked_next_power_of_two()? - 1;
        let with = |below: u32| {
            let last = below.checked_add(above)?.max(1);
            let rounding = Self {
                shift,
                low,
                width,
                high: HighTable {
                    below,
                    bits: u8::try_from(last.ilog2() + 1).ok()?,
                },
            };
            rounding.is_valid().then_some(rounding)
        };
        with(shared).or_else(|| with(below))
    }

    /// Whether its decompositions are unique and its tables short.
    pub fn is_valid(&self) -> bool {
        let bits = u32::from(self.high.bits);
        let span = u32::from(self.shift) + u32::from(self.width) + bits;
        let values = i64::from(self.low)..=i64::from(self.low) + (1 << self.width.min(31));
        self.width >= 1
            && (1..=HIGH_BITS_MAX).contains(&bits)
            && span <= SPAN_BITS_MAX
            && values.contains(&0)
            && self.high.below >> bits == 0
    }

    /// The limbs of the remainder and of `middle`, least significant first.
    pub fn limbs(&self) -> Vec<Limb> {
        let mut limbs = Vec::new();
        for (start, bits) in [(0, self.shift), (self.shift, self.width)] {
            let mut place = start;
            while place < start + bits {
                let bits = LIMB_BITS.min(start + bits - place);
                limbs.push(Limb { place, bits });
                place += bits;
            }
        }
        limbs
    }

    /// Columns: the limbs, and `high`.
    pub fn columns(&self) -> usize {
        self.limbs().len() + 1
    }

    /// ⌊2^(s−1)⌋, which rounds halves up.
    pub fn half(&self) -> i64 {
        (1 << self.shift) >> 1
    }

    /// The largest offset of a result from `low`.
    pub fn top(&self) -> i64 {
        (1 << self.width) - 1
    }

    /// What an accumulator has beyond its columns' sum.
    pub fn offset(&self) -> Base {
        let high = i64::from(self.high.below) << self.high_place();
        of_integer((i64::from(self.low) << self.shift) - self.half() - high)
    }

    /// The weight of each column in the accumulator.
    pub fn powers(&self) -> Vec<Base> {
        let limbs = self.limbs().into_iter().map(|limb| limb.place);
        let places = limbs.chain([self.high_place()]);
        places.map(|place| of_integer(1 << place)).collect()
    }

    /// The columns of `middle`, each with its weight in the result.
    pub fn middle(&self) -> impl Iterator<Item = (usize, Base)> {
        let limbs = self.limbs().into_iter().enumerate();
        let shift = self.shift;
        limbs
            .filter(move |(_, limb)| limb.place >= shift)
            .map(move |(column, limb)| (column, of_integer(1 << (limb.place - shift))))
    }

    /// What is left of a result's value beyond `low`, from the values of its columns and of what `high` read.
    pub fn result(&self, columns: &[Extension], [inside, above]: [Extension; 2]) -> Extension {
        let middle: Extension = self
            .middle()
            .map(|(column, weight)| columns[column] * weight)
            .sum();
        inside * middle + above * of_integer(self.top())
    }

    /// The columns of one accumulator.
    ///
    /// # Panics
    /// When the accumulator is beyond what validation of its program allows.
    pub fn decompose(&self, accumulator: i64, mut push: impl FnMut(usize, u32)) {
        let whole = u64::try_from(
            accumulator + self.half() - (i64::from(self.low) << self.shift)
                + (i64::from(self.high.below) << self.high_place()),
        )
        .expect("an accumulator that validation allows");
        let mut column = 0;
        for limb in self.limbs() {
            push(
                column,
                ((whole >> limb.place) & ((1 << limb.bits) - 1)) as u32,
            );
            column += 1;
        }
        let high = whole >> self.high_place();
        assert!(
            high >> self.high.bits == 0,
            "an accumulator that validation allows"
        );
        push(column, high as u32);
    }

    fn high_place(&self) -> u8 {
        self.shift + self.width
    }
}

impl HighTable {
    /// Whether results of `entry` lie inside, and whether above.
    pub fn entry(&self, entry: usize) -> (bool, bool) {
        let below = self.below as usize;
        (entry == below, entry > below)
    }

    /// Entries.
    pub fn entries(&self) -> usize {
        1 << self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_model::{DType, program::Requant};

    #[test]
    fn columns_make_the_accumulator_and_the_result() {
        for (shift, relu, dtype) in [
            (0, true, DType::I8),
            (7, false, DType::I8),
            (12, true, DType::I8),
            (3, false, DType::I16),
            (11, true, DType::I16),
        ] {
            let requant = Requant { shift, relu, dtype };
            let (low, high) = dtype.range();
            let low = if relu { 0 } else { low };
            let width = (high - low + 1).ilog2() as u8;
            let bound = 1i64 << 24;
            let quotients = (-bound >> shift, bound >> shift);
            let Some(rounding) = Rounding::new(shift, low as i32, width, quotients) else {
                continue;
            };
            let (limbs, powers) = (rounding.limbs(), rounding.powers());
            for accumulator in (-bound..bound).step_by(99_991).chain([0, bound - 1]) {
                let mut sum = 0i64;
                let mut parts = vec![0; rounding.columns()];
                rounding.decompose(accumulator, |column, part| parts[column] = part);
                for (column, limb) in limbs.iter().enumerate() {
                    assert_eq!(parts[column] >> limb.bits, 0);
                    sum += i64::from(parts[column]) << limb.place;
                }
                assert_eq!(powers.len(), parts.len());
                let high = parts[limbs.len()];
                sum += i64::from(high) << (shift + width);
                assert_eq!(of_integer(sum) + rounding.offset(), of_integer(accumulator));
                let (inside, above) = rounding.high.entry(high as usize);
                let middle = (sum >> shift) & rounding.top();
                let result = i64::from(rounding.low)
                    + if inside { middle } else { 0 }
                    + if above { rounding.top() } else { 0 };
                assert_eq!(result, i64::from(requant.apply(accumulator as i32)));
            }
        }
    }

    #[test]
    fn what_spans_too_much_is_none() {
        assert!(Rounding::new(0, -128, 8, (-(1 << 21), 1 << 21)).is_none());
        assert!(Rounding::new(20, -128, 8, (-1000, 1000)).is_none());
        assert!(Rounding::new(12, -128, 8, (-1000, 1000)).is_some());
    }
}
