//! What the prover knows: every layer's input, and the columns its accumulators decompose into.

use assay_model::{
    Program,
    program::{Output, Requant},
};
use assay_proof::{
    Outline,
    field::{Base, of_integer},
    outline::Layer,
    verify::parameters,
};
use p3_matrix::dense::RowMajorMatrix;
use p3_sumcheck::layout::Table;

/// One execution, layer by layer.
pub(crate) struct Witness {
    pub(crate) layers: Vec<LayerWitness>,
    /// What the last layer gives.
    pub(crate) output: Vec<i32>,
}

/// One layer of it.
pub(crate) struct LayerWitness {
    /// The layer's input.
    pub(crate) input: Vec<i32>,
    /// The columns of its results, padded to a power of two; none where accumulators are kept.
    pub(crate) columns: Vec<Vec<u32>>,
}

impl Witness {
    /// Executes `program` on `input`, whose type the caller has checked.
    pub(crate) fn of(program: &Program, outline: &Outline, input: Vec<i32>) -> Self {
        let mut layers = Vec::with_capacity(outline.layers().len());
        let mut value = input;
        for layer in outline.layers() {
            let accumulators = accumulate(program, layer, &value);
            let columns = columns(layer, &accumulators);
            let result = finish(program, layer, &accumulators);
            let input = std::mem::replace(&mut value, result);
            layers.push(LayerWitness { input, columns });
        }
        Self {
            layers,
            output: value,
        }
    }
}

impl LayerWitness {
    /// The layer's table of the commitment.
    pub(crate) fn table(&self) -> Table<Base> {
        let width = self.columns.first().map_or(1, Vec::len);
        let values = self.columns.iter().flatten();
        let values = values.map(|value| of_integer(i64::from(*value)));
        Table::new(RowMajorMatrix::new(values.collect(), width))
    }
}

fn accumulate(program: &Program, layer: &Layer, input: &[i32]) -> Vec<i32> {
    let (weights, bias) = parameters(program, layer);
    let rows = weights.chunks_exact(layer.inputs).zip(bias);
    rows.map(|(weights, bias)| {
        let products = weights.iter().zip(input);
        bias + products
            .map(|(weight, element)| i32::from(*weight) * element)
            .sum::<i32>()
    })
    .collect()
}

fn columns(layer: &Layer, accumulators: &[i32]) -> Vec<Vec<u32>> {
    let Some(rounding) = &layer.rounding else {
        return Vec::new();
    };
    let mut columns = vec![Vec::with_capacity(1 << layer.output_variables()); rounding.columns()];
    // Padding is a row without weights: its accumulators are zero.
    let padding = (1usize << layer.output_variables()) - accumulators.len();
    let padded = accumulators
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, padding));
    for accumulator in padded {
        let parts = rounding.decompose(i64::from(accumulator));
        for (column, part) in columns.iter_mut().zip(parts) {
            column.push(part);
        }
    }
    columns
}

fn finish(program: &Program, layer: &Layer, accumulators: &[i32]) -> Vec<i32> {
    match program.nodes()[layer.node].finish() {
        Some(Output::Requantized(requant)) => round(*requant, accumulators),
        _ => accumulators.to_vec(),
    }
}

fn round(requant: Requant, accumulators: &[i32]) -> Vec<i32> {
    let rounded = accumulators
        .iter()
        .map(|accumulator| requant.apply(*accumulator));
    rounded.collect()
}
