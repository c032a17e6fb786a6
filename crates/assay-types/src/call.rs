//! What a transaction asks the ledger to do, and the bodies of [`Call::CheckCall`].
//!
//! Check calls are generic, `(order, tag, bytes)`, so that a new check changes no frozen type; each check
//! gives its tags and bodies here.

use crate::{
    AccountId, Amount, BasisPoints, Blob, ChainId, ContentId, Good, Hash32, List, MinerAddress,
    ModelId, Name, NameCommitment, OfferId, OrderId, ProofEvidence, ProofKeyId, Submission, Terms,
    Text, TopicId, TopicTerms,
    codec::{DecodeError, decode, encode, wire_enum, wire_struct},
};

/// Largest evidence of one check call: a [`ProofEvidence`] whose four parts are as long as they may be, each
/// behind its length, which takes at most three bytes. Nine of them fit a block.
pub const EVIDENCE_BYTES_MAX: usize =
    PROOF_KEY_BYTES_MAX + PROOF_INPUT_BYTES_MAX + OUTPUT_BYTES_MAX + PROOF_BYTES_MAX + 4 * 3;
/// Largest output that travels in a reveal or delivery and is hashed by the ledger.
pub const OUTPUT_BYTES_MAX: usize = 16 * 1024;
/// Longest proof key: an outline of some hundred layers and their tables.
pub const PROOF_KEY_BYTES_MAX: usize = 64 * 1024;
/// Longest input that travels beside a proof: a picture of 3 × 224 × 224 bytes has 147 KiB.
pub const PROOF_INPUT_BYTES_MAX: usize = 256 * 1024;
/// Longest proof of inference; four million committed weights need 400 kB.
pub const PROOF_BYTES_MAX: usize = 512 * 1024;
/// Most proof keys of one model: each is for one version of the proof system and its parameters.
pub const PROOF_KEYS_PER_MODEL_MAX: usize = 32;
/// Most models one offer serves.
pub const MODELS_PER_OFFER_MAX: usize = 64;
/// Most accounts that share one model's income.
pub const ROYALTY_SPLITS_MAX: usize = 16;
/// Longest SPDX licence expression.
pub const LICENCE_BYTES_MAX: usize = 64;

/// A share of a model's income.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoyaltySplit {
    /// Who is paid.
    pub account: AccountId,
    /// Share of each settled ask, floored.
    pub share: BasisPoints,
}
wire_struct!(RoyaltySplit { account, share });

/// The action of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Moves money.
    Transfer {
        /// The receiver.
        to: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Moves money from the sender's balance into its bond.
    Bond {
        /// How much.
        amount: Amount,
    },
    /// Starts to move free bond back to the balance; it arrives after the unbonding delay.
    Unbond {
        /// How much.
        amount: Amount,
    },
    /// Publishes an offer.
    PublishOffer {
        /// What is sold.
        good: Good,
        /// Price of one unit of work.
        ask: Amount,
        /// Jobs the seller takes at the same time.
        capacity: u32,
    },
    /// Withdraws one's offer. Jobs already assigned go on.
    WithdrawOffer {
        /// The offer.
        offer: OfferId,
    },
    /// Places an order and locks its escrow.
    PlaceOrder {
        /// What is asked for.
        terms: Terms,
    },
    /// Withdraws one's order before its work started; escrow returns.
    CancelOrder {
        /// The order.
        order: OrderId,
    },
    /// Attests that the seller holds input and model and will deliver; its lock is at risk from here on.
    Accept {
        /// The order.
        order: OrderId,
    },
    /// Gives an assignment back without loss.
    Decline {
        /// The order.
        order: OrderId,
    },
    /// Speaks to an order's check: commit, reveal, deliver, approve, reject, dispute.
    CheckCall {
        /// The order.
        order: OrderId,
        /// Which of the check's calls.
        tag: u8,
        /// Its body.
        bytes: Blob<EVIDENCE_BYTES_MAX>,
    },
    /// Registers a model that sellers can offer.
    RegisterModel {
        /// The model.
        model: ModelId,
        /// Content id of its manifest.
        manifest: ContentId,
        /// Content id of its canonical program.
        program: ContentId,
        /// SPDX licence expression.
        licence: Text<LICENCE_BYTES_MAX>,
        /// Who shares the income of each settled inference; together at most 100 %.
        royalties: List<RoyaltySplit, ROYALTY_SPLITS_MAX>,
    },
    /// Reserves a name without saying which, so that nobody who sees its registration can be first. One
    /// reservation per account; a new one replaces it.
    ReserveName {
        /// See [`NameCommitment::new`].
        commitment: NameCommitment,
    },
    /// Registers the name that the sender has reserved, and burns its price.
    RegisterName {
        /// The name.
        name: Name,
        /// What hid it in the reservation.
        salt: Hash32,
        /// How long the sender leases it, in milliseconds of ledger time from now.
        lease_ms: u64,
    },
    /// Prolongs the lease of the sender's name, and burns the price. A name whose lease has just ended is
    /// leased from now on again; nobody else can have it until its grace is over.
    RenewName {
        /// The name.
        name: Name,
        /// By how long, in milliseconds of ledger time.
        lease_ms: u64,
    },
    /// Gives the sender's name to another account, with what is left of its lease.
    TransferName {
        /// The name.
        name: Name,
        /// Its new holder.
        to: AccountId,
    },
    /// Registers a proof key of the sender's model, so that orders can ask for proofs. Keys are added and
    /// never changed.
    RegisterProofKey {
        /// The model.
        model: ModelId,
        /// Hash of the key, whose bytes travel with each proof.
        key: ProofKeyId,
    },
    /// Creates a topic, and burns its price. The sender is its owner.
    CreateTopic {
        /// What it is.
        terms: TopicTerms,
    },
    /// Takes a slot of a topic for the sender's key, which commits and reveals, and burns the price of the moment.
    /// What the slot earns is `owner`'s.
    RegisterSlot {
        /// The topic.
        topic: TopicId,
        /// Who earns; it may be the sender.
        owner: AccountId,
        /// What the owner keeps of the dividends of those who stand behind the key.
        take: BasisPoints,
        /// Most that may burn.
        price_max: Amount,
    },
    /// Puts money behind a key in a topic.
    Stake {
        /// The topic.
        topic: TopicId,
        /// The key.
        key: AccountId,
        /// How much, at most: it buys whole shares of what stands there, and what they do not cost stays.
        amount: Amount,
    },
    /// Starts to move money from behind a key back to the balance; it arrives after the unbonding delay.
    Unstake {
        /// The topic.
        topic: TopicId,
        /// The key.
        key: AccountId,
        /// How much, at most all that there is. Whole shares are sold, as many as it takes, for what they are worth.
        amount: Amount,
    },
    /// Commits to what will be revealed: weights in the topic's next epoch, all else in the same. A later one replaces it.
    CommitSubmission {
        /// The topic.
        topic: TopicId,
        /// See [`Submission::commitment`].
        commitment: Hash32,
    },
    /// Opens what was committed to.
    RevealSubmission {
        /// The topic.
        topic: TopicId,
        /// What it is.
        submission: Submission,
        /// What blinded the commitment.
        salt: Hash32,
    },
    /// Pays for a topic's work: what is given, less a part that burns, is paid out beside the emission when an epoch
    /// ends.
    FundTopic {
        /// The topic.
        topic: TopicId,
        /// How much.
        amount: Amount,
    },
    /// Says where the key of a slot can be asked.
    AnnounceSlot {
        /// The topic.
        topic: TopicId,
        /// Where; none takes it back.
        address: Option<MinerAddress>,
    },
}
wire_enum!(Call {
    0 => Transfer { to, amount },
    1 => Bond { amount },
    2 => Unbond { amount },
    3 => PublishOffer { good, ask, capacity },
    4 => WithdrawOffer { offer },
    5 => PlaceOrder { terms },
    6 => CancelOrder { order },
    7 => Accept { order },
    8 => Decline { order },
    9 => CheckCall { order, tag, bytes },
    10 => RegisterModel { model, manifest, program, licence, royalties },
    11 => ReserveName { commitment },
    12 => RegisterName { name, salt, lease_ms },
    13 => RenewName { name, lease_ms },
    14 => TransferName { name, to },
    15 => RegisterProofKey { model, key },
    16 => CreateTopic { terms },
    17 => RegisterSlot { topic, owner, take, price_max },
    18 => Stake { topic, key, amount },
    19 => Unstake { topic, key, amount },
    20 => CommitSubmission { topic, commitment },
    21 => RevealSubmission { topic, submission, salt },
    22 => FundTopic { topic, amount },
    23 => AnnounceSlot { topic, address },
});

impl Call {
    /// The call's name, as interfaces and statistics show it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Transfer { .. } => "transfer",
            Self::Bond { .. } => "bond",
            Self::Unbond { .. } => "unbond",
            Self::PublishOffer { .. } => "publish_offer",
            Self::WithdrawOffer { .. } => "withdraw_offer",
            Self::PlaceOrder { .. } => "place_order",
            Self::CancelOrder { .. } => "cancel_order",
            Self::Accept { .. } => "accept",
            Self::Decline { .. } => "decline",
            Self::CheckCall { .. } => "check_call",
            Self::RegisterModel { .. } => "register_model",
            Self::ReserveName { .. } => "reserve_name",
            Self::RegisterName { .. } => "register_name",
            Self::RenewName { .. } => "renew_name",
            Self::TransferName { .. } => "transfer_name",
            Self::RegisterProofKey { .. } => "register_proof_key",
            Self::CreateTopic { .. } => "create_topic",
            Self::RegisterSlot { .. } => "register_slot",
            Self::Stake { .. } => "stake",
            Self::Unstake { .. } => "unstake",
            Self::CommitSubmission { .. } => "commit_submission",
            Self::RevealSubmission { .. } => "reveal_submission",
            Self::FundTopic { .. } => "fund_topic",
            Self::AnnounceSlot { .. } => "announce_slot",
        }
    }
}

/// Tag of a quorum's commitment; the body is the 32-byte [`commitment`].
pub const QUORUM_COMMIT: u8 = 0;
/// Tag of a quorum's reveal; the body is a [`QuorumReveal`].
pub const QUORUM_REVEAL: u8 = 1;
/// Tag of an approval's delivery; the body is the output.
pub const APPROVAL_DELIVER: u8 = 0;
/// Tag of the buyer's approval; no body.
pub const APPROVAL_APPROVE: u8 = 1;
/// Tag of the buyer's rejection; no body.
pub const APPROVAL_REJECT: u8 = 2;
/// Tag of a proof's delivery; the body is a [`ProofEvidence`]. No other check has this tag, so a block's
/// transactions alone tell what has to be verified, and what that weighs.
pub const PROOF_DELIVER: u8 = 16;
/// Tag of the delivery of an answer that a topic scores; the body is the output.
pub const SCORE_DELIVER: u8 = 17;

/// Opens a commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumReveal {
    /// The answer.
    pub output: Blob<OUTPUT_BYTES_MAX>,
    /// What blinded the commitment.
    pub salt: Hash32,
}
wire_struct!(QuorumReveal { output, salt });

/// A quorum's commitment: H(domain, chain, order, seller, output id, salt). Binding the seller keeps
/// anyone from copying another's commitment and, later, its reveal.
pub fn commitment(
    chain: ChainId,
    order: OrderId,
    seller: AccountId,
    output: ContentId,
    salt: &Hash32,
) -> Hash32 {
    let parts: [&[u8]; 5] = [
        chain.as_bytes(),
        order.as_bytes(),
        seller.as_bytes(),
        output.as_bytes(),
        salt.as_bytes(),
    ];
    Hash32::derive("assay quorum commitment v1", &parts)
}

/// What a quorum's check call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuorumCall {
    /// See [`commitment`].
    Commit(Hash32),
    /// Opens it.
    Reveal(QuorumReveal),
}

impl QuorumCall {
    /// As a call on `order`.
    pub fn on(&self, order: OrderId) -> Call {
        let (tag, bytes) = match self {
            Self::Commit(hash) => (QUORUM_COMMIT, encode(hash)),
            Self::Reveal(reveal) => (QUORUM_REVEAL, encode(reveal)),
        };
        check_call(order, tag, bytes)
    }

    /// Reads a check call's tag and body; `None` when the tag is unknown.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not canonical.
    pub fn read(tag: u8, bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        match tag {
            QUORUM_COMMIT => decode(bytes).map(Self::Commit).map(Some),
            QUORUM_REVEAL => decode(bytes).map(Self::Reveal).map(Some),
            _ => Ok(None),
        }
    }
}

/// What an approval's check call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalCall {
    /// The seller's output.
    Deliver(Blob<OUTPUT_BYTES_MAX>),
    /// The buyer is content.
    Approve,
    /// The buyer is not.
    Reject,
}

impl ApprovalCall {
    /// As a call on `order`.
    pub fn on(&self, order: OrderId) -> Call {
        let (tag, bytes) = match self {
            Self::Deliver(output) => (APPROVAL_DELIVER, encode(output)),
            Self::Approve => (APPROVAL_APPROVE, Vec::new()),
            Self::Reject => (APPROVAL_REJECT, Vec::new()),
        };
        check_call(order, tag, bytes)
    }

    /// Reads a check call's tag and body; `None` when the tag is unknown.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not canonical.
    pub fn read(tag: u8, bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        match tag {
            APPROVAL_DELIVER => decode(bytes).map(Self::Deliver).map(Some),
            APPROVAL_APPROVE => no_body(bytes).map(|()| Some(Self::Approve)),
            APPROVAL_REJECT => no_body(bytes).map(|()| Some(Self::Reject)),
            _ => Ok(None),
        }
    }
}

/// What a proof's check call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofCall {
    /// The seller's answer and its proof.
    Deliver(ProofEvidence),
}

impl ProofCall {
    /// As a call on `order`.
    pub fn on(&self, order: OrderId) -> Call {
        let Self::Deliver(evidence) = self;
        check_call(order, PROOF_DELIVER, encode(evidence))
    }

    /// Reads a check call's tag and body; `None` when the tag is unknown.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not canonical.
    pub fn read(tag: u8, bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        match tag {
            PROOF_DELIVER => decode(bytes).map(Self::Deliver).map(Some),
            _ => Ok(None),
        }
    }
}

/// What a score's check call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScoreCall {
    /// The seller's output. Anyone can read it.
    Deliver(Blob<OUTPUT_BYTES_MAX>),
}

impl ScoreCall {
    /// As a call on `order`.
    pub fn on(&self, order: OrderId) -> Call {
        let Self::Deliver(output) = self;
        check_call(order, SCORE_DELIVER, encode(output))
    }

    /// Reads a check call's tag and body; `None` when the tag is unknown.
    ///
    /// # Errors
    /// [`DecodeError`] when the body is not canonical.
    pub fn read(tag: u8, bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        match tag {
            SCORE_DELIVER => decode(bytes).map(Self::Deliver).map(Some),
            _ => Ok(None),
        }
    }
}

fn no_body(bytes: &[u8]) -> Result<(), DecodeError> {
    if bytes.is_empty() {
        return Ok(());
    }
    let source = commonware_codec::Error::ExtraData(bytes.len());
    Err(DecodeError {
        what: "empty body",
        len: bytes.len(),
        source,
    })
}

fn check_call(order: OrderId, tag: u8, bytes: Vec<u8>) -> Call {
    let bytes = Blob::new(bytes).expect("EVIDENCE_BYTES_MAX is the longest body");
    Call::CheckCall { order, tag, bytes }
}

const _: () = assert!(OUTPUT_BYTES_MAX + 64 < EVIDENCE_BYTES_MAX);
