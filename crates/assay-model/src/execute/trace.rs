//! Traces: every value of one inference, and the accumulators behind it, as a prover needs them.

use super::{ExecuteError, reference};
use crate::{
    program::{Program, ValueType},
    tensor::{Tensor, TensorData},
};

/// One node's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The value.
    pub value: TensorData,
    /// The accumulators that were finished to it; empty where the operator has none.
    pub accumulators: Vec<i32>,
}

/// Runs `program` on `input` by the plain loops of the specification and keeps what every node gives.
///
/// # Errors
/// [`ExecuteError::Input`] if type or shape of `input` is not the program's.
pub fn trace(program: &Program, input: &Tensor) -> Result<Vec<Traced>, ExecuteError> {
    let expected = program.input();
    let found = ValueType {
        dtype: input.dtype(),
        shape: input.shape().clone(),
    };
    if found != *expected {
        return Err(ExecuteError::Input {
            expected: expected.clone(),
            found,
        });
    }
    let mut traced: Vec<Traced> = Vec::with_capacity(program.nodes().len());
    for (node, op) in program.nodes().iter().enumerate() {
        let step = reference::plan(program, node, op);
        let ValueType { dtype, shape } = &program.facts()[node].value;
        let mut value = TensorData::zeros(*dtype, shape.elements());
        let accumulates = op.finish().is_some();
        let mut accumulators = vec![0; if accumulates { value.len() } else { 0 }];
        let operand = |id: crate::program::ValueId| match id.node() {
            None => input.data(),
            Some(before) => &traced[before].value,
        };
        reference::execute(op, &step, operand, &mut accumulators, &mut value);
        traced.push(Traced {
            value,
            accumulators,
        });
    }
    Ok(traced)
}
