//! Errors as RFC 9457 problem details.

use assay_types::Invalid;
use serde::{Deserialize, Serialize};

/// Media type of a [`Problem`].
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[error("{title}: {detail}; {hint}")]
pub struct Problem {
    /// `urn:assay:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words, the same for every occurrence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time.
    pub detail: String,
    /// What to do next.
    pub hint: String,
    /// For programs.
    pub code: ProblemCode,
    /// The lane's next sequence, where the code speaks of sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_sequence: Option<u64>,
}

macro_rules! codes {
    ($( $(#[$doc:meta])* $name:ident $text:literal $status:literal $title:literal; )*) => {
        /// What kind of problem it is. Names are for ever; new ones may come.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum ProblemCode {
            $( $(#[$doc])* #[serde(rename = $text)] $name, )*
            /// One that this program does not know yet.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &[Self] = &[$( Self::$name, )*];

            /// Its name in JSON.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$name => $text, )* Self::Unknown => "unknown" }
            }

            /// Its HTTP status.
            pub const fn status(self) -> u16 {
                match self { $( Self::$name => $status, )* Self::Unknown => 500 }
            }

            /// Its title.
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )* Self::Unknown => "Unknown problem" }
            }
        }
    };
}

codes! {
    /// The path, a parameter or a header cannot be read.
    BadRequest "bad_request" 400 "The request cannot be read";
    /// The body is not what the endpoint takes.
    MalformedBody "malformed_body" 400 "The body cannot be decoded";
    /// No such path, or nothing under this id.
    NotFound "not_found" 404 "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed "method_not_allowed" 405 "Method not allowed";
    /// The client sent its request too slowly, or the answer took too long.
    Timeout "timeout" 408 "The request took too long";
    /// The body is over its limit.
    TooLarge "too_large" 413 "Too large";
    /// Too many requests of this kind at once.
    Busy "busy" 429 "Too many at once";
    /// Too many requests from one address; `retry-after` says for how long to wait.
    RateLimited "rate_limited" 429 "Too many requests";
    /// The transaction is for another chain.
    WrongChain "wrong_chain" 422 "Another chain";
    /// The signature is not the sender's.
    BadSignature "bad_signature" 422 "Bad signature";
    /// The sequence was used already.
    Replayed "replayed" 409 "Sequence already used";
    /// The sequence is ahead of its lane.
    SequenceGap "sequence_gap" 409 "Sequence ahead of its lane";
    /// Another transaction waits at this sequence.
    SequenceTaken "sequence_taken" 409 "Sequence taken by a waiting transaction";
    /// `valid_until` has passed.
    Expired "expired" 422 "Expired";
    /// `valid_until` is too far ahead.
    ValidTooLong "valid_too_long" 422 "Valid for too long";
    /// The fee limit is below the fee.
    FeeLimitTooLow "fee_limit_too_low" 422 "Fee limit too low";
    /// The balance does not cover fee limit and tip.
    CannotPay "cannot_pay" 402 "The sender cannot pay";
    /// Heavier than any block.
    TooHeavy "too_heavy" 422 "Too heavy for a block";
    /// The pool, or the sender's share of it, is full.
    PoolFull "pool_full" 429 "The pool is full";
    /// The upload's claim does not allow it.
    UploadRefused "upload_refused" 403 "Upload refused";
    /// The bytes are not those of the content's id.
    ContentMismatch "content_mismatch" 422 "The bytes do not match their id";
    /// The stored bytes were damaged; they must be stored again.
    ContentDamaged "content_damaged" 410 "The stored content was damaged";
    /// The ask is for another miner or another topic than is served here.
    WrongRecipient "wrong_recipient" 422 "For another recipient";
    /// The miner does not answer this caller in this topic now.
    NotAdmitted "not_admitted" 403 "Not admitted";
    /// The ask's moment is too far from the miner's clock.
    OutsideWindow "outside_window" 422 "Outside the time window";
    /// The ask was seen before.
    NonceUsed "nonce_used" 409 "Nonce already used";
    /// The miner does not answer what it is asked.
    Declined "declined" 422 "The miner declines";
    /// The node's disk is full.
    StorageFull "storage_full" 507 "No space left";
    /// The node is starting, stopping or stuck.
    Unavailable "unavailable" 503 "Not available now";
    /// A fault of the node.
    Internal "internal" 500 "A fault of this node";
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: ProblemCode, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:assay:problem:{}", code.name()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            hint: hint.into(),
            code,
            expected_sequence: None,
        }
    }
}

impl Problem {
    /// A problem whose message is `what was wrong; what to do`, as all errors of this project are.
    pub fn of_message(code: ProblemCode, message: &str) -> Self {
        let (detail, hint) = message.split_once("; ").unwrap_or((message, ""));
        Self::new(code, detail, hint)
    }
}

impl From<&Invalid> for Problem {
    fn from(invalid: &Invalid) -> Self {
        let (code, expected) = match *invalid {
            Invalid::WrongChain { .. } => (ProblemCode::WrongChain, None),
            Invalid::BadSignature => (ProblemCode::BadSignature, None),
            Invalid::Replayed { expected, .. } => (ProblemCode::Replayed, Some(expected)),
            Invalid::SequenceGap { expected, .. } => (ProblemCode::SequenceGap, Some(expected)),
            Invalid::Expired { .. } => (ProblemCode::Expired, None),
            Invalid::ValidTooLong { .. } => (ProblemCode::ValidTooLong, None),
            Invalid::FeeLimitTooLow { .. } => (ProblemCode::FeeLimitTooLow, None),
            Invalid::CannotPay { .. } => (ProblemCode::CannotPay, None),
            Invalid::BlockFull => (ProblemCode::PoolFull, None),
            Invalid::TooHeavy { .. } => (ProblemCode::TooHeavy, None),
        };
        Self {
            expected_sequence: expected,
            ..Self::of_message(code, &invalid.to_string())
        }
    }
}
