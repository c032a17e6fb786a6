//! Offers and orders.

use crate::{
    ReceiptView,
    json::{Address, Each, Grains, Id, Maybe, Number},
};
use assay_types::{
    AccountId, Amount, Check, ContentId, Good, Hash32, Height, Input, LedgerTime, ModelId, OfferId,
    OrderId, ProofKeyId, Terms, TopicId, Work,
};
use serde::{Deserialize, Serialize};

/// What an offer sells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GoodView {
    /// Inferences with any of these models.
    Inference {
        /// The models, ascending.
        #[serde(with = "Each::<Id>")]
        models: Vec<ModelId>,
    },
    /// Answers of one of a topic's miners.
    Topic {
        /// The topic.
        #[serde(with = "Id")]
        topic: TopicId,
    },
}

impl From<&Good> for GoodView {
    fn from(good: &Good) -> Self {
        match good {
            Good::Inference { models } => Self::Inference {
                models: models.to_vec(),
            },
            Good::Topic { topic } => Self::Topic { topic: *topic },
        }
    }
}

/// Where the work's input lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InputView {
    /// Anyone can read it.
    Public {
        /// BLAKE3 of the input: of an inference, the canonical integer tensor; of a topic's request, JSON.
        #[serde(with = "Id")]
        content: ContentId,
    },
}

impl From<&Input> for InputView {
    fn from(input: &Input) -> Self {
        match *input {
            Input::Public { content } => Self::Public { content },
        }
    }
}

/// One piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WorkView {
    /// One inference.
    Inference {
        /// The tensor program.
        #[serde(with = "Id")]
        model: ModelId,
        /// Its input.
        input: InputView,
    },
    /// One answer of a topic's miner.
    Topic {
        /// The topic.
        #[serde(with = "Id")]
        topic: TopicId,
        /// What is asked.
        input: InputView,
    },
}

impl From<&Work> for WorkView {
    fn from(work: &Work) -> Self {
        match work {
            Work::Inference { model, input } => Self::Inference {
                model: *model,
                input: input.into(),
            },
            Work::Topic { topic, input } => Self::Topic {
                topic: *topic,
                input: input.into(),
            },
        }
    }
}

/// Who decides whether a delivery is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CheckView {
    /// `agree` equal answers of `of` drawn sellers.
    Quorum {
        /// Equal answers needed.
        agree: u8,
        /// Sellers drawn.
        of: u8,
        /// Last moment to commit.
        #[serde(rename = "commit_by_ms", with = "Number")]
        commit_by: LedgerTime,
        /// Last moment to reveal.
        #[serde(rename = "deliver_by_ms", with = "Number")]
        deliver_by: LedgerTime,
    },
    /// The buyer approves; silence approves.
    Approval {
        /// Last moment to deliver.
        #[serde(rename = "deliver_by_ms", with = "Number")]
        deliver_by: LedgerTime,
        /// Last moment to reject.
        #[serde(rename = "approve_by_ms", with = "Number")]
        approve_by: LedgerTime,
    },
    /// One seller proves its answer; the ledger verifies the proof.
    Proof {
        /// The key that it is verified with.
        #[serde(with = "Id")]
        key: ProofKeyId,
        /// Last moment to deliver.
        #[serde(rename = "deliver_by_ms", with = "Number")]
        deliver_by: LedgerTime,
    },
    /// One miner of a topic delivers, and is paid by its merit when validators have judged the answer.
    Score {
        /// Last moment to deliver.
        #[serde(rename = "deliver_by_ms", with = "Number")]
        deliver_by: LedgerTime,
    },
}

impl From<&Check> for CheckView {
    fn from(check: &Check) -> Self {
        match *check {
            Check::Quorum {
                agree,
                of,
                commit_by,
                deliver_by,
            } => Self::Quorum {
                agree,
                of,
                commit_by,
                deliver_by,
            },
            Check::Approval {
                deliver_by,
                approve_by,
            } => Self::Approval {
                deliver_by,
                approve_by,
            },
            Check::Proof { key, deliver_by } => Self::Proof { key, deliver_by },
            Check::Score { deliver_by } => Self::Score { deliver_by },
        }
    }
}

impl From<&CheckView> for Check {
    fn from(check: &CheckView) -> Self {
        match *check {
            CheckView::Quorum {
                agree,
                of,
                commit_by,
                deliver_by,
            } => Self::Quorum {
                agree,
                of,
                commit_by,
                deliver_by,
            },
            CheckView::Approval {
                deliver_by,
                approve_by,
            } => Self::Approval {
                deliver_by,
                approve_by,
            },
            CheckView::Proof { key, deliver_by } => Self::Proof { key, deliver_by },
            CheckView::Score { deliver_by } => Self::Score { deliver_by },
        }
    }
}

/// What a buyer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TermsView {
    /// The work.
    pub work: WorkView,
    /// The check that decides.
    pub check: CheckView,
    /// Most the buyer pays each seller.
    #[serde(with = "Grains")]
    pub price_max: Amount,
    /// Last moment by which all sellers must have accepted.
    #[serde(rename = "accept_by_ms", with = "Number")]
    pub accept_by: LedgerTime,
    /// A seller the buyer named.
    #[serde(default, with = "Maybe::<Address>")]
    pub seller: Option<AccountId>,
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        Self {
            work: (&terms.work).into(),
            check: (&terms.check).into(),
            price_max: terms.price_max,
            accept_by: terms.accept_by,
            seller: terms.seller,
        }
    }
}

/// A standing offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OfferView {
    /// Its id.
    #[serde(with = "Id")]
    pub offer: OfferId,
    /// Whose.
    #[serde(with = "Address")]
    pub seller: AccountId,
    /// What is sold.
    pub good: GoodView,
    /// Price of one unit of work.
    #[serde(with = "Grains")]
    pub ask: Amount,
    /// Jobs the seller takes at the same time.
    pub capacity: u32,
    /// Jobs it has.
    pub running: u32,
    /// The seller's bond that no job holds, which the draw weighs.
    #[serde(with = "Grains")]
    pub bond_free: Amount,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Sellers are being drawn or asked.
    Drawing,
    /// All sellers accepted; answers are committed (quorum) or awaited (all other checks).
    Working,
    /// Commitments are being opened.
    Revealing,
    /// Delivered; the buyer's word (approval) or the topic's judgement (score) is awaited.
    Delivered,
    /// Ended; the receipt says how.
    Closed,
}

/// How far a seller is with an order. A seller that gave the order back is no longer among its sellers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStage {
    /// Drawn, has not answered.
    Asked,
    /// Accepted: its lock is at risk.
    Accepted,
    /// Committed to an answer.
    Committed,
    /// Opened its commitment or delivered.
    Revealed,
    /// Paid.
    Paid,
    /// Its lock was burnt, a part of it paid to the buyer where its fault was proven.
    Burnt,
    /// Neither paid nor burnt at the end.
    Unpaid,
}

/// One seller of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AssignmentView {
    /// The seller.
    #[serde(with = "Address")]
    pub seller: AccountId,
    /// Its offer; `null` once the order is closed.
    #[serde(default, with = "Maybe::<Id>")]
    pub offer: Option<OfferId>,
    /// What it earns before deductions; `null` once closed without payment.
    #[serde(default, with = "Maybe::<Grains>")]
    pub ask: Option<Amount>,
    /// What it reserves of its bond; `null` once closed.
    #[serde(default, with = "Maybe::<Grains>")]
    pub lock: Option<Amount>,
    /// Last moment to accept; `null` once it has.
    #[serde(default, rename = "respond_by_ms", with = "Maybe::<Number>")]
    pub respond_by: Option<LedgerTime>,
    /// How far it is.
    pub stage: AssignmentStage,
    /// Its commitment, once made.
    #[serde(default, with = "Maybe::<Id>")]
    pub commitment: Option<Hash32>,
    /// Its answer, once revealed or delivered.
    #[serde(default, with = "Maybe::<Id>")]
    pub output: Option<ContentId>,
}

/// One order, open or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrderView {
    /// Its id.
    #[serde(with = "Id")]
    pub order: OrderId,
    /// Whose.
    #[serde(with = "Address")]
    pub buyer: AccountId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was asked; `null` for closed orders, whose receipt tells work and check.
    #[serde(default)]
    pub terms: Option<TermsView>,
    /// What is locked for it now.
    #[serde(with = "Grains")]
    pub escrow: Amount,
    /// When it was placed.
    #[serde(rename = "placed_at_ms", with = "Number")]
    pub placed_at: LedgerTime,
    /// When all sellers had accepted; `null` before and once closed.
    #[serde(default, rename = "started_at_ms", with = "Maybe::<Number>")]
    pub started_at: Option<LedgerTime>,
    /// The accepted answer, once there is one.
    #[serde(default, with = "Maybe::<Id>")]
    pub output: Option<ContentId>,
    /// Its sellers, in the order drawn; ascending by account once closed.
    pub sellers: Vec<AssignmentView>,
    /// How it ended, once closed.
    #[serde(default)]
    pub receipt: Option<ReceiptView>,
    /// Height of its end, once closed.
    #[serde(default, with = "Maybe::<Number>")]
    pub closed_height: Option<Height>,
}

/// Some offers, cheapest first, and how to get more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OffersPage {
    /// The offers.
    pub offers: Vec<OfferView>,
    /// What to send as `?cursor=` for the page that follows; `null` on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// Some orders, and how to get more.
///
/// [`crate::paths::ACCOUNT_ORDERS_ROUTE`] lists an account's orders, newest first, or with `?status=open`
/// only those that have not ended, by id. [`crate::paths::ORDERS`] lists everybody's open orders, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OrdersPage {
    /// The orders.
    pub orders: Vec<OrderView>,
    /// What to send as `?cursor=` for the page that follows; `null` on the last.
    #[serde(default)]
    pub next: Option<String>,
}
