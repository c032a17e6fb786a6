//! A row's bytes as the authenticated database holds them.

use bytes::BufMut;
use commonware_codec::{Buf, Encode, EncodeSize, Error, RangeCfg, Read, Write};
use smallvec::SmallVec;
use std::ops::Deref;

/// Bytes that need no allocation. The row of an account that only holds and sends money has some fifty, and
/// every transfer writes two; with the length beside them it is one cache line.
const INLINE_BYTES: usize = 56;

/// A stored row: its table's tag, its key, its value. Its codec is a byte string's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowBytes(SmallVec<[u8; INLINE_BYTES]>);

impl RowBytes {
    /// The row of `value` at `key` (canonical bytes) in a table.
    pub(super) fn new(table: u8, key: &[u8], value: &impl Encode) -> Self {
        let len = value
            .encode_size()
            .saturating_add(key.len())
            .saturating_add(1);
        let mut bytes = SmallVec::from_elem(0, len);
        let mut rest = bytes.as_mut_slice();
        rest.put_u8(table);
        rest.put_slice(key);
        value.write(&mut rest);
        assert!(rest.is_empty(), "a row has the length that it announces");
        Self(bytes)
    }
}

impl From<&[u8]> for RowBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(bytes))
    }
}

impl Deref for RowBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for RowBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Write for RowBytes {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.as_slice().write(buf);
    }
}

impl EncodeSize for RowBytes {
    fn encode_size(&self) -> usize {
        self.0.as_slice().encode_size()
    }
}

impl Read for RowBytes {
    type Cfg = (RangeCfg<usize>, ());
    fn read_cfg(buf: &mut impl Buf, (range, ()): &Self::Cfg) -> Result<Self, Error> {
        let len = usize::read_cfg(buf, range)?;
        if buf.remaining() < len {
            return Err(Error::EndOfBuffer);
        }
        let mut bytes = SmallVec::from_elem(0, len);
        buf.copy_to_slice(&mut bytes);
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests;
