//! What happened: leaves of a block's event root. Later variants append; none changes.

use crate::{
    AccountId, Amount, ContentId, Good, Hash32, Labels, LedgerTime, MinerAddress, ModelId, Name,
    NameCommitment, OfferId, OrderId, ProofKeyId, Receipt, Rejection, SubmissionKind, Terms,
    TopicId, TopicRole, TxId, codec::wire_enum,
};
use std::sync::Arc;

/// Why money was destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BurnReason {
    /// The reveal did not open the commitment.
    FalseReveal,
    /// Another answer won the quorum.
    MinorityAnswer,
    /// Accepted, then silent.
    Silence,
    /// The buyer rejected a delivery; a share of the price burns so that rejecting is no free option.
    RejectedDelivery,
    /// The proof does not hold.
    FalseProof,
}
wire_enum!(BurnReason {
    0 => FalseReveal,
    1 => MinorityAnswer,
    2 => Silence,
    3 => RejectedDelivery,
    4 => FalseProof,
});

/// Why a buyer got its escrow back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefundReason {
    /// Fewer sellers accepted than the check needs.
    TooFewSellers,
    /// No answer reached the quorum.
    NoQuorum,
    /// The seller delivered nothing in time.
    NothingDelivered,
    /// The buyer rejected the delivery.
    Rejected,
    /// The buyer cancelled.
    Cancelled,
    /// The seller's proof does not hold.
    FalseProof,
    /// The miner earned nothing for work in its topic.
    NoMerit,
    /// The miner lost its slot of the topic.
    SlotLost,
    /// The topic did not settle the epochs in which the answer is judged.
    TopicUnsettled,
}
wire_enum!(RefundReason {
    0 => TooFewSellers,
    1 => NoQuorum,
    2 => NothingDelivered,
    3 => Rejected,
    4 => Cancelled,
    5 => FalseProof,
    6 => NoMerit,
    7 => SlotLost,
    8 => TopicUnsettled,
});

/// Why an assignment ended without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReleaseReason {
    /// The seller declined.
    Declined,
    /// The seller did not answer within the accept window.
    NoAnswer,
    /// The order ended before its work started.
    OrderEnded,
}
wire_enum!(ReleaseReason { 0 => Declined, 1 => NoAnswer, 2 => OrderEnded });

/// One thing that happened in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Money moved.
    Transferred {
        /// Payer.
        from: AccountId,
        /// Payee.
        to: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Balance became bond.
    Bonded {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Bond is on its way back to the balance.
    UnbondingStarted {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Amount,
        /// When it arrives.
        release_at: LedgerTime,
    },
    /// Bond is balance again.
    Unbonded {
        /// Whose.
        account: AccountId,
        /// How much.
        amount: Amount,
    },
    /// An offer stands.
    OfferPublished {
        /// The offer.
        offer: OfferId,
        /// Whose.
        seller: AccountId,
        /// What is sold.
        good: Good,
        /// At which price.
        ask: Amount,
        /// Jobs at the same time.
        capacity: u32,
    },
    /// An offer is gone.
    OfferWithdrawn {
        /// The offer.
        offer: OfferId,
        /// Whose.
        seller: AccountId,
    },
    /// A model can be offered.
    ModelRegistered {
        /// The model.
        model: ModelId,
        /// Who registered it.
        owner: AccountId,
        /// Content id of its manifest.
        manifest: ContentId,
        /// Content id of its program.
        program: ContentId,
    },
    /// An order stands and its escrow is locked.
    OrderPlaced {
        /// The order.
        order: OrderId,
        /// Whose.
        buyer: AccountId,
        /// What is asked for.
        terms: Terms,
        /// What was locked.
        escrow: Amount,
    },
    /// A seller was drawn.
    Assigned {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
        /// Its offer.
        offer: OfferId,
        /// What it will earn, before deductions.
        ask: Amount,
        /// What it reserves of its bond.
        lock: Amount,
        /// Last moment to accept.
        respond_by: LedgerTime,
    },
    /// A drawn seller is out, at no loss.
    Released {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
        /// Why.
        reason: ReleaseReason,
    },
    /// A seller will deliver; its lock is at risk.
    Accepted {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
    },
    /// All sellers accepted: work begins.
    Started {
        /// The order.
        order: OrderId,
    },
    /// A seller committed to an answer.
    Committed {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
        /// The commitment.
        commitment: Hash32,
    },
    /// All have committed, or the time to commit is over.
    RevealsOpened {
        /// The order.
        order: OrderId,
    },
    /// A seller opened its commitment.
    Revealed {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
        /// Its answer.
        output: ContentId,
        /// Whether it is what was committed.
        holds: bool,
    },
    /// A seller delivered.
    Delivered {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
        /// Its answer.
        output: ContentId,
    },
    /// The check accepted an answer.
    VerdictReached {
        /// The order.
        order: OrderId,
        /// The answer.
        output: ContentId,
    },
    /// A seller was paid.
    Paid {
        /// The order.
        order: OrderId,
        /// The seller.
        seller: AccountId,
        /// Its ask, or what of it its check paid.
        gross: Amount,
        /// What reached its balance after fee and royalties.
        net: Amount,
        /// What the market burnt.
        fee: Amount,
    },
    /// A share of a model's income was paid.
    RoyaltyPaid {
        /// The order.
        order: OrderId,
        /// The model.
        model: ModelId,
        /// To whom.
        to: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Money was destroyed.
    Burnt {
        /// The order.
        order: OrderId,
        /// Whose bond or escrow.
        account: AccountId,
        /// How much.
        amount: Amount,
        /// Why.
        reason: BurnReason,
    },
    /// Escrow returned.
    Refunded {
        /// The order.
        order: OrderId,
        /// The buyer.
        buyer: AccountId,
        /// How much.
        amount: Amount,
    },
    /// An order ended; this leaf is what a receipt proof shows.
    Closed {
        /// The whole story. Shared, for it is three times as long as any other event.
        receipt: Arc<Receipt>,
    },
    /// A transaction was included, paid its fee and changed nothing else.
    Failed {
        /// The transaction.
        transaction: TxId,
        /// Why.
        rejection: Rejection,
    },
    /// Money was made for a validator that proposed blocks of an epoch.
    Emitted {
        /// The epoch, counted from genesis.
        epoch: u64,
        /// To whom.
        to: AccountId,
        /// How many of the epoch's blocks it proposed.
        blocks: u64,
        /// How much.
        amount: Amount,
    },
    /// Money was made for a seller: a part of the market fee that this very payment burnt.
    Rebated {
        /// The order.
        order: OrderId,
        /// To whom.
        seller: AccountId,
        /// How much.
        amount: Amount,
    },
    /// A name that is not known yet is reserved.
    NameReserved {
        /// By whom.
        account: AccountId,
        /// What it opens with.
        commitment: NameCommitment,
    },
    /// A name has a holder.
    NameRegistered {
        /// The name.
        name: Name,
        /// Who holds it.
        holder: AccountId,
        /// Last moment of its lease.
        expires_at: LedgerTime,
        /// What was burnt for it.
        price: Amount,
    },
    /// A name's lease was prolonged.
    NameRenewed {
        /// The name.
        name: Name,
        /// Who holds it.
        holder: AccountId,
        /// Last moment of its lease.
        expires_at: LedgerTime,
        /// What was burnt for it.
        price: Amount,
    },
    /// A name has another holder.
    NameTransferred {
        /// The name.
        name: Name,
        /// Who held it.
        from: AccountId,
        /// Who holds it.
        to: AccountId,
    },
    /// A name's lease and grace are over; anyone can register it.
    NameExpired {
        /// The name.
        name: Name,
        /// Who held it.
        holder: AccountId,
    },
    /// A model's proofs can be verified with a key.
    ProofKeyRegistered {
        /// The model.
        model: ModelId,
        /// The key.
        key: ProofKeyId,
        /// Who registered it.
        owner: AccountId,
    },
    /// A seller delivered an answer and its proof.
    ProofDelivered {
        /// The order.
        order: OrderId,
        /// Who.
        seller: AccountId,
        /// The answer.
        output: ContentId,
        /// What the proof states, see `ProofStatement::hash`.
        statement: Hash32,
        /// Whether the proof holds.
        holds: bool,
    },
    /// A part of a seller's lock went to the buyer, for a fault that was proven.
    Compensated {
        /// The order.
        order: OrderId,
        /// Whose lock.
        seller: AccountId,
        /// To whom.
        buyer: AccountId,
        /// How much.
        amount: Amount,
    },
    /// A topic exists.
    TopicCreated {
        /// The topic.
        topic: TopicId,
        /// Whose.
        owner: AccountId,
    },
    /// A slot has a new holder.
    SlotRegistered {
        /// The topic.
        topic: TopicId,
        /// The slot.
        slot: u16,
        /// Who works.
        key: AccountId,
        /// Who earns.
        owner: AccountId,
        /// Burnt for it.
        price: Amount,
        /// The key that held it before.
        replaced: Option<AccountId>,
    },
    /// Money stands behind a key.
    Staked {
        /// The topic.
        topic: TopicId,
        /// The key.
        key: AccountId,
        /// Whose.
        staker: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Money no longer stands behind a key; it is on its way back.
    UnstakingStarted {
        /// The topic.
        topic: TopicId,
        /// The key.
        key: AccountId,
        /// Whose.
        staker: AccountId,
        /// How much.
        amount: Amount,
        /// When it arrives.
        release_at: LedgerTime,
    },
    /// A slot's key committed to what it will reveal.
    SubmissionCommitted {
        /// The topic.
        topic: TopicId,
        /// Its slot.
        slot: u16,
        /// Its key.
        key: AccountId,
        /// To what.
        commitment: Hash32,
    },
    /// A slot's key revealed what it had committed to.
    SubmissionRevealed {
        /// The topic.
        topic: TopicId,
        /// Its slot.
        slot: u16,
        /// Its key.
        key: AccountId,
        /// What it is.
        kind: SubmissionKind,
        /// How many numbers.
        numbers: u16,
    },
    /// A slot's key did not reveal in time: a validator's weights say nothing any more, and nobody else's work was there.
    RevealMissed {
        /// The topic.
        topic: TopicId,
        /// Its slot.
        slot: u16,
        /// Its key.
        key: AccountId,
    },
    /// Someone pays for a topic's work.
    TopicFunded {
        /// The topic.
        topic: TopicId,
        /// Who.
        from: AccountId,
        /// How much.
        amount: Amount,
    },
    /// An epoch of a topic paid an account, or those who stand behind it.
    TopicPaid {
        /// The topic.
        topic: TopicId,
        /// Its epoch.
        epoch: u64,
        /// To whom; for stakers, the key that they stand behind.
        to: AccountId,
        /// For what.
        role: TopicRole,
        /// How much.
        amount: Amount,
    },
    /// An epoch of a topic is settled.
    TopicSettled {
        /// The topic.
        topic: TopicId,
        /// Its epoch.
        epoch: u64,
        /// New money that it paid.
        minted: Amount,
        /// Money of those who funded it that it paid.
        fees: Amount,
    },
    /// A slot's key said where it can be asked.
    SlotAnnounced {
        /// The topic.
        topic: TopicId,
        /// Its slot.
        slot: u16,
        /// Its key.
        key: AccountId,
        /// Where, if anywhere.
        address: Option<MinerAddress>,
    },
    /// An epoch's inferences became one.
    TopicInferred {
        /// The topic.
        topic: TopicId,
        /// The epoch in which they were made.
        epoch: u64,
        /// What the topic infers.
        inference: Labels,
        /// Of how many.
        inferers: u16,
    },
}
wire_enum!(Event {
    0 => Transferred { from, to, amount },
    1 => Bonded { account, amount },
    2 => UnbondingStarted { account, amount, release_at },
    3 => Unbonded { account, amount },
    4 => OfferPublished { offer, seller, good, ask, capacity },
    5 => OfferWithdrawn { offer, seller },
    6 => ModelRegistered { model, owner, manifest, program },
    7 => OrderPlaced { order, buyer, terms, escrow },
    8 => Assigned { order, seller, offer, ask, lock, respond_by },
    9 => Released { order, seller, reason },
    10 => Accepted { order, seller },
    11 => Started { order },
    12 => Committed { order, seller, commitment },
    13 => RevealsOpened { order },
    14 => Revealed { order, seller, output, holds },
    15 => Delivered { order, seller, output },
    16 => VerdictReached { order, output },
    17 => Paid { order, seller, gross, net, fee },
    18 => RoyaltyPaid { order, model, to, amount },
    19 => Burnt { order, account, amount, reason },
    20 => Refunded { order, buyer, amount },
    21 => Closed { receipt },
    22 => Failed { transaction, rejection },
    23 => Emitted { epoch, to, blocks, amount },
    24 => Rebated { order, seller, amount },
    25 => NameReserved { account, commitment },
    26 => NameRegistered { name, holder, expires_at, price },
    27 => NameRenewed { name, holder, expires_at, price },
    28 => NameTransferred { name, from, to },
    29 => NameExpired { name, holder },
    30 => ProofKeyRegistered { model, key, owner },
    31 => ProofDelivered { order, seller, output, statement, holds },
    32 => Compensated { order, seller, buyer, amount },
    33 => TopicCreated { topic, owner },
    34 => SlotRegistered { topic, slot, key, owner, price, replaced },
    35 => Staked { topic, key, staker, amount },
    36 => UnstakingStarted { topic, key, staker, amount, release_at },
    37 => SubmissionCommitted { topic, slot, key, commitment },
    38 => SubmissionRevealed { topic, slot, key, kind, numbers },
    39 => RevealMissed { topic, slot, key },
    40 => TopicFunded { topic, from, amount },
    41 => TopicPaid { topic, epoch, to, role, amount },
    42 => TopicSettled { topic, epoch, minted, fees },
    43 => SlotAnnounced { topic, slot, key, address },
    44 => TopicInferred { topic, epoch, inference, inferers },
});

impl Event {
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
