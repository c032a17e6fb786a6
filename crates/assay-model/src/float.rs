//! Float graphs: a model as its author trained it, before integers.
//!
//! What import reads and calibration measures; never sold and never hashed. Arithmetic is IEEE single
//! precision in the fixed order of the crate's loop nests, so that the same import gives the same
//! integers on every machine. Like programs, graphs have no batch dimension and name values by
//! position: 0 is the input, node `i` produces value `i + 1`.

use crate::{
    loops::{self, LinearExtents, WindowExtents},
    program::Window,
    shape::Shape,
};

/// A model in floats with static shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatGraph {
    pub(crate) input: Shape,
    pub(crate) nodes: Vec<FloatNode>,
    /// The value that an inference returns.
    pub(crate) output: usize,
}

/// One operator application.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FloatNode {
    /// What its author calls it.
    pub(crate) name: String,
    pub(crate) op: FloatOp,
    /// Shape of its result.
    pub(crate) shape: Shape,
}

/// An operator; the same family as [`Op`](crate::program::Op), without quantisation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FloatOp {
    /// Weights `[outputs, inner]`.
    Linear {
        input: usize,
        weights: Vec<f32>,
        bias: Vec<f32>,
    },
    /// Weights `[outputs, channels, kernel height, kernel width]`.
    Conv2d {
        input: usize,
        weights: Vec<f32>,
        bias: Vec<f32>,
        window: Window,
    },
    MaxPool2d {
        input: usize,
        window: Window,
    },
    Reshape {
        input: usize,
    },
    Add {
        left: usize,
        right: usize,
    },
    Relu {
        input: usize,
    },
}

/// Why numbers are no input of a float graph.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FloatInputError {
    /// Another number of elements.
    #[error("the model takes {expected} numbers in shape {shape}, got {found}")]
    Elements {
        /// Shape of the input.
        shape: Shape,
        /// Elements of that shape.
        expected: usize,
        /// Elements given.
        found: usize,
    },
    /// NaN or infinity.
    #[error("element {index} of the input is {value}: every element must be finite")]
    NotFinite {
        /// Position of the element.
        index: usize,
        /// Its value.
        value: f64,
    },
}

impl FloatGraph {
    /// Shape of the input.
    pub fn input(&self) -> &Shape {
        &self.input
    }

    /// Shape of the output.
    pub fn output(&self) -> &Shape {
        self.shape(self.output)
    }

    /// Runs the graph on numbers in the order of the input's shape.
    ///
    /// # Errors
    /// [`FloatInputError`]
    pub fn run(&self, input: &[f64]) -> Result<Vec<f32>, FloatInputError> {
        let mut values = self.run_values(input)?;
        Ok(values.swap_remove(self.output))
    }

    /// Runs the graph and returns every value.
    pub(crate) fn run_values(&self, input: &[f64]) -> Result<Vec<Vec<f32>>, FloatInputError> {
        let expected = self.input.elements();
        if input.len() != expected {
            return Err(FloatInputError::Elements {
                shape: self.input.clone(),
                expected,
                found: input.len(),
            });
        }
        // Numbers beyond single precision would become infinite.
        let finite = |value: f64| (value as f32).is_finite();
        if let Some(index) = input.iter().position(|&value| !finite(value)) {
            return Err(FloatInputError::NotFinite {
                index,
                value: input[index],
            });
        }
        let mut values = vec![input.iter().map(|&value| value as f32).collect::<Vec<_>>()];
        for node in &self.nodes {
            let result = self.execute(node, &values);
            values.push(result);
        }
        Ok(values)
    }

    pub(crate) fn shape(&self, value: usize) -> &Shape {
        match value.checked_sub(1) {
            None => &self.input,
            Some(node) => &self.nodes[node].shape,
        }
    }

    fn execute(&self, node: &FloatNode, values: &[Vec<f32>]) -> Vec<f32> {
        let mut out = vec![0f32; node.shape.elements()];
        let multiply_add = |acc: f32, weight: f32, x: f32| acc + weight * x;
        match &node.op {
            FloatOp::Linear {
                input,
                weights,
                bias,
            } => {
                let inner = self.shape(*input).last() as usize;
                let extents = LinearExtents {
                    rows: values[*input].len() / inner,
                    inner,
                    outputs: bias.len(),
                };
                loops::linear(
                    extents,
                    &values[*input],
                    weights,
                    bias,
                    &mut out,
                    multiply_add,
                );
            }
            FloatOp::Conv2d {
                input,
                weights,
                bias,
                window,
            } => {
                let extents = WindowExtents::new(self.shape(*input), &node.shape, *window, 1);
                loops::conv2d(
                    &extents,
                    &values[*input],
                    weights,
                    bias,
                    &mut out,
                    multiply_add,
                );
            }
            FloatOp::MaxPool2d { input, window } => {
                let extents = WindowExtents::new(self.shape(*input), &node.shape, *window, 1);
                loops::max_pool2d(&extents, &values[*input], &mut out);
            }
            FloatOp::Reshape { input } => out.copy_from_slice(&values[*input]),
            FloatOp::Add { left, right } => {
                let operands = values[*left].iter().zip(&values[*right]);
                for (out, (left, right)) in out.iter_mut().zip(operands) {
                    *out = left + right;
                }
            }
            FloatOp::Relu { input } => {
                for (out, &x) in out.iter_mut().zip(&values[*input]) {
                    *out = if x > 0.0 { x } else { 0.0 };
                }
            }
        }
        out
    }
}

impl FloatOp {
    pub(crate) fn operands(&self) -> impl Iterator<Item = usize> {
        let (first, second) = match self {
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::MaxPool2d { input, .. }
            | Self::Reshape { input }
            | Self::Relu { input } => (*input, None),
            Self::Add { left, right } => (*left, Some(*right)),
        };
        std::iter::once(first).chain(second)
    }

    pub(crate) fn operands_mut(&mut self) -> impl Iterator<Item = &mut usize> {
        let (first, second) = match self {
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::MaxPool2d { input, .. }
            | Self::Reshape { input }
            | Self::Relu { input } => (input, None),
            Self::Add { left, right } => (left, Some(right)),
        };
        std::iter::once(first).chain(second)
    }
}
