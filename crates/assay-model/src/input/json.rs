//! JSON tensors: `[[0.1, …], …]`, `{"shape": [2, 3], "data": [0.1, …]}`, or `{"input_data": [[0.1, …]]}`.
//!
//! Numbers go straight into one flat list while parsing, so memory stays in proportion to the text.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

use super::{FloatTensor, InputError, check_size, quoted};
use crate::shape::{RANK_MAX, Shape};

/// Longest document: a million numbers at sixteen digits.
pub const JSON_BYTES_MAX: usize = 16 << 20;

/// Reads a tensor in any of the three spellings. Numbers too large for a float64 are refused.
///
/// # Errors
/// [`InputError::Json`], [`InputError::Shape`], [`InputError::Elements`], or [`InputError::TooLarge`].
pub fn decode_json(bytes: &[u8]) -> Result<FloatTensor, InputError> {
    check_size("JSON tensor", bytes.len(), JSON_BYTES_MAX)?;
    let refused = |error: serde_json::Error| {
        let text = error.to_string();
        let short = quoted(&text);
        // The message ends with the place, unless what it repeats was cut.
        let reason = if short == text {
            text
        } else {
            format!("{short} at line {} column {}", error.line(), error.column())
        };
        InputError::Json { reason }
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let document = deserializer
        .deserialize_any(DocumentVisitor)
        .map_err(refused)?;
    deserializer.end().map_err(refused)?;

    let dims = document.shape.unwrap_or(document.numbers.extents);
    let shape = Shape::new(&dims).map_err(|source| InputError::Shape { source })?;
    FloatTensor::new(shape, document.numbers.flat)
}

/// Either a bare array, or an object with numbers and perhaps a shape.
struct Document {
    shape: Option<Vec<u32>>,
    numbers: Numbers,
}

/// Nested arrays, flattened.
#[derive(Default)]
struct Numbers {
    /// Length of the arrays at each depth, outermost first.
    extents: Vec<u32>,
    flat: Vec<f64>,
    /// Whether a number was met: the depth of `extents` is final from then on.
    settled: bool,
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numbers or an object with `data` or `input_data`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Document, A::Error> {
        let mut numbers = Numbers::default();
        numbers.array(0, seq)?;
        Ok(Document {
            shape: None,
            numbers,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let (mut shape, mut numbers) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "shape" if shape.is_none() => shape = Some(map.next_value_seed(Dims)?),
                "data" | "input_data" if numbers.is_none() => {
                    let mut read = Numbers::default();
                    map.next_value_seed(Nested {
                        numbers: &mut read,
                        depth: 0,
                    })?;
                    if read.extents.is_empty() {
                        return Err(de::Error::custom("a number where an array was expected"));
                    }
                    numbers = Some(read);
                }
                _ => {
                    return Err(de::Error::unknown_field(
                        &key,
                        &["shape", "data", "input_data"],
                    ));
                }
            }
        }
        Ok(Document {
            shape,
            numbers: numbers.ok_or_else(|| de::Error::missing_field("data"))?,
        })
    }
}

impl Numbers {
    /// Reads the rest of an array at `depth`.
    fn array<'de, A: SeqAccess<'de>>(&mut self, depth: usize, mut seq: A) -> Result<(), A::Error> {
        if depth >= RANK_MAX {
            return Err(de::Error::custom(format!(
                "arrays nested deeper than {RANK_MAX}"
            )));
        }
        let first = depth == self.extents.len();
        if first {
            if self.settled {
                return Err(de::Error::custom("numbers and arrays side by side"));
            }
            self.extents.push(0);
        }
        let mut length = 0u32;
        while seq
            .next_element_seed(Nested {
                numbers: self,
                depth: depth + 1,
            })?
            .is_some()
        {
            length = length.saturating_add(1);
        }
        if first {
            self.extents[depth] = length;
        } else if self.extents[depth] != length {
            return Err(de::Error::custom(format!(
                "an array of {length} beside one of {}",
                self.extents[depth]
            )));
        }
        Ok(())
    }

    fn number<E: de::Error>(&mut self, depth: usize, value: f64) -> Result<(), E> {
        if depth != self.extents.len() {
            return Err(E::custom("numbers and arrays side by side"));
        }
        self.settled = true;
        self.flat.push(value);
        Ok(())
    }
}

/// A number or an array at some depth.
struct Nested<'a> {
    numbers: &'a mut Numbers,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or an array")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.numbers.number(self.depth, value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.numbers.number(self.depth, value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.numbers.number(self.depth, value as f64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.numbers.array(self.depth, seq)
    }
}

/// A list of extents.
struct Dims;

impl<'de> DeserializeSeed<'de> for Dims {
    type Value = Vec<u32>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u32>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Dims {
    type Value = Vec<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of extents")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u32>, A::Error> {
        let mut dims = Vec::new();
        while let Some(dim) = seq.next_element::<u32>()? {
            if dims.len() == RANK_MAX {
                return Err(de::Error::custom(format!("more than {RANK_MAX} extents")));
            }
            dims.push(dim);
        }
        Ok(dims)
    }
}
