//! Blocks as people read them; `Accept: application/octet-stream` gets the canonical bytes.

use crate::{
    TransactionView,
    json::{Address, Grains, Id, Number},
};
use assay_types::{AccountId, BlockId, FeeRate, Hash32, Header, Height, LedgerTime};
use serde::{Deserialize, Serialize};

/// A header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HeaderView {
    /// The block's id: the hash of this header.
    #[serde(with = "Id")]
    pub id: BlockId,
    /// The block below.
    #[serde(with = "Id")]
    pub parent: BlockId,
    /// Blocks since genesis.
    #[serde(with = "Number")]
    pub height: Height,
    /// Ledger time.
    #[serde(rename = "time_ms", with = "Number")]
    pub time: LedgerTime,
    /// The view it was proposed in.
    pub view: u64,
    /// Who proposed it and earns its tips.
    #[serde(with = "Address")]
    pub leader: AccountId,
    /// Public randomness.
    #[serde(with = "Id")]
    pub randomness: Hash32,
    /// Merkle root of the transactions.
    #[serde(with = "Id")]
    pub transactions_root: Hash32,
    /// Root of the state after this block.
    #[serde(with = "Id")]
    pub state_root: Hash32,
    /// Merkle root of the events.
    #[serde(with = "Id")]
    pub event_root: Hash32,
    /// Grains per unit of weight.
    #[serde(with = "Grains")]
    pub base_fee: FeeRate,
}

impl From<&Header> for HeaderView {
    fn from(header: &Header) -> Self {
        Self {
            id: header.id(),
            parent: header.parent,
            height: header.height,
            time: header.time,
            view: header.context.view,
            leader: header.context.leader.account(),
            randomness: header.randomness,
            transactions_root: header.transactions_root,
            state_root: header.state_root,
            event_root: header.event_root,
            base_fee: header.base_fee,
        }
    }
}

/// A final block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BlockView {
    /// Its header.
    pub header: HeaderView,
    /// Number of its transactions.
    pub transaction_count: usize,
    /// Its transactions, in order; left out in lists of blocks.
    #[serde(default)]
    pub transactions: Vec<TransactionView>,
    /// Number of its events.
    pub event_count: usize,
}

/// Some final blocks without their transactions, newest first, and how to get more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BlocksPage {
    /// The blocks.
    pub blocks: Vec<BlockView>,
    /// What to send as `?cursor=` for the page that follows; `null` on the last.
    #[serde(default)]
    pub next: Option<String>,
}
