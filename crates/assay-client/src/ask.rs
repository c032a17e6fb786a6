//! Asking a miner of a topic: signed, bounded in time and size, and believed only with the miner's own signature.
//!
//! Invariant: what [`Asker::ask`] returns was signed by the account that was asked, for this ask, with this body. A
//! refusal is signed by nobody; it helps an honest asker and proves nothing.
//!
//! An address is a miner's word, so no redirection is followed and nothing of an answer is kept that is not the
//! miner's. Whoever asks from inside a network that trusts its own machines should keep the asker's traffic out of
//! it: the address may name one of them.
//!
//! Source: `docs/topics-calls.md`.

use crate::UnixClock;
use assay_api::{
    ANSWER_HEADER, ASK_HEADER, ASK_PATH, AskHeaderError, OCTET_STREAM, Problem, ProblemCode,
    answer_from_header, ask_to_header,
};
use assay_types::{
    ANSWER_BODY_BYTES_MAX, ASK_BODY_BYTES_MAX, AccountId, AnswerMismatch, Ask, ChainId, ContentId,
    Hash32, MinerAddress, SecretKey, SignedAnswer, SignedAsk, Text, TopicId,
};
use bytes::Bytes;
use reqwest::{Response, StatusCode, header};
use std::time::Duration;

/// Longest wait for a connection to a miner.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest that an unused connection to a miner is kept: between two asks of one round, not of two epochs.
const IDLE_TIME_MAX: Duration = Duration::from_secs(30);
/// How long one ask may take when nothing else is said: a miner's own limit, and the way there and back.
const PATIENCE_DEFAULT: Duration = Duration::from_secs(40);
/// Largest refusal that is read.
const REFUSAL_BYTES_MAX: usize = 16 * 1024;
/// Characters that are kept of what a refusal says, and of what it advises.
const REFUSAL_CHARS_MAX: usize = 400;

/// Asks miners in the name of one account. A clone shares its connections.
#[derive(Debug, Clone)]
pub struct Asker {
    http: reqwest::Client,
    chain: ChainId,
    key: SecretKey,
    clock: UnixClock,
    patience: Duration,
}

/// Who is asked, where, on behalf of which topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The miner's key in the topic.
    pub miner: AccountId,
    /// Where it listens.
    pub address: MinerAddress,
    /// The topic.
    pub topic: TopicId,
}

/// An answer that holds. Ask, answer and both bodies show anyone what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What was asked.
    pub ask: SignedAsk,
    /// What was answered.
    pub answer: SignedAnswer,
    /// The answer's body, which the answer names by its hash.
    pub body: Vec<u8>,
}

/// Why an ask brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No HTTP client could be made.
    #[error("cannot set up HTTP for asking miners; check the system's limits")]
    Setup {
        /// The reason.
        source: reqwest::Error,
    },
    /// The ask is too large to be sent.
    #[error(
        "an ask of {len} bytes is over the limit of {ASK_BODY_BYTES_MAX}; send large input as content and ask by its id"
    )]
    TooLarge {
        /// Its length in bytes.
        len: usize,
    },
    /// The miner wants TLS.
    #[error(
        "cannot ask at {address}; this build speaks no https, ask through a proxy that does, or another miner"
    )]
    Encrypted {
        /// Where.
        address: MinerAddress,
    },
    /// Nobody answers there.
    #[error("cannot reach miner {miner} at {address}; ask again later, it may have moved")]
    Unreachable {
        /// Who.
        miner: AccountId,
        /// Where.
        address: MinerAddress,
        /// The network's reason.
        source: reqwest::Error,
    },
    /// The answer did not come in time.
    #[error(
        "miner {miner} at {address} did not answer within {} ms; ask again later", patience.as_millis()
    )]
    Late {
        /// Who.
        miner: AccountId,
        /// Where.
        address: MinerAddress,
        /// How long was waited.
        patience: Duration,
    },
    /// The miner refused, and says why. Nobody signed this.
    #[error("miner {miner} refused: {}; {}", problem.detail, problem.hint)]
    Refused {
        /// Who.
        miner: AccountId,
        /// Why.
        problem: Box<Problem>,
    },
    /// Something came that is not the miner's answer to this ask.
    #[error("what came from {address} is not the answer of miner {miner}; count it as none")]
    NotItsAnswer {
        /// Who.
        miner: AccountId,
        /// From where.
        address: MinerAddress,
        /// What is wrong with it.
        source: NotAnAnswer,
    },
}

/// What is wrong with what came instead of an answer.
#[derive(Debug, thiserror::Error)]
pub enum NotAnAnswer {
    /// Neither an answer nor a refusal.
    #[error("status {status} without a reason that can be read")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// No signature came, or more than one.
    #[error("it has {count} headers `{ANSWER_HEADER}` instead of one")]
    Headers {
        /// How many.
        count: usize,
    },
    /// The header cannot be read.
    #[error(transparent)]
    Header(#[from] AskHeaderError),
    /// The body is longer than any answer.
    #[error("its body is over the limit of {ANSWER_BODY_BYTES_MAX} bytes")]
    TooLarge,
    /// The signature is of something else, or of somebody else.
    #[error(transparent)]
    Mismatch(#[from] AnswerMismatch),
}

impl AskError {
    /// Whether a new ask may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Late { .. } => true,
            Self::Refused { problem, .. } => matches!(
                problem.code,
                ProblemCode::Busy
                    | ProblemCode::RateLimited
                    | ProblemCode::Unavailable
                    | ProblemCode::Timeout
                    | ProblemCode::Internal
                    | ProblemCode::NonceUsed
            ),
            Self::Setup { .. }
            | Self::TooLarge { .. }
            | Self::Encrypted { .. }
            | Self::NotItsAnswer { .. } => false,
        }
    }
}

impl Asker {
    /// Asks in the name of `key` on `chain`, by this machine's clock, with forty seconds for each ask.
    ///
    /// # Errors
    /// [`AskError::Setup`].
    pub fn new(chain: ChainId, key: SecretKey) -> Result<Self, AskError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .pool_idle_timeout(IDLE_TIME_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .no_proxy()
            .user_agent(concat!("assay-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| AskError::Setup { source })?;
        Ok(Self {
            http,
            chain,
            key,
            clock: UnixClock::system(),
            patience: PATIENCE_DEFAULT,
        })
    }

    /// By another clock.
    #[must_use]
    pub fn with_clock(self, clock: UnixClock) -> Self {
        Self { clock, ..self }
    }

    /// With another limit on the time of one ask, from the connection to the answer's last byte.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Asks `to` what is in `body`: any bytes, usually JSON. Each call is a new ask, so trying again is safe.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn ask(&self, to: &Recipient, body: impl Into<Bytes>) -> Result<Answered, AskError> {
        let body = body.into();
        if body.len() > ASK_BODY_BYTES_MAX {
            return Err(AskError::TooLarge { len: body.len() });
        }
        if to.address.is_encrypted() {
            return Err(AskError::Encrypted {
                address: to.address.clone(),
            });
        }
        let ask = self.sign(to, &body);
        tokio::time::timeout(self.patience, self.exchange(to, ask, body))
            .await
            .unwrap_or_else(|_| {
                Err(AskError::Late {
                    miner: to.miner,
                    address: to.address.clone(),
                    patience: self.patience,
                })
            })
    }

    fn sign(&self, to: &Recipient, body: &[u8]) -> SignedAsk {
        Ask {
            chain: self.chain,
            topic: to.topic,
            from: self.key.account(),
            to: to.miner,
            at: self.clock.now(),
            nonce: Hash32::new(rand::random()),
            body: ContentId::of(body),
        }
        .sign(&self.key)
    }

    async fn exchange(
        &self,
        to: &Recipient,
        ask: SignedAsk,
        body: Bytes,
    ) -> Result<Answered, AskError> {
        let request = self
            .http
            .post(format!("{}{ASK_PATH}", to.address))
            .header(header::CONTENT_TYPE, OCTET_STREAM)
            .header(ASK_HEADER, ask_to_header(&ask))
            .body(body);
        let response = request.send().await.map_err(|source| to.broken(source))?;
        if response.status() != StatusCode::OK {
            return Err(refusal(to, response).await);
        }
        let answer = answer_of(&response).map_err(|source| to.not_its_answer(source))?;
        let body = read(response, ANSWER_BODY_BYTES_MAX)
            .await
            .map_err(|source| to.broken(source))?
            .ok_or_else(|| to.not_its_answer(NotAnAnswer::TooLarge))?;
        answer
            .check(&ask, &body)
            .map_err(|mismatch| to.not_its_answer(mismatch.into()))?;
        Ok(Answered { ask, answer, body })
    }
}

impl Recipient {
    fn broken(&self, source: reqwest::Error) -> AskError {
        AskError::Unreachable {
            miner: self.miner,
            address: self.address.clone(),
            source,
        }
    }

    fn not_its_answer(&self, source: NotAnAnswer) -> AskError {
        AskError::NotItsAnswer {
            miner: self.miner,
            address: self.address.clone(),
            source,
        }
    }
}

/// The signed answer that a response carries in its head.
fn answer_of(response: &Response) -> Result<SignedAnswer, NotAnAnswer> {
    let mut values = response.headers().get_all(ANSWER_HEADER).iter();
    match (values.next(), values.count()) {
        (Some(value), 0) => Ok(answer_from_header(value)?),
        (first, others) => Err(NotAnAnswer::Headers {
            count: usize::from(first.is_some()) + others,
        }),
    }
}

/// What a response that is no answer says.
async fn refusal(to: &Recipient, response: Response) -> AskError {
    let status = response.status().as_u16();
    let body = match read(response, REFUSAL_BYTES_MAX).await {
        Ok(body) => body.unwrap_or_default(),
        Err(source) => return to.broken(source),
    };
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => AskError::Refused {
            miner: to.miner,
            problem: Box::new(Problem::new(
                problem.code,
                printable(&problem.detail),
                printable(&problem.hint),
            )),
        },
        Err(_) => to.not_its_answer(NotAnAnswer::Status { status }),
    }
}

/// A whole body, or `None` if it is over `max` bytes.
async fn read(mut response: Response, max: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The start of a stranger's text, with nothing in it that a terminal would act on.
fn printable(text: &str) -> String {
    text.chars()
        .take(REFUSAL_CHARS_MAX)
        .map(|character| match Text::<4>::new(character) {
            Ok(_) => character,
            Err(_) => char::REPLACEMENT_CHARACTER,
        })
        .collect()
}

#[cfg(test)]
mod tests;
