//! Every way to be refused, and what to do next. It leaves as problem details, signed by nobody.

use super::Declined;
use assay_api::{ASK_HEADER, ASK_PATH, AskHeaderError, PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
use assay_types::{ASK_BODY_BYTES_MAX, AccountId, ChainId, TopicId, UnixTime};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;

/// Why an ask gets no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("a miner has no such path; ask at {ASK_PATH}")]
    Path,
    #[error("a miner is asked by POST alone; send the ask as a POST")]
    Method,
    #[error("there is not exactly one `{ASK_HEADER}` header; send the signed ask in one")]
    Headers,
    #[error(transparent)]
    Header(AskHeaderError),
    #[error(
        "the body is over the limit of {ASK_BODY_BYTES_MAX} bytes; send large input as content and ask by its id"
    )]
    TooLarge,
    #[error("the ask is for another chain than {chain}; sign it for this one")]
    WrongChain { chain: ChainId },
    #[error("the ask is for another miner than {account}; look its address up anew")]
    WrongMiner { account: AccountId },
    #[error("this miner does not work in topic {topic}; ask one that has a slot in it")]
    WrongTopic { topic: TopicId },
    #[error(
        "the ask is dated {at} and this clock shows {now}; set the clock and sign the ask anew"
    )]
    OutsideWindow { at: UnixTime, now: UnixTime },
    #[error(
        "the ask was signed before {since}, which is as far back as this miner remembers; sign it anew"
    )]
    Forgotten { since: UnixTime },
    #[error(
        "{caller} is not admitted in topic {topic} now; hold a permit in it and wait for its next epoch"
    )]
    NotAdmitted { topic: TopicId, caller: AccountId },
    #[error("this ask was seen before; sign a new one with a nonce of its own")]
    NonceUsed,
    #[error("the signature is not the caller's; sign all fields of the ask with the caller's key")]
    BadSignature,
    #[error("this miner works on as many asks as it takes; ask again later")]
    Full,
    #[error("{of} asks of this caller are under way, the most there may be; wait for one of them")]
    CallerFull { of: usize },
    #[error(
        "this caller used {of} nonces in the last minute, the most there may be; ask again later"
    )]
    NoncesFull { of: usize },
    #[error("the body is not the one that the ask names; send what was signed")]
    OtherBody,
    #[error("the body broke off; sign the ask anew and send it again")]
    BodyBroken,
    #[error("the body took more than {} s; ask anew over a better connection", limit.as_secs())]
    BodyTime { limit: Duration },
    #[error("the work took more than {} ms; ask for less, or again later", limit.as_millis())]
    WorkTime { limit: Duration },
    #[error("the miner failed at this ask; ask again, its operator finds the cause in its log")]
    Failed,
    #[error("{}; {}", _0.reason, _0.hint)]
    Declined(Declined),
}

impl Refused {
    const fn code(&self) -> ProblemCode {
        match self {
            Self::Path => ProblemCode::NotFound,
            Self::Method => ProblemCode::MethodNotAllowed,
            Self::Headers | Self::Header(_) | Self::BodyBroken => ProblemCode::BadRequest,
            Self::TooLarge => ProblemCode::TooLarge,
            Self::WrongChain { .. } => ProblemCode::WrongChain,
            Self::WrongMiner { .. } | Self::WrongTopic { .. } => ProblemCode::WrongRecipient,
            Self::OutsideWindow { .. } | Self::Forgotten { .. } => ProblemCode::OutsideWindow,
            Self::NotAdmitted { .. } => ProblemCode::NotAdmitted,
            Self::NonceUsed => ProblemCode::NonceUsed,
            Self::BadSignature => ProblemCode::BadSignature,
            Self::Full | Self::CallerFull { .. } => ProblemCode::Busy,
            Self::NoncesFull { .. } => ProblemCode::RateLimited,
            Self::OtherBody => ProblemCode::ContentMismatch,
            Self::BodyTime { .. } | Self::WorkTime { .. } => ProblemCode::Timeout,
            Self::Failed => ProblemCode::Internal,
            Self::Declined(_) => ProblemCode::Declined,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Declined(declined) => Problem::new(self.code(), &declined.reason, &declined.hint),
            _ => Problem::of_message(self.code(), &self.to_string()),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let media = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
        (status, [(header::CONTENT_TYPE, media)], body).into_response()
    }
}
