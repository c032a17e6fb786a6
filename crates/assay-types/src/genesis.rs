//! The first state: who validates, who owns what, which models are known, and every limit of the rules.

use crate::{
    AccountId, Amount, BasisPoints, ChainId, ContentId, FeeRate, Hash32, LedgerTime, List, ModelId,
    PROOF_WEIGHT, PublicKey, RoyaltySplit, Text, Weight,
    amount::GRAINS_PER_ASY,
    call::{LICENCE_BYTES_MAX, ROYALTY_SPLITS_MAX},
    codec::{encode, wire_struct},
};

/// Version of the genesis's format, its first byte.
pub const GENESIS_VERSION: u8 = 1;
/// Most validators of one set.
pub const VALIDATORS_MAX: usize = 256;
/// Most accounts that genesis funds.
pub const GENESIS_ALLOCATIONS_MAX: usize = 1 << 20;
/// Most models that genesis registers.
const GENESIS_MODELS_MAX: usize = 256;

/// Money that an account holds from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// Whose.
    pub account: AccountId,
    /// How much.
    pub amount: Amount,
}
wire_struct!(Allocation { account, amount });

/// A model registered from the start; fields as in `Call::RegisterModel`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenesisModel {
    /// The model.
    pub model: ModelId,
    /// Who registered it.
    pub owner: AccountId,
    /// Content id of its manifest.
    pub manifest: ContentId,
    /// Content id of its canonical program.
    pub program: ContentId,
    /// SPDX licence expression.
    pub licence: Text<LICENCE_BYTES_MAX>,
    /// Who shares its income.
    pub royalties: List<RoyaltySplit, ROYALTY_SPLITS_MAX>,
}
wire_struct!(GenesisModel {
    model,
    owner,
    manifest,
    program,
    licence,
    royalties
});

/// Milliseconds of a year of 365.25 days: the unit of names' prices.
pub const YEAR_MS: u64 = 31_557_600_000;

/// How new money comes into being. After `n` epochs ⌊`total` · 2^(−n / `half_life_epochs`)⌋ is left to
/// come; what an epoch takes off that is its emission, of which the shares below are paid out. A share whose
/// takers do not exist is not minted, and does not come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmissionParams {
    /// Most that is ever emitted; with what genesis allocates at most the largest supply.
    pub total: Amount,
    /// Ledger time of an epoch, in milliseconds.
    pub epoch_ms: u64,
    /// Epochs after which half of the rest has come.
    pub half_life_epochs: u32,
    /// Share of those who propose blocks.
    pub validators: BasisPoints,
    /// Share of the topics; nobody takes it yet.
    pub topics: BasisPoints,
    /// Share that bounds what an epoch's rebates to sellers may sum to.
    pub rebates: BasisPoints,
    /// Share of the treasury; nobody takes it yet.
    pub treasury: BasisPoints,
}
wire_struct!(EmissionParams {
    total,
    epoch_ms,
    half_life_epochs,
    validators,
    topics,
    rebates,
    treasury
});

impl Default for EmissionParams {
    /// Half of the largest supply, hour by hour, half of it within four years.
    fn default() -> Self {
        Self {
            total: Amount::new(500_000_000 * GRAINS_PER_ASY),
            epoch_ms: 3_600_000,
            half_life_epochs: 35_064,
            validators: BasisPoints::new(3_000),
            topics: BasisPoints::new(4_000),
            rebates: BasisPoints::new(2_000),
            treasury: BasisPoints::new(1_000),
        }
    }
}

/// What names cost and how long they last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameParams {
    /// Burnt for a year of a name of six characters or more; shorter ones cost a multiple, other leases
    /// in proportion, rounded up.
    pub price_per_year: Amount,
    /// Furthest ahead that a lease may end, in milliseconds.
    pub lease_ms_max: u64,
    /// How long only its last holder can have a name again after its lease, in milliseconds.
    pub grace_ms: u64,
    /// How old a reservation must be before its name is registered, in milliseconds.
    pub reserved_ms_min: u64,
    /// When a reservation lapses, in milliseconds.
    pub reserved_ms_max: u64,
}
wire_struct!(NameParams {
    price_per_year,
    lease_ms_max,
    grace_ms,
    reserved_ms_min,
    reserved_ms_max
});

impl Default for NameParams {
    fn default() -> Self {
        Self {
            price_per_year: Amount::new(GRAINS_PER_ASY),
            lease_ms_max: 5 * YEAR_MS,
            grace_ms: 30 * 24 * 3_600_000,
            reserved_ms_min: 2_000,
            reserved_ms_max: 600_000,
        }
    }
}

/// The ledger's limits and prices. Fixed at genesis, so every node computes with the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// Weight a block may hold.
    pub block_weight_max: Weight,
    /// Lowest base fee, and what reserved check calls pay.
    pub base_fee_min: FeeRate,
    /// Time a drawn seller has to accept, in milliseconds.
    pub accept_window_ms: u64,
    /// Draws per order before it is refunded.
    pub redraws_max: u8,
    /// Time until unbonded money returns, in milliseconds.
    pub unbonding_ms: u64,
    /// Lock per job, as a multiple of the buyer's maximum.
    pub lock_multiple: u64,
    /// Share of each paid ask that is burnt.
    pub market_fee: BasisPoints,
    /// Share of the price that a rejected approval burns; the rest returns to the buyer.
    pub rejection_burn: BasisPoints,
    /// Orders, unbondings and names whose deadlines one block handles.
    pub expiries_per_block_max: u32,
    /// Assignments that one block draws.
    pub draws_per_block_max: u32,
    /// Offers per model.
    pub offers_per_book_max: u32,
    /// Offers per account.
    pub offers_per_account_max: u32,
    /// Open orders per account.
    pub orders_per_account_max: u32,
    /// Unbondings under way per account.
    pub unbondings_per_account_max: u32,
    /// Longest time from an order's placement to its last deadline, in milliseconds.
    pub order_ms_max: u64,
    /// Furthest that `valid_until` may lie ahead, in milliseconds.
    pub valid_ms_max: u64,
    /// How new money comes into being.
    pub emission: EmissionParams,
    /// What names cost and how long they last.
    pub names: NameParams,
}
wire_struct!(Params {
    block_weight_max,
    base_fee_min,
    accept_window_ms,
    redraws_max,
    unbonding_ms,
    lock_multiple,
    market_fee,
    rejection_burn,
    expiries_per_block_max,
    draws_per_block_max,
    offers_per_book_max,
    offers_per_account_max,
    orders_per_account_max,
    unbondings_per_account_max,
    order_ms_max,
    valid_ms_max,
    emission,
    names,
});

impl Params {
    /// Proofs of inference that one block may hold at most: its weight is spent then.
    pub fn proofs_per_block_max(&self) -> u64 {
        self.block_weight_max
            .get()
            .checked_div(PROOF_WEIGHT)
            .unwrap_or_default()
    }
}

impl Default for Params {
    /// The values of a real network; genesis files may differ.
    fn default() -> Self {
        Self {
            block_weight_max: Weight::new(40_000_000),
            base_fee_min: FeeRate::new(1),
            accept_window_ms: 2_000,
            redraws_max: 5,
            unbonding_ms: 7 * 24 * 3_600_000,
            lock_multiple: 10,
            market_fee: BasisPoints::new(50),
            rejection_burn: BasisPoints::new(1_000),
            expiries_per_block_max: 4_096,
            draws_per_block_max: 4_096,
            offers_per_book_max: 1_024,
            offers_per_account_max: 64,
            orders_per_account_max: 16_384,
            unbondings_per_account_max: 32,
            order_ms_max: 7 * 24 * 3_600_000,
            valid_ms_max: 24 * 3_600_000,
            emission: EmissionParams::default(),
            names: NameParams::default(),
        }
    }
}

/// The first state of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// A name for people, e.g. `assay-dev`.
    pub network: Text<32>,
    /// Ledger time of height 0.
    pub start: LedgerTime,
    /// The first validator set, ascending, no doubles.
    pub validators: List<PublicKey, VALIDATORS_MAX>,
    /// Balances, ascending by account, no doubles.
    pub allocations: List<Allocation, GENESIS_ALLOCATIONS_MAX>,
    /// Models, ascending by id, no doubles.
    pub models: List<GenesisModel, GENESIS_MODELS_MAX>,
    /// Limits and prices.
    pub params: Params,
}
wire_struct!(Genesis version GENESIS_VERSION {
    network,
    start,
    validators,
    allocations,
    models,
    params
});

impl Genesis {
    /// Hash of the canonical genesis: the chain's id and its first randomness.
    pub fn chain_id(&self) -> ChainId {
        ChainId::new(*Hash32::derive("assay genesis v1", &[&encode(self)]).as_bytes())
    }

    /// What separates this chain's consensus signatures from every other's.
    pub fn consensus_namespace(&self) -> Vec<u8> {
        self.chain_id().consensus_namespace()
    }
}

impl ChainId {
    /// What separates this chain's consensus signatures from every other's.
    pub fn consensus_namespace(&self) -> Vec<u8> {
        [b"assay consensus v1 ".as_slice(), self.as_bytes()].concat()
    }
}
