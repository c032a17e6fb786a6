//! Rows of the ledger as people read them. What proves anything is the canonical `StateProof`.

use crate::{
    BuyerRecordView, GoodView, RoyaltySplitView, SellerRecordView, TermsView, TopicTermsView,
    WeightCellView,
    json::{Address, Digits, Grains, Id, Maybe, Number},
};
use assay_types::{
    AccountId, Amount, BlockId, ChainId, ContentId, FeeRate, Hash32, Height, LedgerTime, ModelId,
    OfferId, OrderId, ProofKeyId, RowKey, TopicId,
};
use serde::{Deserialize, Serialize};

/// A row of the ledger after a final block, or that there was none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// A key that a model's proofs are verified with.
    ProofKey {
        /// The model.
        #[serde(with = "Id")]
        model: ModelId,
        /// Which of its keys.
        #[serde(with = "Id")]
        key: ProofKeyId,
    },
    /// A topic.
    Topic {
        /// Which.
        #[serde(with = "Id")]
        topic: TopicId,
    },
    /// A slot of a topic.
    Slot {
        /// The topic.
        #[serde(with = "Id")]
        topic: TopicId,
        /// Which of its slots.
        slot: u16,
    },
    /// The money behind a key of a topic.
    Pool {
        /// The topic.
        #[serde(with = "Id")]
        topic: TopicId,
        /// Whose key.
        #[serde(with = "Address")]
        key: AccountId,
    },
    /// What a staker has of such a pool.
    Staker {
        /// The topic.
        #[serde(with = "Id")]
        topic: TopicId,
        /// The key that is staked on.
        #[serde(with = "Address")]
        key: AccountId,
        /// Whose money.
        #[serde(with = "Address")]
        staker: AccountId,
    },
    /// What a topic inferred last.
    Round {
        /// The topic.
        #[serde(with = "Id")]
        topic: TopicId,
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
            RowKey::ProofKey { model, key } => Self::ProofKey { model, key },
            RowKey::Topic { topic } => Self::Topic { topic },
            RowKey::Slot { topic, slot } => Self::Slot { topic, slot },
            RowKey::Pool { topic, key } => Self::Pool { topic, key },
            RowKey::Staker { topic, key, staker } => Self::Staker { topic, key, staker },
            RowKey::Round { topic } => Self::Round { topic },
        }
    }
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// A key that a model's proofs are verified with.
    ProofKey {
        /// When it was registered.
        #[serde(rename = "registered_at_ms", with = "Number")]
        registered_at: LedgerTime,
    },
    /// A topic.
    Topic {
        /// Who created it.
        #[serde(with = "Address")]
        owner: AccountId,
        /// What it is.
        terms: TopicTermsView,
        /// Its epoch under way, counted from its creation.
        epoch: u64,
        /// Last moment of that epoch.
        #[serde(rename = "epoch_ends_at_ms", with = "Number")]
        epoch_ends_at: LedgerTime,
        /// Slots that are held.
        slots: u16,
        /// What it may still mint for those who earn it.
        #[serde(with = "Grains")]
        budget: Amount,
        /// What it was funded with and has not paid yet.
        #[serde(with = "Grains")]
        fees: Amount,
        /// What stands behind its keys.
        #[serde(with = "Grains")]
        stake: Amount,
    },
    /// A slot of a topic.
    Slot {
        /// Who works.
        #[serde(with = "Address")]
        key: AccountId,
        /// Who earns.
        #[serde(with = "Address")]
        owner: AccountId,
        /// When it was taken.
        #[serde(rename = "registered_at_ms", with = "Number")]
        registered_at: LedgerTime,
        /// Whether its weights count in this epoch.
        permit: bool,
        /// What it committed to in this epoch.
        #[serde(default, with = "Maybe::<Id>")]
        committed: Option<Hash32>,
        /// What it has to reveal in this epoch.
        #[serde(default, with = "Maybe::<Id>")]
        due: Option<Hash32>,
        /// The weights that count.
        weights: Vec<WeightCellView>,
        /// Its bonds to other slots, in parts of 65 535.
        bonds: Vec<WeightCellView>,
        /// What it earned in the last epoch.
        #[serde(with = "Grains")]
        earned: Amount,
        /// What of that it earned by work.
        #[serde(with = "Grains")]
        worked: Amount,
        /// Where its key can be asked.
        #[serde(default)]
        address: Option<String>,
    },
    /// The money behind a key of a topic.
    Pool {
        /// All of it.
        #[serde(with = "Grains")]
        total: Amount,
        /// Shares in it, each of which is worth as much as any other.
        #[serde(with = "Digits")]
        shares: u64,
    },
    /// What a staker has of such a pool.
    Staker {
        /// Its shares.
        #[serde(with = "Digits")]
        shares: u64,
    },
    /// What a topic inferred last, until it is measured.
    Round {
        /// The epoch in which the inferences were made.
        epoch: u64,
        /// What the topic infers, one number for each label.
        inference: Vec<f64>,
        /// What it was made of, ascending by slot.
        inferences: Vec<SentInferenceView>,
        /// How many forecasts it was made with.
        forecasts: u32,
    },
}

/// An inference that a topic's was made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SentInferenceView {
    /// Its slot.
    pub slot: u16,
    /// Its key then.
    #[serde(with = "Address")]
    pub key: AccountId,
    /// One number for each label.
    pub labels: Vec<f64>,
}
