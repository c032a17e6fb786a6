//! Accounts: money, lanes, and the records that the ledger derives from what they did.

use crate::{
    ReservationView,
    json::{Address, Grains, Maybe, Number, Spoken},
};
use assay_types::{AccountId, Amount, LedgerTime, Name};
use serde::{Deserialize, Serialize};

/// What the ledger knows of an account. An account that never received anything is all zeros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AccountView {
    /// The account.
    #[serde(with = "Address")]
    pub account: AccountId,
    /// The name to show beside its address: the first that it chose itself and that stands for it now.
    #[serde(default, with = "Maybe::<Spoken>")]
    pub name: Option<Name>,
    /// Money it can spend.
    #[serde(with = "Grains")]
    pub balance: Amount,
    /// All of its bond.
    #[serde(with = "Grains")]
    pub bond: Amount,
    /// The part of the bond that running assignments hold, whether at risk yet or not.
    #[serde(with = "Grains")]
    pub locked: Amount,
    /// Bond on its way back to the balance.
    pub unbonding: Vec<UnbondingView>,
    /// Its standing offers.
    pub offers: u32,
    /// Its open orders, as a buyer.
    pub orders: u32,
    /// What it has reserved, if it is about to register a name.
    #[serde(default)]
    pub reservation: Option<ReservationView>,
    /// Lanes it has used.
    pub lanes: Vec<LaneView>,
    /// Its record as a seller.
    pub seller: SellerRecordView,
    /// Its record as a buyer.
    pub buyer: BuyerRecordView,
}

/// Bond that returns later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnbondingView {
    /// How much.
    #[serde(with = "Grains")]
    pub amount: Amount,
    /// When, in ledger time.
    #[serde(rename = "release_at_ms", with = "Number")]
    pub release_at: LedgerTime,
}

/// Where an account's lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SellerRecordView {
    /// Jobs delivered and paid.
    pub delivered: u64,
    /// Jobs accepted and not paid.
    pub failed: u64,
    /// Draws declined or left unanswered.
    pub declined: u64,
    /// Bond lost.
    #[serde(with = "Grains")]
    pub slashed: Amount,
    /// Income before deductions.
    #[serde(with = "Grains")]
    pub earned: Amount,
    /// Mean ledger time from a job's start to its payment, in milliseconds, floored; `null` before the
    /// first.
    pub latency_ms: Option<u64>,
}

/// What a buyer did, by the ledger's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BuyerRecordView {
    /// Orders placed.
    pub placed: u64,
    /// Orders that ended with an accepted answer.
    pub settled: u64,
    /// Orders refunded for want of sellers or answers.
    pub refunded: u64,
    /// Deliveries rejected.
    pub rejected: u64,
    /// Orders cancelled.
    pub cancelled: u64,
    /// Paid in all.
    #[serde(with = "Grains")]
    pub spent: Amount,
}
