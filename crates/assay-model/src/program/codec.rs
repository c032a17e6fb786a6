//! Canonical bytes of a program's parts.
//!
//! Everything is big-endian. Lists carry their length as a minimal varint, which is bounded before
//! anything is allocated; so each program has exactly one encoding.

use bytes::BufMut;
use commonware_codec::{
    Buf, EncodeSize, Error as CodecError, FixedSize, RangeCfg, Read, ReadExt, Write,
};

use super::{
    CONCAT_MAX, ChannelRequant, NODES_MAX, Op, Output, PARAMETER_BYTES_MAX, Parts, Requant,
    TABLE_ENTRIES, ValueId, ValueType,
};
use crate::{
    codec::read_version,
    shape::{RANK_MAX, Shape},
    tensor::{DType, TensorData, read_elements, write_elements},
};

/// Version byte of a program's canonical bytes.
pub(super) const PROGRAM_VERSION: u8 = 1;

impl Write for Parts {
    fn write(&self, buf: &mut impl BufMut) {
        PROGRAM_VERSION.write(buf);
        self.input.write(buf);
        self.nodes.write(buf);
        self.output.write(buf);
    }
}

impl EncodeSize for Parts {
    fn encode_size(&self) -> usize {
        1 + self.input.encode_size() + self.nodes.encode_size() + self.output.encode_size()
    }
}

impl Read for Parts {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        read_version(buf, PROGRAM_VERSION, "program")?;
        Ok(Self {
            input: ValueType::read(buf)?,
            nodes: Vec::read_cfg(buf, &(RangeCfg::new(0..=NODES_MAX), ()))?,
            output: ValueId::read(buf)?,
        })
    }
}

impl Write for ValueId {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl FixedSize for ValueId {
    const SIZE: usize = 4;
}

impl Read for ValueId {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self(u32::read(buf)?))
    }
}

impl Write for ValueType {
    fn write(&self, buf: &mut impl BufMut) {
        self.dtype.write(buf);
        self.shape.write(buf);
    }
}

impl EncodeSize for ValueType {
    fn encode_size(&self) -> usize {
        DType::SIZE + self.shape.encode_size()
    }
}

impl Read for ValueType {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self {
            dtype: DType::read(buf)?,
            shape: Shape::read(buf)?,
        })
    }
}

impl Write for Op {
    fn write(&self, buf: &mut impl BufMut) {
        match self {
            Self::Linear {
                input,
                weights,
                bias,
                output,
            } => {
                0u8.write(buf);
                input.write(buf);
                weights.write(buf);
                bias.write(buf);
                output.write(buf);
            }
            Self::Conv2d {
                input,
                weights,
                bias,
                window,
                groups,
                output,
            } => {
                1u8.write(buf);
                input.write(buf);
                weights.write(buf);
                bias.write(buf);
                window.write(buf);
                groups.write(buf);
                output.write(buf);
            }
            Self::MaxPool2d { input, window } => {
                2u8.write(buf);
                input.write(buf);
                window.write(buf);
            }
            Self::Reshape { input, shape } => {
                3u8.write(buf);
                input.write(buf);
                shape.write(buf);
            }
            Self::Add {
                left,
                left_shift,
                right,
                right_shift,
                output,
            } => {
                4u8.write(buf);
                left.write(buf);
                left_shift.write(buf);
                right.write(buf);
                right_shift.write(buf);
                output.write(buf);
            }
            Self::Relu { input } => {
                5u8.write(buf);
                input.write(buf);
            }
            Self::AveragePool2d {
                input,
                window,
                multiplier,
                output,
            } => {
                6u8.write(buf);
                input.write(buf);
                window.write(buf);
                multiplier.write(buf);
                output.write(buf);
            }
            Self::Multiply {
                left,
                right,
                output,
            } => {
                7u8.write(buf);
                left.write(buf);
                right.write(buf);
                output.write(buf);
            }
            Self::Table { input, entries } => {
                8u8.write(buf);
                input.write(buf);
                entries.dtype().write(buf);
                write_elements(entries, buf);
            }
            Self::Rescale {
                input,
                shift,
                output,
            } => {
                9u8.write(buf);
                input.write(buf);
                shift.write(buf);
                output.write(buf);
            }
            Self::Transpose { input, axes } => {
                10u8.write(buf);
                input.write(buf);
                axes.write(buf);
            }
            Self::Concat { inputs, axis } => {
                11u8.write(buf);
                inputs.write(buf);
                axis.write(buf);
            }
        }
    }
}

impl EncodeSize for Op {
    fn encode_size(&self) -> usize {
        1 + match self {
            Self::Linear {
                weights,
                bias,
                output,
                ..
            } => 4 + parameters_size(weights, bias) + output.encode_size(),
            Self::Conv2d {
                weights,
                bias,
                window,
                groups,
                output,
                ..
            } => {
                4 + parameters_size(weights, bias)
                    + window.encode_size()
                    + groups.encode_size()
                    + output.encode_size()
            }
            Self::MaxPool2d { window, .. } => 4 + window.encode_size(),
            Self::Reshape { shape, .. } => 4 + shape.encode_size(),
            Self::Add { output, .. } => 10 + output.encode_size(),
            Self::Relu { .. } => 4,
            Self::AveragePool2d { window, output, .. } => {
                6 + window.encode_size() + output.encode_size()
            }
            Self::Multiply { output, .. } => 8 + output.encode_size(),
            Self::Table { entries, .. } => 5 + entries.len() * entries.dtype().size(),
            Self::Rescale { output, .. } => 5 + output.encode_size(),
            Self::Transpose { axes, .. } => 4 + axes.encode_size(),
            Self::Concat { inputs, .. } => 1 + inputs.encode_size(),
        }
    }
}

impl Read for Op {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(match u8::read(buf)? {
            0 => Self::Linear {
                input: ValueId::read(buf)?,
                weights: read_weights(buf)?,
                bias: read_bias(buf)?,
                output: Output::read(buf)?,
            },
            1 => Self::Conv2d {
                input: ValueId::read(buf)?,
                weights: read_weights(buf)?,
                bias: read_bias(buf)?,
                window: ReadExt::read(buf)?,
                groups: u32::read(buf)?,
                output: Output::read(buf)?,
            },
            2 => Self::MaxPool2d {
                input: ValueId::read(buf)?,
                window: ReadExt::read(buf)?,
            },
            3 => Self::Reshape {
                input: ValueId::read(buf)?,
                shape: Shape::read(buf)?,
            },
            4 => Self::Add {
                left: ValueId::read(buf)?,
                left_shift: u8::read(buf)?,
                right: ValueId::read(buf)?,
                right_shift: u8::read(buf)?,
                output: Output::read(buf)?,
            },
            5 => Self::Relu {
                input: ValueId::read(buf)?,
            },
            6 => Self::AveragePool2d {
                input: ValueId::read(buf)?,
                window: ReadExt::read(buf)?,
                multiplier: u16::read(buf)?,
                output: Output::read(buf)?,
            },
            7 => Self::Multiply {
                left: ValueId::read(buf)?,
                right: ValueId::read(buf)?,
                output: Output::read(buf)?,
            },
            8 => Self::Table {
                input: ValueId::read(buf)?,
                entries: read_table(buf)?,
            },
            9 => Self::Rescale {
                input: ValueId::read(buf)?,
                shift: u8::read(buf)?,
                output: Output::read(buf)?,
            },
            10 => Self::Transpose {
                input: ValueId::read(buf)?,
                axes: Vec::read_cfg(buf, &(RangeCfg::new(0..=RANK_MAX), ()))?,
            },
            11 => Self::Concat {
                inputs: Vec::read_cfg(buf, &(RangeCfg::new(0..=CONCAT_MAX), ()))?,
                axis: u8::read(buf)?,
            },
            tag => return Err(CodecError::InvalidEnum(tag)),
        })
    }
}

fn read_table(buf: &mut impl Buf) -> Result<TensorData, CodecError> {
    let dtype = DType::read(buf)?;
    read_elements(buf, dtype, TABLE_ENTRIES)
}

fn parameters_size(weights: &Vec<i8>, bias: &Vec<i32>) -> usize {
    weights.encode_size() + bias.encode_size()
}

fn read_weights(buf: &mut impl Buf) -> Result<Vec<i8>, CodecError> {
    Vec::read_cfg(buf, &(RangeCfg::new(0..=PARAMETER_BYTES_MAX), ()))
}

fn read_bias(buf: &mut impl Buf) -> Result<Vec<i32>, CodecError> {
    Vec::read_cfg(buf, &(RangeCfg::new(0..=PARAMETER_BYTES_MAX / 4), ()))
}

impl Write for Output {
    fn write(&self, buf: &mut impl BufMut) {
        match self {
            Self::Accumulator => 0u8.write(buf),
            Self::Requantized(requant) => {
                1u8.write(buf);
                requant.shift.write(buf);
                requant.relu.write(buf);
                requant.dtype.write(buf);
            }
            Self::PerChannel(requant) => {
                2u8.write(buf);
                requant.shifts.write(buf);
                requant.relu.write(buf);
                requant.dtype.write(buf);
            }
        }
    }
}

impl EncodeSize for Output {
    fn encode_size(&self) -> usize {
        match self {
            Self::Accumulator => 1,
            Self::Requantized(_) => 4,
            Self::PerChannel(requant) => 3 + requant.shifts.encode_size(),
        }
    }
}

impl Read for Output {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        match u8::read(buf)? {
            0 => Ok(Self::Accumulator),
            1 => Ok(Self::Requantized(Requant {
                shift: u8::read(buf)?,
                relu: bool::read(buf)?,
                dtype: DType::read(buf)?,
            })),
            2 => Ok(Self::PerChannel(ChannelRequant {
                shifts: Vec::read_cfg(buf, &(RangeCfg::new(0..=PARAMETER_BYTES_MAX), ()))?,
                relu: bool::read(buf)?,
                dtype: DType::read(buf)?,
            })),
            tag => Err(CodecError::InvalidEnum(tag)),
        }
    }
}
