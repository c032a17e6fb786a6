//! A first pass over an ONNX file that only counts, so that decoding cannot be made to allocate far
//! more than the file's length.
//!
//! A two-byte empty message becomes a structure of a hundred bytes; a file of nothing else would
//! take gigabytes. So every field that the decoder turns into memory of its own is counted before,
//! against [`FIELDS_MAX`]. The pass also tells a truncated file from a malformed one.

use super::OnnxError;

/// Most fields that become a structure, a string or an integer of their own. The largest programs
/// have a thousand nodes of some twenty fields.
pub const FIELDS_MAX: usize = 1 << 18;

/// Messages of the schema whose fields are decoded.
#[derive(Clone, Copy, PartialEq)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    /// Has only numbers and strings in it.
    Flat,
}

impl Message {
    /// The message in field `number`, if that is one.
    fn child(self, number: u64) -> Option<Self> {
        match (self, number) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Graph, 5) | (Self::Attribute, 5) => Some(Self::Tensor),
            (Self::Graph, 11 | 12) => Some(Self::ValueInfo),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::ValueInfo, 2) => Some(Self::Type),
            (Self::Type, 1) => Some(Self::TensorType),
            (Self::TensorType, 2) => Some(Self::Shape),
            (Self::Model, 8) | (Self::Shape, 1) | (Self::Tensor, 13) => Some(Self::Flat),
            _ => None,
        }
    }

    /// Whether field `number` may hold packed integers, whose bytes each become eight.
    fn packs_integers(self, number: u64) -> bool {
        matches!(
            (self, number),
            (Self::Attribute, 8) | (Self::Tensor, 1 | 5 | 7)
        )
    }
}

/// Checks the wire format of a file and counts its fields.
pub(super) fn check(bytes: &[u8]) -> Result<(), OnnxError> {
    Scan {
        bytes,
        at: 0,
        fields: 0,
    }
    .message(Message::Model, bytes.len())
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: usize,
}

impl Scan<'_> {
    /// Reads a message that ends at `end`. Messages nest at most as deep as [`Message::child`] does.
    fn message(&mut self, message: Message, end: usize) -> Result<(), OnnxError> {
        while self.at < end {
            let start = self.at;
            let key = self.varint(end)?;
            let number = key >> 3;
            self.count(1)?;
            match key & 7 {
                0 => {
                    self.varint(end)?;
                }
                1 => self.skip(8, end)?,
                5 => self.skip(4, end)?,
                2 => {
                    let length = self.varint(end)?;
                    let length = usize::try_from(length)
                        .ok()
                        .filter(|&length| length <= end - self.at)
                        .ok_or(OnnxError::Truncated { at: start })?;
                    if let Some(child) = message.child(number) {
                        self.message(child, self.at + length)?;
                    } else {
                        if message.packs_integers(number) {
                            self.count(length)?;
                        }
                        self.at += length;
                    }
                }
                wire_type => {
                    return Err(OnnxError::WireType {
                        at: start,
                        wire_type,
                    });
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, fields: usize) -> Result<(), OnnxError> {
        self.fields += fields;
        if self.fields > FIELDS_MAX {
            return Err(OnnxError::TooManyFields { at: self.at });
        }
        Ok(())
    }

    fn skip(&mut self, length: usize, end: usize) -> Result<(), OnnxError> {
        if length > end - self.at {
            return Err(OnnxError::Truncated { at: self.at });
        }
        self.at += length;
        Ok(())
    }

    fn varint(&mut self, end: usize) -> Result<u64, OnnxError> {
        let start = self.at;
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = match self.bytes.get(self.at) {
                Some(&byte) if self.at < end => byte,
                _ => return Err(OnnxError::Truncated { at: start }),
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(OnnxError::Varint { at: start })
    }
}
