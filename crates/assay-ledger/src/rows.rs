//! What the ledger stores, row by row.
//!
//! These are stored types: their bytes enter the state root. Rows are removed when what they describe has
//! ended, so the state holds the present only; the past lies in events and receipts.

mod account;
mod memory;
mod topic;

use assay_types::{
    AccountId, Amount, BasisPoints, Blob, BurnReason, ContentId, FeeRate, Good, Hash32, Height,
    LICENCE_BYTES_MAX, Lane, LedgerTime, List, ModelId, Name, NameCommitment, OfferId, OrderId,
    ProofKeyId, ROYALTY_SPLITS_MAX, RoyaltySplit, SELLERS_PER_ORDER_MAX, Terms, Text, TopicId,
    Work, wire_enum, wire_struct,
};

pub use account::{Account, BuyerRecord, Lanes, Rare, SellerRecord};
pub use memory::{
    Against, Memory, RegretsKey, RegretsRow, SCORES_KEPT_MAX, SlotCount, SlotCounts, SlotReal,
    SlotReals,
};
pub use topic::{
    Committed, MemberKey, Pool, PoolKey, Round, SentForecast, SentInference, SlotKey, Staker,
    StakerKey, Topic, TopicSlot,
};

/// Largest private state of a check: a quorum of 32 sellers, each with its commitment and answer.
pub const CHECK_STATE_BYTES_MAX: usize = 8 * 1024;
/// Most sellers that can leave one order: every draw of every round.
pub const EXCLUDED_MAX: usize = 256;

/// Where the chain stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// Height of the last block.
    pub height: Height,
    /// Its time.
    pub time: LedgerTime,
    /// Its randomness.
    pub randomness: Hash32,
    /// Base fee of the next block.
    pub base_fee: FeeRate,
    /// All that was ever issued.
    pub issued: Amount,
    /// All that was ever burnt.
    pub burnt: Amount,
    /// Rebated to sellers in the epoch under way.
    pub rebated: Amount,
}
wire_struct!(Meta {
    height,
    time,
    randomness,
    base_fee,
    issued,
    burnt,
    rebated
});

/// Key of an unbonding; ascending in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnbondingKey {
    /// Whose.
    pub account: AccountId,
    /// When it arrives.
    pub release_at: LedgerTime,
    /// Lane and sequence of the transaction that asked, so that two in one block are two.
    pub lane: Lane,
    /// See `lane`.
    pub sequence: u64,
}
wire_struct!(UnbondingKey {
    account,
    release_at,
    lane,
    sequence
});

/// A registered model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Who registered it.
    pub owner: AccountId,
    /// Content id of its manifest.
    pub manifest: ContentId,
    /// Content id of its canonical program.
    pub program: ContentId,
    /// SPDX licence expression.
    pub licence: Text<LICENCE_BYTES_MAX>,
    /// Who shares its income, ascending by account.
    pub royalties: List<RoyaltySplit, ROYALTY_SPLITS_MAX>,
}
wire_struct!(Model {
    owner,
    manifest,
    program,
    licence,
    royalties
});

/// A proof key of a model: whose, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelKey {
    /// The model.
    pub model: ModelId,
    /// The key.
    pub key: ProofKeyId,
}
wire_struct!(ModelKey { model, key });

/// A registered proof key, of which the ledger keeps the hash alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProofKeyEntry {
    /// When it was registered.
    pub registered_at: LedgerTime,
}
wire_struct!(ProofKeyEntry { registered_at });

/// A standing offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Whose.
    pub seller: AccountId,
    /// What is sold.
    pub good: Good,
    /// Price of one unit of work.
    pub ask: Amount,
    /// Jobs at the same time.
    pub capacity: u32,
    /// Jobs now.
    pub busy: u32,
}
wire_struct!(Offer {
    seller,
    good,
    ask,
    capacity,
    busy
});

/// How far an order has come. What has ended is no row any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Sellers are drawn and asked.
    Drawing,
    /// All have accepted.
    Running,
}
wire_enum!(Stage { 0 => Drawing, 1 => Running });

/// How far a seller has come in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatState {
    /// Drawn; its lock is reserved.
    Asked {
        /// Last moment to accept.
        respond_by: LedgerTime,
    },
    /// Its lock is at risk.
    Accepted,
    /// Its lock is gone or back; nothing more happens to it.
    Done,
    /// Its lock is gone for a proven fault; nothing more happens to it.
    Forfeited {
        /// What the buyer got of the lock.
        compensation: Amount,
    },
}
wire_enum!(SeatState {
    0 => Asked { respond_by },
    1 => Accepted,
    2 => Done,
    3 => Forfeited { compensation },
});

impl SeatState {
    /// Whether nothing more happens to the seat.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::Forfeited { .. })
    }
}

/// One seller's place in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The seller.
    pub seller: AccountId,
    /// Its offer.
    pub offer: OfferId,
    /// What it asks.
    pub ask: Amount,
    /// What of its bond is held; what the buyer got of it is not.
    pub lock: Amount,
    /// How far it is.
    pub state: SeatState,
    /// Paid so far, before deductions.
    pub paid: Amount,
    /// Burnt of that as market fee.
    pub fee: Amount,
    /// Passed on of that as royalties.
    pub royalties: Amount,
    /// Burnt of its lock so far.
    pub burnt: Amount,
    /// Why.
    pub burn_reason: Option<BurnReason>,
}
wire_struct!(Seat {
    seller,
    offer,
    ask,
    lock,
    state,
    paid,
    fee,
    royalties,
    burnt,
    burn_reason
});

/// An open order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose.
    pub buyer: AccountId,
    /// What is asked for.
    pub terms: Terms,
    /// Money held for it.
    pub escrow: Amount,
    /// When it was placed.
    pub placed_at: LedgerTime,
    /// When all had accepted.
    pub started_at: Option<LedgerTime>,
    /// How far it is.
    pub stage: Stage,
    /// Draws so far.
    pub round: u8,
    /// Time moves it on when ledger time is above this.
    pub wake_at: LedgerTime,
    /// Height from which it waits for a draw, if it does.
    pub draw_from: Option<Height>,
    /// Its sellers, in the order drawn.
    pub seats: List<Seat, SELLERS_PER_ORDER_MAX>,
    /// Sellers that declined or did not answer; they are not drawn for it again.
    pub excluded: List<AccountId, EXCLUDED_MAX>,
    /// The accepted answer, once there is one.
    pub output: Option<ContentId>,
    /// Private to its check.
    pub check_state: Blob<CHECK_STATE_BYTES_MAX>,
}
wire_struct!(Order {
    buyer,
    terms,
    escrow,
    placed_at,
    started_at,
    stage,
    round,
    wake_at,
    draw_from,
    seats,
    excluded,
    output,
    check_state,
});

impl Order {
    /// The model whose inference is ordered, if it is one.
    pub const fn model(&self) -> Option<ModelId> {
        match self.terms.work {
            Work::Inference { model, .. } => Some(model),
            Work::Topic { .. } => None,
        }
    }

    /// The seat of `account`, if it has one.
    pub fn seat_of(&self, account: &AccountId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.seller == *account)
    }
}

/// An unbonding under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unbonding {
    /// How much returns.
    pub amount: Amount,
}
wire_struct!(Unbonding { amount });

/// A name and who holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameLease {
    /// Who holds it.
    pub holder: AccountId,
    /// Last moment at which it stands for its holder.
    pub expires_at: LedgerTime,
    /// Last moment at which only its holder can have it again; time takes the row away after it.
    pub frees_at: LedgerTime,
    /// Whether its holder registered or renewed it. A name that was only given to an account is not shown
    /// beside it, so that nobody is called what it did not choose.
    pub claimed: bool,
}
wire_struct!(NameLease {
    holder,
    expires_at,
    frees_at,
    claimed
});

impl NameLease {
    /// Whether the name stands for its holder at `time`.
    pub fn holds_at(&self, time: LedgerTime) -> bool {
        time <= self.expires_at
    }
}

/// A name that an account is about to register; nobody else knows which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// What it opens with.
    pub commitment: NameCommitment,
    /// First moment at which it can be used.
    pub ripe_at: LedgerTime,
    /// Last moment at which it can be used; time takes the row away after it.
    pub lapses_at: LedgerTime,
}
wire_struct!(Reservation {
    commitment,
    ripe_at,
    lapses_at
});

/// Index: names by holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldKey {
    /// Who holds it.
    pub holder: AccountId,
    /// The name.
    pub name: Name,
}

/// What the offers of a book serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Book {
    /// Inferences of a model.
    Model(ModelId),
    /// Requests of a topic.
    Topic(TopicId),
}

impl Book {
    /// The book that a work's sellers are drawn from.
    pub const fn of(work: &Work) -> Self {
        match *work {
            Work::Inference { model, .. } => Self::Model(model),
            Work::Topic { topic, .. } => Self::Topic(topic),
        }
    }

    /// The books that an offer of `good` stands in.
    pub fn all_of(good: &Good) -> impl Iterator<Item = Self> {
        let (models, topic) = match good {
            Good::Inference { models } => (&models[..], None),
            Good::Topic { topic } => (&[][..], Some(*topic)),
        };
        let models = models.iter().map(|model| Self::Model(*model));
        models.chain(topic.map(Self::Topic))
    }
}

/// Index: offers by what they serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BookKey {
    /// The book.
    pub book: Book,
    /// An offer in it.
    pub offer: OfferId,
}

/// Index: orders waiting for a draw, oldest first, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DrawKey {
    /// Height from which it waits.
    pub from: Height,
    /// The order.
    pub order: OrderId,
}

/// Index: what time will move on, by moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WakeKey {
    /// Due when ledger time is above this.
    pub at: LedgerTime,
    /// What.
    pub what: Wake,
}

/// What time moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// An order.
    Order(OrderId),
    /// An unbonding.
    Unbonding(UnbondingKey),
    /// A name, whose grace is over.
    Name(Name),
    /// An account's reservation of a name.
    Reservation(AccountId),
    /// A topic, whose epoch has ended.
    Topic(TopicId),
}

/// Index: open orders by party, buyers and sellers alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartyKey {
    /// The party.
    pub account: AccountId,
    /// Its order.
    pub order: OrderId,
}

/// A share that the whole cannot exceed, for sums of royalties and the market fee.
pub(crate) fn total_share(shares: impl IntoIterator<Item = BasisPoints>) -> u32 {
    shares.into_iter().fold(0u32, |sum, share| {
        sum.saturating_add(u32::from(share.get()))
    })
}
