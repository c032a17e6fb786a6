//! Events as the stream tells them.

use crate::{
    GoodView, RejectionView, TermsView,
    json::{number, text},
    receipt::{ReceiptView, burn_reason},
};
use assay_types::{
    AccountId, Amount, ContentId, Event, Hash32, LedgerTime, ModelId, OfferId, OrderId,
    ReleaseReason, TxId,
};
use serde::{Deserialize, Serialize};

/// One thing that happened in a block; see `assay_types::Event` for the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of `assay_types::Event`")]
pub enum EventView {
    Transferred {
        #[serde(with = "text")]
        from: AccountId,
        #[serde(with = "text")]
        to: AccountId,
        #[serde(with = "text")]
        amount: Amount,
    },
    Bonded {
        #[serde(with = "text")]
        account: AccountId,
        #[serde(with = "text")]
        amount: Amount,
    },
    UnbondingStarted {
        #[serde(with = "text")]
        account: AccountId,
        #[serde(with = "text")]
        amount: Amount,
        #[serde(rename = "release_at_ms", with = "number")]
        release_at: LedgerTime,
    },
    Unbonded {
        #[serde(with = "text")]
        account: AccountId,
        #[serde(with = "text")]
        amount: Amount,
    },
    OfferPublished {
        #[serde(with = "text")]
        offer: OfferId,
        #[serde(with = "text")]
        seller: AccountId,
        good: GoodView,
        #[serde(with = "text")]
        ask: Amount,
        capacity: u32,
    },
    OfferWithdrawn {
        #[serde(with = "text")]
        offer: OfferId,
        #[serde(with = "text")]
        seller: AccountId,
    },
    ModelRegistered {
        #[serde(with = "text")]
        model: ModelId,
        #[serde(with = "text")]
        owner: AccountId,
        #[serde(with = "text")]
        manifest: ContentId,
        #[serde(with = "text")]
        program: ContentId,
    },
    OrderPlaced {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        buyer: AccountId,
        terms: TermsView,
        #[serde(with = "text")]
        escrow: Amount,
    },
    Assigned {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
        #[serde(with = "text")]
        offer: OfferId,
        #[serde(with = "text")]
        ask: Amount,
        #[serde(with = "text")]
        lock: Amount,
        #[serde(rename = "respond_by_ms", with = "number")]
        respond_by: LedgerTime,
    },
    /// `reason` is `declined`, `no_answer` or `order_ended`.
    Released {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
        reason: String,
    },
    Accepted {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
    },
    Started {
        #[serde(with = "text")]
        order: OrderId,
    },
    Committed {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
        #[serde(with = "text")]
        commitment: Hash32,
    },
    RevealsOpened {
        #[serde(with = "text")]
        order: OrderId,
    },
    Revealed {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
        #[serde(with = "text")]
        output: ContentId,
        holds: bool,
    },
    Delivered {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
        #[serde(with = "text")]
        output: ContentId,
    },
    VerdictReached {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        output: ContentId,
    },
    Paid {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        seller: AccountId,
        #[serde(with = "text")]
        gross: Amount,
        #[serde(with = "text")]
        net: Amount,
        #[serde(with = "text")]
        fee: Amount,
    },
    RoyaltyPaid {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        model: ModelId,
        #[serde(with = "text")]
        to: AccountId,
        #[serde(with = "text")]
        amount: Amount,
    },
    /// `reason` is `false_reveal`, `minority_answer`, `silence` or `rejected_delivery`.
    Burnt {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        account: AccountId,
        #[serde(with = "text")]
        amount: Amount,
        reason: String,
    },
    Refunded {
        #[serde(with = "text")]
        order: OrderId,
        #[serde(with = "text")]
        buyer: AccountId,
        #[serde(with = "text")]
        amount: Amount,
    },
    Closed {
        receipt: Box<ReceiptView>,
    },
    Failed {
        #[serde(with = "text")]
        transaction: TxId,
        rejection: RejectionView,
    },
    /// An event that this program does not know yet.
    #[serde(other)]
    Unknown,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        match event {
            Event::Transferred { from, to, amount } => Self::Transferred {
                from: *from,
                to: *to,
                amount: *amount,
            },
            Event::Bonded { account, amount } => Self::Bonded {
                account: *account,
                amount: *amount,
            },
            Event::UnbondingStarted {
                account,
                amount,
                release_at,
            } => Self::UnbondingStarted {
                account: *account,
                amount: *amount,
                release_at: *release_at,
            },
            Event::Unbonded { account, amount } => Self::Unbonded {
                account: *account,
                amount: *amount,
            },
            Event::OfferPublished {
                offer,
                seller,
                good,
                ask,
                capacity,
            } => Self::OfferPublished {
                offer: *offer,
                seller: *seller,
                good: good.into(),
                ask: *ask,
                capacity: *capacity,
            },
            Event::OfferWithdrawn { offer, seller } => Self::OfferWithdrawn {
                offer: *offer,
                seller: *seller,
            },
            Event::ModelRegistered {
                model,
                owner,
                manifest,
                program,
            } => Self::ModelRegistered {
                model: *model,
                owner: *owner,
                manifest: *manifest,
                program: *program,
            },
            Event::OrderPlaced {
                order,
                buyer,
                terms,
                escrow,
            } => Self::OrderPlaced {
                order: *order,
                buyer: *buyer,
                terms: terms.into(),
                escrow: *escrow,
            },
            Event::Assigned {
                order,
                seller,
                offer,
                ask,
                lock,
                respond_by,
            } => Self::Assigned {
                order: *order,
                seller: *seller,
                offer: *offer,
                ask: *ask,
                lock: *lock,
                respond_by: *respond_by,
            },
            Event::Released {
                order,
                seller,
                reason,
            } => Self::Released {
                order: *order,
                seller: *seller,
                reason: release_reason(*reason).to_owned(),
            },
            Event::Accepted { order, seller } => Self::Accepted {
                order: *order,
                seller: *seller,
            },
            Event::Started { order } => Self::Started { order: *order },
            Event::Committed {
                order,
                seller,
                commitment,
            } => Self::Committed {
                order: *order,
                seller: *seller,
                commitment: *commitment,
            },
            Event::RevealsOpened { order } => Self::RevealsOpened { order: *order },
            Event::Revealed {
                order,
                seller,
                output,
                holds,
            } => Self::Revealed {
                order: *order,
                seller: *seller,
                output: *output,
                holds: *holds,
            },
            Event::Delivered {
                order,
                seller,
                output,
            } => Self::Delivered {
                order: *order,
                seller: *seller,
                output: *output,
            },
            Event::VerdictReached { order, output } => Self::VerdictReached {
                order: *order,
                output: *output,
            },
            Event::Paid {
                order,
                seller,
                gross,
                net,
                fee,
            } => Self::Paid {
                order: *order,
                seller: *seller,
                gross: *gross,
                net: *net,
                fee: *fee,
            },
            Event::RoyaltyPaid {
                order,
                model,
                to,
                amount,
            } => Self::RoyaltyPaid {
                order: *order,
                model: *model,
                to: *to,
                amount: *amount,
            },
            Event::Burnt {
                order,
                account,
                amount,
                reason,
            } => Self::Burnt {
                order: *order,
                account: *account,
                amount: *amount,
                reason: burn_reason(*reason).to_owned(),
            },
            Event::Refunded {
                order,
                buyer,
                amount,
            } => Self::Refunded {
                order: *order,
                buyer: *buyer,
                amount: *amount,
            },
            Event::Closed { receipt } => Self::Closed {
                receipt: Box::new(receipt.into()),
            },
            Event::Failed {
                transaction,
                rejection,
            } => Self::Failed {
                transaction: *transaction,
                rejection: (*rejection).into(),
            },
        }
    }
}

impl EventView {
    /// The order this belongs to, if any.
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::OrderPlaced { order, .. }
            | Self::Assigned { order, .. }
            | Self::Released { order, .. }
            | Self::Accepted { order, .. }
            | Self::Started { order }
            | Self::Committed { order, .. }
            | Self::RevealsOpened { order }
            | Self::Revealed { order, .. }
            | Self::Delivered { order, .. }
            | Self::VerdictReached { order, .. }
            | Self::Paid { order, .. }
            | Self::RoyaltyPaid { order, .. }
            | Self::Burnt { order, .. }
            | Self::Refunded { order, .. } => Some(*order),
            Self::Closed { receipt } => Some(receipt.order),
            _ => None,
        }
    }
}

const fn release_reason(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::Declined => "declined",
        ReleaseReason::NoAnswer => "no_answer",
        ReleaseReason::OrderEnded => "order_ended",
    }
}
