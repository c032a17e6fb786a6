//! The operators of a program and their fields, in the order of their canonical bytes.

use super::{ValueId, Window};
use crate::{shape::Shape, tensor::DType};

/// A node: an operator with its operands and parameters. Its result is the value after its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// `acc[r, j] = bias[j] + Σ_i weights[j, i] · x[r, i]` over the innermost dimension.
    Linear {
        /// int8 or int16, innermost extent `k`.
        input: ValueId,
        /// `[n, k]`, row-major.
        weights: Vec<i8>,
        /// `[n]`, in units of the accumulator.
        bias: Vec<i32>,
        /// What becomes of the accumulators.
        output: Output,
    },
    /// `acc[o, y, x] = bias[o] + Σ_{c, i, j} weights[o, c, i, j] · in[c, y·s − p + i·d, x·s − p + j·d]`,
    /// where positions outside the input read zero (a cross-correlation, as in ONNX).
    Conv2d {
        /// int8 or int16, `[channels, height, width]`.
        input: ValueId,
        /// `[out channels, channels / groups, kernel height, kernel width]`, row-major.
        weights: Vec<i8>,
        /// `[out channels]`, in units of the accumulator.
        bias: Vec<i32>,
        /// Kernel, strides, padding and dilation.
        window: Window,
        /// 1; the field keeps a place for grouped convolutions.
        groups: u32,
        /// What becomes of the accumulators.
        output: Output,
    },
    /// The largest element of each window, per channel; padding never wins.
    MaxPool2d {
        /// Any type, `[channels, height, width]`.
        input: ValueId,
        /// Kernel, strides and padding; dilation 1.
        window: Window,
    },
    /// The same elements in the same order under another shape.
    Reshape {
        /// Any type.
        input: ValueId,
        /// As many elements as the input has.
        shape: Shape,
    },
    /// `acc = left · 2^left_shift + right · 2^right_shift`, elementwise over equal shapes. The shifts
    /// bring two powers of two to one scale.
    Add {
        /// Any type.
        left: ValueId,
        /// At most [`SHIFT_MAX`](super::SHIFT_MAX).
        left_shift: u8,
        /// Any type, same shape as `left`.
        right: ValueId,
        /// At most [`SHIFT_MAX`](super::SHIFT_MAX).
        right_shift: u8,
        /// What becomes of the accumulators.
        output: Output,
    },
    /// `max(x, 0)`, elementwise.
    Relu {
        /// Any type.
        input: ValueId,
    },
}

/// What becomes of int32 accumulators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// They are the value, as int32: exact scores for a last layer.
    Accumulator,
    /// They are rounded to a narrower type.
    Requantized(Requant),
}

/// `clamp(relu((acc + 2^(shift−1)) >> shift))`: a division by a power of two that rounds halves up,
/// then an optional ReLU, then saturation. A shift of 0 neither divides nor rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requant {
    /// Exponent of the divisor, at most [`SHIFT_MAX`](super::SHIFT_MAX).
    pub shift: u8,
    /// Whether negative quotients become zero.
    pub relu: bool,
    /// int8 or int16; quotients beyond its range take its nearest end.
    pub dtype: DType,
}

impl Op {
    /// The operator's name, as reports and errors print it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Linear { .. } => "linear",
            Self::Conv2d { .. } => "conv2d",
            Self::MaxPool2d { .. } => "max_pool2d",
            Self::Reshape { .. } => "reshape",
            Self::Add { .. } => "add",
            Self::Relu { .. } => "relu",
        }
    }

    /// The values it reads.
    pub fn operands(&self) -> impl Iterator<Item = ValueId> {
        let (first, second) = match self {
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::MaxPool2d { input, .. }
            | Self::Reshape { input, .. }
            | Self::Relu { input } => (*input, None),
            Self::Add { left, right, .. } => (*left, Some(*right)),
        };
        std::iter::once(first).chain(second)
    }

    /// Bytes of its weights and biases.
    pub fn parameter_bytes(&self) -> usize {
        match self {
            Self::Linear { weights, bias, .. } | Self::Conv2d { weights, bias, .. } => {
                weights.len() + 4 * bias.len()
            }
            Self::MaxPool2d { .. }
            | Self::Reshape { .. }
            | Self::Add { .. }
            | Self::Relu { .. } => 0,
        }
    }
}

impl Requant {
    /// The rounded quotient of one accumulator below [`ACCUMULATOR_BOUND`](super::ACCUMULATOR_BOUND),
    /// before ReLU and saturation.
    #[inline]
    pub fn quotient(self, accumulator: i32) -> i32 {
        let half = (1i32 << self.shift) >> 1;
        (accumulator + half) >> self.shift
    }

    /// The requantised value of one accumulator; it fits [`Requant::dtype`].
    #[inline]
    pub fn apply(self, accumulator: i32) -> i32 {
        let (low, high) = match self.dtype {
            DType::I8 => (i32::from(i8::MIN), i32::from(i8::MAX)),
            DType::I16 => (i32::from(i16::MIN), i32::from(i16::MAX)),
            DType::I32 => (i32::MIN, i32::MAX),
        };
        let low = if self.relu { 0 } else { low };
        self.quotient(accumulator).clamp(low, high)
    }
}
