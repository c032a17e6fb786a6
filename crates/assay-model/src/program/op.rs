//! The operators of a program and their fields, in the order of their canonical bytes.

use super::{ValueId, Window};
use crate::{
    shape::Shape,
    tensor::{DType, TensorData},
};

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
    /// `acc[o, y, x] = bias[o] + Σ_{c, i, j} weights[o, c, i, j] · in[g(o) + c, y·s − p + i·d, x·s − p + j·d]`,
    /// where positions outside the input read zero (a cross-correlation, as in ONNX) and `g(o)` is the
    /// first channel of the group of output `o`.
    Conv2d {
        /// int8 or int16, `[channels, height, width]`.
        input: ValueId,
        /// `[out channels, channels / groups, kernel height, kernel width]`, row-major.
        weights: Vec<i8>,
        /// `[out channels]`, in units of the accumulator.
        bias: Vec<i32>,
        /// Kernel, strides, padding and dilation.
        window: Window,
        /// Into how many equal blocks input and output channels are divided; an output sees the block
        /// of its own position. 1 sees everything; as many as channels is a depthwise convolution.
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
    /// `acc[c, y, x] = multiplier · Σ_{i, j} in[c, y·s − p + i, x·s − p + j]`, where positions outside the
    /// input read zero. With the multiplier near `2^shift / taps` the result is the mean.
    AveragePool2d {
        /// int8 or int16, `[channels, height, width]`.
        input: ValueId,
        /// Kernel, strides and padding; dilation 1.
        window: Window,
        /// At least 1.
        multiplier: u16,
        /// What becomes of the accumulators.
        output: Output,
    },
    /// `acc[i] = left[i] · right[i]`, elementwise; a dimension of 1 of `right` is repeated.
    Multiply {
        /// int8 or int16.
        left: ValueId,
        /// int8 or int16; as many dimensions as `left`, each as long as there or 1.
        right: ValueId,
        /// What becomes of the accumulators.
        output: Output,
    },
    /// `entries[x + 128]`, elementwise: any function of one int8.
    Table {
        /// int8.
        input: ValueId,
        /// The [`TABLE_ENTRIES`](super::TABLE_ENTRIES) results for −128, −127, …, 127; int8 or int16.
        entries: TensorData,
    },
    /// `acc = x · 2^shift`, elementwise: brings a value to another scale or type.
    Rescale {
        /// Any type.
        input: ValueId,
        /// At most [`SHIFT_MAX`](super::SHIFT_MAX).
        shift: u8,
        /// What becomes of the accumulators.
        output: Output,
    },
    /// The dimensions in another order: extent `i` of the result is extent `axes[i]` of the input.
    Transpose {
        /// Any type.
        input: ValueId,
        /// Each of the input's dimensions once, from 0.
        axes: Vec<u8>,
    },
    /// The inputs one after the other along one dimension.
    Concat {
        /// At least one; equal types, and equal extents along all other dimensions.
        inputs: Vec<ValueId>,
        /// The dimension, from 0.
        axis: u8,
    },
}

/// What becomes of int32 accumulators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// They are the value, as int32: exact scores for a last layer.
    Accumulator,
    /// They are rounded to a narrower type.
    Requantized(Requant),
    /// They are rounded to a narrower type, each output channel by a shift of its own. For `linear` and
    /// `conv2d` only.
    PerChannel(ChannelRequant),
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

/// A [`Requant`] whose shift depends on the output channel: the first dimension of a `conv2d`, the last
/// of a `linear`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRequant {
    /// One per output channel, each at most [`SHIFT_MAX`](super::SHIFT_MAX), not all equal (that is
    /// spelt as one [`Requant`]).
    pub shifts: Vec<u8>,
    /// As [`Requant::relu`].
    pub relu: bool,
    /// As [`Requant::dtype`].
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
            Self::AveragePool2d { .. } => "average_pool2d",
            Self::Multiply { .. } => "multiply",
            Self::Table { .. } => "table",
            Self::Rescale { .. } => "rescale",
            Self::Transpose { .. } => "transpose",
            Self::Concat { .. } => "concat",
        }
    }

    /// The values it reads.
    pub fn operands(&self) -> impl Iterator<Item = ValueId> {
        let (one, two, many): (Option<ValueId>, Option<ValueId>, &[ValueId]) = match self {
            Self::Linear { input, .. }
            | Self::Conv2d { input, .. }
            | Self::MaxPool2d { input, .. }
            | Self::Reshape { input, .. }
            | Self::Relu { input }
            | Self::AveragePool2d { input, .. }
            | Self::Table { input, .. }
            | Self::Rescale { input, .. }
            | Self::Transpose { input, .. } => (Some(*input), None, &[]),
            Self::Add { left, right, .. } | Self::Multiply { left, right, .. } => {
                (Some(*left), Some(*right), &[])
            }
            Self::Concat { inputs, .. } => (None, None, inputs),
        };
        one.into_iter().chain(two).chain(many.iter().copied())
    }

    /// What becomes of its accumulators, where it has some.
    pub fn finish(&self) -> Option<&Output> {
        match self {
            Self::Linear { output, .. }
            | Self::Conv2d { output, .. }
            | Self::Add { output, .. }
            | Self::AveragePool2d { output, .. }
            | Self::Multiply { output, .. }
            | Self::Rescale { output, .. } => Some(output),
            Self::MaxPool2d { .. }
            | Self::Reshape { .. }
            | Self::Relu { .. }
            | Self::Table { .. }
            | Self::Transpose { .. }
            | Self::Concat { .. } => None,
        }
    }

    /// Bytes of its weights, biases, shifts and tables.
    pub fn parameter_bytes(&self) -> usize {
        let own = match self {
            Self::Linear { weights, bias, .. } | Self::Conv2d { weights, bias, .. } => {
                weights.len() + 4 * bias.len()
            }
            Self::Table { entries, .. } => entries.len() * entries.dtype().size(),
            Self::MaxPool2d { .. }
            | Self::Reshape { .. }
            | Self::Add { .. }
            | Self::Relu { .. }
            | Self::AveragePool2d { .. }
            | Self::Multiply { .. }
            | Self::Rescale { .. }
            | Self::Transpose { .. }
            | Self::Concat { .. } => 0,
        };
        let shifts = match self.finish() {
            Some(Output::PerChannel(requant)) => requant.shifts.len(),
            _ => 0,
        };
        own + shifts
    }
}

impl ChannelRequant {
    /// The requantisation of output channel `channel`.
    ///
    /// # Panics
    /// If there is no such channel.
    #[inline]
    pub fn of(&self, channel: usize) -> Requant {
        Requant {
            shift: self.shifts[channel],
            relu: self.relu,
            dtype: self.dtype,
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
