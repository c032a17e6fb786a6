//! Transactions: how they are sent, what became of them, and how people read them.

use crate::{
    GoodView, Problem, RoyaltySplitView, TermsView,
    json::{number, text},
};
use assay_types::{
    AccountId, Amount, Call, ContentId, Height, LedgerTime, List, ModelId, OfferId, OrderId,
    Rejection, Transaction, TxId, Weight,
};
use serde::{Deserialize, Serialize};

/// Most transactions of one batch.
pub const BATCH_TRANSACTIONS_MAX: usize = 1_024;
/// Largest batch in bytes: half a block, so that one request never fills more than the next block.
pub const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Body of [`crate::paths::TRANSACTIONS_BATCH`]: the canonical list, `assay_types::encode(&batch)`.
///
/// They are admitted in order, so a lane's sequences may follow each other within a batch.
pub type TransactionBatch = List<Transaction, BATCH_TRANSACTIONS_MAX>;

/// Answer to a submission; a batch is answered by an array of these, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Submitted {
    /// It waits for a block. Resending what already waits or is final answers the same.
    Admitted {
        /// Its id.
        #[serde(with = "text")]
        id: TxId,
    },
    /// It was refused and changed nothing.
    Refused {
        /// Why.
        problem: Problem,
    },
}

/// What became of a transaction. One that this node never saw answers 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum TransactionStatus {
    /// It waits for a block.
    Pending {
        /// Its id.
        #[serde(with = "text")]
        id: TxId,
    },
    /// It is in a final block.
    Final {
        /// Its id.
        #[serde(with = "text")]
        id: TxId,
        /// The block's height.
        #[serde(with = "number")]
        height: Height,
        /// Its place in the block.
        index: u32,
        /// What it did.
        outcome: OutcomeView,
    },
}

/// What an included transaction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum OutcomeView {
    /// What it asked for.
    Ok,
    /// Nothing but paying its fee and consuming its sequence.
    Rejected {
        /// Why.
        rejection: RejectionView,
    },
}

impl From<Option<Rejection>> for OutcomeView {
    fn from(rejection: Option<Rejection>) -> Self {
        rejection.map_or(Self::Ok, |rejection| Self::Rejected {
            rejection: rejection.into(),
        })
    }
}

/// A rejection with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionView {
    /// Its frozen number.
    pub code: u16,
    /// Its name.
    pub name: String,
    /// What was wrong.
    pub message: String,
    /// What to do next.
    pub advice: String,
}

impl From<Rejection> for RejectionView {
    fn from(rejection: Rejection) -> Self {
        Self {
            code: rejection.code(),
            name: rejection.name().to_owned(),
            message: rejection.message().to_owned(),
            advice: rejection.advice().to_owned(),
        }
    }
}

impl RejectionView {
    /// The rejection, unless it is one that this program does not know yet.
    pub const fn known(&self) -> Option<Rejection> {
        Rejection::from_code(self.code)
    }
}

/// A transaction of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// Its id.
    #[serde(with = "text")]
    pub id: TxId,
    /// Who pays and whose right is used.
    #[serde(with = "text")]
    pub sender: AccountId,
    /// Its lane.
    pub lane: u8,
    /// Its place in the lane.
    pub sequence: u64,
    /// Most the sender pays for weight.
    #[serde(with = "text")]
    pub fee_limit: Amount,
    /// Paid to the leader.
    #[serde(with = "text")]
    pub tip: Amount,
    /// Last ledger time at which it could be included.
    #[serde(rename = "valid_until_ms", with = "number")]
    pub valid_until: LedgerTime,
    /// What it costs a block.
    #[serde(with = "number")]
    pub weight: Weight,
    /// What it asked for.
    pub call: CallView,
    /// What it did.
    pub outcome: OutcomeView,
}

impl TransactionView {
    /// The view of `transaction`, which did `outcome`.
    pub fn new(transaction: &Transaction, outcome: OutcomeView) -> Self {
        let body = &transaction.body;
        Self {
            id: transaction.id(),
            sender: body.sender,
            lane: body.lane.get(),
            sequence: body.sequence,
            fee_limit: body.fee_limit,
            tip: body.tip,
            valid_until: body.valid_until,
            weight: body.weight(),
            call: (&body.call).into(),
            outcome,
        }
    }
}

/// What a transaction asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of `assay_types::Call`")]
pub enum CallView {
    Transfer {
        #[serde(with = "text")]
        to: AccountId,
        #[serde(with = "text")]
        amount: Amount,
    },
    Bond {
        #[serde(with = "text")]
        amount: Amount,
    },
    Unbond {
        #[serde(with = "text")]
        amount: Amount,
    },
    PublishOffer {
        good: GoodView,
        #[serde(with = "text")]
        ask: Amount,
        capacity: u32,
    },
    WithdrawOffer {
        #[serde(with = "text")]
        offer: OfferId,
    },
    PlaceOrder {
        terms: TermsView,
    },
    CancelOrder {
        #[serde(with = "text")]
        order: OrderId,
    },
    Accept {
        #[serde(with = "text")]
        order: OrderId,
    },
    Decline {
        #[serde(with = "text")]
        order: OrderId,
    },
    /// The body is left out; the canonical block holds it.
    CheckCall {
        #[serde(with = "text")]
        order: OrderId,
        tag: u8,
        bytes_len: usize,
    },
    RegisterModel {
        #[serde(with = "text")]
        model: ModelId,
        #[serde(with = "text")]
        manifest: ContentId,
        #[serde(with = "text")]
        program: ContentId,
        licence: String,
        royalties: Vec<RoyaltySplitView>,
    },
}

impl From<&Call> for CallView {
    fn from(call: &Call) -> Self {
        match call {
            Call::Transfer { to, amount } => Self::Transfer {
                to: *to,
                amount: *amount,
            },
            Call::Bond { amount } => Self::Bond { amount: *amount },
            Call::Unbond { amount } => Self::Unbond { amount: *amount },
            Call::PublishOffer {
                good,
                ask,
                capacity,
            } => Self::PublishOffer {
                good: good.into(),
                ask: *ask,
                capacity: *capacity,
            },
            Call::WithdrawOffer { offer } => Self::WithdrawOffer { offer: *offer },
            Call::PlaceOrder { terms } => Self::PlaceOrder {
                terms: terms.into(),
            },
            Call::CancelOrder { order } => Self::CancelOrder { order: *order },
            Call::Accept { order } => Self::Accept { order: *order },
            Call::Decline { order } => Self::Decline { order: *order },
            Call::CheckCall { order, tag, bytes } => Self::CheckCall {
                order: *order,
                tag: *tag,
                bytes_len: bytes.len(),
            },
            Call::RegisterModel {
                model,
                manifest,
                program,
                licence,
                royalties,
            } => Self::RegisterModel {
                model: *model,
                manifest: *manifest,
                program: *program,
                licence: licence.to_string(),
                royalties: royalties.iter().map(RoyaltySplitView::from).collect(),
            },
        }
    }
}
