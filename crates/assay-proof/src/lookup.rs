//! The lookup argument's statement: which tables there are, and what each reader claims to have read.
//!
//! One logup* reduction (Soukhanov, eprint 2025/946) covers the whole network. A limb or `middle` column reads
//! the table of all numbers of its bits, so what it holds has no more bits. A `high` column reads which of the
//! offsets lie inside and above; it names the entry, and what it read is never committed.

use crate::{
    field::{Base, Extension, Point},
    outline::{Column, HighTable, Tables},
};
use p3_field::{PrimeCharacteristicRing as _, integers::QuotientMap as _};
use p3_multi_stark::logup_star::{Reader, TableLookup};

/// What the rounding of one layer claims at the point where it ended.
#[derive(Debug, Clone)]
pub struct LayerClaims {
    /// The point.
    pub point: Point,
    /// Every column's value there.
    pub columns: Vec<Extension>,
    /// What the `high` column read: `[inside, above]`.
    pub high: [Extension; 2],
}

/// The statement, and where its parts lie. Tables of numbers come first, by their bits; then those of `high`.
pub struct Statement<'a> {
    readers: Vec<Vec<Reader<'a, Extension>>>,
    variables: Vec<usize>,
}

impl<'a> Statement<'a> {
    /// The statement about layers' claims, `claims[layer]` being present where a layer is rounded.
    ///
    /// # Panics
    /// When a layer of `tables` has no claims.
    pub fn new(tables: &Tables, claims: &'a [Option<LayerClaims>]) -> Self {
        let of = |layer: usize| claims[layer].as_ref().expect("claims of a rounded layer");
        let (mut readers, mut variables) = (Vec::new(), Vec::new());
        for (bits, columns) in &tables.ranges {
            let reader = |&Column { layer, place }: &Column| Reader {
                point: &of(layer).point,
                claims: std::slice::from_ref(&of(layer).columns[place]),
            };
            readers.push(columns.iter().map(reader).collect());
            variables.push(usize::from(*bits));
        }
        for (table, layers) in &tables.highs {
            let reader = |&layer: &usize| Reader {
                point: &of(layer).point,
                claims: &of(layer).high[..],
            };
            readers.push(layers.iter().map(reader).collect());
            variables.push(usize::from(table.bits));
        }
        Self { readers, variables }
    }

    /// In the form that the argument takes.
    pub fn lookups(&self) -> Vec<TableLookup<'_, Extension>> {
        let tables = self.readers.iter().zip(&self.variables);
        tables
            .map(|(readers, &num_variables)| TableLookup {
                num_variables,
                readers,
            })
            .collect()
    }
}

/// The columns of every table, in the statement's order.
pub fn table_columns(tables: &Tables) -> Vec<Vec<Vec<Base>>> {
    let numbers = |bits: &u8| vec![(0..1u32 << bits).map(Base::from_int).collect()];
    let ranges = tables.ranges.keys().map(numbers);
    let high = |table: &HighTable| {
        let entries = || (0..table.entries()).map(|entry| table.entry(entry));
        let inside = entries().map(|(inside, _)| Base::from_bool(inside));
        let above = entries().map(|(_, above)| Base::from_bool(above));
        vec![inside.collect(), above.collect()]
    };
    ranges.chain(tables.highs.keys().map(high)).collect()
}
