//! Content: how uploads are claimed and what is stored.
//!
//! A PUT sends the plain bytes with an [`UPLOAD_HEADER`] that carries a claim signed by the uploader. The
//! node checks the claim before it reads a byte, and the bytes against their id while they arrive. A GET
//! answers the verified-streaming encoding of `assay-content`, from the group of byte `?from=` on;
//! `?plain=1` answers the plain bytes, which only those should use who trust the node or hash them.

use crate::json::{Id, Number};
use assay_types::{ContentId, DecodeError, LedgerTime, SignedUpload, decode, encode};
use serde::{Deserialize, Serialize};

/// Largest content over HTTP: room for the programs of small and middle models.
pub const CONTENT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Furthest that a claim's `valid_until` may lie ahead of the ledger, in milliseconds. A claim can be used
/// again until then, so it is short.
pub const UPLOAD_VALID_MS_MAX: u64 = 10 * 60 * 1_000;
/// Header of a PUT: the claim in hexadecimal digits.
pub const UPLOAD_HEADER: &str = "assay-upload";
/// Header of an answer to GET or HEAD: the content's number of bytes, whatever encoding is sent.
pub const CONTENT_SIZE_HEADER: &str = "assay-content-size";
/// Media type of canonical and of plain bytes.
pub const OCTET_STREAM: &str = "application/octet-stream";
/// Media type of the verified-streaming encoding: Bao in pre-order, 16 KiB groups, size in front.
pub const ENCODED_MEDIA_TYPE: &str = "application/vnd.assay.bao";

/// What a PUT stored. Storing what is there already answers the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StoredView {
    /// BLAKE3 of the bytes.
    #[serde(with = "Id")]
    pub content: ContentId,
    /// Number of bytes.
    pub size: u64,
    /// When it may be dropped, in ledger time, unless an order or a model names it by then.
    #[serde(rename = "kept_until_ms", with = "Number")]
    pub kept_until: LedgerTime,
}

/// A header that holds no claim.
#[derive(Debug, thiserror::Error)]
pub enum UploadHeaderError {
    /// Not hexadecimal digits.
    #[error("the `assay-upload` header is not hexadecimal digits; encode the signed claim's bytes")]
    NotHex,
    /// Not a claim.
    #[error("the `assay-upload` header holds no signed upload claim; encode it canonically")]
    NotAClaim(#[source] DecodeError),
}

/// The value of [`UPLOAD_HEADER`].
pub fn upload_to_header(upload: &SignedUpload) -> String {
    use std::fmt::Write;
    encode(upload).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads the value of [`UPLOAD_HEADER`].
///
/// # Errors
/// [`UploadHeaderError`] for anything but what [`upload_to_header`] writes.
pub fn upload_from_header(text: &str) -> Result<SignedUpload, UploadHeaderError> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect();
    decode(&bytes.ok_or(UploadHeaderError::NotHex)?).map_err(UploadHeaderError::NotAClaim)
}
