//! Calls between validators and miners of a topic: path, headers, problems; `docs/topics-calls.md` has the protocol.
//!
//! A miner is no node and serves this one path alone: `POST` of any bytes with an [`ASK_HEADER`]. It answers 200 with any
//! bytes and an [`ANSWER_HEADER`], or a [`Problem`](crate::Problem). Headers carry canonical bytes in base64 (RFC 4648
//! section 4, with padding), one spelling for each value.

use assay_types::{DecodeError, SignedAnswer, SignedAsk, decode, encode};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Where a miner is asked, below its address.
pub const ASK_PATH: &str = "/v1/ask";
/// Header of an ask: the signed ask in base64.
pub const ASK_HEADER: &str = "assay-ask";
/// Header of an answer: the signed answer in base64.
pub const ANSWER_HEADER: &str = "assay-answer";

/// A header that holds no ask, or no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskHeaderError {
    /// Not base64, or another spelling of it.
    #[error("the `{header}` header is not base64 with padding; encode the canonical bytes")]
    NotBase64 {
        /// Which header.
        header: &'static str,
    },
    /// Not what it should be.
    #[error(
        "the `{header}` header does not hold what it should; encode its canonical bytes, of a version that both ends know"
    )]
    NotDecoded {
        /// Which header.
        header: &'static str,
        /// What is wrong with the bytes.
        source: DecodeError,
    },
}

/// The value of [`ASK_HEADER`].
pub fn ask_to_header(ask: &SignedAsk) -> String {
    STANDARD.encode(encode(ask))
}

/// The value of [`ANSWER_HEADER`].
pub fn answer_to_header(answer: &SignedAnswer) -> String {
    STANDARD.encode(encode(answer))
}

/// Reads the value of [`ASK_HEADER`].
///
/// # Errors
/// [`AskHeaderError`] for anything but what [`ask_to_header`] writes.
pub fn ask_from_header(text: impl AsRef<[u8]>) -> Result<SignedAsk, AskHeaderError> {
    let bytes = bytes(ASK_HEADER, text.as_ref())?;
    decode(&bytes).map_err(|source| AskHeaderError::NotDecoded {
        header: ASK_HEADER,
        source,
    })
}

/// Reads the value of [`ANSWER_HEADER`].
///
/// # Errors
/// [`AskHeaderError`] for anything but what [`answer_to_header`] writes.
pub fn answer_from_header(text: impl AsRef<[u8]>) -> Result<SignedAnswer, AskHeaderError> {
    let bytes = bytes(ANSWER_HEADER, text.as_ref())?;
    decode(&bytes).map_err(|source| AskHeaderError::NotDecoded {
        header: ANSWER_HEADER,
        source,
    })
}

fn bytes(header: &'static str, text: &[u8]) -> Result<Vec<u8>, AskHeaderError> {
    STANDARD
        .decode(text)
        .map_err(|_| AskHeaderError::NotBase64 { header })
}

#[cfg(test)]
mod tests;
