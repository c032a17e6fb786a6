//! Shapes: the static extents of a tensor, row-major, without a batch dimension.
//!
//! Invariant: 1 to [`RANK_MAX`] dimensions, each at least 1, whose product is at most
//! [`ELEMENTS_MAX`]; so an element count always fits `u32` and allocating a shape is safe.

use std::fmt;

use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error as CodecError, Read, ReadExt, Write};

/// Most dimensions of a tensor: images need three, and six leaves room for split attention heads.
pub const RANK_MAX: usize = 6;

/// Most elements of one tensor: 2²⁴ floats of a test set take 128 MiB, which a laptop still holds.
pub const ELEMENTS_MAX: usize = 1 << 24;

/// The extents of a row-major tensor: the last dimension is contiguous.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: Vec<u32>,
}

/// Why extents do not make a shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// No dimension, or too many.
    #[error("a shape of {rank} dimensions: use 1 to {RANK_MAX}")]
    Rank {
        /// Dimensions given.
        rank: usize,
    },
    /// A dimension of size zero.
    #[error("dimension {axis} is empty: every dimension needs at least one element")]
    Empty {
        /// Position of the dimension, from 0.
        axis: usize,
    },
    /// More elements than [`ELEMENTS_MAX`].
    #[error("a shape of more than {ELEMENTS_MAX} elements: split the data")]
    Elements,
}

impl Shape {
    /// A shape of the given extents, outermost first.
    ///
    /// # Errors
    /// [`ShapeError`] if the extents break the invariant of this module.
    pub fn new(dims: &[u32]) -> Result<Self, ShapeError> {
        if dims.is_empty() || dims.len() > RANK_MAX {
            return Err(ShapeError::Rank { rank: dims.len() });
        }
        if let Some(axis) = dims.iter().position(|&dim| dim == 0) {
            return Err(ShapeError::Empty { axis });
        }
        let mut elements = 1usize;
        for &dim in dims {
            elements = usize::try_from(dim)
                .ok()
                .and_then(|dim| elements.checked_mul(dim))
                .filter(|&elements| elements <= ELEMENTS_MAX)
                .ok_or(ShapeError::Elements)?;
        }
        Ok(Self {
            dims: dims.to_vec(),
        })
    }

    /// The extents, outermost first.
    pub fn dims(&self) -> &[u32] {
        &self.dims
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.dims.iter().map(|&dim| dim as usize).product()
    }

    /// Extent of the innermost dimension.
    pub fn last(&self) -> u32 {
        self.dims[self.dims.len() - 1]
    }

    /// This shape with its innermost extent replaced.
    ///
    /// # Errors
    /// [`ShapeError`] if the result is no shape.
    pub fn with_last(&self, last: u32) -> Result<Self, ShapeError> {
        let mut dims = self.dims.clone();
        if let Some(dim) = dims.last_mut() {
            *dim = last;
        }
        Self::new(&dims)
    }

    /// Channels, height and width of an image or feature map; `None` for other ranks.
    pub fn channels_height_width(&self) -> Option<(u32, u32, u32)> {
        match self.dims[..] {
            [channels, height, width] => Some((channels, height, width)),
            _ => None,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims: Vec<String> = self.dims.iter().map(u32::to_string).collect();
        write!(f, "[{}]", dims.join(", "))
    }
}

impl Write for Shape {
    fn write(&self, buf: &mut impl BufMut) {
        // The constructor keeps the rank at RANK_MAX or less.
        (self.dims.len() as u8).write(buf);
        for dim in &self.dims {
            dim.write(buf);
        }
    }
}

impl EncodeSize for Shape {
    fn encode_size(&self) -> usize {
        1 + 4 * self.dims.len()
    }
}

impl Read for Shape {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let rank = usize::from(u8::read(buf)?);
        if rank > RANK_MAX {
            return Err(CodecError::InvalidLength(rank));
        }
        let mut dims = Vec::with_capacity(rank);
        for _ in 0..rank {
            dims.push(u32::read(buf)?);
        }
        Self::new(&dims).map_err(|error| CodecError::Wrapped("shape", Box::new(error)))
    }
}
