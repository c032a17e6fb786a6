//! Receipts as people read them. What proves anything is the canonical `ReceiptProof`.

use crate::{
    CheckView, WorkView,
    json::{Address, Grains, Id, Maybe, Number},
};
use assay_types::{
    AccountId, Amount, BurnReason, ChainId, ContentId, Height, LedgerTime, OrderId, Payout,
    PayoutResult, Receipt, RefundReason, TxId, Verdict,
};
use serde::{Deserialize, Serialize};

/// How an order ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VerdictView {
    /// Enough sellers gave the same answer.
    Agreed,
    /// The buyer approved.
    Approved,
    /// The buyer stayed silent.
    ApprovedBySilence,
    /// The proof holds.
    Proven,
    /// The topic's epoch is settled, and the miner was paid by its merit.
    Scored,
    /// Escrow returned.
    Refunded {
        /// Why: `too_few_sellers`, `no_quorum`, `nothing_delivered`, `rejected`, `cancelled`,
        /// `false_proof`, `no_merit`, `slot_lost` or `topic_unsettled`.
        reason: String,
    },
}

impl From<&Verdict> for VerdictView {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Agreed => Self::Agreed,
            Verdict::Approved => Self::Approved,
            Verdict::ApprovedBySilence => Self::ApprovedBySilence,
            Verdict::Proven => Self::Proven,
            Verdict::Scored => Self::Scored,
            Verdict::Refunded { reason } => Self::Refunded {
                reason: refund_reason(*reason).to_owned(),
            },
        }
    }
}

/// What became of one seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PayoutResultView {
    /// Paid.
    Paid {
        /// Its ask, or what of it its check paid.
        #[serde(with = "Grains")]
        gross: Amount,
        /// What the market burnt of it.
        #[serde(with = "Grains")]
        fee: Amount,
        /// What went to the model's royalty accounts.
        #[serde(with = "Grains")]
        royalties: Amount,
    },
    /// Its lock was burnt.
    Burnt {
        /// How much.
        #[serde(with = "Grains")]
        amount: Amount,
        /// Why: `false_reveal`, `minority_answer`, `silence`, `rejected_delivery` or `false_proof`.
        reason: String,
    },
    /// Its fault was proven: its lock compensated the buyer, and the rest was burnt.
    Forfeited {
        /// What the buyer got of it.
        #[serde(with = "Grains")]
        compensation: Amount,
        /// What was burnt of it.
        #[serde(with = "Grains")]
        burnt: Amount,
        /// Why: `false_proof`.
        reason: String,
    },
    /// Neither.
    Unpaid,
}

/// One seller's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PayoutView {
    /// The seller.
    #[serde(with = "Address")]
    pub seller: AccountId,
    /// What became of it.
    pub result: PayoutResultView,
}

impl From<&Payout> for PayoutView {
    fn from(payout: &Payout) -> Self {
        let result = match payout.result {
            PayoutResult::Paid {
                gross,
                fee,
                royalties,
            } => PayoutResultView::Paid {
                gross,
                fee,
                royalties,
            },
            PayoutResult::Burnt { amount, reason } => PayoutResultView::Burnt {
                amount,
                reason: burn_reason(reason).to_owned(),
            },
            PayoutResult::Forfeited {
                compensation,
                burnt,
                reason,
            } => PayoutResultView::Forfeited {
                compensation,
                burnt,
                reason: burn_reason(reason).to_owned(),
            },
            PayoutResult::Unpaid => PayoutResultView::Unpaid,
        };
        Self {
            seller: payout.seller,
            result,
        }
    }
}

/// The end of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ReceiptView {
    /// The chain that settled it.
    #[serde(with = "Id")]
    pub chain: ChainId,
    /// The order.
    #[serde(with = "Id")]
    pub order: OrderId,
    /// Who bought.
    #[serde(with = "Address")]
    pub buyer: AccountId,
    /// What was asked.
    pub work: WorkView,
    /// How it was checked.
    pub check: CheckView,
    /// How it ended.
    pub verdict: VerdictView,
    /// The accepted answer.
    #[serde(default, with = "Maybe::<Id>")]
    pub output: Option<ContentId>,
    /// What the buyer paid in all.
    #[serde(with = "Grains")]
    pub price: Amount,
    /// What returned to the buyer.
    #[serde(with = "Grains")]
    pub refund: Amount,
    /// The sellers, ascending by account.
    pub payouts: Vec<PayoutView>,
    /// When the order was placed.
    #[serde(rename = "placed_at_ms", with = "Number")]
    pub placed_at: LedgerTime,
    /// When it ended.
    #[serde(rename = "closed_at_ms", with = "Number")]
    pub closed_at: LedgerTime,
    /// Height of its end.
    #[serde(with = "Number")]
    pub height: Height,
    /// The transaction that ended it; `null` when a deadline did.
    #[serde(default, with = "Maybe::<Id>")]
    pub settled_by: Option<TxId>,
}

impl From<&Receipt> for ReceiptView {
    fn from(receipt: &Receipt) -> Self {
        Self {
            chain: receipt.chain,
            order: receipt.order,
            buyer: receipt.buyer,
            work: (&receipt.work).into(),
            check: (&receipt.check).into(),
            verdict: (&receipt.verdict).into(),
            output: receipt.output,
            price: receipt.price,
            refund: receipt.refund,
            payouts: receipt.payouts.iter().map(PayoutView::from).collect(),
            placed_at: receipt.placed_at,
            closed_at: receipt.closed_at,
            height: receipt.height,
            settled_by: receipt.settled_by,
        }
    }
}

/// The reason's name in JSON.
pub(crate) const fn refund_reason(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::TooFewSellers => "too_few_sellers",
        RefundReason::NoQuorum => "no_quorum",
        RefundReason::NothingDelivered => "nothing_delivered",
        RefundReason::Rejected => "rejected",
        RefundReason::Cancelled => "cancelled",
        RefundReason::FalseProof => "false_proof",
        RefundReason::NoMerit => "no_merit",
        RefundReason::SlotLost => "slot_lost",
        RefundReason::TopicUnsettled => "topic_unsettled",
    }
}

/// The reason's name in JSON.
pub(crate) const fn burn_reason(reason: BurnReason) -> &'static str {
    match reason {
        BurnReason::FalseReveal => "false_reveal",
        BurnReason::MinorityAnswer => "minority_answer",
        BurnReason::Silence => "silence",
        BurnReason::RejectedDelivery => "rejected_delivery",
        BurnReason::FalseProof => "false_proof",
    }
}
