//! What the prover knows: every value of every inference, and the columns its accumulators decompose into.

use crate::progress::{Observer, Progress, Step};
use assay_model::{
    DType, ExecuteError, Program, Tensor, TensorData,
    execute::{Traced, trace},
    program::{Output, ValueType},
};
use assay_proof::{
    Frame,
    field::{Base, of_integer},
    outline::{Columns, DIFFERENCE_ZERO, LEAST, Made, Rounding},
    relations::axes,
    settle::difference_entry,
    statement::column,
};
use p3_field::PrimeCharacteristicRing as _;

/// The executions of one proof.
pub(crate) struct Witness<'a> {
    frame: Frame<'a>,
    /// Of each value, each inference's elements in row-major order.
    values: Vec<Vec<Vec<i32>>>,
    /// Of each value, each inference's accumulators, scaled to the largest shift of the value; empty where it has
    /// none.
    accumulators: Vec<Vec<Vec<i64>>>,
    /// Of each value, its columns on their cube; those of a value that is committed itself are empty.
    columns: Vec<Vec<Vec<u32>>>,
}

impl<'a> Witness<'a> {
    /// Executes `program` on `inputs`, telling `observer` before each.
    ///
    /// # Errors
    /// [`ExecuteError::Input`] for an input of another type.
    pub(crate) fn of(
        program: &Program,
        frame: Frame<'a>,
        inputs: &[Tensor],
        observer: &mut Observer<'_>,
    ) -> Result<Self, ExecuteError> {
        let count = frame.outline.values().len();
        let mut values = vec![Vec::with_capacity(inputs.len()); count];
        let mut accumulators = vec![Vec::with_capacity(inputs.len()); count];
        for (done, input) in inputs.iter().enumerate() {
            observer(Progress {
                step: Step::Executing,
                done,
                total: inputs.len(),
            });
            let traced = trace(program, input)?;
            values[0].push(input.data().to_i32());
            for (node, own) in traced.into_iter().enumerate() {
                let Traced {
                    value,
                    accumulators: own,
                } = own;
                values[node + 1].push(value.to_i32());
                accumulators[node + 1].push(scaled(program, node, own));
            }
        }
        let mut witness = Self {
            frame,
            values,
            accumulators,
            columns: vec![Vec::new(); count],
        };
        for (value, columns) in frame.outline.committed() {
            let mut columns = witness.decomposed(value, columns);
            for column in &mut columns {
                column.resize(1 << frame.column_variables(value), 0);
            }
            witness.columns[value] = columns;
        }
        Ok(witness)
    }

    /// The program's outputs.
    pub(crate) fn outputs(&self) -> &[Vec<i32>] {
        &self.values[self.frame.outline.output_value()]
    }

    /// The outputs as tensors.
    pub(crate) fn output_tensors(&self) -> Vec<Tensor> {
        let ValueType { dtype, shape } = self.frame.outline.output();
        let tensors = self.outputs().iter().map(|numbers| {
            let numbers = numbers.iter();
            let data = match dtype {
                DType::I8 => TensorData::I8(numbers.map(|number| *number as i8).collect()),
                DType::I16 => TensorData::I16(numbers.map(|number| *number as i16).collect()),
                DType::I32 => TensorData::I32(numbers.copied().collect()),
            };
            Tensor::new(shape.clone(), data).expect("as many results as the program says")
        });
        tensors.collect()
    }

    /// A value on its cube, inferences outermost.
    pub(crate) fn cube(&self, value: usize) -> Vec<Base> {
        column(self.frame.outline.layout(value), &self.values[value])
    }

    /// A value's accumulators on its cube.
    pub(crate) fn accumulators(&self, value: usize) -> Vec<Base> {
        let places = self.frame.outline.layout(value).places();
        let mut cube = vec![Base::ZERO; 1 << self.frame.variables(value)];
        let size = cube.len() >> self.frame.sample_variables();
        for (own, numbers) in cube.chunks_exact_mut(size).zip(&self.accumulators[value]) {
            for (place, number) in places.iter().zip(numbers) {
                own[*place as usize] = of_integer(*number);
            }
        }
        cube
    }

    /// A value's columns: numbers that are positions in tables.
    pub(crate) fn positions(&self, value: usize) -> &[Vec<u32>] {
        &self.columns[value]
    }

    /// A value's columns as they are committed to.
    pub(crate) fn committed(&self, value: usize) -> Vec<Vec<Base>> {
        match self.frame.outline.columns(value) {
            Some(Columns::Raw) => {
                let mut column = self.cube(value);
                column.resize(1 << self.frame.column_variables(value), Base::ZERO);
                vec![column]
            }
            _ => {
                let columns = self.columns[value].iter();
                columns.map(|column| lift(column)).collect()
            }
        }
    }

    fn decomposed(&self, value: usize, columns: Columns<'_>) -> Vec<Vec<u32>> {
        let outline = self.frame.outline;
        let variables = outline.layout(value).variables();
        let size = 1usize << variables;
        let places = outline.layout(value).places();
        let all = || vec![0u32; size << self.frame.sample_variables()];
        match columns {
            Columns::Raw => Vec::new(),
            Columns::Rounded(rounding) => {
                let mut columns = vec![all(); rounding.columns()];
                let zero = decompose(rounding, 0);
                for (column, part) in columns.iter_mut().zip(zero) {
                    column.fill(part);
                }
                for sample in 0..self.frame.samples() {
                    let mut each = |place: u32, accumulator: i64| {
                        let place = sample * size + place as usize;
                        rounding.decompose(accumulator, |column, part| {
                            columns[column][place] = part;
                        });
                    };
                    let own = &self.accumulators[value][sample];
                    match outline.made(value) {
                        // A rectified value has no accumulators of its own: it is a sum of one.
                        Made::Sum { terms, .. } if own.is_empty() => {
                            let operand = &self.values[terms[0].value as usize][sample];
                            for (place, number) in places.iter().zip(operand) {
                                each(*place, i64::from(*number));
                            }
                        }
                        _ => {
                            for (place, accumulator) in places.iter().zip(own) {
                                each(*place, *accumulator);
                            }
                        }
                    }
                }
                columns
            }
            Columns::Function { .. } => {
                let Made::Function { input, .. } = outline.made(value) else {
                    unreachable!("a function's columns are of a function")
                };
                // Padding is the function of zero.
                let mut column = all();
                column.fill(128);
                for (sample, numbers) in self.values[*input as usize].iter().enumerate() {
                    for (place, number) in places.iter().zip(numbers) {
                        column[sample * size + *place as usize] = (number + 128) as u32;
                    }
                }
                vec![column]
            }
            Columns::Largest { taps } => {
                let mut columns = vec![all(); taps];
                for (tap, column) in columns.iter_mut().enumerate() {
                    // In padding every tap reads zero, which is larger than nothing before it.
                    let largest = if tap == 0 { LEAST } else { 0 };
                    column.fill(difference(largest, 0));
                }
                self.search(value, &places, size, &mut columns);
                columns
            }
        }
    }

    /// The columns of a search for the largest element of each window.
    fn search(&self, value: usize, places: &[u32], size: usize, columns: &mut [Vec<u32>]) {
        let Made::Largest { input, window } = self.frame.outline.made(value) else {
            unreachable!("a search is for a largest element")
        };
        let [vertical, horizontal] = axes(&self.frame, value, *input, window);
        let (height, width) = (vertical.input as usize, horizontal.input as usize);
        let positions = (vertical.output * horizontal.output) as usize;
        for (sample, numbers) in self.values[*input as usize].iter().enumerate() {
            for (index, place) in places.iter().enumerate() {
                let (channel, position) = (index / positions, index % positions);
                let (y, x) = (
                    position as u32 / horizontal.output,
                    position as u32 % horizontal.output,
                );
                let map = &numbers[channel * height * width..][..height * width];
                let mut largest = LEAST;
                for (tap, column) in columns.iter_mut().enumerate() {
                    let (i, j) = (
                        tap as u32 / horizontal.kernel,
                        tap as u32 % horizontal.kernel,
                    );
                    let read = vertical.source(i, y).zip(horizontal.source(j, x));
                    let read = read.map_or(LEAST, |(y, x)| map[y as usize * width + x as usize]);
                    let position = difference(largest, read);
                    column[sample * size + *place as usize] = position;
                    largest += difference_entry(position as usize) as i32;
                }
            }
        }
    }
}

/// Numbers as field elements.
pub(crate) fn lift(column: &[u32]) -> Vec<Base> {
    let column = column.iter();
    column.map(|part| of_integer(i64::from(*part))).collect()
}

fn difference(largest: i32, read: i32) -> u32 {
    (largest - read + DIFFERENCE_ZERO as i32) as u32
}

fn decompose(rounding: &Rounding, accumulator: i64) -> Vec<u32> {
    let mut parts = vec![0; rounding.columns()];
    rounding.decompose(accumulator, |column, part| parts[column] = part);
    parts
}

/// Accumulators where each output channel has a shift of its own, brought to the largest.
fn scaled(program: &Program, node: usize, accumulators: Vec<i32>) -> Vec<i64> {
    let wide = accumulators.into_iter().map(i64::from);
    let op = &program.nodes()[node];
    let Some(Output::PerChannel(requant)) = op.finish() else {
        return wide.collect();
    };
    let largest = requant.shifts.iter().copied().max().unwrap_or_default();
    let dims = program.facts()[node].value.shape.dims();
    // Channels come first in an image and last in a row.
    let inner: usize = match op {
        assay_model::program::Op::Conv2d { .. } => {
            dims[1..].iter().map(|extent| *extent as usize).product()
        }
        _ => 1,
    };
    let channels = requant.shifts.len();
    wide.enumerate()
        .map(|(index, own)| own << (largest - requant.shifts[index / inner % channels]))
        .collect()
}
