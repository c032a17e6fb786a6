//! The event stream: server-sent events that a client can leave and resume without a gap or a double.
//!
//! A block with n events is told as n messages named [`MARKET_EVENT`] with the ids `height-0` …
//! `height-(n−1)`, then one message named [`BLOCK_EVENT`] with the id `height-n`, which says that the
//! block has been told in full. The latter comes for every block, so it is the stream's heartbeat too.
//!
//! A request resumes after the id in its `Last-Event-ID` header (or `?after=height-index`), or begins
//! with the first event of `?from=height`, or with what happens next. `?order=` and `?account=` leave
//! out market events that do not concern them; ids stay the same, so a filtered stream resumes as well.
//! In history, `?account=` can let events of others' orders through that ended in a later block, so readers
//! still look at whom an event names.

use crate::{
    EventView, OutcomeView,
    json::{Grains, Id, Number},
};
use assay_types::{BlockId, FeeRate, Height, LedgerTime, OrderId, TxId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The `event:` name of a [`StampedEvent`].
pub const MARKET_EVENT: &str = "market";
/// The `event:` name of a [`BlockEvent`].
pub const BLOCK_EVENT: &str = "block";

/// The place of a message in the stream, which is also where to resume after it. Ordered as the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventCursor {
    /// The block.
    pub height: Height,
    /// The message within the block.
    pub index: u32,
}

/// Text that is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a place in the event stream; it looks like `12-0` (height, index)")]
pub struct CursorError {
    /// What was given.
    pub text: String,
}

impl EventCursor {
    /// After everything that `height` told.
    pub const fn end_of(height: Height) -> Self {
        Self {
            height,
            index: u32::MAX,
        }
    }
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.height, self.index)
    }
}

impl FromStr for EventCursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u64>().ok()).flatten()
        };
        text.split_once('-')
            .and_then(|(height, index)| {
                Some(Self {
                    height: Height::new(number(height)?),
                    index: u32::try_from(number(index)?).ok()?,
                })
            })
            .ok_or_else(|| CursorError {
                text: text.chars().take(80).collect(),
            })
    }
}

/// One event with its place and time; the data of a [`MARKET_EVENT`] message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StampedEvent {
    /// Its block's height.
    #[serde(with = "Number")]
    pub height: Height,
    /// Its block's ledger time.
    #[serde(rename = "time_ms", with = "Number")]
    pub time: LedgerTime,
    /// Its place in the block.
    pub index: u32,
    /// What happened.
    pub event: EventView,
}

impl StampedEvent {
    /// Its place in the stream.
    pub const fn cursor(&self) -> EventCursor {
        EventCursor {
            height: self.height,
            index: self.index,
        }
    }

    /// The order it belongs to, if any.
    pub fn order(&self) -> Option<OrderId> {
        self.event.order()
    }
}

/// A block has been told in full; the data of a [`BLOCK_EVENT`] message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BlockEvent {
    /// Its height.
    #[serde(with = "Number")]
    pub height: Height,
    /// Its ledger time.
    #[serde(rename = "time_ms", with = "Number")]
    pub time: LedgerTime,
    /// Number of its events, filtered out ones among them.
    pub index: u32,
    /// Its id.
    #[serde(with = "Id")]
    pub id: BlockId,
    /// Grains per unit of weight.
    #[serde(with = "Grains")]
    pub base_fee: FeeRate,
    /// Number of its transactions.
    pub transactions: u32,
    /// Its transactions that the account of `?account=` sent, in order; empty without that filter.
    #[serde(default)]
    pub sent: Vec<SenderOutcome>,
}

impl BlockEvent {
    /// Its place in the stream.
    pub const fn cursor(&self) -> EventCursor {
        EventCursor {
            height: self.height,
            index: self.index,
        }
    }
}

/// What became of one of an account's transactions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SenderOutcome {
    /// Its id.
    #[serde(with = "Id")]
    pub id: TxId,
    /// Its lane.
    pub lane: u8,
    /// Its place in the lane.
    pub sequence: u64,
    /// What it did.
    pub outcome: OutcomeView,
}

/// One message of the stream.
#[derive(Debug, Clone, PartialEq)]
pub enum StreamMessage {
    /// Something happened.
    Market(StampedEvent),
    /// A block has been told in full.
    Block(BlockEvent),
}

impl StreamMessage {
    /// Its place in the stream.
    pub const fn cursor(&self) -> EventCursor {
        match self {
            Self::Market(event) => event.cursor(),
            Self::Block(event) => event.cursor(),
        }
    }

    /// Its `event:` name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Market(_) => MARKET_EVENT,
            Self::Block(_) => BLOCK_EVENT,
        }
    }

    /// Its `data:`, one line.
    ///
    /// # Errors
    /// None in practice: every view is plain data.
    pub fn data(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Market(event) => serde_json::to_string(event),
            Self::Block(event) => serde_json::to_string(event),
        }
    }

    /// Reads a message from its `event:` name and `data:`; `None` for a name that this program does not
    /// know.
    ///
    /// # Errors
    /// When the data is not that of its name.
    pub fn read(name: &str, data: &str) -> Result<Option<Self>, serde_json::Error> {
        match name {
            MARKET_EVENT => serde_json::from_str(data).map(Self::Market).map(Some),
            BLOCK_EVENT => serde_json::from_str(data).map(Self::Block).map(Some),
            _ => Ok(None),
        }
    }
}
