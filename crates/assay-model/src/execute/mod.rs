//! Execution: runs a program on a tensor, bit for bit the same on every machine.
//!
//! A [`Plan`] is made once per program: it packs the weights for this processor's kernels and lays out
//! the memory. An [`Executor`] adds that memory and runs without allocating; any number of them share a
//! plan. Validation has bounded every accumulator, so the order of summation does not matter, and every
//! [`KernelSet`] returns the bits of the plain loops in `reference.rs`.

mod elementwise;
mod layout;
mod plan;
mod reference;
mod run;
mod trace;

pub use crate::kernels::KernelSet;
pub use plan::Plan;
pub use trace::{Traced, trace};

use std::sync::Arc;

use crate::{
    program::{Program, ValueType},
    tensor::{DType, Tensor, TensorData},
};

/// Items that [`Executor::run_batch`] takes through the layers together: enough that each weight is
/// loaded once for a whole tile of them, and few enough that their values stay in the nearest cache.
pub const BATCH_ITEMS: usize = 32;

/// Runs one program, again and again.
#[derive(Debug, Clone)]
pub struct Executor {
    plan: Arc<Plan>,
    /// Most items of one call.
    items_max: usize,
    buffers: Vec<TensorData>,
    /// Inputs that were given as real numbers, as integers in their order.
    quantized: TensorData,
    /// Outputs in their order.
    output: TensorData,
    reference: run::ReferenceMemory,
}

/// Elements of tensors, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elements<'a> {
    /// 8-bit two's complement.
    I8(&'a [i8]),
    /// 16-bit two's complement.
    I16(&'a [i16]),
    /// 32-bit two's complement.
    I32(&'a [i32]),
}

/// Why an input is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExecuteError {
    /// The tensor has another type or shape than the program's input.
    #[error(
        "the program takes {expected}, got {found}: quantise the input with the model's manifest"
    )]
    Input {
        /// Type and shape of the program's input.
        expected: ValueType,
        /// Type and shape of the tensor.
        found: ValueType,
    },
    /// The elements have another type, or are not one to as many inputs as the executor has room for.
    #[error(
        "{found} elements of {dtype} are not 1 to {items_max} inputs of {expected}: give whole inputs, or \
         make the executor for more of them"
    )]
    Elements {
        /// Type and shape of the program's input.
        expected: ValueType,
        /// Most inputs of one call.
        items_max: usize,
        /// Elements given.
        found: usize,
        /// Their type.
        dtype: DType,
    },
    /// NaN or infinity.
    #[error("element {index} of the input is {value}: every element must be finite")]
    NotFinite {
        /// Position of the element.
        index: usize,
        /// Its value.
        value: f32,
    },
}

impl Executor {
    /// Plans the execution of `program`, for one input at a time.
    pub fn new(program: impl Into<Arc<Program>>) -> Self {
        Self::of_plan(Arc::new(Plan::new(program)), 1)
    }

    /// An executor for up to `items_max` inputs (at least one) in one call.
    pub fn of_plan(plan: Arc<Plan>, items_max: usize) -> Self {
        let items_max = items_max.max(1);
        let zeros =
            |value: &ValueType| TensorData::zeros(value.dtype, items_max * value.shape.elements());
        Self {
            items_max,
            buffers: (plan.buffers.iter())
                .map(|buffer| buffer.allocate(items_max))
                .collect(),
            quantized: zeros(plan.program.input()),
            output: zeros(plan.program.output()),
            reference: run::ReferenceMemory::new(&plan),
            plan,
        }
    }

    /// The program it runs.
    pub fn program(&self) -> &Arc<Program> {
        &self.plan.program
    }

    /// Its plan, for more executors.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Runs the program on `input` and returns its output.
    ///
    /// # Errors
    /// [`ExecuteError::Input`] if type or shape of `input` is not the program's.
    pub fn run(&mut self, input: &Tensor) -> Result<Tensor, ExecuteError> {
        self.check(input)?;
        let output = self.infer(Elements::of(input.data()))?.to_data();
        Ok(self.tensor(output))
    }

    /// Runs the program on each of `inputs` and returns their outputs.
    ///
    /// # Errors
    /// [`ExecuteError::Input`] if type or shape of one is not the program's; then nothing is run.
    pub fn run_batch(&mut self, inputs: &[Tensor]) -> Result<Vec<Tensor>, ExecuteError> {
        inputs.iter().try_for_each(|input| self.check(input))?;
        let mut outputs = Vec::with_capacity(inputs.len());
        for inputs in inputs.chunks(self.items_max) {
            for (item, input) in inputs.iter().enumerate() {
                copy_item(input.data(), item, &mut self.quantized);
            }
            self.run_quantized(inputs.len());
            let output = self.outputs(inputs.len());
            let per_item = output.len() / inputs.len();
            for item in 0..inputs.len() {
                let data = output.part(item * per_item, per_item).to_data();
                outputs.push(self.tensor(data));
            }
        }
        Ok(outputs)
    }

    /// Runs the program on one or more inputs, element by element behind each other, and returns their
    /// outputs in the same form. Allocates nothing.
    ///
    /// # Errors
    /// [`ExecuteError::Elements`]
    pub fn infer(&mut self, inputs: Elements<'_>) -> Result<Elements<'_>, ExecuteError> {
        let items = self.items(inputs.len(), inputs.dtype())?;
        let plan = Arc::clone(&self.plan);
        self.run_items(&plan, items, inputs);
        Ok(self.outputs(items))
    }

    /// Quantises real numbers, as [`Manifest::quantize`](crate::Manifest::quantize) does with the same
    /// `fraction_bits`, and runs the program on them like [`Executor::infer`]. Allocates nothing.
    ///
    /// # Errors
    /// [`ExecuteError::Elements`] or [`ExecuteError::NotFinite`].
    pub fn infer_numbers(
        &mut self,
        inputs: &[f32],
        fraction_bits: i8,
    ) -> Result<Elements<'_>, ExecuteError> {
        let items = self.items(inputs.len(), self.plan.program.input().dtype)?;
        if let Some(index) = run::first_not_finite(self.plan.kernels, inputs) {
            return Err(ExecuteError::NotFinite {
                index,
                value: inputs[index],
            });
        }
        run::quantize(
            self.plan.kernels,
            inputs,
            fraction_bits,
            &mut self.quantized,
        );
        self.run_quantized(items);
        Ok(self.outputs(items))
    }

    fn run_quantized(&mut self, items: usize) {
        let plan = Arc::clone(&self.plan);
        let none = TensorData::zeros(DType::I8, 0);
        let quantized = std::mem::replace(&mut self.quantized, none);
        self.run_items(&plan, items, Elements::of(&quantized));
        self.quantized = quantized;
    }

    /// The outputs of the last run.
    fn outputs(&self, items: usize) -> Elements<'_> {
        let per_item = self.plan.program.output().shape.elements();
        Elements::of(&self.output).part(0, items * per_item)
    }

    fn items(&self, found: usize, dtype: DType) -> Result<usize, ExecuteError> {
        let expected = self.plan.program.input();
        let per_item = expected.shape.elements();
        let items = found / per_item;
        let whole = items * per_item == found && (1..=self.items_max).contains(&items);
        if whole && dtype == expected.dtype {
            Ok(items)
        } else {
            Err(ExecuteError::Elements {
                expected: expected.clone(),
                items_max: self.items_max,
                found,
                dtype,
            })
        }
    }

    fn check(&self, input: &Tensor) -> Result<(), ExecuteError> {
        let expected = self.plan.program.input();
        if input.dtype() == expected.dtype && *input.shape() == expected.shape {
            return Ok(());
        }
        Err(ExecuteError::Input {
            expected: expected.clone(),
            found: ValueType {
                dtype: input.dtype(),
                shape: input.shape().clone(),
            },
        })
    }

    fn tensor(&self, data: TensorData) -> Tensor {
        match Tensor::new(self.plan.program.output().shape.clone(), data) {
            Ok(tensor) => tensor,
            Err(error) => unreachable!("outputs have the shape of their value: {error}"),
        }
    }
}

impl<'a> Elements<'a> {
    /// The elements of `data`.
    pub fn of(data: &'a TensorData) -> Self {
        match data {
            TensorData::I8(data) => Self::I8(data),
            TensorData::I16(data) => Self::I16(data),
            TensorData::I32(data) => Self::I32(data),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::I8(data) => data.len(),
            Self::I16(data) => data.len(),
            Self::I32(data) => data.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    pub fn dtype(&self) -> DType {
        match self {
            Self::I8(_) => DType::I8,
            Self::I16(_) => DType::I16,
            Self::I32(_) => DType::I32,
        }
    }

    /// A copy of them.
    pub fn to_data(&self) -> TensorData {
        match self {
            Self::I8(data) => TensorData::I8(data.to_vec()),
            Self::I16(data) => TensorData::I16(data.to_vec()),
            Self::I32(data) => TensorData::I32(data.to_vec()),
        }
    }

    /// `count` of them from `start` on.
    fn part(self, start: usize, count: usize) -> Self {
        let range = start..start + count;
        match self {
            Self::I8(data) => Self::I8(&data[range]),
            Self::I16(data) => Self::I16(&data[range]),
            Self::I32(data) => Self::I32(&data[range]),
        }
    }
}

/// Copies one item's elements to their place among all items'.
fn copy_item(from: &TensorData, item: usize, to: &mut TensorData) {
    fn copy<T: Copy>(from: &[T], item: usize, to: &mut [T]) {
        to[item * from.len()..][..from.len()].copy_from_slice(from);
    }
    match (from, to) {
        (TensorData::I8(from), TensorData::I8(to)) => copy(from, item, to),
        (TensorData::I16(from), TensorData::I16(to)) => copy(from, item, to),
        (TensorData::I32(from), TensorData::I32(to)) => copy(from, item, to),
        (from, to) => reference::mismatch(from, to),
    }
}

#[cfg(test)]
mod tests;
