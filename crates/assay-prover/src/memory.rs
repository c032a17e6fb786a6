//! How much memory a proof takes, told before it is made.
//!
//! Sizes follow from the outline alone. Each step holds what earlier ones left and adds its own; the largest step
//! counts. In nearly every proof that is the lookup argument, whose tree of fractions has a leaf for each element of
//! each column that it reads, padded to a power of two: doubling the inferences doubles the prediction, or nearly
//! quadruples it where the columns pass a power of two on the way. Beyond [`lookup::LEAVES_MAX`] there are more
//! arguments, one after the other, and the commitment to the columns grows alone.
//!
//! The factors were fitted to the peaks of single steps, and the whole to the peaks of `assay prove`, for the bundled
//! networks with 1 to 256 inferences and for one of six million cells: there the prediction lies between 0.8 and 1.15
//! times what was measured (`docs/performance.md`, "Proofs").

use assay_proof::{
    Frame,
    commitment::{column_tables, stacks, weights_log_inv_rate},
    lookup,
    outline::ParameterTable,
};

/// What a process holds beside a proof: its code, a model, a runtime.
const PROCESS_BYTES: usize = 24 << 20;
/// What an allocator holds for what is held: it keeps some of what was freed.
const RESERVE: (usize, usize) = (9, 8);
/// Of a committed cell, as long as its commitment is kept.
const CELL_BYTES: usize = 4;
/// Of an element of its codeword: the element, and a Merkle tree over sixteen in a leaf.
const CODEWORD_ELEMENT_BYTES: usize = 8;
/// Of a committed cell while its commitment is opened: a weight and the cell in the extension.
const OPENED_CELL_BYTES: usize = 42;
/// Of a cell of a column: its number.
const COLUMN_CELL_BYTES: usize = 4;
/// Of an element of a value: the number and its accumulator.
const ELEMENT_BYTES: usize = 12;
/// Of an element whose claims are settled: six factors in the extension, and what it reads.
const SETTLED_ELEMENT_BYTES: usize = 136;
/// Of an element of the largest value, where products and links are summed: three factors in the extension.
const SUMMED_ELEMENT_BYTES: usize = 60;
/// Of a row that reads a table: its position, and its weight in the extension.
const READER_ROW_BYTES: usize = 28;
/// Of a leaf of the lookup argument, padding included: a fraction in the extension twice, and the tree above it.
const LEAF_BYTES: usize = 116;

/// Most bytes that a process holds while it proves in `frame`; where `weights_are_committed`, the making of the
/// model's key included. An estimate, within about a third of what happens.
pub fn memory_bytes(frame: &Frame<'_>, weights_are_committed: bool) -> usize {
    let outline = frame.outline;
    let tables = column_tables(frame);
    let cells: usize = tables
        .iter()
        .map(|table| table.columns << table.variables)
        .sum();
    let columns = padded(cells);
    let of_weights = |stack: &Vec<ParameterTable>| {
        let cells = stack.iter().map(|table| 1usize << table.variables);
        padded(cells.sum())
    };
    let stacks: Vec<usize> = match weights_are_committed {
        true => stacks(outline).iter().map(of_weights).collect(),
        false => Vec::new(),
    };
    let values = 0..outline.values().len();
    let elements = |value| 1usize << frame.variables(value);
    let all: usize = values.clone().map(elements).sum();
    let largest = values.map(elements).max().unwrap_or_default();
    let settled: usize = outline.committed().map(|(value, _)| elements(value)).sum();
    let arguments = lookup::arguments(frame);
    let leaves = arguments.iter().map(|tables| {
        let leaves = tables.iter().map(|table| table.leaves(frame));
        padded(leaves.sum())
    });
    let leaves = leaves.max().unwrap_or_default();

    let witness = cells * COLUMN_CELL_BYTES + all * ELEMENT_BYTES;
    let weights = stacks.iter().map(|cells| {
        let rate = weights_log_inv_rate(cells.ilog2() as usize);
        committed_bytes(*cells, rate)
    });
    let held = witness + weights.sum::<usize>();
    let committed = held + committed_bytes(columns, 1);
    let steps = [
        committed + largest * SUMMED_ELEMENT_BYTES,
        committed + settled * SETTLED_ELEMENT_BYTES,
        committed + cells * READER_ROW_BYTES + leaves * LEAF_BYTES,
        committed + columns * OPENED_CELL_BYTES,
        held + stacks.iter().max().copied().unwrap_or_default() * OPENED_CELL_BYTES,
    ];
    let most = steps.into_iter().max().unwrap_or_default();
    PROCESS_BYTES + most / RESERVE.1 * RESERVE.0
}

/// Of so many cells, as long as their commitment is kept, at a rate given by the logarithm of its inverse.
fn committed_bytes(cells: usize, log_inv_rate: usize) -> usize {
    cells * (CELL_BYTES + (CODEWORD_ELEMENT_BYTES << log_inv_rate))
}

fn padded(cells: usize) -> usize {
    match cells {
        0 => 0,
        some => some.next_power_of_two(),
    }
}

#[cfg(test)]
mod tests;
