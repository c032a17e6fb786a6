//! Reading proofs from the bytes of strangers.

use assay_types::{DecodeError, decode};
use commonware_codec::DecodeExt;

/// Bytes that are no proof.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Over the limit.
    #[error("{len} bytes are no {what}, which has at most {max}; check the file")]
    TooLong {
        /// What should have been read.
        what: &'static str,
        /// What was given.
        len: usize,
        /// Longest there is.
        max: usize,
    },
    /// Not the canonical encoding.
    #[error("these bytes are no {what}; check the file, or fetch the proof again")]
    Malformed {
        /// What should have been read.
        what: &'static str,
        /// Why it was not.
        source: DecodeError,
    },
}

/// Reads a proof of at most `max` bytes.
pub(crate) fn parse<T: DecodeExt<()>>(
    what: &'static str,
    bytes: &[u8],
    max: usize,
) -> Result<T, ParseError> {
    let len = bytes.len();
    if len > max {
        return Err(ParseError::TooLong { what, len, max });
    }
    decode(bytes).map_err(|source| ParseError::Malformed { what, source })
}
