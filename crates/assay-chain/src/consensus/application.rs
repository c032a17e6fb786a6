//! The ledger as Commonware's `Stateful` application: builds, checks and finalises blocks.
//!
//! Every hook that executes waits for `ready`, which resolves once the in-memory tables are loaded from the
//! recovered database; without it a redelivered block would race the load. A hook never holds a lock across
//! an await, and leaves nothing behind until its result is complete, so it can be cancelled anywhere.

use super::{
    block::{ConsensusBlock, Context, header_context, id_of},
    database::{Databases, Merkleized, Unmerkleized, merkleize},
    recorder::Recorder,
};
#[cfg(test)]
use crate::time::millis;
use crate::{
    core::{Core, ExecutedBlock},
    evidence,
    mempool::BlockRoom,
    state::{Draft, Proposal, Refusal, check_root},
    time::{ledger_time, next_time},
};
use assay_types::{
    AccountId, BLOCK_BYTES_MAX, Block, BlockId, HEADER_VERSION, Hash32, Header, Invalid,
    LedgerTime, TRANSACTIONS_PER_BLOCK_MAX, Transaction,
};
use commonware_consensus::{marshal::ancestry::Ancestry, simplex::scheme::ed25519::Scheme};
use commonware_cryptography::Digestible as _;
use commonware_glue::stateful::{
    Application, Finality, Input, Proposed,
    db::{DatabaseSet, Merkleized as _},
};
use commonware_parallel::Strategy;
use commonware_runtime::Spawner;
use commonware_storage::{Context as StorageContext, mmr::Location, qmdb::sync::Target};
use commonware_utils::non_empty_range;
use futures::{
    FutureExt as _, StreamExt as _,
    future::{BoxFuture, Shared},
};
use rand_core::CryptoRng;
use std::{sync::Arc, time::Duration};

/// Resolves once the tables are loaded.
pub(crate) type Ready = Shared<BoxFuture<'static, ()>>;

/// The application of one validator.
#[derive(Clone)]
pub(crate) struct App<S: Strategy> {
    pub(crate) core: Arc<Core>,
    pub(crate) genesis: ConsensusBlock,
    pub(crate) strategy: S,
    pub(crate) ready: Ready,
    pub(crate) recorder: Recorder,
    #[cfg(test)]
    pub(crate) faults: super::Faults,
}

impl<S: Strategy> App<S> {
    /// Builds the block above `parent`; whether it is time for one was decided before.
    async fn build<E: StorageContext>(
        &self,
        runtime: &E,
        parent: BlockId,
        leader: AccountId,
    ) -> Proposal {
        loop {
            match self.try_build(runtime, parent, leader) {
                Ok(proposal) => return *proposal,
                Err(gap) => runtime.sleep(gap).await,
            }
        }
    }

    /// The block above `parent`, or how far the clock is behind it.
    fn try_build<E: StorageContext>(
        &self,
        runtime: &E,
        parent: BlockId,
        leader: AccountId,
    ) -> Result<Box<Proposal>, Duration> {
        let (time, candidates) = self.candidates(runtime, parent)?;
        // Outside all locks: a proof takes milliseconds.
        let facts = evidence::facts(&candidates);
        let state = self.core.state();
        let proposal = state.propose(parent, time, leader, candidates, facts);
        let mut mempool = self.core.mempool();
        for (id, reason) in &proposal.refused {
            if is_hopeless(reason) {
                mempool.remove_with_successors(id);
            }
        }
        Ok(Box::new(proposal))
    }

    /// When the block above `parent` is, and what might be in it.
    fn candidates<E: StorageContext>(
        &self,
        runtime: &E,
        parent: BlockId,
    ) -> Result<(LedgerTime, Vec<Transaction>), Duration> {
        let state = self.core.state();
        let (header, seen) = state
            .header(parent)
            .expect("consensus builds on executed blocks");
        let elapsed = (self.core.monotonic)().saturating_sub(seen);
        let wall = ledger_time(runtime.current());
        #[cfg(test)]
        let wall = wall.after(millis(self.faults.clock_ahead));
        let Some(time) = next_time(header.time, wall, elapsed) else {
            return Err(Duration::from_millis(
                header.time.since(wall).saturating_add(1),
            ));
        };
        let room = BlockRoom {
            weight: self.core.params.block_weight_max,
            bytes: BLOCK_BYTES_MAX,
            transactions: TRANSACTIONS_PER_BLOCK_MAX,
            base_fee: state.ledger().base_fee(),
            base_fee_min: self.core.params.base_fee_min,
            time,
        };
        let included = state.included_below(parent);
        Ok((time, self.core.mempool().pick(&room, &included)))
    }

    async fn check<E: Spawner + StorageContext + CryptoRng>(
        &self,
        runtime: &mut E,
        block: &Block,
        batches: Unmerkleized<E, S>,
        finality: Finality,
    ) -> Result<Merkleized<E, S>, Refusal> {
        let header = &block.header;
        let height = header.height;
        self.core.state().check_header(header)?;
        if finality == Finality::Candidate
            && !self.core.signatures_hold(block, runtime, &self.strategy)
        {
            return Err(Refusal::Signature { height });
        }
        let facts = evidence::facts_of_block(block, &self.core.params)?;
        let Draft { executed, rows } = self.core.state().process(block, facts)?;
        let merkleized = merkleize::<E, S>(batches, rows).await;
        // `Stateful` compares the operations root and the range; the canonical root is ours to check.
        check_root(
            height,
            "state root",
            header.state_root,
            Hash32::new(merkleized.root().0),
        )?;
        let operations_root = Hash32::new(merkleized.ops_root().0);
        check_root(
            height,
            "operations root",
            header.operations_root,
            operations_root,
        )?;
        self.core
            .state_mut()
            .insert(block, executed, (self.core.monotonic)());
        Ok(merkleized)
    }
}

impl<E: Spawner + StorageContext + CryptoRng, S: Strategy> Application<E> for App<S> {
    type SigningScheme = Scheme;
    type Context = Context;
    type Block = ConsensusBlock;
    type Databases = Databases<E, S>;
    type Captured = ();
    type Provider = ();
    type Input = ();

    fn sync_targets(block: &ConsensusBlock) -> <Self::Databases as DatabaseSet<E>>::SyncTargets {
        let header = &block.0.header;
        let root = commonware_cryptography::blake3::Digest(*header.operations_root.as_bytes());
        // An empty range cannot be expressed; a header that claims one matches no database.
        let start = Location::new(header.range_start);
        let end = Location::new(header.range_end.max(header.range_start.saturating_add(1)));
        Target::new(root, non_empty_range!(start, end))
    }

    async fn genesis(&mut self) -> ConsensusBlock {
        self.genesis.clone()
    }

    async fn propose(
        &mut self,
        (runtime, context): (E, Context),
        ancestry: impl Ancestry<ConsensusBlock>,
        batches: Unmerkleized<E, S>,
        _: Input<(), ()>,
    ) -> Option<Proposed<Self, E>> {
        self.ready.clone().await;
        let mut ancestry = Box::pin(ancestry);
        let parent = id_of(ancestry.next().await?.digest());
        let header_context = header_context(&context);
        let leader = header_context.leader.account();
        let Proposal {
            env,
            draft,
            transactions,
            ..
        } = self.build(&runtime, parent, leader).await;
        let Draft { executed, rows } = draft;
        let merkleized = merkleize::<E, S>(batches, rows).await;
        let header = Header {
            version: HEADER_VERSION,
            context: header_context,
            parent: env.parent,
            height: env.height,
            time: env.time,
            randomness: env.randomness,
            transactions_root: Block::transactions_root(&transactions),
            state_root: Hash32::new(merkleized.root().0),
            operations_root: Hash32::new(merkleized.ops_root().0),
            // `current`: the range begins at the sync boundary, not at the inactivity floor.
            range_start: *merkleized.sync_boundary(),
            range_end: *merkleized.bounds().tip.size,
            event_root: executed.event_root,
            base_fee: executed.base_fee,
        };
        #[cfg(test)]
        let header = if self.faults.wrong_roots {
            Header {
                state_root: Hash32::derive("sabotage", &[]),
                ..header
            }
        } else {
            header
        };
        let block = Block {
            header,
            transactions,
        };
        self.core
            .state_mut()
            .insert(&block, executed, (self.core.monotonic)());
        Some(Proposed {
            block: ConsensusBlock(block),
            merkleized,
        })
    }

    async fn process(
        &mut self,
        (mut runtime, _): (E, Context),
        ancestry: impl Ancestry<ConsensusBlock>,
        batches: Unmerkleized<E, S>,
        finality: Finality,
    ) -> Option<Merkleized<E, S>> {
        self.ready.clone().await;
        let block = ancestry.peek()?.inner_shared();
        match self.check(&mut runtime, &block.0, batches, finality).await {
            Ok(merkleized) => Some(merkleized),
            Err(refusal) => {
                let leader = block.0.header.context.leader.account();
                tracing::warn!(%leader, "refused a block: {refusal}");
                None
            }
        }
    }

    async fn capture(
        &mut self,
        _: (E, Context),
        _: &ConsensusBlock,
        _: &Merkleized<E, S>,
        _: <Self::Databases as DatabaseSet<E>>::Readers,
    ) {
        self.recorder.announce();
    }

    async fn finalized(
        &mut self,
        _: (E, Context),
        block: &ConsensusBlock,
        (): (),
        readers: <Self::Databases as DatabaseSet<E>>::Readers,
    ) {
        let block = block.0.clone();
        let id = block.header.id();
        let root = Hash32::new(readers.read().await.root().0);
        assert_eq!(
            root, block.header.state_root,
            "the database must have the root of block {id}"
        );
        let result = self.core.state().result(id);
        let executed = Arc::new(ExecutedBlock { id, block, result });
        self.recorder.record(executed).await;
    }
}

/// Whether a transaction that could not be executed above some parent should leave the pool.
///
/// What waits for others stays, and so does one whose place in its lane is taken: a block that holds it or
/// its rival is becoming final, the pool drops it then, and what waits behind it in the lane is still good.
/// One that its account can no longer pay leaves: what it promised at admission is gone. If such were kept,
/// the proposer would try them again at every block, and wake for nothing.
const fn is_hopeless(reason: &Invalid) -> bool {
    !matches!(
        reason,
        Invalid::SequenceGap { .. } | Invalid::Replayed { .. } | Invalid::BlockFull
    )
}

/// `ready` from the receiving half of a one-shot channel.
pub(crate) fn ready(loaded: futures::channel::oneshot::Receiver<()>) -> Ready {
    loaded.map(|_| ()).boxed().shared()
}
