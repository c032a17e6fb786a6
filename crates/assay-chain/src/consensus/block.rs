//! The ledger's block in the shape that Commonware's consensus wants.
//!
//! Invariant: the digest that consensus agrees on is the header's id, and a decoded block's body is the one
//! its header binds. Decoding refuses a body with another transaction root, so a peer cannot send other
//! transactions under an agreed digest; it refuses blocks over [`BLOCK_BYTES_MAX`] as well.

use assay_types::{
    BLOCK_BYTES_MAX, Block, BlockId, ConsensusContext, Genesis, HEADER_VERSION, Hash32, Header,
    Height, PublicKey,
};
use commonware_codec::{Buf, EncodeSize, Error as CodecError, Read, ReadExt, Write};
use commonware_consensus::{
    BoundedBlock, CertifiableBlock, Heightable,
    simplex::types::Context as SimplexContext,
    types::{Epoch, Height as ConsensusHeight, Round, View},
};
use commonware_cryptography::{Digestible, blake3::Digest, ed25519};
use commonware_runtime::BufMut;

/// Room for the header and the transaction count beside the body.
const HEADER_BYTES_MAX: usize = 1024;

/// What consensus says about a proposal.
pub(crate) type Context = SimplexContext<Digest, ed25519::PublicKey>;

/// A block as consensus carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsensusBlock(pub(crate) Block);

impl ConsensusBlock {
    /// The block that stands for the empty chain, the same on every node with this genesis.
    ///
    /// `operations_root`, `range_start` and `range_end` are those of an empty database. Its canonical root
    /// is not known without opening one, so the header holds zeroes; genesis rows are written by block 1.
    pub(crate) fn genesis(
        genesis: &Genesis,
        leader: PublicKey,
        operations_root: Digest,
        (range_start, range_end): (u64, u64),
    ) -> Self {
        Self(Block {
            header: Header {
                version: HEADER_VERSION,
                context: ConsensusContext {
                    epoch: 0,
                    view: 0,
                    leader,
                    parent_view: 0,
                    parent: BlockId::default(),
                },
                parent: BlockId::default(),
                height: Height::ZERO,
                time: genesis.start,
                randomness: Hash32::new(*genesis.chain_id().as_bytes()),
                transactions_root: Block::transactions_root(&[]),
                state_root: Hash32::default(),
                operations_root: Hash32::new(operations_root.0),
                range_start,
                range_end,
                event_root: Hash32::default(),
                base_fee: genesis.params.base_fee_min,
            },
            transactions: Vec::new(),
        })
    }
}

impl Write for ConsensusBlock {
    fn write(&self, buf: &mut impl BufMut) {
        self.0.write(buf);
    }
}

impl EncodeSize for ConsensusBlock {
    fn encode_size(&self) -> usize {
        self.0.encode_size()
    }
}

impl Read for ConsensusBlock {
    type Cfg = ();
    fn read_cfg(buf: &mut impl Buf, _: &()) -> Result<Self, CodecError> {
        let before = buf.remaining();
        let block = Block::read(buf)?;
        if before - buf.remaining() > Self::max_encode_size(&()) {
            return Err(CodecError::Invalid("Block", "longer than BLOCK_BYTES_MAX"));
        }
        block.check_body().map_err(|_| {
            CodecError::Invalid("Block", "the body is not the one its header binds")
        })?;
        Ok(Self(block))
    }
}

impl Digestible for ConsensusBlock {
    type Digest = Digest;
    fn digest(&self) -> Digest {
        digest_of(self.0.header.id())
    }
}

impl Heightable for ConsensusBlock {
    fn height(&self) -> ConsensusHeight {
        ConsensusHeight::new(self.0.header.height.get())
    }
}

impl commonware_consensus::Block for ConsensusBlock {
    fn parent(&self) -> Digest {
        digest_of(self.0.header.parent)
    }
}

impl CertifiableBlock for ConsensusBlock {
    type Context = Context;
    fn context(&self) -> Context {
        let context = &self.0.header.context;
        Context {
            round: Round::new(Epoch::new(context.epoch), View::new(context.view)),
            leader: context.leader.as_ed25519().clone(),
            parent: (View::new(context.parent_view), digest_of(context.parent)),
        }
    }
}

impl BoundedBlock for ConsensusBlock {
    fn max_encode_size(_: &()) -> usize {
        BLOCK_BYTES_MAX + HEADER_BYTES_MAX
    }
}

/// The header's form of what consensus says about a proposal.
pub(crate) fn header_context(context: &Context) -> ConsensusContext {
    ConsensusContext {
        epoch: context.round.epoch().get(),
        view: context.round.view().get(),
        leader: context.leader.clone().into(),
        parent_view: context.parent.0.get(),
        parent: id_of(context.parent.1),
    }
}

/// A block's id as consensus spells it.
pub(crate) fn digest_of(id: BlockId) -> Digest {
    Digest(*id.as_bytes())
}

/// A digest of consensus as a block's id.
pub(crate) fn id_of(digest: Digest) -> BlockId {
    BlockId::new(digest.0)
}

#[cfg(test)]
mod tests;
