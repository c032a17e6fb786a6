//! The lookup argument's statement: which tables there are, and what each reader claims to have read.
//!
//! One logup* reduction (Soukhanov, eprint 2025/946) covers the whole network, or a few where it looks up more than a
//! prover should hold at once. A limb reads the table of all numbers
//! of its bits, so what it holds has no more bits. A `high` column reads which of the offsets lie inside and above;
//! a function's column reads all functions of its table, less what each is at zero; a difference reads how much larger the largest
//! becomes. These three name the entry, and what they read is never committed.

use crate::{
    field::{Base, Extension, Point, of_integer},
    frame::Frame,
    outline::{Column, Columns, DIFFERENCE_BITS, FUNCTION_ENTRIES, Tables},
    settle::{ColumnClaims, difference_entry, function_entry},
};
use p3_field::PrimeCharacteristicRing as _;
use p3_multi_stark::logup_star::{Reader, TableLookup};

/// One table: its entries, and who reads it.
pub struct Table {
    /// Bits of a position.
    pub variables: usize,
    /// One a number that an entry carries.
    pub columns: Vec<Vec<Base>>,
    /// The columns that read it.
    pub readers: Vec<Column>,
    /// Whether an entry is its own position.
    numbers: bool,
}

/// Most numbers that one argument looks up, tables and padding included: a prover holds some 120 bytes for each while
/// it runs.
pub const LEAVES_MAX: usize = 1 << 22;

/// All tables, as arguments take them one after the other.
///
/// Their order is numbers by their bits, offsets, functions, differences; an argument takes the next tables as long as
/// it looks up no more than [`LEAVES_MAX`], and at least one.
pub fn arguments(frame: &Frame<'_>) -> Vec<Vec<Table>> {
    let mut arguments: Vec<Vec<Table>> = Vec::new();
    let mut leaves = 0;
    for table in tables(&frame.outline.tables()) {
        let own = table.leaves(frame);
        match arguments.last_mut() {
            Some(tables) if leaves + own <= LEAVES_MAX => tables.push(table),
            _ => {
                arguments.push(vec![table]);
                leaves = 0;
            }
        }
        leaves += own;
    }
    arguments
}

impl Table {
    /// Numbers that are looked up, and entries.
    pub fn leaves(&self, frame: &Frame<'_>) -> usize {
        let readers = self.readers.iter();
        let rows = readers.map(|column| 1usize << frame.column_variables(column.value));
        rows.fold(1 << self.variables, usize::saturating_add)
    }
}

fn tables(tables: &Tables) -> Vec<Table> {
    let mut all = Vec::new();
    for (bits, readers) in &tables.ranges {
        all.push(Table {
            variables: usize::from(*bits),
            columns: vec![(0..1i64 << bits).map(of_integer).collect()],
            readers: readers.clone(),
            numbers: true,
        });
    }
    for (table, readers) in &tables.highs {
        let entries = || (0..table.entries()).map(|entry| table.entry(entry));
        let inside = entries().map(|(inside, _)| Base::from_bool(inside));
        let above = entries().map(|(_, above)| Base::from_bool(above));
        all.push(Table {
            variables: usize::from(table.bits),
            columns: vec![inside.collect(), above.collect()],
            readers: readers.clone(),
            numbers: false,
        });
    }
    for (functions, readers) in &tables.functions {
        let column = |function: &Vec<i16>| {
            let entries = 0..FUNCTION_ENTRIES;
            entries
                .map(|entry| of_integer(function_entry(function, entry)))
                .collect()
        };
        all.push(Table {
            variables: FUNCTION_ENTRIES.ilog2() as usize,
            columns: functions.iter().map(column).collect(),
            readers: readers.clone(),
            numbers: false,
        });
    }
    if !tables.differences.is_empty() {
        let entries =
            (0..1usize << DIFFERENCE_BITS).map(|entry| of_integer(difference_entry(entry)));
        all.push(Table {
            variables: usize::from(DIFFERENCE_BITS),
            columns: vec![entries.collect()],
            readers: tables.differences.clone(),
            numbers: false,
        });
    }
    all
}

/// What the readers of all tables claim.
pub struct Statement {
    readers: Vec<Vec<(Point, Vec<Extension>)>>,
    variables: Vec<usize>,
}

impl Statement {
    /// The statement about columns' claims, `claims[value]` being present where a value has columns.
    ///
    /// # Panics
    /// When a value with columns has no claims.
    pub fn new(frame: &Frame<'_>, tables: &[Table], claims: &[Option<ColumnClaims>]) -> Self {
        let reader = |table: &Table, column: &Column| {
            let claims = claims[column.value].as_ref();
            let claims = claims.expect("claims of a value with columns");
            let read = match frame.outline.columns(column.value) {
                _ if table.numbers => vec![claims.columns[column.place]],
                Some(Columns::Largest { .. }) => vec![claims.read[column.place]],
                _ => claims.read.clone(),
            };
            (Point::new(claims.point.clone()), read)
        };
        let readers = tables.iter().map(|table| {
            let readers = table.readers.iter();
            readers.map(|column| reader(table, column)).collect()
        });
        Self {
            readers: readers.collect(),
            variables: tables.iter().map(|table| table.variables).collect(),
        }
    }

    /// The readers as the argument takes them.
    pub fn readers(&self) -> Vec<Vec<Reader<'_, Extension>>> {
        let tables = self.readers.iter().map(|readers| {
            let readers = readers.iter();
            readers
                .map(|(point, claims)| Reader { point, claims })
                .collect()
        });
        tables.collect()
    }

    /// The tables as the argument takes them.
    pub fn lookups<'r>(
        &self,
        readers: &'r [Vec<Reader<'r, Extension>>],
    ) -> Vec<TableLookup<'r, Extension>> {
        let tables = readers.iter().zip(&self.variables);
        tables
            .map(|(readers, &num_variables)| TableLookup {
                num_variables,
                readers,
            })
            .collect()
    }
}
