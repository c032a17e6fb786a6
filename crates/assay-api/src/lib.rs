//! The words of a node's HTTP interface: paths, limits, JSON views, problems and the event stream.
//!
//! Canonical bytes (transactions, blocks, receipts, state proofs) travel as `application/octet-stream`; everything a
//! person or a script reads is a JSON view here. Views hold the vocabulary's own types, so whoever parses
//! a view has parsed its ids, addresses and amounts too.
//!
//! Invariant: in JSON, ids are 64 hexadecimal digits, accounts `asy1…` addresses, amounts and fee rates
//! *decimal strings of grains* (a `u64` does not fit the numbers of JavaScript), heights, weights and
//! times in milliseconds plain numbers. Readers ignore fields they do not know, so fields may be added.
//!
//! This crate compiles without the server and the client; both are written against it. [`OPENAPI`] is the
//! machine-readable document of the interface, generated from these types.

#![forbid(unsafe_code)]

pub mod json;
pub mod paths;

mod account;
mod ask;
mod block;
mod content;
mod event;
mod market;
mod model;
mod name;
mod problem;
mod receipt;
mod state;
mod status;
mod stream;
mod submission;
mod supply;
mod topic;
mod transaction;

pub use account::{AccountView, BuyerRecordView, LaneView, SellerRecordView, UnbondingView};
pub use ask::{
    ANSWER_HEADER, ASK_HEADER, ASK_PATH, AskHeaderError, answer_from_header, answer_to_header,
    ask_from_header, ask_to_header,
};
pub use block::{BlockView, BlocksPage, HeaderView};
pub use content::{
    CONTENT_BYTES_MAX, CONTENT_SIZE_HEADER, ENCODED_MEDIA_TYPE, OCTET_STREAM, StoredView,
    UPLOAD_HEADER, UPLOAD_VALID_MS_MAX, UploadHeaderError, upload_from_header, upload_to_header,
};
pub use event::EventView;
pub use market::{
    AssignmentStage, AssignmentView, CheckView, GoodView, InputView, OfferView, OffersPage,
    OrderStatus, OrderView, OrdersPage, TermsView, WorkView,
};
pub use model::{ModelView, ModelsPage, RoyaltySplitView};
pub use name::{NameParamsView, NameView, NamesPage, ReservationView};
pub use problem::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
pub use receipt::{PayoutResultView, PayoutView, ReceiptView, VerdictView};
pub use state::{RowKeyView, RowView, SentInferenceView, StateView};
pub use status::{HealthView, LimitsView, MempoolView, ParamsView, StatusView, SupplyView};
pub use stream::{
    BLOCK_EVENT, BlockEvent, CursorError, EventCursor, MARKET_EVENT, SenderOutcome, StampedEvent,
    StreamMessage,
};
pub use submission::{ForecasterView, InfererView, RoundView, SlotLossView, SubmissionView};
pub use supply::{EmissionParamsView, EmissionView, EpochView, LeaderView};
pub use topic::{
    MetagraphView, SlotView, TopicMechanismView, TopicTermsView, TopicView, TopicsPage,
    WeightCellView, YumaBondsView, submission_kind,
};
pub use transaction::{
    BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, BatchAnswer, BatchTooLarge, CallView, OutcomeView,
    RefusedView, RejectionView, Submitted, TransactionBatch, TransactionStatus, TransactionView,
    encode_batch,
};

/// Version of the interface; the first segment of every path but `/` and `/healthz`.
pub const API_VERSION: &str = "v1";
/// The OpenAPI 3.1 document of the interface, which a node serves at [`paths::OPENAPI`].
pub const OPENAPI: &str = include_str!("../openapi.json");
/// Items of a list when the request names no limit.
pub const PAGE_ITEMS_DEFAULT: usize = 50;
/// Most items of a list: a page of orders stays below a few hundred KiB.
pub const PAGE_ITEMS_MAX: usize = 500;

#[cfg(test)]
mod document;
#[cfg(test)]
mod tests;
