//! Transactions: how they are sent, what became of them, and how people read them.

use crate::{
    GoodView, Problem, ProblemCode, RoyaltySplitView, SubmissionView, TermsView, TopicTermsView,
    json::{Address, Grains, Id, Number, Spoken},
};
use assay_types::{
    AccountId, Amount, BLOCK_BYTES_MAX, Call, ContentId, Hash32, Height, LedgerTime, List, ModelId,
    Name, OfferId, OrderId, ProofKeyId, Rejection, TopicId, Transaction, TxId, Weight, encode,
};
use serde::{Deserialize, Serialize};

/// Most transactions of one batch: as many as one account may have waiting.
pub const BATCH_TRANSACTIONS_MAX: usize = 8_192;
/// Largest batch in bytes: what a block may have.
pub const BATCH_BYTES_MAX: usize = BLOCK_BYTES_MAX;

/// Body of [`crate::paths::TRANSACTIONS_BATCH`]: the number of transactions as a varint, then their
/// canonical bytes one after the other; [`encode_batch`] writes it without copying the transactions.
///
/// They are admitted in order, so a lane's sequences may follow each other within a batch.
pub type TransactionBatch = List<Transaction, BATCH_TRANSACTIONS_MAX>;

/// More than one batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{transactions} transactions of {bytes} bytes do not fit one batch, which holds {BATCH_TRANSACTIONS_MAX} \
     and {BATCH_BYTES_MAX} bytes; send them in several"
)]
pub struct BatchTooLarge {
    /// How many.
    pub transactions: usize,
    /// Their bytes, the number in front included.
    pub bytes: usize,
}

/// The body of a batch.
///
/// # Errors
/// [`BatchTooLarge`] over [`BATCH_TRANSACTIONS_MAX`] or [`BATCH_BYTES_MAX`].
pub fn encode_batch(transactions: &[Transaction]) -> Result<Vec<u8>, BatchTooLarge> {
    let body = encode(&transactions);
    if transactions.len() > BATCH_TRANSACTIONS_MAX || body.len() > BATCH_BYTES_MAX {
        return Err(BatchTooLarge {
            transactions: transactions.len(),
            bytes: body.len(),
        });
    }
    Ok(body)
}

/// Answer to the submission of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Submitted {
    /// Its id. It waits for a block; resending what already waits or is final answers the same.
    #[serde(with = "Id")]
    pub id: TxId,
}

/// Answer to a batch: short when all is well, and still bounded when nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct BatchAnswer {
    /// How many wait for a block now, or did already, or are final.
    pub accepted: u32,
    /// Those that were refused and changed nothing, ascending by index.
    pub refused: Vec<RefusedView>,
    /// What was wrong with the first of each code in `refused`.
    pub problems: Vec<Problem>,
}

/// A refused transaction of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RefusedView {
    /// Its place in the batch, from 0.
    pub index: u32,
    /// Why.
    pub code: ProblemCode,
    /// The lane's next sequence, where the code speaks of sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_sequence: Option<u64>,
}

impl BatchAnswer {
    /// Counts the next transaction as accepted.
    pub const fn accept(&mut self) {
        self.accepted += 1;
    }

    /// Counts the transaction at `index` as refused.
    pub fn refuse(&mut self, index: u32, problem: Problem) {
        let code = problem.code;
        self.refused.push(RefusedView {
            index,
            code,
            expected_sequence: problem.expected_sequence,
        });
        if self.problems.iter().all(|told| told.code != code) {
            self.problems.push(problem);
        }
    }

    /// How many transactions it answers.
    pub const fn len(&self) -> usize {
        self.accepted as usize + self.refused.len()
    }

    /// Whether it answers none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first that was refused, and why; in a batch of one lane, all after it are refused too.
    pub fn first_refused(&self) -> Option<(usize, Problem)> {
        let first = self.refused.first()?;
        let told = self.problems.iter().find(|told| told.code == first.code);
        let problem = told.cloned().unwrap_or_else(|| Problem {
            expected_sequence: first.expected_sequence,
            ..Problem::new(first.code, first.code.title(), "sign and send it again")
        });
        Some((first.index as usize, problem))
    }
}

/// What became of a transaction. One that this node never saw answers 404.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum TransactionStatus {
    /// It waits for a block.
    Pending {
        /// Its id.
        #[serde(with = "Id")]
        id: TxId,
    },
    /// It is in a final block.
    Final {
        /// Its id.
        #[serde(with = "Id")]
        id: TxId,
        /// The block's height.
        #[serde(with = "Number")]
        height: Height,
        /// Its place in the block.
        index: u32,
        /// What it did.
        outcome: OutcomeView,
    },
}

/// What an included transaction did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TransactionView {
    /// Its id.
    #[serde(with = "Id")]
    pub id: TxId,
    /// Who pays and whose right is used.
    #[serde(with = "Address")]
    pub sender: AccountId,
    /// Its lane.
    pub lane: u8,
    /// Its place in the lane.
    pub sequence: u64,
    /// Most the sender pays for weight.
    #[serde(with = "Grains")]
    pub fee_limit: Amount,
    /// Paid to the leader.
    #[serde(with = "Grains")]
    pub tip: Amount,
    /// Last ledger time at which it could be included.
    #[serde(rename = "valid_until_ms", with = "Number")]
    pub valid_until: LedgerTime,
    /// What it costs a block.
    #[serde(with = "Number")]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of `assay_types::Call`")]
pub enum CallView {
    Transfer {
        #[serde(with = "Address")]
        to: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    Bond {
        #[serde(with = "Grains")]
        amount: Amount,
    },
    Unbond {
        #[serde(with = "Grains")]
        amount: Amount,
    },
    PublishOffer {
        good: GoodView,
        #[serde(with = "Grains")]
        ask: Amount,
        capacity: u32,
    },
    WithdrawOffer {
        #[serde(with = "Id")]
        offer: OfferId,
    },
    PlaceOrder {
        terms: TermsView,
    },
    CancelOrder {
        #[serde(with = "Id")]
        order: OrderId,
    },
    Accept {
        #[serde(with = "Id")]
        order: OrderId,
    },
    Decline {
        #[serde(with = "Id")]
        order: OrderId,
    },
    /// The body is left out; the canonical block holds it.
    CheckCall {
        #[serde(with = "Id")]
        order: OrderId,
        tag: u8,
        bytes_len: usize,
    },
    RegisterModel {
        #[serde(with = "Id")]
        model: ModelId,
        #[serde(with = "Id")]
        manifest: ContentId,
        #[serde(with = "Id")]
        program: ContentId,
        licence: String,
        royalties: Vec<RoyaltySplitView>,
    },
    ReserveName {
        #[serde(with = "Id")]
        commitment: Hash32,
    },
    RegisterName {
        #[serde(with = "Spoken")]
        name: Name,
        #[serde(with = "Id")]
        salt: Hash32,
        lease_ms: u64,
    },
    RenewName {
        #[serde(with = "Spoken")]
        name: Name,
        lease_ms: u64,
    },
    TransferName {
        #[serde(with = "Spoken")]
        name: Name,
        #[serde(with = "Address")]
        to: AccountId,
    },
    RegisterProofKey {
        #[serde(with = "Id")]
        model: ModelId,
        #[serde(with = "Id")]
        key: ProofKeyId,
    },
    CreateTopic {
        terms: TopicTermsView,
    },
    RegisterSlot {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        owner: AccountId,
        take_basis_points: u16,
        #[serde(with = "Grains")]
        price_max: Amount,
    },
    Stake {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    Unstake {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Address")]
        key: AccountId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    CommitSubmission {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Id")]
        commitment: Hash32,
    },
    RevealSubmission {
        #[serde(with = "Id")]
        topic: TopicId,
        submission: SubmissionView,
        #[serde(with = "Id")]
        salt: Hash32,
    },
    FundTopic {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(with = "Grains")]
        amount: Amount,
    },
    AnnounceSlot {
        #[serde(with = "Id")]
        topic: TopicId,
        #[serde(default)]
        address: Option<String>,
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
            Call::ReserveName { commitment } => Self::ReserveName {
                commitment: commitment.hash(),
            },
            Call::RegisterName {
                name,
                salt,
                lease_ms,
            } => Self::RegisterName {
                name: *name,
                salt: *salt,
                lease_ms: *lease_ms,
            },
            Call::RenewName { name, lease_ms } => Self::RenewName {
                name: *name,
                lease_ms: *lease_ms,
            },
            Call::TransferName { name, to } => Self::TransferName {
                name: *name,
                to: *to,
            },
            Call::RegisterProofKey { model, key } => Self::RegisterProofKey {
                model: *model,
                key: *key,
            },
            Call::CreateTopic { terms } => Self::CreateTopic {
                terms: terms.into(),
            },
            Call::RegisterSlot {
                topic,
                owner,
                take,
                price_max,
            } => Self::RegisterSlot {
                topic: *topic,
                owner: *owner,
                take_basis_points: take.get(),
                price_max: *price_max,
            },
            Call::Stake { topic, key, amount } => Self::Stake {
                topic: *topic,
                key: *key,
                amount: *amount,
            },
            Call::Unstake { topic, key, amount } => Self::Unstake {
                topic: *topic,
                key: *key,
                amount: *amount,
            },
            Call::CommitSubmission { topic, commitment } => Self::CommitSubmission {
                topic: *topic,
                commitment: *commitment,
            },
            Call::RevealSubmission {
                topic,
                submission,
                salt,
            } => Self::RevealSubmission {
                topic: *topic,
                submission: submission.into(),
                salt: *salt,
            },
            Call::FundTopic { topic, amount } => Self::FundTopic {
                topic: *topic,
                amount: *amount,
            },
            Call::AnnounceSlot { topic, address } => Self::AnnounceSlot {
                topic: *topic,
                address: address.as_ref().map(ToString::to_string),
            },
        }
    }
}
