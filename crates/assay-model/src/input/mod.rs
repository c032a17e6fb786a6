//! Inputs as people have them: PNG images, NumPy arrays and archives, JSON tensors.
//!
//! Pure functions over bytes of strangers: they return errors, never panic, and bound what they
//! allocate before they allocate it. What the numbers mean to a model is its manifest's business
//! ([`Manifest::quantize_input`](crate::manifest::Manifest::quantize_input)).

mod json;
mod npy;
mod npz;
mod png;

pub use json::{JSON_BYTES_MAX, decode_json};
pub use npy::{NPY_BYTES_MAX, decode_npy};
pub use npz::{NPZ_ARRAYS_MAX, NPZ_BYTES_MAX, decode_npz};
pub use png::{IMAGE_PIXELS_MAX, PNG_BYTES_MAX, decode_png};

use crate::shape::{Shape, ShapeError};

/// Longest piece of an input that a message quotes, in characters.
const QUOTED_MAX: usize = 160;

/// What was read, before any model's preprocessing.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A picture.
    Image(Image),
    /// An array of bytes, which image models take for pixels.
    Bytes {
        /// Its extents.
        shape: Shape,
        /// Its elements, row-major.
        data: Vec<u8>,
    },
    /// An array of real numbers.
    Reals(FloatTensor),
}

/// A picture of 8 bits per channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    width: u32,
    height: u32,
    channels: u8,
    pixels: Vec<u8>,
}

/// Real numbers with a shape, row-major; not necessarily finite.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatTensor {
    shape: Shape,
    data: Vec<f64>,
}

/// The formats that [`decode`] tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// One NumPy array.
    Npy,
    /// A zip archive of NumPy arrays.
    Npz,
    /// A JSON document.
    Json,
}

/// Why bytes are no input.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The bytes begin like none of the formats.
    #[error("the input is neither PNG, .npy, .npz nor JSON: convert it to one of them")]
    UnknownFormat,
    /// The input is longer than its format's limit.
    #[error("the {what} has {size} bytes or more: at most {size_max} are accepted")]
    TooLarge {
        /// What was read.
        what: &'static str,
        /// Its size, as far as it was read.
        size: usize,
        /// The limit.
        size_max: usize,
    },
    /// The PNG cannot be decoded.
    #[error("the PNG image cannot be decoded: export it again")]
    Png {
        /// What the decoder met.
        #[source]
        source: ::png::DecodingError,
    },
    /// The picture is too large.
    #[error(
        "an image of {width} × {height} pixels: at most {IMAGE_PIXELS_MAX} pixels are accepted"
    )]
    ImageSize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The picture has transparent pixels, whose colour is undefined.
    #[error("the image is transparent in places: flatten it onto a background")]
    Transparent,
    /// The array is not in NumPy's format, or in a corner of it that is not supported.
    #[error("the .npy array cannot be read: {reason}")]
    Npy {
        /// What is wrong.
        reason: String,
    },
    /// The archive cannot be read.
    #[error("the .npz archive cannot be read")]
    Npz {
        /// What the reader met.
        #[source]
        source: zip::result::ZipError,
    },
    /// An archive's entry cannot be unpacked.
    #[error("array `{name}` of the .npz archive cannot be unpacked")]
    Unpack {
        /// The array.
        name: String,
        /// What the reader met.
        #[source]
        source: std::io::Error,
    },
    /// The archive does not say which array is meant.
    #[error("the .npz archive has the arrays {names:?}: name one of them")]
    Arrays {
        /// The arrays it has.
        names: Vec<String>,
    },
    /// The document is not JSON or has no numbers where they should be.
    #[error(
        "the JSON tensor cannot be read: use nested arrays of numbers, {{\"shape\": …, \"data\": …}} \
         or {{\"input_data\": …}}; {reason}"
    )]
    Json {
        /// What is wrong, and where.
        reason: String,
    },
    /// The extents are no shape.
    #[error("the extents of the input are refused")]
    Shape {
        /// Which rule they break.
        #[source]
        source: ShapeError,
    },
    /// The element count contradicts the shape.
    #[error("the input has {found} elements, but its shape {shape} needs {expected}")]
    Elements {
        /// The shape given.
        shape: Shape,
        /// Elements of that shape.
        expected: usize,
        /// Elements given.
        found: usize,
    },
}

/// Reads an input of any of the formats; an archive must hold one array, or one called `x`, `input`,
/// `data` or `arr_0`.
///
/// # Errors
/// [`InputError`]
pub fn decode(bytes: &[u8]) -> Result<Input, InputError> {
    match Format::of(bytes).ok_or(InputError::UnknownFormat)? {
        Format::Png => decode_png(bytes).map(Input::Image),
        Format::Npy => decode_npy(bytes),
        Format::Npz => decode_npz(bytes, None),
        Format::Json => decode_json(bytes).map(Input::Reals),
    }
}

impl Format {
    /// The format that `bytes` begin like.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(npy::MAGIC) {
            Some(Self::Npy)
        } else if bytes.starts_with(b"PK\x03\x04") {
            Some(Self::Npz)
        } else {
            let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
            matches!(first, Some(b'[' | b'{')).then_some(Self::Json)
        }
    }
}

impl Image {
    /// A picture of `channels` (1: grey, 3: red, green, blue) interleaved bytes per pixel, row by row.
    /// `None` if the counts disagree.
    pub fn new(width: u32, height: u32, channels: u8, pixels: Vec<u8>) -> Option<Self> {
        let count = (width as usize)
            .checked_mul(height as usize)?
            .checked_mul(usize::from(channels))?;
        (matches!(channels, 1 | 3) && count > 0 && count == pixels.len()).then_some(Self {
            width,
            height,
            channels,
            pixels,
        })
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// 1 (grey) or 3 (red, green, blue).
    pub fn channels(&self) -> u8 {
        self.channels
    }

    /// Interleaved channels, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The grey value of pixel `index`: the channel itself, or ITU-R BT.601 luma rounded half up.
    pub fn grey(&self, index: usize) -> u8 {
        match self.channels {
            1 => self.pixels[index],
            _ => {
                let [red, green, blue] = [0, 1, 2].map(|c| u32::from(self.pixels[3 * index + c]));
                // The weights add up to 1000, so the mean of bytes is a byte.
                ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
            }
        }
    }

    /// One of the colours (0 red, 1 green, 2 blue) of pixel `index`; grey pictures have equal ones.
    pub fn colour(&self, index: usize, colour: usize) -> u8 {
        match self.channels {
            1 => self.pixels[index],
            _ => self.pixels[3 * index + colour],
        }
    }
}

impl FloatTensor {
    /// Numbers of a shape, row-major.
    ///
    /// # Errors
    /// [`InputError::Elements`] if the counts differ.
    pub fn new(shape: Shape, data: Vec<f64>) -> Result<Self, InputError> {
        check_elements(&shape, data.len())?;
        Ok(Self { shape, data })
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The numbers, row-major.
    pub fn data(&self) -> &[f64] {
        &self.data
    }
}

/// Text of a stranger, cut to a length that fits a message.
fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(QUOTED_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn check_elements(shape: &Shape, found: usize) -> Result<(), InputError> {
    let expected = shape.elements();
    if found == expected {
        Ok(())
    } else {
        Err(InputError::Elements {
            shape: shape.clone(),
            expected,
            found,
        })
    }
}

fn check_size(what: &'static str, size: usize, size_max: usize) -> Result<(), InputError> {
    if size <= size_max {
        Ok(())
    } else {
        Err(InputError::TooLarge {
            what,
            size,
            size_max,
        })
    }
}

#[cfg(test)]
mod tests;
