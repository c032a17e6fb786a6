//! Events as the stream tells them.

use crate::{
    GoodView, RejectionView, TermsView,
    json::{Address, Grains, Id, Maybe, Number, Spoken},
    receipt::{ReceiptView, burn_reason},
    topic::{submission_kind, topic_role},
};
use assay_types::{
    AccountId, Amount, ContentId, Event, Hash32, LedgerTime, ModelId, Name, OfferId, OrderId,
    ProofKeyId, ReleaseReason, TopicId, TxId,
};
use serde::{Deserialize, Serialize};

/// One thing that happened in a block; see `assay_types::Event` for the words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of `assay_types::Event`")]
pub enum EventView {
    Transferred {
        #[serde(with = "Address")]
        from: AccountId,
        #[serde(with = "Address")]
        to: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    Bonded {
        #[serde(with = "Address")]
        account: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    UnbondingStarted {
        #[serde(with = "Address")]
        account: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
        #[serde(rename = "release_at_ms", with = "Number")]
        release_at: LedgerTime,
    },
    Unbonded {
        #[serde(with = "Address")]
        account: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    OfferPublished {
        #[serde(with = "Id")]
        offer: OfferId,
        #[serde(with = "Address")]
        seller: AccountId,
        good: GoodView,
        #[serde(with = "Grains")]
        ask: Amount,
        capacity: u32,
    },
    OfferWithdrawn {
        #[serde(with = "Id")]
        offer: OfferId,
        #[serde(with = "Address")]
        seller: AccountId,
    },
    ModelRegistered {
        #[serde(with = "Id")]
        model: ModelId,
        #[serde(with = "Address")]
        owner: AccountId,
        #[serde(with = "Id")]
        manifest: ContentId,
        #[serde(with = "Id")]
        program: ContentId,
    },
    OrderPlaced {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        buyer: AccountId,
        terms: TermsView,
        #[serde(with = "Grains")]
        escrow: Amount,
    },
    Assigned {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Id")]
        offer: OfferId,
        #[serde(with = "Grains")]
        ask: Amount,
        #[serde(with = "Grains")]
        lock: Amount,
        #[serde(rename = "respond_by_ms", with = "Number")]
        respond_by: LedgerTime,
    },
    /// `reason` is `declined`, `no_answer` or `order_ended`.
    Released {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        reason: String,
    },
    Accepted {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
    },
    Started {
        #[serde(with = "Id")]
        order: OrderId,
    },
    Committed {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Id")]
        commitment: Hash32,
    },
    RevealsOpened {
        #[serde(with = "Id")]
        order: OrderId,
    },
    Revealed {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Id")]
        output: ContentId,
        holds: bool,
    },
    Delivered {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Id")]
        output: ContentId,
    },
    VerdictReached {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Id")]
        output: ContentId,
    },
    Paid {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Grains")]
        gross: Amount,
        #[serde(with = "Grains")]
        net: Amount,
        #[serde(with = "Grains")]
        fee: Amount,
    },
    RoyaltyPaid {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Id")]
        model: ModelId,
        #[serde(with = "Address")]
        to: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    /// `reason` is `false_reveal`, `minority_answer`, `silence` or `rejected_delivery`.
    Burnt {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        account: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
        reason: String,
    },
    Refunded {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        buyer: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    Closed {
        receipt: Box<ReceiptView>,
    },
    Failed {
        #[serde(with = "Id")]
        transaction: TxId,
        rejection: RejectionView,
    },
    Emitted {
        epoch: u64,
        #[serde(with = "Address")]
        to: AccountId,
        blocks: u64,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    Rebated {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    NameReserved {
        #[serde(with = "Address")]
        account: AccountId,
        #[serde(with = "Id")]
        commitment: Hash32,
    },
    NameRegistered {
        #[serde(with = "Spoken")]
        name: Name,
        #[serde(with = "Address")]
        holder: AccountId,
        #[serde(rename = "expires_at_ms", with = "Number")]
        expires_at: LedgerTime,
        #[serde(with = "Grains")]
        price: Amount,
    },
    NameRenewed {
        #[serde(with = "Spoken")]
        name: Name,
        #[serde(with = "Address")]
        holder: AccountId,
        #[serde(rename = "expires_at_ms", with = "Number")]
        expires_at: LedgerTime,
        #[serde(with = "Grains")]
        price: Amount,
    },
    NameTransferred {
        #[serde(with = "Spoken")]
        name: Name,
        #[serde(with = "Address")]
        from: AccountId,
        #[serde(with = "Address")]
        to: AccountId,
    },
    NameExpired {
        #[serde(with = "Spoken")]
        name: Name,
        #[serde(with = "Address")]
        holder: AccountId,
    },
    ProofKeyRegistered {
        #[serde(with = "Id")]
        model: ModelId,
        #[serde(with = "Id")]
        key: ProofKeyId,
        #[serde(with = "Address")]
        owner: AccountId,
    },
    ProofDelivered {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Id")]
        output: ContentId,
        #[serde(with = "Id")]
        statement: Hash32,
        holds: bool,
    },
    Compensated {
        #[serde(with = "Id")]
        order: OrderId,
        #[serde(with = "Address")]
        seller: AccountId,
        #[serde(with = "Address")]
        buyer: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    TopicCreated {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        owner: AccountId,
    },
    SlotRegistered {
        #[serde(with = "Id")]
        topic: TopicId,
        slot: u16,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(with = "Address")]
        owner: AccountId,
        #[serde(with = "Grains")]
        price: Amount,
        #[serde(default, with = "Maybe::<Address>")]
        replaced: Option<AccountId>,
    },
    Staked {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(with = "Address")]
        staker: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    UnstakingStarted {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(with = "Address")]
        staker: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
        #[serde(rename = "release_at_ms", with = "Number")]
        release_at: LedgerTime,
    },
    SubmissionCommitted {
        #[serde(with = "Id")]
        topic: TopicId,
        slot: u16,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(with = "Id")]
        commitment: Hash32,
    },
    SubmissionRevealed {
        #[serde(with = "Id")]
        topic: TopicId,
        slot: u16,
        #[serde(with = "Address")]
        key: AccountId,
        kind: String,
        numbers: u16,
    },
    RevealMissed {
        #[serde(with = "Id")]
        topic: TopicId,
        slot: u16,
        #[serde(with = "Address")]
        key: AccountId,
    },
    TopicFunded {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        from: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    TopicPaid {
        #[serde(with = "Id")]
        topic: TopicId,
        epoch: u64,
        #[serde(with = "Address")]
        to: AccountId,
        role: String,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    TopicSettled {
        #[serde(with = "Id")]
        topic: TopicId,
        epoch: u64,
        #[serde(with = "Grains")]
        minted: Amount,
        #[serde(with = "Grains")]
        fees: Amount,
    },
    SlotAnnounced {
        #[serde(with = "Id")]
        topic: TopicId,
        slot: u16,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(default)]
        address: Option<String>,
    },
    TopicInferred {
        #[serde(with = "Id")]
        topic: TopicId,
        epoch: u64,
        inference: Vec<f64>,
        inferers: u16,
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
                receipt: Box::new((&**receipt).into()),
            },
            Event::Failed {
                transaction,
                rejection,
            } => Self::Failed {
                transaction: *transaction,
                rejection: (*rejection).into(),
            },
            Event::Emitted {
                epoch,
                to,
                blocks,
                amount,
            } => Self::Emitted {
                epoch: *epoch,
                to: *to,
                blocks: *blocks,
                amount: *amount,
            },
            Event::Rebated {
                order,
                seller,
                amount,
            } => Self::Rebated {
                order: *order,
                seller: *seller,
                amount: *amount,
            },
            Event::NameReserved {
                account,
                commitment,
            } => Self::NameReserved {
                account: *account,
                commitment: commitment.hash(),
            },
            Event::NameRegistered {
                name,
                holder,
                expires_at,
                price,
            } => Self::NameRegistered {
                name: *name,
                holder: *holder,
                expires_at: *expires_at,
                price: *price,
            },
            Event::NameRenewed {
                name,
                holder,
                expires_at,
                price,
            } => Self::NameRenewed {
                name: *name,
                holder: *holder,
                expires_at: *expires_at,
                price: *price,
            },
            Event::NameTransferred { name, from, to } => Self::NameTransferred {
                name: *name,
                from: *from,
                to: *to,
            },
            Event::NameExpired { name, holder } => Self::NameExpired {
                name: *name,
                holder: *holder,
            },
            Event::ProofKeyRegistered { model, key, owner } => Self::ProofKeyRegistered {
                model: *model,
                key: *key,
                owner: *owner,
            },
            Event::ProofDelivered {
                order,
                seller,
                output,
                statement,
                holds,
            } => Self::ProofDelivered {
                order: *order,
                seller: *seller,
                output: *output,
                statement: *statement,
                holds: *holds,
            },
            Event::Compensated {
                order,
                seller,
                buyer,
                amount,
            } => Self::Compensated {
                order: *order,
                seller: *seller,
                buyer: *buyer,
                amount: *amount,
            },
            Event::TopicCreated { topic, owner } => Self::TopicCreated {
                topic: *topic,
                owner: *owner,
            },
            Event::SlotRegistered {
                topic,
                slot,
                key,
                owner,
                price,
                replaced,
            } => Self::SlotRegistered {
                topic: *topic,
                slot: *slot,
                key: *key,
                owner: *owner,
                price: *price,
                replaced: *replaced,
            },
            Event::Staked {
                topic,
                key,
                staker,
                amount,
            } => Self::Staked {
                topic: *topic,
                key: *key,
                staker: *staker,
                amount: *amount,
            },
            Event::UnstakingStarted {
                topic,
                key,
                staker,
                amount,
                release_at,
            } => Self::UnstakingStarted {
                topic: *topic,
                key: *key,
                staker: *staker,
                amount: *amount,
                release_at: *release_at,
            },
            Event::SubmissionCommitted {
                topic,
                slot,
                key,
                commitment,
            } => Self::SubmissionCommitted {
                topic: *topic,
                slot: *slot,
                key: *key,
                commitment: *commitment,
            },
            Event::SubmissionRevealed {
                topic,
                slot,
                key,
                kind,
                numbers,
            } => Self::SubmissionRevealed {
                topic: *topic,
                slot: *slot,
                key: *key,
                kind: submission_kind(*kind).to_owned(),
                numbers: *numbers,
            },
            Event::RevealMissed { topic, slot, key } => Self::RevealMissed {
                topic: *topic,
                slot: *slot,
                key: *key,
            },
            Event::TopicFunded {
                topic,
                from,
                amount,
            } => Self::TopicFunded {
                topic: *topic,
                from: *from,
                amount: *amount,
            },
            Event::TopicPaid {
                topic,
                epoch,
                to,
                role,
                amount,
            } => Self::TopicPaid {
                topic: *topic,
                epoch: *epoch,
                to: *to,
                role: topic_role(*role).to_owned(),
                amount: *amount,
            },
            Event::TopicSettled {
                topic,
                epoch,
                minted,
                fees,
            } => Self::TopicSettled {
                topic: *topic,
                epoch: *epoch,
                minted: *minted,
                fees: *fees,
            },
            Event::SlotAnnounced {
                topic,
                slot,
                key,
                address,
            } => Self::SlotAnnounced {
                topic: *topic,
                slot: *slot,
                key: *key,
                address: address.as_ref().map(ToString::to_string),
            },
            Event::TopicInferred {
                topic,
                epoch,
                inference,
                inferers,
            } => Self::TopicInferred {
                topic: *topic,
                epoch: *epoch,
                inference: inference.iter().map(|label| label.get()).collect(),
                inferers: *inferers,
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
            | Self::Refunded { order, .. }
            | Self::Rebated { order, .. }
            | Self::ProofDelivered { order, .. }
            | Self::Compensated { order, .. } => Some(*order),
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
