//! The vocabulary of Assay: everything that is hashed, signed or stored, and its one canonical codec.
//!
//! Invariant: a value has exactly one encoding. Decoding refuses every other spelling (trailing bytes,
//! unknown tags, lengths over their named limit, unordered sets), so equal values have equal hashes.
//! All integers are fixed-width and big-endian, enums are a tag byte and their fields in order; headers,
//! transactions, receipts, uploads, asks, answers and genesis begin with a version. `tests/fixtures` freezes the bytes of every type here.
//!
//! This crate holds words, not rules: what a transaction does is decided by `assay-ledger`. JSON views of
//! these types are separate structs in `assay-api`.

#![forbid(unsafe_code)]
#![deny(
    clippy::float_arithmetic,
    clippy::iter_over_hash_type,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod amount;
mod bounded;
mod codec;
mod id;
mod key;
mod miner_address;
mod name;
mod time;

mod ask;
mod call;
mod genesis;
mod header;
mod market;
mod merkle;
mod statement;
mod submission;
mod topic;
mod transaction;

mod event;
mod receipt;
mod rejection;
mod state_proof;
mod upload;

pub use amount::{Amount, AmountError, BasisPoints, FeeRate, GRAINS_PER_ASY, SUPPLY_MAX, Weight};
pub use ask::{
    ANSWER_BODY_BYTES_MAX, ANSWER_VERSION, ASK_BODY_BYTES_MAX, ASK_VERSION, ASK_WINDOW_MS, Answer,
    AnswerMismatch, Ask, SignedAnswer, SignedAsk, UnixTime,
};
pub use bounded::{Blob, BoundError, List, Text};
pub use call::{
    APPROVAL_APPROVE, APPROVAL_DELIVER, APPROVAL_REJECT, ApprovalCall, Call, EVIDENCE_BYTES_MAX,
    LICENCE_BYTES_MAX, MODELS_PER_OFFER_MAX, OUTPUT_BYTES_MAX, PROOF_BYTES_MAX, PROOF_DELIVER,
    PROOF_INPUT_BYTES_MAX, PROOF_KEY_BYTES_MAX, PROOF_KEYS_PER_MODEL_MAX, ProofCall, QUORUM_COMMIT,
    QUORUM_REVEAL, QuorumCall, QuorumReveal, ROYALTY_SPLITS_MAX, RoyaltySplit, SCORE_DELIVER,
    ScoreCall, commitment,
};
pub use codec::{DecodeError, decode, encode};
pub use event::{BurnReason, Event, RefundReason, ReleaseReason};
pub use genesis::{
    Allocation, EmissionParams, GENESIS_ALLOCATIONS_MAX, GENESIS_VERSION, Genesis, GenesisModel,
    NameParams, Params, VALIDATORS_MAX, YEAR_MS,
};
pub use header::{
    BLOCK_BYTES_MAX, BLOCK_TIME_STEP_MAX, Block, BodyError, ConsensusContext, HEADER_VERSION,
    Header, TRANSACTIONS_PER_BLOCK_MAX,
};
pub use id::{
    BlockId, ChainId, ContentId, Hash32, IdError, ModelId, OfferId, OrderId, ProofKeyId, StateKey,
    TopicId, TxId,
};
pub use key::{AccountId, AddressError, PublicKey, SecretKey, Signature, verify_batch};
pub use market::{Check, Good, Input, Terms, Work};
pub use merkle::{MerklePath, PATH_LENGTH_MAX, merkle_path, merkle_root, merkle_root_of};
pub use miner_address::{MINER_ADDRESS_BYTES_MAX, MinerAddress, MinerAddressError};
pub use name::{
    NAME_BYTES_MAX, NAME_BYTES_MIN, Name, NameCommitment, NameError, Party, PartyError,
};
pub use receipt::{
    DESCENDANTS_MAX, Finality, Payout, PayoutResult, RECEIPT_VERSION, Receipt, ReceiptProof,
    SELLERS_PER_ORDER_MAX, SignerIndex, Verdict, Vote,
};
pub use rejection::{Invalid, Rejection};
pub use state_proof::{
    RowKey, STATE_CHUNK_OPERATIONS, STATE_PATH_HASHES_MAX, STATE_PROOF_VERSION,
    STATE_ROW_BYTES_MAX, StateEvidence, StatePath, StateProof,
};
pub use statement::{ProofEvidence, ProofStatement};
pub use submission::{
    Labels, Losses, Real, SYNTHESIS_FORECASTERS_MAX, SYNTHESIS_REPUTERS_MAX, SYNTHESIS_SLOTS_MAX,
    SlotLoss, SlotLosses, Submission, SubmissionKind, TOPIC_LABELS_MAX, TOPIC_LOSSES_MAX,
    WeightCell, WeightRow,
};
pub use time::{Height, LedgerTime};
pub use topic::{
    LossFunction, SYNTHESIS_C_MILLI_MAX, SYNTHESIS_P_MILLI, TOPIC_EPOCH_MS_MAX, TOPIC_EPOCH_MS_MIN,
    TOPIC_EPOCHS_MAX, TOPIC_FUNDING_BURN, TOPIC_OWNER_SHARE_MAX, TOPIC_PRICE, TOPIC_SLOTS_MAX,
    TOPIC_STAKE_COUNTED_MAX, TOPIC_STAKE_MIN, TOPIC_TAKE_MAX, TOPIC_VALIDATORS_MAX, TOPICS_MAX,
    TopicMechanism, TopicRole, TopicTerms, YumaBonds,
};
pub use transaction::{
    LANES_PER_ACCOUNT, Lane, PROOF_WEIGHT, TRANSACTION_BYTES_MAX, TRANSACTION_VERSION, Transaction,
    Unsigned,
};
pub use upload::{SignedUpload, UPLOAD_VERSION, UploadClaim};

#[cfg(test)]
mod tests;
