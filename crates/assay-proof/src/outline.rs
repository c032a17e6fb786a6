//! The outline of a program's proof: its layers, the columns that each commits to, the tables they read.
//!
//! Both sides derive it from the program alone, so no size in a proof is the prover's word.
//!
//! A layer is a linear node and what follows it until the next. An accumulator that is requantised is
//! decomposed as
//!
//! ```text
//! acc + ⌊2^(s−1)⌋ = rest + 2^s · (low + middle + 2^w · (high − below))
//!                   0 ≤ rest < 2^s,  0 ≤ middle < 2^w,  0 ≤ high < 2^t
//! ```
//!
//! with `low` the smallest value of the result (−128, or 0 after a ReLU) and `2^w` the number of its values. So
//! the result is `low + inside(high) · middle + (2^w − 1) · above(high)`, where `inside` is 1 at `below` only,
//! and `above` is 1 beyond. The committed columns are `rest` in limbs of at most [`LIMB_BITS`] bits, `middle`
//! and `high`. The whole spans at most 2³⁰ integers, fewer than the field has elements, so an accumulator
//! has one decomposition.

use assay_model::{
    DType, Program,
    program::{NodeFacts, Op, Output, Requant, ValueId, ValueType},
};
use assay_types::ModelId;
use std::collections::BTreeMap;

/// Longest limb of a remainder: a table of as many entries travels in the clear, 16 bytes each.
pub const LIMB_BITS: u8 = 10;
/// Smallest column: the first folding of a commitment takes four variables.
pub const COLUMN_VARIABLES_MIN: usize = 4;
/// Longest entry of a `high` table, which travels in the clear too.
pub const HIGH_BITS_MAX: u32 = 12;
/// Largest span of one decomposition, in bits.
const SPAN_BITS_MAX: u32 = 30;

/// A program that cannot be proven yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// An operator without a protocol.
    #[error(
        "node {node} ({op}) cannot be proven yet; linear layers with int8 results and reshapes can"
    )]
    Operator {
        /// Place of the node.
        node: usize,
        /// Its operator.
        op: &'static str,
    },
    /// A linear layer over a matrix.
    #[error("node {node} (linear) is applied to {rows} rows; one can be proven")]
    Rows {
        /// Place of the node.
        node: usize,
        /// Rows of its input.
        rows: usize,
    },
    /// A requantisation to something else than int8, or by channel.
    #[error(
        "node {node} ({op}) requantises by channel or to another type than int8, which cannot be proven yet"
    )]
    Requantization {
        /// Place of the node.
        node: usize,
        /// Its operator.
        op: &'static str,
    },
    /// Accumulators of a wider span than one decomposition covers.
    #[error(
        "accumulators of node {node} ({op}) can lie more than 2^{HIGH_BITS_MAX} times beyond what its result keeps; raise its shift"
    )]
    Span {
        /// Place of the node.
        node: usize,
        /// Its operator.
        op: &'static str,
    },
    /// A program without a linear layer.
    #[error("the program computes nothing that can be proven")]
    Empty,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    model: ModelId,
    input: ValueType,
    output: ValueType,
    layers: Vec<Layer>,
}

/// One linear node and its rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Place of the node in the program.
    pub node: usize,
    /// Elements of its input.
    pub inputs: usize,
    /// Elements of its result.
    pub outputs: usize,
    /// What becomes of its accumulators; `None` keeps them.
    pub rounding: Option<Rounding>,
}

/// How an accumulator is decomposed and what its result is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounding {
    /// s: exponent of the divisor.
    pub shift: u8,
    /// Smallest value of the result.
    pub low: i64,
    /// w: bits of `middle`.
    pub middle_bits: u8,
    /// Bits of the remainder's limbs, least significant first.
    pub limbs: Vec<u8>,
    /// The table that `high` reads.
    pub high: HighTable,
}

/// The table of `high`: which of its entries lie inside, and which above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HighTable {
    /// The entry inside.
    pub below: u32,
    /// t: bits of an entry.
    pub bits: u8,
}

/// The tables of a proof, each with the columns that read it, in the order of the lookup argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// All numbers of so many bits → columns that hold such numbers.
    pub ranges: BTreeMap<u8, Vec<Column>>,
    /// Layers whose `high` column reads the table.
    pub highs: BTreeMap<HighTable, Vec<usize>>,
}

/// A committed column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Which layer.
    pub layer: usize,
    /// Place among the layer's columns.
    pub place: usize,
}

impl Outline {
    /// The outline of `program`.
    ///
    /// # Errors
    /// [`Unsupported`] names the first node without a protocol.
    pub fn of(program: &Program) -> Result<Self, Unsupported> {
        let mut layers = Vec::new();
        for (node, (op, facts)) in program.nodes().iter().zip(program.facts()).enumerate() {
            let follows = |input: &ValueId| input.node().is_none_or(|before| before + 1 == node);
            match op {
                Op::Reshape { input, .. } if follows(input) => {}
                Op::Linear {
                    input,
                    bias,
                    output,
                    ..
                } if follows(input) => {
                    let elements = program.value(*input).shape.elements();
                    let (rows, outputs) = (facts.value.shape.elements() / bias.len(), bias.len());
                    if rows != 1 {
                        return Err(Unsupported::Rows { node, rows });
                    }
                    layers.push(Layer {
                        node,
                        inputs: elements,
                        outputs,
                        rounding: Rounding::of(node, op, output, facts)?,
                    });
                }
                _ => {
                    return Err(Unsupported::Operator {
                        node,
                        op: op.name(),
                    });
                }
            }
        }
        if layers.is_empty() {
            return Err(Unsupported::Empty);
        }
        // Each layer reads the one before, so only the last may keep its accumulators: int32 is no operand.
        Ok(Self {
            model: program.model_id(),
            input: program.input().clone(),
            output: program.output().clone(),
            layers,
        })
    }

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

    /// The layers in the order of execution.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What the lookup argument reads.
    pub fn tables(&self) -> Tables {
        let (mut ranges, mut highs) = (BTreeMap::<u8, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (layer, rounding) in self.rounded() {
            let limbs = rounding.limbs.iter().chain([&rounding.middle_bits]);
            for (place, bits) in limbs.enumerate() {
                ranges
                    .entry(*bits)
                    .or_default()
                    .push(Column { layer, place });
            }
            highs.entry(rounding.high).or_default().push(layer);
        }
        Tables { ranges, highs }
    }

    /// The layers that commit to columns.
    pub fn rounded(&self) -> impl Iterator<Item = (usize, &Rounding)> {
        let layers = self.layers.iter().enumerate();
        layers.filter_map(|(place, layer)| Some((place, layer.rounding.as_ref()?)))
    }
}

impl Layer {
    /// Variables of a column of results.
    pub fn output_variables(&self) -> usize {
        variables(self.outputs)
    }

    /// Variables of its input: those of the layer before.
    pub fn input_variables(&self) -> usize {
        variables(self.inputs)
    }
}

impl Rounding {
    fn of(
        node: usize,
        op: &Op,
        output: &Output,
        facts: &NodeFacts,
    ) -> Result<Option<Self>, Unsupported> {
        let op = op.name();
        let Requant { shift, relu, dtype } = match output {
            Output::Accumulator => return Ok(None),
            Output::Requantized(requant) => *requant,
            Output::PerChannel(_) => return Err(Unsupported::Requantization { node, op }),
        };
        if dtype != DType::I8 {
            return Err(Unsupported::Requantization { node, op });
        }
        let (low, middle_bits) = if relu { (0, 7) } else { (-128, 8) };
        // Padding has the accumulator 0, which is always among them.
        let (least, most) = facts.quotient.unwrap_or_default();
        let block = |quotient: i64| (quotient - low) >> middle_bits;
        let below = -block(least.min(0)).min(0);
        let entries = block(most.max(0)).max(0) + below + 1;
        let bits = (entries - 1).max(1).ilog2() + 1;
        let span = u32::from(shift) + u32::from(middle_bits) + bits;
        if bits > HIGH_BITS_MAX || span > SPAN_BITS_MAX {
            return Err(Unsupported::Span { node, op });
        }
        let whole = shift / LIMB_BITS;
        let rest = shift % LIMB_BITS;
        let limbs = (0..whole)
            .map(|_| LIMB_BITS)
            .chain((rest > 0).then_some(rest));
        Ok(Some(Self {
            shift,
            low,
            middle_bits,
            limbs: limbs.collect(),
            high: HighTable {
                below: u32::try_from(below).unwrap_or(u32::MAX),
                bits: u8::try_from(bits).unwrap_or(u8::MAX),
            },
        }))
    }

    /// Columns: the limbs, `middle`, `high`.
    pub fn columns(&self) -> usize {
        self.limbs.len() + 2
    }

    /// ⌊2^(s−1)⌋, which rounds halves up.
    pub fn half(&self) -> i64 {
        (1 << self.shift) >> 1
    }

    /// The largest offset of a result from [`Self::low`].
    pub fn top(&self) -> i64 {
        (1 << self.middle_bits) - 1
    }

    /// The columns of one accumulator.
    ///
    /// # Panics
    /// When the accumulator is beyond what validation of its program allows.
    pub fn decompose(&self, accumulator: i64) -> Vec<u32> {
        let sum = accumulator + self.half();
        let offset = (sum >> self.shift) - self.low;
        let mut rest = sum & ((1 << self.shift) - 1);
        let mut columns = Vec::with_capacity(self.columns());
        let mut push = |value: i64| {
            columns.push(u32::try_from(value).expect("a part of an accumulator within its bound"));
        };
        for bits in &self.limbs {
            push(rest & ((1 << bits) - 1));
            rest >>= bits;
        }
        push(offset & self.top());
        push((offset >> self.middle_bits) + i64::from(self.high.below));
        columns
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

/// Variables of a column of so many elements.
pub fn variables(elements: usize) -> usize {
    (elements.next_power_of_two().ilog2() as usize).max(COLUMN_VARIABLES_MIN)
}
