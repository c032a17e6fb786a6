//! The log of finalised blocks and of their certificates.
//!
//! Invariant: a block is handed to execution, and so reported final, only after [`BlockLog::start_sync`]
//! (or [`BlockLog::sync`]) has made it durable. Consensus itself never repeats that work: once a block has
//! been executed and acknowledged, this log is the only place it can be read from again.
//!
//! An archive, [`Retention::Everything`], turns Commonware's requests to prune into nothing, so that
//! [`crate::replay`] can start at genesis. With [`Retention::Window`] they are followed as far as the history
//! index has forgotten: a block goes only when nothing in the index points to it ([`super::pruning`]).

use super::{block::ConsensusBlock, database::IO_BUFFER};
use crate::history::Floor;
use commonware_consensus::{
    marshal::store::{Blocks, Certificates},
    simplex::{scheme::ed25519::Scheme, types::Finalization},
    types::Height,
};
use commonware_cryptography::{blake3::Digest, certificate::Verifier};
use commonware_runtime::{Handle, buffer::paged::CacheRef};
use commonware_storage::{
    Context,
    archive::{self, Identifier, prunable},
    translator::EightCap,
};
use commonware_utils::NZU64;
use std::{num::NonZeroU64, sync::Arc};

/// Blocks per section: the unit of pruning, and of files on disk.
#[cfg(not(test))]
const ITEMS_PER_SECTION: NonZeroU64 = NZU64!(4096);
#[cfg(test)]
const ITEMS_PER_SECTION: NonZeroU64 = NZU64!(16);

/// Blocks that a node keeps unless told otherwise: a week of an idle chain, which is the longest that an order
/// may live. A chain with load has up to some tens of blocks a second.
pub const WINDOW_BLOCKS: u64 = 7 * 24 * 3_600;
/// Fewest blocks that a node may keep: what peers that lag a little may still ask for.
pub const WINDOW_BLOCKS_MIN: u64 = 1_024;

type Archive<E, V> = prunable::Archive<EightCap, E, Digest, V>;

/// How much history a node keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// All blocks since genesis.
    Everything,
    /// The last blocks, at least [`WINDOW_BLOCKS_MIN`]: each with its transactions, results and receipts.
    Window {
        /// How many.
        blocks: u64,
    },
}

impl Default for Retention {
    fn default() -> Self {
        Self::Window {
            blocks: WINDOW_BLOCKS,
        }
    }
}

impl Retention {
    /// What may go of what Commonware offers to prune, everything below `min`.
    fn prunes_to(self, min: Height, floor: &Floor) -> Option<Height> {
        match self {
            Self::Everything => None,
            Self::Window { .. } => Some(min.min(Height::new(floor.get().get()))),
        }
    }
}

/// Finalised blocks by height and id.
pub(crate) struct BlockLog<E: Context> {
    archive: Archive<E, Arc<ConsensusBlock>>,
    retention: Retention,
    floor: Floor,
    #[cfg(test)]
    faults: super::Faults,
}

/// Finalisations by height and block id.
pub(crate) struct CertificateLog<E: Context> {
    archive: Archive<E, Finalization<Scheme, Digest>>,
    retention: Retention,
    floor: Floor,
}

impl<E: Context> BlockLog<E> {
    pub(crate) async fn open(
        context: E,
        partition: &str,
        page_cache: &CacheRef,
        retention: Retention,
        floor: Floor,
    ) -> Result<Self, archive::Error> {
        let archive = Archive::init(context, config(partition, "blocks", page_cache, ())).await?;
        Ok(Self {
            archive,
            retention,
            floor,
            #[cfg(test)]
            faults: Default::default(),
        })
    }

    /// The first kept block's height.
    pub(crate) fn first(&self) -> Option<assay_types::Height> {
        let first = archive::Archive::ranges_from(&self.archive, 0).next();
        first.map(|(first, _)| assay_types::Height::new(first))
    }

    #[cfg(test)]
    pub(crate) fn with_faults(self, faults: super::Faults) -> Self {
        Self { faults, ..self }
    }
}

impl<E: Context> CertificateLog<E> {
    pub(crate) async fn open(
        context: E,
        partition: &str,
        page_cache: &CacheRef,
        retention: Retention,
        floor: Floor,
        scheme: &Scheme,
    ) -> Result<Self, archive::Error> {
        let codec = <Scheme as Verifier>::certificate_codec_config(scheme);
        let archive = Archive::init(
            context,
            config(partition, "finalizations", page_cache, codec),
        )
        .await?;
        Ok(Self {
            archive,
            retention,
            floor,
        })
    }
}

impl<E: Context> Blocks for BlockLog<E> {
    type Block = Arc<ConsensusBlock>;
    type Error = archive::Error;

    async fn put(
        mut self,
        digest: Digest,
        block: &Arc<ConsensusBlock>,
    ) -> Result<Self, Self::Error> {
        self.archive = Blocks::put(self.archive, digest, block).await?;
        Ok(self)
    }

    async fn sync(mut self) -> Result<Self, Self::Error> {
        self.archive = Blocks::sync(self.archive).await?;
        Ok(self)
    }

    async fn start_sync(mut self) -> Result<(Self, Handle<()>), Self::Error> {
        #[cfg(test)]
        if self.faults.no_block_sync {
            return Ok((self, Handle::ready(Ok(()))));
        }
        let (archive, durable) = Blocks::start_sync(self.archive).await?;
        self.archive = archive;
        Ok((self, durable))
    }

    async fn get(
        &self,
        id: Identifier<'_, Digest>,
    ) -> Result<Option<Arc<ConsensusBlock>>, Self::Error> {
        Blocks::get(&self.archive, id).await
    }

    async fn prune(mut self, min: Height) -> Result<Self, Self::Error> {
        if let Some(min) = self.retention.prunes_to(min, &self.floor) {
            self.archive = Blocks::prune(self.archive, min).await?;
        }
        Ok(self)
    }

    fn missing_items(&self, start: Height, max: usize) -> Vec<Height> {
        Blocks::missing_items(&self.archive, start, max)
    }

    fn next_gap(&self, value: Height) -> (Option<Height>, Option<Height>) {
        Blocks::next_gap(&self.archive, value)
    }

    fn last_index(&self) -> Option<Height> {
        Blocks::last_index(&self.archive)
    }
}

impl<E: Context> Certificates for CertificateLog<E> {
    type BlockDigest = Digest;
    type Commitment = Digest;
    type Scheme = Scheme;
    type Error = archive::Error;

    async fn put(
        mut self,
        height: Height,
        digest: Digest,
        finalization: &Finalization<Scheme, Digest>,
    ) -> Result<Self, Self::Error> {
        self.archive = Certificates::put(self.archive, height, digest, finalization).await?;
        Ok(self)
    }

    async fn sync(mut self) -> Result<Self, Self::Error> {
        self.archive = Certificates::sync(self.archive).await?;
        Ok(self)
    }

    async fn start_sync(mut self) -> Result<(Self, Handle<()>), Self::Error> {
        let (archive, durable) = Certificates::start_sync(self.archive).await?;
        self.archive = archive;
        Ok((self, durable))
    }

    async fn get(
        &self,
        id: Identifier<'_, Digest>,
    ) -> Result<Option<Finalization<Scheme, Digest>>, Self::Error> {
        Certificates::get(&self.archive, id).await
    }

    async fn has(&self, height: Height) -> Result<bool, Self::Error> {
        Certificates::has(&self.archive, height).await
    }

    async fn prune(mut self, min: Height) -> Result<Self, Self::Error> {
        if let Some(min) = self.retention.prunes_to(min, &self.floor) {
            self.archive = Certificates::prune(self.archive, min).await?;
        }
        Ok(self)
    }

    fn last_index(&self) -> Option<Height> {
        Certificates::last_index(&self.archive)
    }

    fn ranges_from(&self, from: Height) -> impl Iterator<Item = (Height, Height)> {
        Certificates::ranges_from(&self.archive, from)
    }
}

fn config<C>(
    partition: &str,
    name: &str,
    page_cache: &CacheRef,
    codec_config: C,
) -> prunable::Config<EightCap, C> {
    prunable::Config {
        translator: EightCap,
        metadata_partition: format!("{partition}-{name}-metadata"),
        key_partition: format!("{partition}-{name}-key"),
        key_page_cache: page_cache.clone(),
        value_partition: format!("{partition}-{name}-value"),
        compression: None,
        codec_config,
        items_per_section: ITEMS_PER_SECTION,
        key_write_buffer: IO_BUFFER,
        value_write_buffer: IO_BUFFER,
        replay_buffer: IO_BUFFER,
    }
}
