//! The finalised ledger: genesis, loading, applying finalised blocks, and reading.

use crate::{
    audit::{self, AuditError, Totals},
    emission::{EpochStatus, Schedule},
    rows::{
        Account, Book, BookKey, EXCLUDED_MAX, HeldKey, Memory, Meta, Model, ModelKey, NameLease,
        Offer, Order, PartyKey, Pool, PoolKey, ProofKeyEntry, Reservation, Round, SlotKey, Staker,
        StakerKey, Topic, TopicSlot, Unbonding, UnbondingKey, total_share,
    },
    tables::{Changes, LoadError, ONLY, Row, Tables},
    topic::{memory, synthesis},
};
use assay_topic::synthesis::Inferred;
use assay_types::{
    AccountId, Amount, BasisPoints, ChainId, FeeRate, Genesis, Hash32, Height, Lane, LedgerTime,
    ModelId, Name, OfferId, OrderId, Params, ProofKeyId, SELLERS_PER_ORDER_MAX, SUPPLY_MAX,
    TopicId,
};
use std::ops::Bound;

/// How many rows the ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// Accounts that have held money.
    pub accounts: usize,
    /// Standing offers.
    pub offers: usize,
    /// Open orders.
    pub orders: usize,
}

/// A genesis that cannot begin a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// Nobody validates.
    #[error("the genesis names no validator; name at least one")]
    NoValidator,
    /// A list is not in order.
    #[error(
        "the genesis list of {list} is not ascending or holds doubles; sort it and remove doubles"
    )]
    NotAscending {
        /// Which list.
        list: &'static str,
    },
    /// More money than can exist.
    #[error("the genesis allocates and emits more than {SUPPLY_MAX}; allocate or emit less")]
    TooMuchMoney,
    /// Shares over 100 %, zero shares, or splits out of order.
    #[error(
        "the royalties of model {model} and the market fee exceed 100 %, or a share is zero, or accounts are out of order"
    )]
    Royalties {
        /// The model.
        model: ModelId,
    },
    /// A parameter that would stop the ledger.
    #[error("the genesis parameter {name} must be above zero")]
    ZeroParameter {
        /// Its name.
        name: &'static str,
    },
    /// More draws than an order remembers.
    #[error("the genesis parameter redraws_max must be at most {REDRAWS_LIMIT}")]
    TooManyRedraws,
    /// Reservations of names that lapse before they can be used.
    #[error(
        "the genesis parameter names.reserved_ms_min is above names.reserved_ms_max, so no name could be registered; lower it"
    )]
    NeverRipe,
    /// Shares above the whole.
    #[error("the genesis parameter {name} must be at most 10000 basis points")]
    ShareTooLarge {
        /// Its name.
        name: &'static str,
    },
}

/// Most draws per order: each may exclude every seller of an order, and an order remembers `EXCLUDED_MAX`.
pub const REDRAWS_LIMIT: u8 = 8;
const _: () = assert!(REDRAWS_LIMIT as usize * SELLERS_PER_ORDER_MAX <= EXCLUDED_MAX);

/// The finalised ledger of one chain.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) chain: ChainId,
    pub(crate) start: LedgerTime,
    pub(crate) params: Params,
    pub(crate) tables: Tables,
}

impl Ledger {
    /// The ledger at height 0, and the rows that block 1 stores together with its own changes.
    ///
    /// # Errors
    /// [`GenesisError`] when the genesis cannot begin a chain.
    pub fn genesis(genesis: &Genesis) -> Result<(Self, Vec<Row>), GenesisError> {
        check_genesis(genesis)?;
        let mut tables = Tables::default();
        let mut issued = Amount::ZERO;
        for allocation in &genesis.allocations {
            issued = issued
                .checked_add(allocation.amount)
                .ok_or(GenesisError::TooMuchMoney)?;
            let account = Account {
                balance: allocation.amount,
                ..Account::default()
            };
            tables.accounts.insert(allocation.account, account);
        }
        issued
            .checked_add(genesis.params.emission.total)
            .filter(|sum| *sum <= SUPPLY_MAX)
            .ok_or(GenesisError::TooMuchMoney)?;
        for model in &genesis.models {
            let row = Model {
                owner: model.owner,
                manifest: model.manifest,
                program: model.program,
                licence: model.licence.clone(),
                royalties: model.royalties.clone(),
            };
            tables.models.insert(model.model, row);
        }
        let chain = genesis.chain_id();
        let meta = Meta {
            height: Height::ZERO,
            time: genesis.start,
            randomness: Hash32::new(*chain.as_bytes()),
            base_fee: genesis.params.base_fee_min,
            issued,
            burnt: Amount::ZERO,
            rebated: Amount::ZERO,
        };
        tables.meta.insert(ONLY, meta);
        let rows = tables.rows();
        Ok((
            Self {
                chain,
                start: genesis.start,
                params: genesis.params.clone(),
                tables,
            },
            rows,
        ))
    }

    /// The ledger whose stored rows these are, in any order. Indexes are rebuilt; O(n log n).
    ///
    /// # Errors
    /// [`LoadError`] when the rows are damaged or incomplete.
    pub fn load(
        genesis: &Genesis,
        rows: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, LoadError> {
        let tables = Tables::load(rows)?;
        Ok(Self {
            chain: genesis.chain_id(),
            start: genesis.start,
            params: genesis.params.clone(),
            tables,
        })
    }

    /// Applies the changes of the next finalised block.
    pub fn apply(&mut self, changes: &Changes) {
        self.tables.apply(changes);
    }

    /// Every stored row, ascending by key.
    pub fn rows(&self) -> Vec<Row> {
        self.tables.rows()
    }

    /// Checks every invariant over all rows and indexes; O(n log n), for tests and inspections.
    ///
    /// # Errors
    /// [`AuditError`] naming what is broken.
    pub fn audit(&self) -> Result<Totals, AuditError> {
        audit::audit(&self.tables)
    }

    /// Hash of the genesis.
    pub const fn chain_id(&self) -> ChainId {
        self.chain
    }

    /// Limits and prices.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    fn meta(&self) -> &Meta {
        self.tables
            .meta
            .get(&ONLY)
            .expect("every ledger has its meta row")
    }

    /// Height of the last block.
    pub fn height(&self) -> Height {
        self.meta().height
    }

    /// Ledger time of the last block.
    pub fn time(&self) -> LedgerTime {
        self.meta().time
    }

    /// Randomness of the last block.
    pub fn randomness(&self) -> Hash32 {
        self.meta().randomness
    }

    /// Base fee of the next block.
    pub fn base_fee(&self) -> FeeRate {
        self.meta().base_fee
    }

    /// All that was ever issued.
    pub fn issued(&self) -> Amount {
        self.meta().issued
    }

    /// All that was ever burnt.
    pub fn burnt(&self) -> Amount {
        self.meta().burnt
    }

    /// When epochs begin and what each emits.
    pub const fn schedule(&self) -> Schedule {
        Schedule::new(self.start, self.params.emission)
    }

    /// The epoch under way.
    pub fn epoch(&self) -> EpochStatus {
        let (schedule, meta) = (self.schedule(), self.meta());
        let epoch = schedule.epoch(meta.time);
        EpochStatus {
            epoch,
            ends_at: schedule.begins(epoch.saturating_add(1)),
            emission: schedule.emission(epoch),
            validators: schedule.validators(epoch),
            rebates_max: schedule.rebates_max(epoch),
            rebated: meta.rebated,
        }
    }

    /// Who proposed blocks in the epoch under way, and how many.
    pub fn leaders(&self) -> impl Iterator<Item = (&AccountId, &u64)> {
        self.tables.leaders.iter()
    }

    /// A name that is leased or in grace; see [`NameLease::holds_at`]. `None` when its grace is over, even
    /// if time has not taken it away yet.
    pub fn name(&self, name: &Name) -> Option<&NameLease> {
        let row = self.tables.names.get(name);
        row.filter(|row| self.time() <= row.frees_at)
    }

    /// Every name that is leased or in grace, ascending.
    pub fn names(&self) -> impl Iterator<Item = (&Name, &NameLease)> {
        self.names_after(None)
    }

    /// As [`Self::names`], those after `name` only.
    pub fn names_after(&self, name: Option<Name>) -> impl Iterator<Item = (&Name, &NameLease)> {
        let from = name.map_or(Bound::Unbounded, Bound::Excluded);
        let now = self.time();
        self.tables
            .names
            .range((from, Bound::Unbounded))
            .filter(move |(_, row)| now <= row.frees_at)
    }

    /// The names of an account, ascending, those after `name` only.
    pub fn names_of(
        &self,
        holder: AccountId,
        name: Option<Name>,
    ) -> impl Iterator<Item = (&Name, &NameLease)> {
        let key = |name| HeldKey { holder, name };
        let from = name.map_or(Bound::Included(key(Name::FIRST)), |name| {
            Bound::Excluded(key(name))
        });
        let now = self.time();
        self.tables
            .held
            .range((from, Bound::Unbounded))
            .take_while(move |(key, ())| key.holder == holder)
            .filter_map(|(key, ())| self.tables.names.get_key_value(&key.name))
            .filter(move |(_, row)| now <= row.frees_at)
    }

    /// The name to show beside an account: the first that it claimed and that stands for it now.
    pub fn name_shown(&self, account: AccountId) -> Option<Name> {
        self.names_of(account, None)
            .find(|(_, row)| row.claimed && row.holds_at(self.time()))
            .map(|(name, _)| *name)
    }

    /// What an account has reserved.
    pub fn reservation(&self, account: &AccountId) -> Option<&Reservation> {
        self.tables.reservations.get(account)
    }

    /// Every topic, ascending.
    pub fn topics(&self) -> impl Iterator<Item = (&TopicId, &Topic)> {
        self.tables.topics.iter()
    }

    /// As [`Self::topics`], those after `topic` only.
    pub fn topics_after(&self, topic: Option<TopicId>) -> impl Iterator<Item = (&TopicId, &Topic)> {
        let from = topic.map_or(Bound::Unbounded, Bound::Excluded);
        self.tables.topics.range((from, Bound::Unbounded))
    }

    /// A topic.
    pub fn topic(&self, topic: &TopicId) -> Option<&Topic> {
        self.tables.topics.get(topic)
    }

    /// The slots of a topic, ascending.
    pub fn topic_slots(&self, topic: TopicId) -> impl Iterator<Item = (u16, &TopicSlot)> {
        let at = |slot| SlotKey { topic, slot };
        let slots = self.tables.topic_slots.range(at(0)..=at(u16::MAX));
        slots.map(|(key, slot)| (key.slot, slot))
    }

    /// A topic's inferences that became one and wait to be measured.
    pub fn round(&self, topic: &TopicId) -> Option<&Round> {
        self.tables.rounds.get(topic)
    }

    /// What those amount to, and what reputers measure; computed anew, in time that grows with the square of who took
    /// part.
    pub fn inferred(&self, topic: TopicId) -> Option<Inferred> {
        let terms = &self.topic(&topic)?.terms;
        let round = self.round(&topic)?;
        let state = memory::recall(&self.tables, topic);
        Some(synthesis(terms).infer(&state, &memory::inputs(terms, round)))
    }

    /// What a topic remembers of the epochs that were measured.
    pub fn memory(&self, topic: &TopicId) -> Option<&Memory> {
        self.tables.memories.get(topic)
    }

    /// What stands behind a key of a topic.
    pub fn pool(&self, topic: TopicId, key: AccountId) -> Pool {
        let pool = self.tables.pools.get(&PoolKey { topic, key });
        pool.copied().unwrap_or_default()
    }

    /// What of that is an account's, floored.
    pub fn stake_of(&self, topic: TopicId, key: AccountId, staker: AccountId) -> Amount {
        let held = self.tables.stakers.get(&StakerKey { topic, key, staker });
        held.map_or(Amount::ZERO, |held| {
            self.pool(topic, key).worth(held.shares)
        })
    }

    /// Every key of a topic that somebody stands behind, ascending.
    pub fn pools(&self) -> impl Iterator<Item = (&PoolKey, &Pool)> {
        self.tables.pools.iter()
    }

    /// Who stands behind keys of topics, ascending.
    pub fn stakers(&self) -> impl Iterator<Item = (&StakerKey, &Staker)> {
        self.tables.stakers.iter()
    }

    /// How many rows there are.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            accounts: self.tables.accounts.len(),
            offers: self.tables.offers.len(),
            orders: self.tables.orders.len(),
        }
    }

    /// An account, once it has held money.
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.tables.accounts.get(id)
    }

    /// Every account, ascending. Sorts them first: O(n log n).
    pub fn accounts(&self) -> impl Iterator<Item = (&AccountId, &Account)> {
        self.tables.accounts.iter()
    }

    /// The sequence that the lane's next transaction must have.
    pub fn next_sequence(&self, account: AccountId, lane: Lane) -> u64 {
        self.account(&account).map_or(0, |row| row.lanes.next(lane))
    }

    /// Unbondings of an account, soonest first.
    pub fn unbondings(
        &self,
        account: AccountId,
    ) -> impl Iterator<Item = (&UnbondingKey, &Unbonding)> {
        self.tables
            .unbondings
            .iter()
            .filter(move |(key, _)| key.account == account)
    }

    /// A registered model.
    pub fn model(&self, id: &ModelId) -> Option<&Model> {
        self.tables.models.get(id)
    }

    /// Every registered model.
    pub fn models(&self) -> impl Iterator<Item = (&ModelId, &Model)> {
        self.tables.models.iter()
    }

    /// Registered models after an id, ascending by id.
    pub fn models_after(&self, after: ModelId) -> impl Iterator<Item = (&ModelId, &Model)> {
        self.tables
            .models
            .range((Bound::Excluded(after), Bound::Unbounded))
    }

    /// The keys that proofs of a model can be verified with, ascending by id.
    pub fn proof_keys(&self, model: ModelId) -> impl Iterator<Item = (ProofKeyId, &ProofKeyEntry)> {
        let from = ModelKey {
            model,
            key: ProofKeyId::default(),
        };
        self.tables
            .proof_keys
            .range(from..)
            .take_while(move |(key, _)| key.model == model)
            .map(|(key, entry)| (key.key, entry))
    }

    /// A standing offer.
    pub fn offer(&self, id: &OfferId) -> Option<&Offer> {
        self.tables.offers.get(id)
    }

    /// Every standing offer.
    pub fn offers(&self) -> impl Iterator<Item = (&OfferId, &Offer)> {
        self.tables.offers.iter()
    }

    /// Offers that serve a model or a topic, ascending by id.
    pub fn book(&self, book: Book) -> impl Iterator<Item = (&OfferId, &Offer)> {
        let from = BookKey {
            book,
            offer: OfferId::default(),
        };
        self.tables
            .book
            .range(from..)
            .take_while(move |(key, ())| key.book == book)
            .filter_map(|(key, ())| self.tables.offers.get_key_value(&key.offer))
    }

    /// An open order.
    pub fn order(&self, id: &OrderId) -> Option<&Order> {
        self.tables.orders.get(id)
    }

    /// Every open order.
    pub fn orders(&self) -> impl Iterator<Item = (&OrderId, &Order)> {
        self.tables.orders.iter()
    }

    /// Open orders after an id, ascending by id.
    pub fn orders_after(&self, after: OrderId) -> impl Iterator<Item = (&OrderId, &Order)> {
        self.tables
            .orders
            .range((Bound::Excluded(after), Bound::Unbounded))
    }

    /// Open orders in which the account buys or sells, ascending by id.
    pub fn orders_of(&self, account: AccountId) -> impl Iterator<Item = (&OrderId, &Order)> {
        self.orders_of_after(account, None)
    }

    /// As [`Self::orders_of`], those after an id.
    pub fn orders_of_after(
        &self,
        account: AccountId,
        after: Option<OrderId>,
    ) -> impl Iterator<Item = (&OrderId, &Order)> {
        let from = PartyKey {
            account,
            order: after.unwrap_or_default(),
        };
        let from = if after.is_some() {
            Bound::Excluded(from)
        } else {
            Bound::Included(from)
        };
        self.tables
            .parties
            .range((from, Bound::Unbounded))
            .take_while(move |(key, ())| key.account == account)
            .filter_map(|(key, ())| self.tables.orders.get_key_value(&key.order))
    }

    /// Whether a block at `now` would do something without any transaction: a draw waits, or a deadline
    /// has passed.
    pub fn has_work_due(&self, now: LedgerTime) -> bool {
        !self.tables.draws.is_empty()
            || self
                .tables
                .wakes
                .first_key_value()
                .is_some_and(|(key, ())| key.at < now)
    }
}

fn check_genesis(genesis: &Genesis) -> Result<(), GenesisError> {
    let params = &genesis.params;
    if genesis.validators.is_empty() {
        return Err(GenesisError::NoValidator);
    }
    let ascending = |list: &'static str, holds: bool| {
        if holds {
            Ok(())
        } else {
            Err(GenesisError::NotAscending { list })
        }
    };
    ascending(
        "validators",
        genesis.validators.windows(2).all(|pair| pair[0] < pair[1]),
    )?;
    let accounts = genesis
        .allocations
        .windows(2)
        .all(|pair| pair[0].account < pair[1].account);
    ascending("allocations", accounts)?;
    ascending(
        "models",
        genesis
            .models
            .windows(2)
            .all(|pair| pair[0].model < pair[1].model),
    )?;
    for (name, value) in [
        ("block_weight_max", params.block_weight_max.get()),
        ("accept_window_ms", params.accept_window_ms),
        ("redraws_max", u64::from(params.redraws_max)),
        ("lock_multiple", params.lock_multiple),
        (
            "expiries_per_block_max",
            u64::from(params.expiries_per_block_max),
        ),
        ("draws_per_block_max", u64::from(params.draws_per_block_max)),
        ("emission.epoch_ms", params.emission.epoch_ms),
        (
            "emission.half_life_epochs",
            u64::from(params.emission.half_life_epochs),
        ),
        ("names.lease_ms_max", params.names.lease_ms_max),
    ] {
        if value == 0 {
            return Err(GenesisError::ZeroParameter { name });
        }
    }
    if params.redraws_max > REDRAWS_LIMIT {
        return Err(GenesisError::TooManyRedraws);
    }
    for (name, share) in [
        ("market_fee", params.market_fee),
        ("rejection_burn", params.rejection_burn),
    ] {
        if share > BasisPoints::WHOLE {
            return Err(GenesisError::ShareTooLarge { name });
        }
    }
    let emission = &params.emission;
    let split = total_share([
        emission.validators,
        emission.topics,
        emission.rebates,
        emission.treasury,
    ]);
    if split > u32::from(BasisPoints::WHOLE.get()) {
        let name = "emission, all shares together,";
        return Err(GenesisError::ShareTooLarge { name });
    }
    if params.names.reserved_ms_min > params.names.reserved_ms_max {
        return Err(GenesisError::NeverRipe);
    }
    for model in &genesis.models {
        if !royalties_hold(&model.royalties, params.market_fee) {
            return Err(GenesisError::Royalties { model: model.model });
        }
    }
    Ok(())
}

/// Whether splits ascend by account, are above zero, and leave room for the market fee.
pub(crate) fn royalties_hold(
    splits: &[assay_types::RoyaltySplit],
    market_fee: BasisPoints,
) -> bool {
    let ascending = splits
        .windows(2)
        .all(|pair| pair[0].account < pair[1].account);
    let above_zero = splits.iter().all(|split| split.share.get() > 0);
    let total = total_share(splits.iter().map(|split| split.share).chain([market_fee]));
    ascending && above_zero && total <= u32::from(BasisPoints::WHOLE.get())
}
