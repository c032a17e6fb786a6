//! Headers and blocks.
//!
//! A block's id is the hash of its header alone; the header binds the body by its transaction root, so
//! whoever reads a block from a stranger must call [`Block::check_body`] before trusting the body.

use crate::{
    BlockId, FeeRate, Hash32, Height, LedgerTime, PublicKey, Transaction,
    codec::{encode, wire_struct},
    merkle::merkle_root_of,
    transaction::TRANSACTION_BYTES_MAX,
};
use bytes::BufMut;
use commonware_codec::{Buf, EncodeSize, Error, RangeCfg, Read, ReadExt, Write};

/// Version of the header's format.
pub const HEADER_VERSION: u8 = 1;
/// Largest encoded body of a block, in bytes.
pub const BLOCK_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most transactions of a block; reached by transfers before the bytes are.
pub const TRANSACTIONS_PER_BLOCK_MAX: usize = 32 * 1024;
/// Most a header's time may lie after its parent's, in milliseconds.
pub const BLOCK_TIME_STEP_MAX: u64 = 5_000;

const _: () = assert!(TRANSACTION_BYTES_MAX < BLOCK_BYTES_MAX);

/// Where in the protocol a block was proposed (Commonware simplex's `Context`, in fixed-width fields).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsensusContext {
    /// Term of one validator set.
    pub epoch: u64,
    /// Attempt within the epoch; several views can pass for one height.
    pub view: u64,
    /// Who proposed.
    pub leader: PublicKey,
    /// View of the parent.
    pub parent_view: u64,
    /// The parent as consensus knows it.
    pub parent: BlockId,
}
wire_struct!(ConsensusContext {
    epoch,
    view,
    leader,
    parent_view,
    parent
});

/// All that a validator signs of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// [`HEADER_VERSION`].
    pub version: u8,
    /// Where in the protocol it was proposed.
    pub context: ConsensusContext,
    /// The block below.
    pub parent: BlockId,
    /// Blocks since genesis.
    pub height: Height,
    /// Ledger time: above the parent's, at most [`BLOCK_TIME_STEP_MAX`] above it.
    pub time: LedgerTime,
    /// R_h = H(R_{h−1}, parent).
    pub randomness: Hash32,
    /// Merkle root over the canonical transactions.
    pub transactions_root: Hash32,
    /// Canonical root of the state after this block.
    pub state_root: Hash32,
    /// Root over the database's operations, which state sync follows.
    pub operations_root: Hash32,
    /// First operation kept by state sync.
    pub range_start: u64,
    /// One past the last operation.
    pub range_end: u64,
    /// Merkle root over the canonical events, receipts among them.
    pub event_root: Hash32,
    /// Price of a unit of weight in this block.
    pub base_fee: FeeRate,
}
wire_struct!(Header {
    version,
    context,
    parent,
    height,
    time,
    randomness,
    transactions_root,
    state_root,
    operations_root,
    range_start,
    range_end,
    event_root,
    base_fee,
});

impl Header {
    /// The block's id.
    pub fn id(&self) -> BlockId {
        BlockId::new(*Hash32::derive("assay header v1", &[&encode(self)]).as_bytes())
    }

    /// The randomness of the block above one with `randomness` and id `parent`. The first block's parent
    /// randomness is the chain id. Biasable by proposers until a beacon stands.
    pub fn next_randomness(randomness: &Hash32, parent: &BlockId) -> Hash32 {
        Hash32::derive(
            "assay randomness v1",
            &[randomness.as_bytes(), parent.as_bytes()],
        )
    }
}

/// A header and its transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What is signed.
    pub header: Header,
    /// In order of execution.
    pub transactions: Vec<Transaction>,
}

/// A body that does not belong to its header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The header has a version that this program does not know.
    #[error(
        "block {height} has header version {version}, this program reads {HEADER_VERSION}; update it"
    )]
    Version {
        /// The block's height.
        height: Height,
        /// Its version.
        version: u8,
    },
    /// The transactions do not hash to the header's root.
    #[error(
        "the transactions of block {height} hash to {actual}, its header says {expected}; refuse it"
    )]
    Root {
        /// The block's height.
        height: Height,
        /// What the header says.
        expected: Hash32,
        /// What the body hashes to.
        actual: Hash32,
    },
}

impl Block {
    /// The Merkle root over `transactions`.
    pub fn transactions_root(transactions: &[Transaction]) -> Hash32 {
        merkle_root_of(transactions)
    }

    /// Whether the body is the one that the header binds.
    ///
    /// # Errors
    /// [`BodyError`] when it is not.
    pub fn check_body(&self) -> Result<(), BodyError> {
        let (height, version) = (self.header.height, self.header.version);
        if version != HEADER_VERSION {
            return Err(BodyError::Version { height, version });
        }
        let actual = Self::transactions_root(&self.transactions);
        let expected = self.header.transactions_root;
        if actual != expected {
            return Err(BodyError::Root {
                height,
                expected,
                actual,
            });
        }
        Ok(())
    }
}

impl Write for Block {
    fn write(&self, buf: &mut impl BufMut) {
        self.header.write(buf);
        self.transactions.write(buf);
    }
}

impl EncodeSize for Block {
    fn encode_size(&self) -> usize {
        self.header
            .encode_size()
            .saturating_add(self.transactions.encode_size())
    }
}

impl Read for Block {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, Error> {
        let header = Header::read(buf)?;
        let range = RangeCfg::from(0..=TRANSACTIONS_PER_BLOCK_MAX);
        let transactions = Vec::read_cfg(buf, &(range, ()))?;
        Ok(Self {
            header,
            transactions,
        })
    }
}
