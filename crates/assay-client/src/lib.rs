//! The SDK: everything a program does with a node over HTTP, and the wallet files that hold its keys.
//!
//! | part | what it does |
//! |---|---|
//! | [`Client`] | one method per endpoint; content is checked while it arrives |
//! | [`EventStream`] | follows the event stream across broken connections, without a gap or a double |
//! | [`Sender`] | sends an account's transactions over one lane: sequences, fees, batches, recovery |
//! | [`place`], [`place_many`], [`Client::wait_closed`] | orders, one or many, from terms to receipt |
//! | [`Client::topic`], [`Client::topic_round`], [`Sender::seal`] | topics, and what is committed to and revealed in them |
//! | [`Asker`] | asks miners of a topic; an answer counts with its miner's signature only |
//! | [`ask()`], [`Sender::offer_answers`], [`Sender::deliver_answer`] | topics' requests, from both sides |
//! | [`WalletFile`] | a secret key at rest |
//!
//! Invariants: deadlines and validity come from the ledger's clock, never from the machine's, which dates asks alone; nobody polls:
//! waiting follows the event stream; what a node says is believed as far as the node is trusted, except
//! content, which is checked against its id, and receipts, which `assay-verify` checks against an anchor.

#![forbid(unsafe_code)]

mod ask;
mod client;
mod clock;
mod content;
mod error;
mod events;
mod http;
mod names;
mod orders;
mod sender;
mod sse;
mod topics;
mod wallet;

pub use ask::{Answered, AskError, Asker, NotAnAnswer, Recipient};
pub use client::{Client, Pace};
pub use clock::UnixClock;
pub use content::HttpTransport;
pub use error::ClientError;
pub use events::{EventQuery, EventStart, EventStream};
pub use orders::{
    BATCH_LANES, BatchEvent, BatchOptions, CheckRequest, OrderRequest, Placed, QUESTION_BYTES_MAX,
    Timing, TopicRequest, ask, place, place_many,
};
pub use sender::{Confirmed, Sender, Sent, VALID_MS};
pub use sse::{LINE_BYTES_MAX, MESSAGE_BYTES_MAX, Message, Parser, SseError};
pub use topics::Sealed;
pub use wallet::{UnlockCost, WALLET_BYTES_MAX, WalletError, WalletFile};
