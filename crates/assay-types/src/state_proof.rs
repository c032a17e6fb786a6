//! State proofs: what the ledger holds of an account, an offer, a name or a topic, or that it holds nothing.
//!
//! The ledger's rows lie in an authenticated log (Commonware's QMDB `current`, see `docs/adr/0001`). Every
//! write appends an operation `row key, row, next row key in order`; a bitmap says which operations still
//! hold. A Merkle tree over both gives the header's state root:
//!
//! ```text
//! operation ─┐ siblings       ┌ activity bits of 256 operations
//!            ▼                ▼
//!          leaf ──► … ──► height 8 ──► … ──► peak ──► peaks ──► state root (in the header)
//! ```
//! A row is shown by the operation that wrote it, still active. That there is none is shown by the active
//! operation of the row before it: its next key lies beyond. [`StateProof`] carries that with the header and
//! the validators' signatures, as [`crate::ReceiptProof`] does for receipts. It speaks of the ledger after
//! one block, whose height and time stand in the header, and says nothing about later ones.
//!
//! `assay-verify` checks it; every bit of the encoding is bound.

use crate::{
    AccountId, Blob, ChainId, DESCENDANTS_MAX, Finality, Hash32, Header, List, ModelId, Name,
    OfferId, OrderId, ProofKeyId, StateKey, TopicId,
    codec::{encode, wire_enum, wire_struct},
};

/// Version of the state proof's format.
pub const STATE_PROOF_VERSION: u8 = 1;
/// Largest row of the ledger in bytes; an order with all its seats is the largest, some 24 KiB.
pub const STATE_ROW_BYTES_MAX: usize = 1 << 16;
/// Operations that share a chunk of the activity bitmap.
pub const STATE_CHUNK_OPERATIONS: u64 = 256;
/// Most hashes of a path: a log of 2⁶² operations, the longest there is, needs 63.
pub const STATE_PATH_HASHES_MAX: usize = 64;

/// Which row of the ledger is meant.
///
/// Its encoding is the table's tag and the row's canonical key, with which a stored row begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// Where the chain stands: height, time, base fee, what was issued and burnt.
    Chain,
    /// Balance, bond, lanes and record of an account.
    Account {
        /// Whose.
        account: AccountId,
    },
    /// A registered model.
    Model {
        /// Which.
        model: ModelId,
    },
    /// A standing offer.
    Offer {
        /// Which.
        offer: OfferId,
    },
    /// An open order. What has ended is no row; its receipt tells of it.
    Order {
        /// Which.
        order: OrderId,
    },
    /// A name that somebody holds, or held a moment ago.
    Name {
        /// Which.
        name: Name,
    },
    /// A key that a model's proofs are verified with. The ledger keeps its hash, and since when.
    ProofKey {
        /// The model.
        model: ModelId,
        /// Which of its keys.
        key: ProofKeyId,
    },
    /// A topic of intelligence: its terms, its epoch, its money.
    Topic {
        /// Which.
        topic: TopicId,
    },
    /// A slot of a topic: who holds it, what it weighs, what it earned.
    Slot {
        /// The topic.
        topic: TopicId,
        /// Which of its slots.
        slot: u16,
    },
    /// The money behind a key of a topic, and the shares in it.
    Pool {
        /// The topic.
        topic: TopicId,
        /// Whose key.
        key: AccountId,
    },
    /// The shares that a staker has of a pool.
    Staker {
        /// The topic.
        topic: TopicId,
        /// The key that is staked on.
        key: AccountId,
        /// Whose money.
        staker: AccountId,
    },
    /// What a topic inferred last, until it is measured.
    Round {
        /// The topic.
        topic: TopicId,
    },
}
wire_enum!(RowKey {
    0 => Chain,
    1 => Account { account },
    3 => Model { model },
    4 => Offer { offer },
    5 => Order { order },
    7 => Name { name },
    10 => ProofKey { model, key },
    11 => Topic { topic },
    12 => Slot { topic, slot },
    13 => Pool { topic, key },
    14 => Staker { topic, key, staker },
    15 => Round { topic },
});

impl RowKey {
    /// What a stored row begins with: the table's tag and the row's canonical key.
    pub fn row_prefix(&self) -> Vec<u8> {
        let mut prefix = encode(self);
        if matches!(self, Self::Chain) {
            // The table of one row has the key 0.
            prefix.push(0);
        }
        prefix
    }

    /// Where the row lies in the authenticated state.
    pub fn state_key(&self) -> StateKey {
        StateKey::of_row(&[&self.row_prefix()])
    }
}

/// The operation that shows a row, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateEvidence {
    /// The row is there.
    Present {
        /// Its canonical value, without table and key.
        value: Blob<STATE_ROW_BYTES_MAX>,
        /// The key that follows in order.
        next: StateKey,
    },
    /// The row is not there: these two keys follow each other, and its own lies between them.
    Absent {
        /// The key before.
        before: StateKey,
        /// The row at that key, table and key included.
        row: Blob<STATE_ROW_BYTES_MAX>,
        /// The key after.
        next: StateKey,
    },
}
wire_enum!(StateEvidence { 0 => Present { value, next }, 1 => Absent { before, row, next } });

/// Where an operation lies under a header's state root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePath {
    /// Place of the operation in the log, from 0.
    pub location: u64,
    /// Which of the [`STATE_CHUNK_OPERATIONS`] operations around it are active, the first in the lowest bit
    /// of the first byte.
    pub activity: [u8; 32],
    /// Hash of the bitmap's last chunk where that is unfinished and another than `activity`.
    pub tail: Option<Hash32>,
    /// Peaks of the tree, counted from the left, that hold no active operation; all of them lie left of the
    /// operation's.
    pub inactive_peaks: u8,
    /// In this order: the inactive peaks, folded into one, if there are any; the other peaks left of the
    /// operation's; the peaks right of it, folded into one, if there are any; the siblings on the way from
    /// its peak down that lie left, downwards; those that lie right, upwards.
    pub hashes: List<Hash32, STATE_PATH_HASHES_MAX>,
}
wire_struct!(StatePath {
    location,
    activity,
    tail,
    inactive_peaks,
    hashes
});

/// A row of the ledger, or its absence, with everything that shows a stranger that it was so after a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateProof {
    /// [`STATE_PROOF_VERSION`].
    pub version: u8,
    /// Whose ledger.
    pub chain: ChainId,
    /// Which row.
    pub key: RowKey,
    /// What shows it.
    pub evidence: StateEvidence,
    /// Where that lies under the header's state root.
    pub path: StatePath,
    /// The header of the block after which it was so.
    pub header: Header,
    /// The headers above it, each the parent of the next, up to the first one with votes of its own;
    /// none when `header` has them.
    pub descendants: List<Header, DESCENDANTS_MAX>,
    /// Who made the last of these headers final.
    pub finality: Finality,
}
wire_struct!(StateProof {
    version,
    chain,
    key,
    evidence,
    path,
    header,
    descendants,
    finality
});

impl StateProof {
    /// The row's value, or `None` where there is none. To be believed only once the proof is verified.
    pub fn value(&self) -> Option<&[u8]> {
        match &self.evidence {
            StateEvidence::Present { value, .. } => Some(value),
            StateEvidence::Absent { .. } => None,
        }
    }
}
