//! Tensors: integers with a shape, the only thing that enters or leaves a program.
//!
//! Canonical bytes (version 1): `1`, dtype, rank, extents (u32), elements (two's complement);
//! all big-endian, nothing follows. An input's id and an output's id are BLAKE3 of these bytes.
//!
//! Invariant: a tensor holds exactly as many elements as its shape says.

use std::fmt;

use assay_types::ContentId;
use bytes::BufMut;
use commonware_codec::{Buf, Encode, EncodeSize, Error as CodecError, Read, ReadExt, Write};

use crate::shape::{ELEMENTS_MAX, RANK_MAX, Shape, ShapeError};

/// Version byte of a tensor's canonical bytes.
pub const TENSOR_VERSION: u8 = 1;

/// Longest canonical tensor: the largest shape in int32 and its head.
pub const TENSOR_BYTES_MAX: usize = 3 + 4 * RANK_MAX + 4 * ELEMENTS_MAX;

/// Integers with a shape, row-major.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    shape: Shape,
    data: TensorData,
}

/// The elements of a tensor, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TensorData {
    /// 8-bit two's complement.
    I8(Vec<i8>),
    /// 16-bit two's complement.
    I16(Vec<i16>),
    /// 32-bit two's complement.
    I32(Vec<i32>),
}

/// The type of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// 8-bit two's complement: weights and activations.
    I8,
    /// 16-bit two's complement: activations.
    I16,
    /// 32-bit two's complement: biases and accumulators.
    I32,
}

/// Why bytes or data do not make a tensor.
#[derive(Debug, thiserror::Error)]
pub enum TensorError {
    /// The element count contradicts the shape.
    #[error("a tensor of shape {shape} needs {expected} elements, got {found}")]
    Elements {
        /// The shape asked for.
        shape: Shape,
        /// Elements of that shape.
        expected: usize,
        /// Elements given.
        found: usize,
    },
    /// The extents are no shape.
    #[error("the extents of the tensor are refused")]
    Shape {
        /// Which rule they break.
        #[source]
        source: ShapeError,
    },
    /// The bytes are longer than any tensor.
    #[error("{bytes} bytes are more than any tensor has ({TENSOR_BYTES_MAX})")]
    TooLarge {
        /// Bytes given.
        bytes: usize,
    },
    /// The bytes are not canonical tensor bytes.
    #[error("the bytes are not a canonical tensor: encode it again with this version")]
    Malformed {
        /// Where decoding stopped.
        #[source]
        source: CodecError,
    },
}

impl Tensor {
    /// A tensor of `shape` over `data`, row-major.
    ///
    /// # Errors
    /// [`TensorError::Elements`] if the counts differ.
    pub fn new(shape: Shape, data: TensorData) -> Result<Self, TensorError> {
        let expected = shape.elements();
        if data.len() != expected {
            let found = data.len();
            return Err(TensorError::Elements {
                shape,
                expected,
                found,
            });
        }
        Ok(Self { shape, data })
    }

    /// Reads canonical bytes; trailing bytes are refused.
    ///
    /// # Errors
    /// [`TensorError::TooLarge`] or [`TensorError::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TensorError> {
        if bytes.len() > TENSOR_BYTES_MAX {
            return Err(TensorError::TooLarge { bytes: bytes.len() });
        }
        crate::codec::decode_exact(bytes).map_err(|source| TensorError::Malformed { source })
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode().to_vec()
    }

    /// BLAKE3 of the canonical bytes: the id under which orders name this tensor.
    pub fn id(&self) -> ContentId {
        ContentId::of(&self.encode())
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The elements.
    pub fn data(&self) -> &TensorData {
        &self.data
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// Position of the largest element, the first of equals.
    pub fn argmax(&self) -> usize {
        fn first_largest<T: Copy + PartialOrd>(data: &[T]) -> usize {
            let mut best = 0;
            for (index, value) in data.iter().enumerate() {
                if *value > data[best] {
                    best = index;
                }
            }
            best
        }
        match &self.data {
            TensorData::I8(data) => first_largest(data),
            TensorData::I16(data) => first_largest(data),
            TensorData::I32(data) => first_largest(data),
        }
    }
}

impl TensorData {
    /// `len` zeros of type `dtype`.
    pub fn zeros(dtype: DType, len: usize) -> Self {
        match dtype {
            DType::I8 => Self::I8(vec![0; len]),
            DType::I16 => Self::I16(vec![0; len]),
            DType::I32 => Self::I32(vec![0; len]),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::I8(data) => data.len(),
            Self::I16(data) => data.len(),
            Self::I32(data) => data.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        match self {
            Self::I8(_) => DType::I8,
            Self::I16(_) => DType::I16,
            Self::I32(_) => DType::I32,
        }
    }

    /// The elements, widened to 32 bits.
    pub fn to_i32(&self) -> Vec<i32> {
        match self {
            Self::I8(data) => data.iter().map(|&value| i32::from(value)).collect(),
            Self::I16(data) => data.iter().map(|&value| i32::from(value)).collect(),
            Self::I32(data) => data.clone(),
        }
    }
}

impl DType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 => 4,
        }
    }

    /// Smallest and largest value.
    pub fn range(self) -> (i64, i64) {
        match self {
            Self::I8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
            Self::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Self::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
        })
    }
}

impl Write for DType {
    fn write(&self, buf: &mut impl BufMut) {
        let tag: u8 = match self {
            Self::I8 => 0,
            Self::I16 => 1,
            Self::I32 => 2,
        };
        tag.write(buf);
    }
}

impl commonware_codec::FixedSize for DType {
    const SIZE: usize = 1;
}

impl Read for DType {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        match u8::read(buf)? {
            0 => Ok(Self::I8),
            1 => Ok(Self::I16),
            2 => Ok(Self::I32),
            tag => Err(CodecError::InvalidEnum(tag)),
        }
    }
}

impl Write for Tensor {
    fn write(&self, buf: &mut impl BufMut) {
        TENSOR_VERSION.write(buf);
        self.dtype().write(buf);
        self.shape.write(buf);
        write_elements(&self.data, buf);
    }
}

impl EncodeSize for Tensor {
    fn encode_size(&self) -> usize {
        2 + self.shape.encode_size() + self.data.len() * self.dtype().size()
    }
}

impl Read for Tensor {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        crate::codec::read_version(buf, TENSOR_VERSION, "tensor")?;
        let dtype = DType::read(buf)?;
        let shape = Shape::read(buf)?;
        let data = read_elements(buf, dtype, shape.elements())?;
        Self::new(shape, data).map_err(|error| CodecError::Wrapped("tensor", Box::new(error)))
    }
}

/// Writes elements without their type and count.
pub(crate) fn write_elements(data: &TensorData, buf: &mut impl BufMut) {
    match data {
        TensorData::I8(data) => data.iter().for_each(|value| value.write(buf)),
        TensorData::I16(data) => data.iter().for_each(|value| value.write(buf)),
        TensorData::I32(data) => data.iter().for_each(|value| value.write(buf)),
    }
}

/// Reads `len` elements of type `dtype`; nothing is allocated for elements that are not there.
pub(crate) fn read_elements(
    buf: &mut impl Buf,
    dtype: DType,
    len: usize,
) -> Result<TensorData, CodecError> {
    fn elements<T: Read<Cfg = ()>>(buf: &mut impl Buf, len: usize) -> Result<Vec<T>, CodecError> {
        (0..len).map(|_| T::read(buf)).collect()
    }
    if buf.remaining() < len * dtype.size() {
        return Err(CodecError::EndOfBuffer);
    }
    Ok(match dtype {
        DType::I8 => TensorData::I8(elements(buf, len)?),
        DType::I16 => TensorData::I16(elements(buf, len)?),
        DType::I32 => TensorData::I32(elements(buf, len)?),
    })
}

#[cfg(test)]
mod tests;
