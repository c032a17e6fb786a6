//! From a program to its outline.

use super::{Kept, LEAST, Made, Outline, OutlineError, Rounding, Term, check::Form};
use assay_model::{
    DType, Program,
    program::{NodeFacts, Op, Output, Requant, ValueId},
};

/// A program that cannot be proven yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// The largest of wider numbers than int8.
    #[error("node {node} (max_pool2d) looks for the largest {dtype}; int8 can be proven")]
    Largest {
        /// Place of the node.
        node: usize,
        /// What it pools.
        dtype: DType,
    },
    /// Accumulators of a wider span than one decomposition covers.
    #[error(
        "accumulators of node {node} ({op}) can lie too far beyond what its result keeps; raise its shift"
    )]
    Span {
        /// Place of the node.
        node: usize,
        /// Its operator.
        op: &'static str,
    },
    /// The outline would break a limit.
    #[error(transparent)]
    Outline(#[from] OutlineError),
}

impl Outline {
    /// The outline of `program`.
    ///
    /// # Errors
    /// [`Unsupported`] names the first node without a protocol.
    pub fn of(program: &Program) -> Result<Self, Unsupported> {
        let mut values = vec![Made::Input];
        for (node, op) in program.nodes().iter().enumerate() {
            values.push(made(program, node, op)?);
        }
        let form = Form {
            model: program.model_id(),
            input: program.input().clone(),
            output: program.output().clone(),
            values,
            output_value: program.output_id().get(),
        };
        Ok(Self::new(form)?)
    }
}

fn made(program: &Program, node: usize, op: &Op) -> Result<Made, Unsupported> {
    let facts = &program.facts()[node];
    let kept = |output: &Output| kept(node, op, output, facts);
    Ok(match op {
        Op::Linear {
            input,
            bias,
            output,
            ..
        } => Made::Linear {
            input: input.get(),
            outputs: bias.len() as u32,
            kept: kept(output)?,
        },
        Op::Conv2d {
            input,
            bias,
            window,
            groups,
            output,
            ..
        } => Made::Convolution {
            input: input.get(),
            outputs: bias.len() as u32,
            window: *window,
            groups: *groups,
            kept: kept(output)?,
        },
        Op::AveragePool2d {
            input,
            window,
            multiplier,
            output,
        } => Made::Average {
            input: input.get(),
            window: *window,
            multiplier: *multiplier,
            kept: kept(output)?,
        },
        Op::Add {
            left,
            left_shift,
            right,
            right_shift,
            output,
        } => Made::Sum {
            terms: vec![term(*left, *left_shift), term(*right, *right_shift)],
            kept: kept(output)?,
        },
        Op::Rescale {
            input,
            shift,
            output,
        } => Made::Sum {
            terms: vec![term(*input, *shift)],
            kept: kept(output)?,
        },
        Op::Relu { input } => {
            let (least, most) = range(program, *input);
            let width = (most.max(1) as u64).ilog2() as u8 + 1;
            let rounding = Rounding::new(0, 0, width, (least, most));
            let op = op.name();
            Made::Sum {
                terms: vec![term(*input, 0)],
                kept: Kept::Rounded(rounding.ok_or(Unsupported::Span { node, op })?),
            }
        }
        Op::Multiply {
            left,
            right,
            output,
        } => Made::Product {
            left: left.get(),
            right: right.get(),
            kept: kept(output)?,
        },
        Op::Table { input, entries } => Made::Function {
            input: input.get(),
            entries: entries.to_i32().iter().map(|entry| *entry as i16).collect(),
        },
        Op::MaxPool2d { input, window } => {
            let dtype = program.value(*input).dtype;
            if dtype != DType::I8 {
                return Err(Unsupported::Largest { node, dtype });
            }
            Made::Largest {
                input: input.get(),
                window: *window,
            }
        }
        Op::Reshape { input, shape } => Made::Reshape {
            input: input.get(),
            dims: shape.dims().to_vec(),
        },
        Op::Transpose { input, axes } => Made::Transpose {
            input: input.get(),
            axes: axes.clone(),
        },
        Op::Concat { inputs, axis } => Made::Concat {
            inputs: inputs.iter().map(|input| input.get()).collect(),
            axis: *axis,
        },
    })
}

fn term(value: ValueId, shift: u8) -> Term {
    Term {
        value: value.get(),
        shift,
    }
}

/// What a value's elements lie between.
fn range(program: &Program, value: ValueId) -> (i64, i64) {
    match value.node() {
        Some(node) => program.facts()[node].range,
        None => program.input().dtype.range(),
    }
}

fn kept(node: usize, op: &Op, output: &Output, facts: &NodeFacts) -> Result<Kept, Unsupported> {
    let op = op.name();
    let Requant { shift, relu, dtype } = match output {
        Output::Accumulator => return Ok(Kept::Accumulators),
        Output::Requantized(requant) => *requant,
        // Accumulators are scaled to the largest shift.
        Output::PerChannel(channels) => Requant {
            shift: channels.shifts.iter().copied().max().unwrap_or_default(),
            relu: channels.relu,
            dtype: channels.dtype,
        },
    };
    let (low, width) = match (dtype, relu) {
        (DType::I8, false) => (LEAST, 8),
        (DType::I8, true) => (0, 7),
        (_, false) => (i32::from(i16::MIN), 16),
        (_, true) => (0, 15),
    };
    let quotients = facts.quotient.unwrap_or_default();
    let rounding = Rounding::new(shift, low, width, quotients);
    Ok(Kept::Rounded(
        rounding.ok_or(Unsupported::Span { node, op })?,
    ))
}
