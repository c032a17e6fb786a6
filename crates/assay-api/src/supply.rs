//! How much money there is, and how new money comes.

use crate::{
    SupplyView,
    json::{Address, Grains, Number},
};
use assay_types::{AccountId, Amount, EmissionParams, LedgerTime};
use serde::{Deserialize, Serialize};

/// The supply and the epoch under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EmissionView {
    /// How much there is.
    pub supply: SupplyView,
    /// The epoch under way.
    pub epoch: EpochView,
    /// Who proposed blocks in it.
    pub leaders: Vec<LeaderView>,
    /// The schedule and its split.
    pub params: EmissionParamsView,
}

/// An epoch of the emission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EpochView {
    /// Its number, counted from genesis.
    pub number: u64,
    /// The first moment of the next one, in ledger time.
    #[serde(rename = "ends_at_ms", with = "Number")]
    pub ends_at: LedgerTime,
    /// What the schedule emits in it, all shares together; what has no taker is not minted.
    #[serde(with = "Grains")]
    pub emission: Amount,
    /// Most that its leaders are paid when it ends.
    #[serde(with = "Grains")]
    pub validators: Amount,
    /// Most that its rebates to sellers may sum to.
    #[serde(with = "Grains")]
    pub rebates_max: Amount,
    /// What they sum to so far.
    #[serde(with = "Grains")]
    pub rebated: Amount,
    /// What the schedule leaves for later epochs.
    #[serde(with = "Grains")]
    pub remaining: Amount,
}

/// A leader of the epoch under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct LeaderView {
    /// Its account.
    #[serde(with = "Address")]
    pub account: AccountId,
    /// Blocks that it proposed.
    pub blocks: u64,
}

/// How new money comes; see `assay_types::EmissionParams`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[expect(
    missing_docs,
    reason = "the fields are those of `assay_types::EmissionParams`"
)]
pub struct EmissionParamsView {
    #[serde(with = "Grains")]
    pub total: Amount,
    pub epoch_ms: u64,
    pub half_life_epochs: u32,
    pub validators_basis_points: u16,
    pub topics_basis_points: u16,
    pub rebates_basis_points: u16,
    pub treasury_basis_points: u16,
}

impl From<&EmissionParams> for EmissionParamsView {
    fn from(params: &EmissionParams) -> Self {
        Self {
            total: params.total,
            epoch_ms: params.epoch_ms,
            half_life_epochs: params.half_life_epochs,
            validators_basis_points: params.validators.get(),
            topics_basis_points: params.topics.get(),
            rebates_basis_points: params.rebates.get(),
            treasury_basis_points: params.treasury.get(),
        }
    }
}
