//! Topics, their slots, and the money behind keys.

use assay_types::{
    AccountId, Amount, BasisPoints, Hash32, Labels, LedgerTime, List, MinerAddress,
    SYNTHESIS_FORECASTERS_MAX, SYNTHESIS_SLOTS_MAX, SlotLosses, Submission, TopicId, TopicTerms,
    WeightRow, wire_struct,
};

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Who created it.
    pub owner: AccountId,
    /// What it is.
    pub terms: TopicTerms,
    /// Its epoch under way, counted from its creation.
    pub epoch: u64,
    /// Last moment of that epoch; time settles it afterwards.
    pub epoch_ends_at: LedgerTime,
    /// Last moment of the epoch before, or when it was created.
    pub settled_at: LedgerTime,
    /// Slots that were ever taken: those below are held.
    pub slots: u16,
    /// What a slot cost when the last one was taken, and what that made of it.
    pub price: Amount,
    /// When that was.
    pub priced_at: LedgerTime,
    /// What it may still mint.
    pub budget: Amount,
    /// What its budget was when the ledger's epoch began: so much may be minted in such an epoch.
    pub rate: Amount,
    /// Money of those who funded it.
    pub fees: Amount,
    /// What was funded in the ledger's epoch under way.
    pub funded: Amount,
    /// What was funded in earlier ones, each counting half of the one after.
    pub demand: Amount,
    /// What stands behind all its keys.
    pub stake: Amount,
    /// What its slots earned by work in the last epoch settled.
    pub worked: Amount,
    /// How many of them earned anything by it.
    pub workers: u16,
}
wire_struct!(Topic {
    owner,
    terms,
    epoch,
    epoch_ends_at,
    settled_at,
    slots,
    price,
    priced_at,
    budget,
    rate,
    fees,
    funded,
    demand,
    stake,
    worked,
    workers
});

/// Key of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotKey {
    /// The topic.
    pub topic: TopicId,
    /// Which of its slots.
    pub slot: u16,
}
wire_struct!(SlotKey { topic, slot });

/// Weights that a validator has committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// What opens it.
    pub commitment: Hash32,
    /// When.
    pub at: LedgerTime,
}
wire_struct!(Committed { commitment, at });

/// A slot of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSlot {
    /// Who works.
    pub key: AccountId,
    /// Who earns.
    pub owner: AccountId,
    /// What the owner keeps of its stakers' dividends.
    pub take: BasisPoints,
    /// When it was taken.
    pub registered_at: LedgerTime,
    /// Whether its weights count in this epoch.
    pub permit: bool,
    /// Committed to in this epoch.
    pub committed: Option<Committed>,
    /// Weights committed to in the last epoch, and to be revealed in this one.
    pub due: Option<Committed>,
    /// What a topic of inference synthesis was sent in this epoch.
    pub sent: Option<Submission>,
    /// The weights that count.
    pub weights: WeightRow,
    /// When they were committed to; when the slot was taken, if it has none.
    pub updated_at: LedgerTime,
    /// In which epoch of the topic they counted first.
    pub counted_in: u64,
    /// Bonds to other slots.
    pub bonds: WeightRow,
    /// What it earned in the last epoch.
    pub earned: Amount,
    /// What of that it earned by work.
    pub worked: Amount,
    /// Where its key can be asked.
    pub address: Option<MinerAddress>,
}
wire_struct!(TopicSlot {
    key,
    owner,
    take,
    registered_at,
    permit,
    committed,
    due,
    sent,
    weights,
    updated_at,
    counted_in,
    bonds,
    earned,
    worked,
    address
});

/// Inferences that became one, and wait to be measured against the truth.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// The epoch of the topic in which they were made.
    pub epoch: u64,
    /// What they became.
    pub inference: Labels,
    /// How many aggregates there are to measure.
    pub aggregates: u16,
    /// The inferences, ascending by slot.
    pub inferences: List<SentInference, { SYNTHESIS_SLOTS_MAX as usize }>,
    /// The forecasts, ascending by slot.
    pub forecasts: List<SentForecast, { SYNTHESIS_FORECASTERS_MAX as usize }>,
}
wire_struct!(Round {
    epoch,
    inference,
    aggregates,
    inferences,
    forecasts
});

/// An inference of a round. The key stays when its slot changes hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentInference {
    /// Its slot.
    pub slot: u16,
    /// Its key.
    pub key: AccountId,
    /// What it infers.
    pub labels: Labels,
}
wire_struct!(SentInference { slot, key, labels });

/// A forecast of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentForecast {
    /// Its slot.
    pub slot: u16,
    /// Its key.
    pub key: AccountId,
    /// Losses foretold of inferences.
    pub losses: SlotLosses,
}
wire_struct!(SentForecast { slot, key, losses });

/// A key of a topic, whether it holds a slot or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PoolKey {
    /// The topic.
    pub topic: TopicId,
    /// The key.
    pub key: AccountId,
}
wire_struct!(PoolKey { topic, key });

/// The money behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pool {
    /// All of it.
    pub total: Amount,
    /// Shares in it.
    pub shares: u64,
}
wire_struct!(Pool { total, shares });

/// A staker of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StakerKey {
    /// The topic.
    pub topic: TopicId,
    /// The key.
    pub key: AccountId,
    /// Whose money.
    pub staker: AccountId,
}
wire_struct!(StakerKey { topic, key, staker });

/// What a staker has of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Staker {
    /// Its shares.
    pub shares: u64,
}
wire_struct!(Staker { shares });

impl Pool {
    /// What so many shares are worth, floored.
    pub fn worth(&self, shares: u64) -> Amount {
        Amount::new(part(shares, self.total.get(), self.shares))
    }

    /// The shares that an amount buys, floored.
    pub fn shares_for(&self, amount: Amount) -> u64 {
        if self.shares == 0 {
            amount.get()
        } else {
            part(amount.get(), self.shares, self.total.get())
        }
    }

    /// What so many more shares cost, rounded up: at most the amount that buys them, and at least what they will be
    /// worth. The first cost a grain each.
    pub fn cost(&self, shares: u64) -> Amount {
        if self.shares == 0 {
            return Amount::new(shares);
        }
        let product = u128::from(shares).saturating_mul(u128::from(self.total.get()));
        Amount::new(narrow(product.div_ceil(u128::from(self.shares))))
    }
}

/// ⌊number · numerator / denominator⌋; zero of nothing.
fn part(number: u64, numerator: u64, denominator: u64) -> u64 {
    let product = u128::from(number).saturating_mul(u128::from(numerator));
    let quotient = product.checked_div(u128::from(denominator));
    quotient.map_or(0, narrow)
}

fn narrow(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Index: the slot that a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberKey {
    /// The topic.
    pub topic: TopicId,
    /// The key.
    pub key: AccountId,
    /// Its slot.
    pub slot: u16,
}
