//! What can go wrong between a program and a node, and whether trying again helps.

use crate::SseError;
use assay_api::{BatchTooLarge, Problem, ProblemCode, RejectionView};
use assay_content::FetchError;
use assay_types::{ContentId, LedgerTime, Name, OrderId, TxId};

/// Why a request brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Not the address of a node.
    #[error("`{url}` is not the address of a node; write it like http://127.0.0.1:8080")]
    Url {
        /// What was given.
        url: String,
    },
    /// Nobody answers.
    #[error("cannot reach the node at {url}; start it, or check the address")]
    Unreachable {
        /// The request.
        url: String,
        /// The network's reason.
        source: reqwest::Error,
    },
    /// The answer broke off.
    #[error("the answer to {url} broke off; try again")]
    Broken {
        /// The request.
        url: String,
        /// The network's reason.
        source: reqwest::Error,
    },
    /// The event stream ended or fell silent.
    #[error("the event stream of {url} {what}; it is resumed where it stopped")]
    StreamEnded {
        /// The node.
        url: String,
        /// How.
        what: &'static str,
    },
    /// The node refused, and says why.
    #[error("the node refused: {0}")]
    Refused(Box<Problem>),
    /// The transactions do not fit one request.
    #[error(transparent)]
    Batch(#[from] BatchTooLarge),
    /// The answer is not what the interface promises.
    #[error("{url} answered {reason}; is it a node of this version?")]
    Malformed {
        /// The request.
        url: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// The event stream is not one.
    #[error(transparent)]
    Stream(#[from] SseError),
    /// Content could not be fetched or is not what was asked for.
    #[error(transparent)]
    Content(#[from] FetchError),
    /// Content is not known to the node.
    #[error("the node has no content {id}; ask another, or have its owner upload it again")]
    NoContent {
        /// Which.
        id: ContentId,
    },
    /// The transaction is in a block, paid its fee and changed nothing.
    #[error("transaction {transaction} was refused by the ledger: {}; {}", rejection.message, rejection.advice)]
    Rejected {
        /// Which.
        transaction: TxId,
        /// Why.
        rejection: RejectionView,
    },
    /// The transaction's time passed before a block took it.
    #[error(
        "transaction {transaction} was valid until {valid_until} and no block took it; send it again, with a higher fee limit if blocks are full"
    )]
    NotIncluded {
        /// Which.
        transaction: TxId,
        /// Its last moment.
        valid_until: LedgerTime,
    },
    /// The order did not end in the time the caller was ready to wait.
    #[error(
        "order {order} is still open after {waited_ms} ms; it ends by its deadlines, ask again later"
    )]
    StillOpen {
        /// Which.
        order: OrderId,
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
    /// A name stands for no account.
    #[error("the name {name} stands for nobody now; check its spelling, or give the address")]
    NoSuchName {
        /// The name.
        name: Name,
    },
    /// A lane could not be brought in step with the ledger.
    #[error(
        "lane {lane} keeps moving under this sender; use each lane of an account in one program only"
    )]
    LaneContested {
        /// The lane.
        lane: u8,
    },
}

impl ClientError {
    /// Whether the same request may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } | Self::StreamEnded { .. } => true,
            Self::Refused(problem) => matches!(
                problem.code,
                ProblemCode::Busy
                    | ProblemCode::RateLimited
                    | ProblemCode::PoolFull
                    | ProblemCode::Unavailable
                    | ProblemCode::Timeout
                    | ProblemCode::Internal
            ),
            Self::Content(FetchError::Transport(error)) => {
                matches!(error, assay_content::TransportError::Broken { .. })
            }
            _ => false,
        }
    }

    /// The problem that the node told, if it did.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}
