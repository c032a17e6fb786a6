//! Checks: who decides whether a delivery is paid.
//!
//! A check is a small state machine over one order. It sees ledger time, randomness, price, bonds and
//! facts through [`Context`], keeps private bytes between calls, and answers with a [`Step`]. It moves no
//! money: the market turns its [`Ruling`]s into payments and burns, so a new check never touches the
//! lifecycle. `tests/window.rs` proves the interface wide enough with a check of two rounds, a challenge
//! window, partial payment, large evidence and facts.

mod approval;
mod delivery;
mod facts;
mod proof;
mod quorum;
mod score;

pub use facts::{Facts, ProofJob, proof_calls, proof_jobs};
pub use quorum::{QuorumEntry, QuorumState};
pub use score::ScoreState;

use assay_types::{
    AccountId, Amount, BurnReason, ChainId, Check, ContentId, DecodeError, Event, Hash32,
    LedgerTime, OrderId, Params, Rejection, Verdict, Weight, Work,
};

/// A seller as its check sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatView {
    /// The seller.
    pub seller: AccountId,
    /// What it asks for the whole job.
    pub ask: Amount,
    /// What it has been paid of that.
    pub paid: Amount,
    /// What is left of its lock.
    pub lock: Amount,
}

/// A topic as the check of one of its requests sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicView {
    /// Its epoch under way, or ended and about to be settled.
    pub epoch: u64,
    /// Last moment of that epoch.
    pub epoch_ends_at: LedgerTime,
    /// Length of an epoch, in milliseconds.
    pub epoch_ms: u64,
    /// What its slots earned by work in the last epoch settled.
    pub worked: Amount,
    /// How many of them earned anything by it.
    pub workers: u16,
    /// The slot that the seller in the first seat holds, if it holds one.
    pub miner: Option<WorkerView>,
}

/// See [`TopicView::miner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerView {
    /// Which slot.
    pub slot: u16,
    /// When the seller took it.
    pub registered_at: LedgerTime,
    /// What it earned by work in the last epoch settled.
    pub worked: Amount,
}

/// What a check sees, and where it leaves what it found.
#[derive(Debug)]
pub struct Context<'a> {
    /// The chain.
    pub chain: ChainId,
    /// The order.
    pub order: OrderId,
    /// What was asked.
    pub work: &'a Work,
    /// The check's numbers and deadlines.
    pub check: &'a Check,
    /// Ledger time.
    pub now: LedgerTime,
    /// Randomness of the block.
    pub randomness: Hash32,
    /// The ledger's limits.
    pub params: &'a Params,
    /// The sellers, in the order drawn.
    pub seats: &'a [SeatView],
    /// What was found outside the ledger.
    pub facts: &'a Facts,
    /// The topic that is asked, if one is.
    pub topic: Option<TopicView>,
    /// Events to tell.
    pub events: Vec<Event>,
    /// The accepted answer, when the check finds it.
    pub answer: Option<ContentId>,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// The buyer.
    Buyer,
    /// The seller in this seat.
    Seller(usize),
    /// Somebody else.
    Stranger,
}

/// What a check decides about one seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// The seat.
    pub seat: usize,
    /// What becomes of it.
    pub award: Award,
}

/// See [`Ruling`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Award {
    /// Pays this much of the ask; the market never pays more than is left of it.
    Pay(Amount),
    /// Burns this much of the lock; the market never burns more than is left of it.
    Burn(Amount, BurnReason),
    /// Takes what is left of the lock for a proven fault: at most `compensation` of it goes to the buyer, the
    /// rest burns. This seller is done.
    Forfeit {
        /// Most that the buyer gets.
        compensation: Amount,
        /// Why.
        reason: BurnReason,
    },
    /// Returns what is left of the lock: this seller is done.
    Release,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waits; wakes when ledger time is above `until`.
    Pending {
        /// See above.
        until: LedgerTime,
    },
    /// Pays or burns now and waits on.
    Partial {
        /// What becomes of whom.
        rulings: Vec<Ruling>,
        /// As in `Pending`.
        until: LedgerTime,
    },
    /// Pays and burns, releases every lock left, returns the escrow left, and ends the order.
    Final {
        /// What becomes of whom.
        rulings: Vec<Ruling>,
        /// How the order ended.
        verdict: Verdict,
        /// Burnt of the escrow before the rest returns.
        escrow_burn: Amount,
    },
}

/// A check's rules. Methods change `state` and `context` only; on `Err` the caller undoes both.
pub trait Rule: Sync {
    /// What a call costs the block besides the transaction's own weight, known before it runs.
    fn weight(&self, _tag: u8, _body_len: usize) -> Weight {
        Weight::default()
    }

    /// All sellers have accepted. Returns the first private state.
    fn start(&self, context: &mut Context<'_>) -> (Vec<u8>, Step);

    /// Somebody calls.
    ///
    /// # Errors
    /// The [`Rejection`] when the call is refused. A wrong answer is no rejection but a ruling.
    fn call(
        &self,
        context: &mut Context<'_>,
        state: &mut Vec<u8>,
        caller: Caller,
        tag: u8,
        body: &[u8],
    ) -> Result<Step, Rejection>;

    /// Ledger time is above the moment the check waited for.
    fn wake(&self, context: &mut Context<'_>, state: &mut Vec<u8>) -> Step;
}

/// A call as its check reads it.
fn parsed<C>(call: Result<Option<C>, DecodeError>) -> Result<C, Rejection> {
    call.map_err(|_| Rejection::MalformedBody)?
        .ok_or(Rejection::UnknownTag)
}

/// Which rules decide a check.
pub trait Rules: Sync {
    /// The rules of `check`.
    fn rule(&self, check: &Check) -> &dyn Rule;
}

/// The rules of the network.
#[derive(Debug, Clone, Copy)]
pub struct Standard;

impl Rules for Standard {
    fn rule(&self, check: &Check) -> &dyn Rule {
        match check {
            Check::Quorum { .. } => &quorum::Quorum,
            Check::Approval { .. } => &approval::Approval,
            Check::Proof { .. } => &proof::Proof,
            Check::Score { .. } => &score::Score,
        }
    }
}
