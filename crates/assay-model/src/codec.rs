//! What the canonical encodings of this crate have in common: a version byte first, nothing last.

use bytes::BufMut;
use commonware_codec::{
    Buf, Copying, Decode, EncodeSize, Error as CodecError, Read, ReadExt, ReadRangeExt, Write,
};

/// Reads one value that takes up all of `bytes`.
pub(crate) fn decode_exact<T: Read<Cfg = ()>>(bytes: &[u8]) -> Result<T, CodecError> {
    T::decode_cfg(Copying(bytes), &())
}

/// Reads a version byte and refuses all but the `expected` one.
pub(crate) fn read_version(
    buf: &mut impl Buf,
    expected: u8,
    what: &'static str,
) -> Result<(), CodecError> {
    if u8::read(buf)? == expected {
        Ok(())
    } else {
        Err(CodecError::Invalid(what, "unknown version"))
    }
}

/// Text of at most `bytes_max` bytes of UTF-8, behind its length.
pub(crate) fn read_text(
    buf: &mut impl Buf,
    bytes_max: usize,
    what: &'static str,
) -> Result<String, CodecError> {
    let bytes = Vec::<u8>::read_range(buf, 0..=bytes_max)?;
    String::from_utf8(bytes).map_err(|_| CodecError::Invalid(what, "not UTF-8"))
}

pub(crate) fn write_text(text: &str, buf: &mut impl BufMut) {
    text.as_bytes().write(buf);
}

pub(crate) fn text_size(text: &str) -> usize {
    text.as_bytes().encode_size()
}
