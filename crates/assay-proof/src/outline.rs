//! The outline of a program's proof: its values, what each is made of, and the columns it commits to.
//!
//! Both sides derive it from the program alone, or read it from a key, so no size in a proof is the prover's
//! word. It is the program without its weights.
//!
//! A value is made of earlier ones. *Computed* values leave columns to commit to; *views* (reshapes,
//! transpositions, concatenations) only place elements of others elsewhere, and [`Outline::place`] says where.
//! Invariant: operands come first, shapes fit, decompositions are unique: [`Outline::new`] refuses everything
//! else, so a key's bytes may be a stranger's.

mod check;
mod program;
mod rounding;
mod views;

pub use check::{
    BIASES_MAX, CELLS_MAX, CUBE_VARIABLES_MAX, Form, GROUPED_WEIGHTS_MAX, IMAGE_SIDE_MAX,
    LINK_PLACES_MAX, OutlineError, TAPS_MAX, VIEW_ELEMENTS_MAX, WINDOW_STEPS_MAX,
};
pub use program::Unsupported;
pub use rounding::{HIGH_BITS_MAX, HighTable, LIMB_BITS, Limb, Rounding, SPAN_BITS_MAX};
pub use views::{Part, Place};

pub(crate) use check::{dtype_number, dtype_of};

use crate::layout::Layout;
use assay_model::program::{ValueType, Window};
use assay_types::ModelId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Smallest column, in variables: values of fewer elements share a table of an opening, whose transcript costs a
/// verifier more than the zeros cost a prover.
pub const COLUMN_VARIABLES_MIN: usize = 6;
/// Entries of a function of an int8.
pub const FUNCTION_ENTRIES: usize = 256;
/// Most functions of one table: a table travels in the clear, and each of its readers claims all functions of it.
pub const FUNCTIONS_PER_TABLE: usize = 16;
/// Variables of the largest weights that are gathered with others.
pub const GATHERED_VARIABLES_MAX: usize = 14;
/// Most weights that are gathered, padding included: a prover sums over all of them in every proof.
pub const GATHERED_CELLS_MAX: usize = 1 << 20;
/// Bits of a position in the table of differences of two int8.
pub const DIFFERENCE_BITS: u8 = 9;
/// The position of the difference 0.
pub const DIFFERENCE_ZERO: u32 = 255;
/// The smallest int8, from which the search for a largest one starts.
pub const LEAST: i32 = i8::MIN as i32;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    model: ModelId,
    input: ValueType,
    output: ValueType,
    values: Vec<Made>,
    layouts: Vec<Layout>,
    places: Vec<Place>,
    output_value: usize,
    known: Option<usize>,
    /// All different functions, ascending.
    functions: Vec<Vec<i16>>,
}

/// How a value is made. Operands are places in the outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Made {
    /// It is the input.
    Input,
    /// `acc[r, j] = bias[j] + Σ_i weights[j, i] · x[r, i]`.
    Linear {
        /// `[…, inputs]`.
        input: u32,
        /// Its outputs.
        outputs: u32,
        /// What becomes of the accumulators.
        kept: Kept,
    },
    /// `acc[o, y, x] = bias[o] + Σ weights[o, c, t] · in[g(o) + c, source(t, y, x)]`.
    Convolution {
        /// `[channels, height, width]`.
        input: u32,
        /// Its output channels.
        outputs: u32,
        /// How the kernel moves.
        window: Window,
        /// Blocks of channels that do not see each other.
        groups: u32,
        /// What becomes of the accumulators.
        kept: Kept,
    },
    /// `acc[c, y, x] = multiplier · Σ_t in[c, source(t, y, x)]`.
    Average {
        /// `[channels, height, width]`.
        input: u32,
        /// How the window moves.
        window: Window,
        /// See above.
        multiplier: u16,
        /// What becomes of the accumulators.
        kept: Kept,
    },
    /// `acc = Σ value · 2^shift`, elementwise.
    Sum {
        /// Values of one shape.
        terms: Vec<Term>,
        /// What becomes of the accumulators.
        kept: Kept,
    },
    /// `acc = left · right`, elementwise; extents of 1 on the right are repeated.
    Product {
        /// A value.
        left: u32,
        /// As many dimensions.
        right: u32,
        /// What becomes of the accumulators.
        kept: Kept,
    },
    /// `entries[x + 128]`, elementwise.
    Function {
        /// An int8 value.
        input: u32,
        /// As many as an int8 has values.
        entries: Vec<i16>,
    },
    /// The largest int8 that a window sees.
    Largest {
        /// `[channels, height, width]`.
        input: u32,
        /// How the window moves.
        window: Window,
    },
    /// The same elements in the same order.
    Reshape {
        /// A value of as many elements.
        input: u32,
        /// The extents.
        dims: Vec<u32>,
    },
    /// The dimensions in another order.
    Transpose {
        /// A value.
        input: u32,
        /// Extent `i` is extent `axes[i]` of the input.
        axes: Vec<u8>,
    },
    /// Values behind each other.
    Concat {
        /// At least one.
        inputs: Vec<u32>,
        /// Along which dimension.
        axis: u8,
    },
}

/// What becomes of accumulators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// They are the value.
    Accumulators,
    /// They are rounded.
    Rounded(Rounding),
}

/// See [`Made::Sum`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// A value.
    pub value: u32,
    /// The exponent of its factor.
    pub shift: u8,
}

/// What a computed value commits to, and how it follows from that.
#[derive(Debug, Clone, Copy)]
pub enum Columns<'a> {
    /// The value itself.
    Raw,
    /// The parts of its accumulators.
    Rounded(&'a Rounding),
    /// Positions in a table of functions' results.
    Function {
        /// The functions of the table.
        table: &'a [Vec<i16>],
        /// Which of them it is.
        own: usize,
    },
    /// For each tap, how far the largest so far lies beyond what the tap reads, as a position.
    Largest {
        /// Taps.
        taps: usize,
    },
}

/// The tables of a proof, each with the columns that read it, in the order of the lookup argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// All numbers of so many bits → columns that hold such numbers.
    pub ranges: BTreeMap<u8, Vec<Column>>,
    /// The tables that `high` columns read.
    pub highs: BTreeMap<HighTable, Vec<Column>>,
    /// Tables of functions, each with those that it holds.
    pub functions: Vec<(Vec<Vec<i16>>, Vec<Column>)>,
    /// Columns of differences.
    pub differences: Vec<Column>,
}

/// Some of a model's parameters, on a cube of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterTable {
    /// Whose weights; `None` for all biases, and for what is gathered with them.
    pub weights_of: Option<usize>,
    /// Variables of the cube.
    pub variables: usize,
}

/// A committed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Of which value.
    pub value: usize,
    /// Place among the value's columns.
    pub place: usize,
}

impl Made {
    /// The values it reads.
    pub fn operands(&self) -> Vec<u32> {
        match self {
            Self::Input => Vec::new(),
            Self::Linear { input, .. }
            | Self::Convolution { input, .. }
            | Self::Average { input, .. }
            | Self::Function { input, .. }
            | Self::Largest { input, .. }
            | Self::Reshape { input, .. }
            | Self::Transpose { input, .. } => vec![*input],
            Self::Sum { terms, .. } => terms.iter().map(|term| term.value).collect(),
            Self::Product { left, right, .. } => vec![*left, *right],
            Self::Concat { inputs, .. } => inputs.clone(),
        }
    }

    /// What becomes of its accumulators, where it has some.
    pub fn kept(&self) -> Option<&Kept> {
        match self {
            Self::Linear { kept, .. }
            | Self::Convolution { kept, .. }
            | Self::Average { kept, .. }
            | Self::Sum { kept, .. }
            | Self::Product { kept, .. } => Some(kept),
            Self::Input
            | Self::Function { .. }
            | Self::Largest { .. }
            | Self::Reshape { .. }
            | Self::Transpose { .. }
            | Self::Concat { .. } => None,
        }
    }

    /// Whether its elements are elements of other values.
    pub fn is_view(&self) -> bool {
        matches!(
            self,
            Self::Reshape { .. } | Self::Transpose { .. } | Self::Concat { .. }
        )
    }
}

impl Outline {
    /// The proven model.
    pub fn model(&self) -> ModelId {
        self.model
    }

    /// Type of the input.
    pub fn input(&self) -> &ValueType {
        &self.input
    }

    /// Type of the output.
    pub fn output(&self) -> &ValueType {
        &self.output
    }

    /// The values in the order of execution.
    pub fn values(&self) -> &[Made] {
        &self.values
    }

    /// How a value is made.
    pub fn made(&self, value: usize) -> &Made {
        &self.values[value]
    }

    /// How a value lies on its cube.
    pub fn layout(&self, value: usize) -> &Layout {
        &self.layouts[value]
    }

    /// Which value is the output.
    pub fn output_value(&self) -> usize {
        self.output_value
    }

    /// The computed value that the verifier knows because it is the output.
    pub fn known(&self) -> Option<usize> {
        self.known
    }

    /// The computed values.
    pub fn computed(&self) -> impl Iterator<Item = (usize, &Made)> {
        let values = self.values.iter().enumerate();
        values.filter(|(_, made)| !made.is_view() && **made != Made::Input)
    }

    /// The values with weights and biases.
    pub fn parametrized(&self) -> impl Iterator<Item = usize> {
        let values = self.values.iter().enumerate();
        let with = values
            .filter(|(_, made)| matches!(made, Made::Linear { .. } | Made::Convolution { .. }));
        with.map(|(value, _)| value)
    }

    /// What a value commits to; `None` for views and what the verifier knows.
    pub fn columns(&self, value: usize) -> Option<Columns<'_>> {
        match self.made(value) {
            Made::Function { entries, .. } => {
                let found = self.functions.binary_search(entries);
                let place = found.expect("an outline holds its functions");
                let mut tables = self.functions.chunks(FUNCTIONS_PER_TABLE);
                let table = tables.nth(place / FUNCTIONS_PER_TABLE);
                Some(Columns::Function {
                    table: table.expect("a place is in a table"),
                    own: place % FUNCTIONS_PER_TABLE,
                })
            }
            Made::Largest { window, .. } => Some(Columns::Largest {
                taps: window.taps(),
            }),
            made => match made.kept()? {
                Kept::Rounded(rounding) => Some(Columns::Rounded(rounding)),
                Kept::Accumulators if self.known == Some(value) => None,
                Kept::Accumulators => Some(Columns::Raw),
            },
        }
    }

    /// The values with columns.
    pub fn committed(&self) -> impl Iterator<Item = (usize, Columns<'_>)> {
        (0..self.values.len()).filter_map(|value| Some((value, self.columns(value)?)))
    }

    /// The layout of a value's weights: `[outputs, inputs]`, or `[outputs, channels of a group, taps]`.
    ///
    /// # Panics
    /// When the value has none.
    pub fn weights(&self, value: usize) -> Layout {
        match self.made(value) {
            Made::Linear { input, outputs, .. } => {
                let inputs = self.layout(*input as usize).dims().last();
                Layout::new(&[*outputs, inputs.copied().unwrap_or(1)])
            }
            Made::Convolution {
                input,
                outputs,
                window,
                groups,
                ..
            } => {
                let channels = self.layout(*input as usize).dims()[0];
                Layout::new(&[*outputs, channels / groups, window.taps() as u32])
            }
            other => unreachable!("{other:?} has no weights"),
        }
    }

    /// All biases together, and the weights of each value that has so few that they are gathered with these instead
    /// of being opened alone: in the order in which they lie behind each other, the largest first. None where no value
    /// has parameters.
    pub fn gathered(&self) -> Vec<ParameterTable> {
        let biases = self.biases();
        if biases == 0 {
            return Vec::new();
        }
        let mut gathered = vec![ParameterTable {
            weights_of: None,
            variables: biases.next_power_of_two().ilog2() as usize,
        }];
        let mut cells = 0;
        for value in self.parametrized() {
            let variables = self.weights(value).variables();
            if variables <= GATHERED_VARIABLES_MAX && cells + (1 << variables) <= GATHERED_CELLS_MAX
            {
                cells += 1 << variables;
                gathered.push(ParameterTable {
                    weights_of: Some(value),
                    variables,
                });
            }
        }
        // The sort keeps the order of equal ones.
        gathered.sort_by_key(|table| std::cmp::Reverse(table.variables));
        gathered
    }

    /// Variables of all biases and gathered weights behind each other.
    pub fn gathered_variables(&self) -> usize {
        let gathered = self.gathered().into_iter();
        let cells: usize = gathered.map(|table| 1usize << table.variables).sum();
        cells.next_power_of_two().ilog2() as usize
    }

    /// Biases of all values together.
    pub fn biases(&self) -> usize {
        let parametrized = self.parametrized();
        parametrized
            .map(|value| self.weights(value).dims()[0] as usize)
            .sum()
    }

    /// Where a value's elements lie.
    pub fn place(&self, value: usize) -> &Place {
        &self.places[value]
    }

    /// What the lookup argument reads.
    pub fn tables(&self) -> Tables {
        let mut tables = Tables {
            ranges: BTreeMap::new(),
            highs: BTreeMap::new(),
            functions: (self.functions.chunks(FUNCTIONS_PER_TABLE))
                .map(|functions| (functions.to_vec(), Vec::new()))
                .collect(),
            differences: Vec::new(),
        };
        for (value, columns) in self.committed() {
            match columns {
                Columns::Raw => {}
                Columns::Rounded(rounding) => {
                    let limbs = rounding.limbs();
                    for (place, limb) in limbs.iter().enumerate() {
                        let readers = tables.ranges.entry(limb.bits).or_default();
                        readers.push(Column { value, place });
                    }
                    let place = limbs.len();
                    let readers = tables.highs.entry(rounding.high).or_default();
                    readers.push(Column { value, place });
                }
                Columns::Function { table, .. } => {
                    let mut all = tables.functions.iter_mut();
                    let own = all.find(|(functions, _)| functions == table);
                    let (_, readers) = own.expect("a table of every function");
                    readers.push(Column { value, place: 0 });
                }
                Columns::Largest { taps } => {
                    let taps = 0..taps;
                    let readers = taps.map(|place| Column { value, place });
                    tables.differences.extend(readers);
                }
            }
        }
        tables
    }
}

impl Columns<'_> {
    /// How many columns.
    pub fn count(&self) -> usize {
        match self {
            Self::Raw | Self::Function { .. } => 1,
            Self::Rounded(rounding) => rounding.columns(),
            Self::Largest { taps } => *taps,
        }
    }

    /// How many numbers they read from tables beside themselves.
    pub fn read(&self) -> usize {
        match self {
            Self::Raw => 0,
            Self::Rounded(_) => 2,
            Self::Function { table, .. } => table.len(),
            Self::Largest { taps } => *taps,
        }
    }
}

#[cfg(test)]
mod tests;
