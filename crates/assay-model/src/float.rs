//! Float graphs: a model as its author trained it, before integers.
//!
//! What import reads and calibration measures; never sold and never hashed. Arithmetic is IEEE single
//! precision in the fixed order of the crate's loop nests, so that the same import gives the same
//! integers on every machine. Like programs, graphs have no batch dimension and name values by
//! position: 0 is the input, node `i` produces value `i + 1`.

use crate::{
    function::Function,
    loops::{self, LinearExtents, Strides, WindowExtents},
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
    /// Whether the model ended in a softmax, which the graph leaves out.
    pub(crate) without_softmax: bool,
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
    /// Weights `[outputs, channels / groups, kernel height, kernel width]`.
    Conv2d {
        input: usize,
        weights: Vec<f32>,
        bias: Vec<f32>,
        window: Window,
        groups: u32,
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
    /// The mean of each window; padding counts as zero.
    AveragePool2d {
        input: usize,
        window: Window,
    },
    /// Dimensions of 1 of `right` are repeated.
    Multiply {
        left: usize,
        right: usize,
    },
    /// Elementwise.
    Function {
        input: usize,
        function: Function,
    },
    Transpose {
        input: usize,
        axes: Vec<u8>,
    },
    Concat {
        inputs: Vec<usize>,
        axis: u8,
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

    /// Whether the model ended in a softmax. It keeps the order of the scores, so the graph leaves it
    /// out and returns what goes into it.
    pub fn without_softmax(&self) -> bool {
        self.without_softmax
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
                groups,
            } => {
                let extents = WindowExtents::new(self.shape(*input), &node.shape, *window, *groups);
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
                let channels = node.shape.dims()[0];
                let extents =
                    WindowExtents::new(self.shape(*input), &node.shape, *window, channels);
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
            FloatOp::AveragePool2d { input, window } => {
                let channels = node.shape.dims()[0];
                let extents =
                    WindowExtents::new(self.shape(*input), &node.shape, *window, channels);
                loops::sum_pool2d(&extents, &values[*input], &mut out, |sum, x| sum + x);
                let taps = window.taps() as f32;
                out.iter_mut().for_each(|out| *out /= taps);
            }
            FloatOp::Multiply { left, right } => {
                let strides = Strides::broadcast(self.shape(*right), &node.shape);
                let right = &values[*right];
                let mut pairs = out.iter_mut().zip(&values[*left]);
                strides.walk(|position| {
                    if let Some((out, left)) = pairs.next() {
                        *out = left * right[position];
                    }
                });
            }
            FloatOp::Function { input, function } => {
                for (out, &x) in out.iter_mut().zip(&values[*input]) {
                    *out = function.at(x);
                }
            }
            FloatOp::Transpose { input, axes } => {
                let strides = Strides::transposed(self.shape(*input), axes);
                strides.gather(&values[*input], &mut out);
            }
            FloatOp::Concat { inputs, axis } => {
                let run = |input: usize| {
                    let dims = &self.shape(input).dims()[usize::from(*axis)..];
                    dims.iter().map(|&dim| dim as usize).product::<usize>()
                };
                let total = inputs.iter().map(|&input| run(input)).sum();
                let mut offset = 0;
                for &input in inputs {
                    let run = run(input);
                    loops::interleave(&values[input], run, offset, total, &mut out);
                    offset += run;
                }
            }
        }
        out
    }
}

impl FloatOp {
    pub(crate) fn operands(&self) -> impl Iterator<Item = usize> {
        let (one, two, many): (Option<usize>, Option<usize>, &[usize]) = match self {
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::MaxPool2d { input, .. }
            | Self::Reshape { input }
            | Self::Relu { input }
            | Self::AveragePool2d { input, .. }
            | Self::Function { input, .. }
            | Self::Transpose { input, .. } => (Some(*input), None, &[]),
            Self::Add { left, right } | Self::Multiply { left, right } => {
                (Some(*left), Some(*right), &[])
            }
            Self::Concat { inputs, .. } => (None, None, inputs),
        };
        one.into_iter().chain(two).chain(many.iter().copied())
    }

    pub(crate) fn operands_mut(&mut self) -> impl Iterator<Item = &mut usize> {
        let (one, two, many): (Option<&mut usize>, Option<&mut usize>, &mut [usize]) = match self {
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::MaxPool2d { input, .. }
            | Self::Reshape { input }
            | Self::Relu { input }
            | Self::AveragePool2d { input, .. }
            | Self::Function { input, .. }
            | Self::Transpose { input, .. } => (Some(input), None, &mut []),
            Self::Add { left, right } | Self::Multiply { left, right } => {
                (Some(left), Some(right), &mut [])
            }
            Self::Concat { inputs, .. } => (None, None, inputs),
        };
        one.into_iter().chain(two).chain(many)
    }
}
