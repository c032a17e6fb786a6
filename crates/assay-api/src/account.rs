//! Accounts: money, lanes, and the records that the ledger derives from what they did.

use crate::json::{number, text};
use assay_types::{AccountId, Amount, LedgerTime};
use serde::{Deserialize, Serialize};

/// What the ledger knows of an account. An account that never received anything is all zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// The account.
    #[serde(with = "text")]
    pub account: AccountId,
    /// Money it can spend.
    #[serde(with = "text")]
    pub balance: Amount,
    /// All of its bond.
    #[serde(with = "text")]
    pub bond: Amount,
    /// The part of the bond that running assignments hold, whether at risk yet or not.
    #[serde(with = "text")]
    pub locked: Amount,
    /// Bond on its way back to the balance.
    pub unbonding: Vec<UnbondingView>,
    /// Lanes it has used.
    pub lanes: Vec<LaneView>,
    /// Its record as a seller.
    pub seller: SellerRecordView,
    /// Its record as a buyer.
    pub buyer: BuyerRecordView,
}

/// Bond that returns later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnbondingView {
    /// How much.
    #[serde(with = "text")]
    pub amount: Amount,
    /// When, in ledger time.
    #[serde(rename = "release_at_ms", with = "number")]
    pub release_at: LedgerTime,
}

/// Where an account's lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneView {
    /// The lane.
    pub lane: u8,
    /// The next sequence after everything final.
    pub next_sequence: u64,
    /// The next sequence after what waits in this node's pool too: what to sign next.
    pub pending_next: u64,
}

/// What a seller did, by the ledger's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SellerRecordView {
    /// Jobs that were paid.
    pub delivered: u64,
    /// Jobs that were accepted and not paid.
    pub failed: u64,
    /// Jobs whose lock was burnt.
    pub slashed: u64,
    /// Mean time from a job's start to its delivery, in milliseconds; `null` before the first.
    pub latency_ms: Option<u64>,
}

/// What a buyer did, by the ledger's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BuyerRecordView {
    /// Orders it placed.
    pub placed: u64,
    /// Orders that ended with an accepted answer.
    pub settled: u64,
    /// Deliveries it rejected.
    pub rejected: u64,
}
