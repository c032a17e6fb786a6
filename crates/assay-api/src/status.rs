//! The node and its chain at a glance.

use crate::{
    NameParamsView,
    json::{Address, Each, Grains, Id, Number},
};
use assay_types::{AccountId, Amount, ChainId, FeeRate, Height, LedgerTime, Params, Weight};
use serde::{Deserialize, Serialize};

/// The chain as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StatusView {
    /// The chain.
    #[serde(with = "Id")]
    pub chain_id: ChainId,
    /// Its name for people.
    pub network: String,
    /// The latest final block.
    #[serde(with = "Number")]
    pub height: Height,
    /// Its ledger time, from which every deadline is reckoned.
    #[serde(rename = "time_ms", with = "Number")]
    pub time: LedgerTime,
    /// Grains per unit of weight in the next block.
    #[serde(with = "Grains")]
    pub base_fee: FeeRate,
    /// The validators' accounts, ascending by key.
    #[serde(with = "Each::<Address>")]
    pub validators: Vec<AccountId>,
    /// How much money there is.
    pub supply: SupplyView,
    /// What waits for a block.
    pub mempool: MempoolView,
    /// Version of the node's program.
    pub version: String,
    /// What this node takes.
    pub limits: LimitsView,
    /// What the ledger's rules say.
    pub params: ParamsView,
}

/// How much money there is: `issued == burnt + circulating`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SupplyView {
    /// Ever made.
    #[serde(with = "Grains")]
    pub issued: Amount,
    /// Destroyed.
    #[serde(with = "Grains")]
    pub burnt: Amount,
    /// In balances, bonds and escrow.
    #[serde(with = "Grains")]
    pub circulating: Amount,
}

/// What waits for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MempoolView {
    /// Transactions.
    pub transactions: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a node takes in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LimitsView {
    /// Largest transaction.
    pub transaction_bytes_max: u64,
    /// Most transactions of a batch.
    pub batch_transactions_max: u64,
    /// Largest batch.
    pub batch_bytes_max: u64,
    /// Largest content.
    pub content_bytes_max: u64,
    /// How long content outlives its order, in milliseconds of ledger time.
    pub content_retention_ms: u64,
    /// How long content waits for an order or a model to name it, in milliseconds of ledger time.
    pub content_unclaimed_ms: u64,
    /// Most items of a list.
    pub page_items_max: u64,
}

/// The ledger's limits and prices; see `assay_types::Params`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "the fields are those of `assay_types::Params`")]
pub struct ParamsView {
    #[serde(with = "Number")]
    pub block_weight_max: Weight,
    #[serde(with = "Grains")]
    pub base_fee_min: FeeRate,
    pub accept_window_ms: u64,
    pub redraws_max: u8,
    pub unbonding_ms: u64,
    pub lock_multiple: u64,
    pub market_fee_basis_points: u16,
    pub rejection_burn_basis_points: u16,
    pub offers_per_account_max: u32,
    pub orders_per_account_max: u32,
    pub order_ms_max: u64,
    pub valid_ms_max: u64,
    pub names: NameParamsView,
}

impl From<&Params> for ParamsView {
    fn from(params: &Params) -> Self {
        Self {
            block_weight_max: params.block_weight_max,
            base_fee_min: params.base_fee_min,
            accept_window_ms: params.accept_window_ms,
            redraws_max: params.redraws_max,
            unbonding_ms: params.unbonding_ms,
            lock_multiple: params.lock_multiple,
            market_fee_basis_points: params.market_fee.get(),
            rejection_burn_basis_points: params.rejection_burn.get(),
            offers_per_account_max: params.offers_per_account_max,
            orders_per_account_max: params.orders_per_account_max,
            order_ms_max: params.order_ms_max,
            valid_ms_max: params.valid_ms_max,
            names: (&params.names).into(),
        }
    }
}

/// Whether the chain moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct HealthView {
    /// Always true with status 200; a chain that stands still answers 503 and a problem.
    pub moving: bool,
    /// The latest final block.
    #[serde(with = "Number")]
    pub height: Height,
    /// Milliseconds since this node saw it become final.
    pub block_age_ms: u64,
}
