//! NumPy's `.npy` arrays: numbers of any usual type, in C order.
//!
//! Source: NEP 1 and `numpy.lib.format`, versions 1.0 to 3.0. Deviation: Fortran order, structured
//! and complex types are refused.

use super::{FloatTensor, Input, InputError, check_elements, check_size, quoted};
use crate::shape::{ELEMENTS_MAX, Shape};

/// Longest file: the largest shape in float64, and a header.
pub const NPY_BYTES_MAX: usize = 8 * ELEMENTS_MAX + (1 << 16);

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads an array. `uint8` becomes [`Input::Bytes`], any other type [`Input::Reals`]; 64-bit integers
/// are rounded to float64.
///
/// # Errors
/// [`InputError::Npy`], [`InputError::Shape`], [`InputError::Elements`], or [`InputError::TooLarge`].
pub fn decode_npy(bytes: &[u8]) -> Result<Input, InputError> {
    check_size(".npy array", bytes.len(), NPY_BYTES_MAX)?;
    let (header, data) = split(bytes)?;
    let header = Header::parse(header)?;
    if header.fortran_order {
        return Err(refused(
            "it is in Fortran order; save it with numpy.ascontiguousarray",
        ));
    }
    let shape = Shape::new(&header.shape).map_err(|source| InputError::Shape { source })?;
    let kind = Kind::of(&header.descr)?;
    if data.len() % kind.size != 0 {
        return Err(refused("its data is cut off"));
    }
    check_elements(&shape, data.len() / kind.size)?;
    if kind.code == b'u' && kind.size == 1 {
        let data = data.to_vec();
        return Ok(Input::Bytes { shape, data });
    }
    FloatTensor::new(shape, kind.numbers(data)?).map(Input::Reals)
}

fn refused(reason: impl Into<String>) -> InputError {
    InputError::Npy {
        reason: reason.into(),
    }
}

/// Header text and data.
fn split(bytes: &[u8]) -> Result<(&str, &[u8]), InputError> {
    let cut = || refused("its header is cut off");
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| refused("it does not begin with \\x93NUMPY"))?;
    let (&[major, _minor], rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
    let (length, rest) = match major {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return Err(refused(format!("format version {major} is not known"))),
    };
    let (header, data) = rest.split_at_checked(length).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|_| refused("its header is not text"))?;
    Ok((header, data))
}

/// The dictionary at the start of an array.
#[derive(Debug, Default)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<u32>,
}

impl Header {
    /// Reads a Python dictionary of exactly the three keys, as NumPy writes it.
    fn parse(text: &str) -> Result<Self, InputError> {
        let malformed = || refused("its header is malformed");
        let mut rest = text
            .trim()
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .ok_or_else(malformed)?
            .trim();
        let (mut descr, mut order, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = word(rest).ok_or_else(malformed)?;
            let value = after
                .trim_start()
                .strip_prefix(':')
                .ok_or_else(malformed)?
                .trim_start();
            rest = match key {
                "descr" => {
                    let (text, after) = word(value)
                        .ok_or_else(|| refused("structured element types are not supported"))?;
                    descr = Some(text.to_owned());
                    after
                }
                "fortran_order" => {
                    let (flag, after) = if let Some(after) = value.strip_prefix("False") {
                        (false, after)
                    } else {
                        (true, value.strip_prefix("True").ok_or_else(malformed)?)
                    };
                    order = Some(flag);
                    after
                }
                "shape" => {
                    let (list, after) = value
                        .strip_prefix('(')
                        .and_then(|value| value.split_once(')'))
                        .ok_or_else(malformed)?;
                    let dims: Option<Vec<u32>> = list
                        .split(',')
                        .map(str::trim)
                        .filter(|dim| !dim.is_empty())
                        .map(|dim| dim.parse().ok())
                        .collect();
                    shape = Some(dims.ok_or_else(malformed)?);
                    after
                }
                _ => return Err(malformed()),
            };
            rest = rest.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if rest.is_empty() => rest,
                None => return Err(malformed()),
            };
        }
        match (descr, order, shape) {
            (Some(descr), Some(fortran_order), Some(shape)) => Ok(Self {
                descr,
                fortran_order,
                shape,
            }),
            _ => Err(malformed()),
        }
    }
}

/// A quoted word and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

/// An element type: byte order, NumPy's kind letter, bytes.
struct Kind {
    big_endian: bool,
    code: u8,
    size: usize,
}

impl Kind {
    fn of(descr: &str) -> Result<Self, InputError> {
        let unknown = || {
            let descr = quoted(descr);
            refused(format!(
                "element type '{descr}' is not supported; use float32 or uint8"
            ))
        };
        let &[order, code, size] = descr.as_bytes() else {
            return Err(unknown());
        };
        let size = usize::from(size.wrapping_sub(b'0'));
        let known = match code {
            b'f' => matches!(size, 4 | 8),
            b'i' | b'u' => matches!(size, 1 | 2 | 4 | 8),
            b'b' => size == 1,
            _ => false,
        };
        let ordered = match order {
            b'<' | b'>' => true,
            b'|' => size == 1,
            _ => false,
        };
        if known && ordered {
            Ok(Self {
                big_endian: order == b'>',
                code,
                size,
            })
        } else {
            Err(unknown())
        }
    }

    fn numbers(&self, data: &[u8]) -> Result<Vec<f64>, InputError> {
        data.chunks_exact(self.size)
            .map(|element| self.number(element))
            .collect()
    }

    fn number(&self, element: &[u8]) -> Result<f64, InputError> {
        // Little-endian, zero-extended to eight bytes.
        let mut bytes = [0u8; 8];
        bytes[..self.size].copy_from_slice(element);
        if self.big_endian {
            bytes[..self.size].reverse();
        }
        let raw = u64::from_le_bytes(bytes);
        let unused = 64 - 8 * self.size as u32;
        Ok(match (self.code, self.size) {
            (b'f', 4) => f64::from(f32::from_bits(raw as u32)),
            (b'f', _) => f64::from_bits(raw),
            // Shifting up and down again extends the sign.
            (b'i', _) => (((raw << unused) as i64) >> unused) as f64,
            (b'b', _) if raw > 1 => return Err(refused("a truth value is neither 0 nor 1")),
            _ => raw as f64,
        })
    }
}
