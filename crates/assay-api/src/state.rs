//! Rows of the ledger as people read them. What proves anything is the canonical `StateProof`.

use crate::{
    BuyerRecordView, GoodView, RoyaltySplitView, SellerRecordView, TermsView,
    json::{Address, Grains, Id, Maybe, Number},
};
use assay_types::{
    AccountId, Amount, BlockId, ChainId, ContentId, FeeRate, Height, LedgerTime, ModelId, OfferId,
    OrderId, RowKey,
};
use serde::{Deserialize, Serialize};

/// A row of the ledger after a final block, or that there was none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StateView {
    /// Whose ledger.
    #[serde(with = "Id")]
    pub chain: ChainId,
    /// Which row.
    pub key: RowKeyView,
    /// Height of the block after which it was so.
    #[serde(with = "Number")]
    pub height: Height,
    /// That block's time.
    #[serde(rename = "time_ms", with = "Number")]
    pub time: LedgerTime,
    /// That block.
    #[serde(with = "Id")]
    pub block: BlockId,
    /// What the row says; `null` when there was none.
    #[serde(default)]
    pub row: Option<RowView>,
}

/// Which row is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RowKeyView {
    /// Where the chain stands.
    Chain,
    /// An account.
    Account {
        /// Whose.
        #[serde(with = "Address")]
        account: AccountId,
    },
    /// A registered model.
    Model {
        /// Which.
        #[serde(with = "Id")]
        model: ModelId,
    },
    /// A standing offer.
    Offer {
        /// Which.
        #[serde(with = "Id")]
        offer: OfferId,
    },
    /// An open order.
    Order {
        /// Which.
        #[serde(with = "Id")]
        order: OrderId,
    },
    /// A name.
    Name {
        /// Which.
        name: String,
    },
}

impl From<RowKey> for RowKeyView {
    fn from(key: RowKey) -> Self {
        match key {
            RowKey::Chain => Self::Chain,
            RowKey::Account { account } => Self::Account { account },
            RowKey::Model { model } => Self::Model { model },
            RowKey::Offer { offer } => Self::Offer { offer },
            RowKey::Order { order } => Self::Order { order },
            RowKey::Name { name } => Self::Name {
                name: name.to_string(),
            },
        }
    }
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RowView {
    /// Where the chain stands.
    Chain {
        /// Height of the last block.
        #[serde(with = "Number")]
        height: Height,
        /// Its time.
        #[serde(rename = "time_ms", with = "Number")]
        time: LedgerTime,
        /// Grains per unit of weight in the next block.
        #[serde(with = "Grains")]
        base_fee: FeeRate,
        /// All that was ever issued.
        #[serde(with = "Grains")]
        issued: Amount,
        /// All that was ever burnt.
        #[serde(with = "Grains")]
        burnt: Amount,
    },
    /// An account.
    Account {
        /// Money it can spend.
        #[serde(with = "Grains")]
        balance: Amount,
        /// All of its bond.
        #[serde(with = "Grains")]
        bond: Amount,
        /// The part of the bond that running assignments hold.
        #[serde(with = "Grains")]
        locked: Amount,
        /// Its standing offers.
        offers: u32,
        /// Its open orders, as a buyer.
        orders: u32,
        /// Its record as a seller.
        seller: SellerRecordView,
        /// Its record as a buyer.
        buyer: BuyerRecordView,
    },
    /// A registered model.
    Model {
        /// Who registered it.
        #[serde(with = "Address")]
        owner: AccountId,
        /// Content id of its manifest.
        #[serde(with = "Id")]
        manifest: ContentId,
        /// Content id of its canonical program.
        #[serde(with = "Id")]
        program: ContentId,
        /// SPDX licence expression.
        licence: String,
        /// Who shares its income.
        royalties: Vec<RoyaltySplitView>,
    },
    /// A standing offer.
    Offer {
        /// Whose.
        #[serde(with = "Address")]
        seller: AccountId,
        /// What is sold.
        good: GoodView,
        /// Price of one unit of work.
        #[serde(with = "Grains")]
        ask: Amount,
        /// Jobs the seller takes at the same time.
        capacity: u32,
        /// Jobs it has.
        running: u32,
    },
    /// An open order.
    Order {
        /// Whose.
        #[serde(with = "Address")]
        buyer: AccountId,
        /// What is asked for.
        terms: TermsView,
        /// Money held for it.
        #[serde(with = "Grains")]
        escrow: Amount,
        /// When it was placed.
        #[serde(rename = "placed_at_ms", with = "Number")]
        placed_at: LedgerTime,
        /// When all its sellers had accepted.
        #[serde(default, rename = "started_at_ms", with = "Maybe::<Number>")]
        started_at: Option<LedgerTime>,
        /// Its sellers' accounts, in the order drawn.
        #[serde(with = "crate::json::Each::<Address>")]
        sellers: Vec<AccountId>,
        /// The accepted answer, once there is one.
        #[serde(default, with = "Maybe::<Id>")]
        output: Option<ContentId>,
    },
    /// A name that somebody holds, or held a moment ago.
    Name {
        /// Who.
        #[serde(with = "Address")]
        holder: AccountId,
        /// Last moment at which it stands for its holder.
        #[serde(rename = "expires_at_ms", with = "Number")]
        expires_at: LedgerTime,
        /// Last moment at which only its holder can have it again.
        #[serde(rename = "frees_at_ms", with = "Number")]
        frees_at: LedgerTime,
        /// Whether its holder registered or renewed it, instead of being given it.
        claimed: bool,
    },
}
