//! Windows: how a kernel slides over a feature map, for convolution and pooling alike.

use bytes::BufMut;
use commonware_codec::{Buf, Error as CodecError, FixedSize, Read, ReadExt, Write};
use serde::{Deserialize, Serialize};

/// Kernel extents, strides, padding and dilation of a two-dimensional window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Height and width of the kernel.
    pub kernel: [u16; 2],
    /// Steps between windows, down and right; at least 1.
    pub stride: [u16; 2],
    /// Rows above, columns left, rows below, columns right of the input.
    pub padding: [u16; 4],
    /// Distance between the kernel's taps; 1 is a dense kernel.
    pub dilation: [u16; 2],
}

/// Why a window does not fit its input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// An extent, stride or dilation of zero.
    #[error(
        "kernel {kernel:?}, stride {stride:?} and dilation {dilation:?} must all be at least 1"
    )]
    Zero {
        /// Height and width of the kernel.
        kernel: [u16; 2],
        /// Steps between windows.
        stride: [u16; 2],
        /// Distance between taps.
        dilation: [u16; 2],
    },
    /// The kernel is larger than the padded input.
    #[error("a kernel that spans {span} does not fit an input of {padded} with its padding")]
    TooLarge {
        /// Extent of the dilated kernel.
        span: u32,
        /// Extent of the padded input.
        padded: u32,
    },
    /// A pooling window that could consist of padding alone.
    #[error(
        "pooling with padding {padding:?} and dilation {dilation:?}: padding must be less than the kernel {kernel:?}, dilation 1"
    )]
    Pooling {
        /// Height and width of the kernel.
        kernel: [u16; 2],
        /// Padding on each side.
        padding: [u16; 4],
        /// Distance between taps.
        dilation: [u16; 2],
    },
}

impl Window {
    /// A dense window of this kernel that moves by one and sees no padding.
    pub fn of_kernel(height: u16, width: u16) -> Self {
        Self {
            kernel: [height, width],
            stride: [1, 1],
            padding: [0; 4],
            dilation: [1, 1],
        }
    }

    /// Taps of the kernel.
    pub fn taps(&self) -> usize {
        usize::from(self.kernel[0]) * usize::from(self.kernel[1])
    }

    /// Extents of the dilated kernel.
    pub fn span(&self) -> [u32; 2] {
        [0, 1].map(|axis| {
            u32::from(self.dilation[axis]) * (u32::from(self.kernel[axis]).max(1) - 1) + 1
        })
    }

    /// Height and width of the result over an input of `height` × `width`.
    ///
    /// # Errors
    /// [`WindowError::Zero`] or [`WindowError::TooLarge`].
    pub fn output(&self, height: u32, width: u32) -> Result<(u32, u32), WindowError> {
        let zero = |values: [u16; 2]| values.contains(&0);
        if zero(self.kernel) || zero(self.stride) || zero(self.dilation) {
            return Err(WindowError::Zero {
                kernel: self.kernel,
                stride: self.stride,
                dilation: self.dilation,
            });
        }
        let span = self.span();
        let along = |axis: usize, extent: u32| {
            // Extents of a shape are below 2²⁵, so nothing here overflows.
            let padded = extent + u32::from(self.padding[axis]) + u32::from(self.padding[axis + 2]);
            let room = padded
                .checked_sub(span[axis])
                .ok_or(WindowError::TooLarge {
                    span: span[axis],
                    padded,
                })?;
            Ok(room / u32::from(self.stride[axis]) + 1)
        };
        Ok((along(0, height)?, along(1, width)?))
    }

    /// Height and width of the result of pooling, where each window must see some input.
    ///
    /// # Errors
    /// [`WindowError::Pooling`], or what [`Window::output`] returns.
    pub fn pooled(&self, height: u32, width: u32) -> Result<(u32, u32), WindowError> {
        let extents = self.output(height, width)?;
        let within = (0..4).all(|side| self.padding[side] < self.kernel[side % 2]);
        if !within || self.dilation != [1, 1] {
            return Err(WindowError::Pooling {
                kernel: self.kernel,
                padding: self.padding,
                dilation: self.dilation,
            });
        }
        Ok(extents)
    }
}

impl Write for Window {
    fn write(&self, buf: &mut impl BufMut) {
        self.kernel.write(buf);
        self.stride.write(buf);
        self.padding.write(buf);
        self.dilation.write(buf);
    }
}

impl FixedSize for Window {
    const SIZE: usize = 20;
}

impl Read for Window {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        Ok(Self {
            kernel: <[u16; 2]>::read(buf)?,
            stride: <[u16; 2]>::read(buf)?,
            padding: <[u16; 4]>::read(buf)?,
            dilation: <[u16; 2]>::read(buf)?,
        })
    }
}
