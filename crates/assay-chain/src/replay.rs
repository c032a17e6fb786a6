//! Replay: executes every kept block again, from genesis, into fresh tables and a fresh database, and
//! compares every root with its header's.
//!
//! It is how a node's folder is audited, and how the crash tests know that recovery lost nothing. Nothing of
//! the node's own state is trusted or changed: only the log of blocks is read, and the fresh database lies
//! in partitions of its own that are removed at the end.

use crate::{
    chain::{
        STACK_BYTES,
        node::{PARTITION, Threads},
    },
    consensus::{
        archive::{BlockLog, Retention},
        database::{self, Databases, merkleize},
        engine::genesis_block,
    },
    core::Reexecution,
    folder::{Folder, FolderError},
    history::Floor,
    state::{Refusal, State, check_root},
};
use assay_ledger::{GenesisError, Ledger};
use assay_types::{BlockId, Genesis, Hash32, Height, Transaction};
use commonware_consensus::marshal::store::Blocks as _;
use commonware_glue::stateful::db::{DatabaseSet, Merkleized as _};
use commonware_parallel::Strategy;
use commonware_runtime::{Runner as _, Spawner, Strategizer as _, Supervisor as _, tokio};
use commonware_storage::{Context, archive::Identifier};
use commonware_utils::NZUsize;
use rand_core::CryptoRng;
use std::{path::Path, time::Duration};

/// Where the fresh database lies meanwhile.
const SCRATCH: &str = "replay";
/// Blocks between two flushes of the fresh database, which bound its memory.
const FLUSH_INTERVAL: u64 = 256;

/// What a replay found: everything equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayReport {
    /// Height of the last kept block.
    pub height: Height,
    /// Its id.
    pub tip: BlockId,
    /// Transactions executed.
    pub transactions: u64,
    /// Root of the fresh database, which is the last header's.
    pub state_root: Hash32,
}

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The genesis cannot begin a chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The log of blocks cannot be read.
    #[error("cannot read the log of blocks: {0}; restore the data folder from a copy")]
    Log(#[from] commonware_storage::archive::Error),
    /// The blocks since genesis are not kept.
    #[error(
        "the folder keeps blocks from {first} on, and a replay begins at genesis; replay the folder of an archive node"
    )]
    Pruned {
        /// The first kept height.
        first: Height,
    },
    /// A block is missing.
    #[error(
        "block {height} is missing though later ones are kept; restore the data folder from a copy"
    )]
    Missing {
        /// Its height.
        height: Height,
    },
    /// A block does not follow from the ones before: the folder is damaged, or two programs disagree.
    #[error("the replay differs: {0}; keep the folder and report this")]
    Differs(#[from] Refusal),
    /// The fresh tables break an invariant.
    #[error("the replayed ledger is inconsistent: {0}; keep the folder and report this")]
    Audit(#[from] assay_ledger::AuditError),
    /// The thread that replays cannot be started.
    #[error("cannot start the thread of the replay: {0}")]
    Thread(std::io::Error),
    /// The thread that replayed panicked.
    #[error("the replay failed; the log above says why")]
    Failed,
}

/// Replays the node in `data_dir`, which must not run. Blocks until done.
///
/// # Errors
/// [`ReplayError`]; the node's own data are unchanged in any case.
pub fn replay(data_dir: &Path, genesis: &Genesis) -> Result<ReplayReport, ReplayError> {
    let folder = Folder::open(data_dir, genesis.chain_id())?;
    let log_bytes = database::log_bytes(&folder, PARTITION, genesis);
    let genesis = genesis.clone();
    // A thread of its own, for the caller may be inside another runtime.
    let thread = std::thread::Builder::new()
        .name("assay-replay".into())
        .stack_size(STACK_BYTES);
    let replaying = thread.spawn(move || {
        let config = tokio::Config::new().with_storage_directory(folder.stores());
        tokio::Runner::new(config).start(|mut context| async move {
            let strategy: Threads = context.child("strategy").strategy(NZUsize!(2));
            let runtime = context.child("replay");
            let replayed = replay_log(
                &runtime,
                &mut context,
                &genesis,
                (PARTITION, log_bytes),
                strategy,
                |_| {},
            )
            .await;
            drop(folder);
            replayed
        })
    });
    replaying
        .map_err(ReplayError::Thread)?
        .join()
        .map_err(|_| ReplayError::Failed)?
}

/// Replays the log in `partition`, whose state's log takes `log_bytes`, and shows the ledger it ends with to `inspect`.
pub(crate) async fn replay_log<E, S>(
    runtime: &E,
    rng: &mut impl CryptoRng,
    genesis: &Genesis,
    (partition, log_bytes): (&str, u64),
    strategy: S,
    inspect: impl FnOnce(&Ledger),
) -> Result<ReplayReport, ReplayError>
where
    E: Spawner + Context,
    S: Strategy,
{
    let page_cache = database::page_cache(log_bytes);
    let log = runtime.child("blocks");
    let (retention, floor) = (Retention::Everything, Floor::default());
    let log = BlockLog::open(log, partition, &page_cache, retention, floor).await?;
    let fresh = open_fresh::<E, S>(runtime, &page_cache, &strategy).await;
    let origin = genesis_block::<E, S>(genesis)?;
    let state = State::genesis(genesis, origin.0.header.clone(), Duration::ZERO)?;
    let mut reexecution = Reexecution::new(state);
    let mut report = ReplayReport {
        height: Height::ZERO,
        tip: origin.0.header.id(),
        transactions: 0,
        state_root: origin.0.header.state_root,
    };
    let last = log.last_index().map_or(0, |height| height.get());
    if let Some(first) = log.first().filter(|first| first.get() > 1) {
        return Err(ReplayError::Pruned { first });
    }
    while report.height.get() < last {
        let height = report.height.next();
        let block = log.get(Identifier::Index(height.get())).await?;
        let block = block.ok_or(ReplayError::Missing { height })?;
        let (block, header) = (&block.0, &block.0.header);
        if !Transaction::signatures_hold(&block.transactions, rng, &strategy) {
            return Err(Refusal::Signature { height }.into());
        }
        let (rows, _) = reexecution.step(block)?;
        let merkleized = merkleize::<E, S>(fresh.new_batches().await, rows).await;
        let root = Hash32::new(merkleized.root().0);
        check_root(height, "state root", header.state_root, root)?;
        let operations_root = Hash32::new(merkleized.ops_root().0);
        check_root(
            height,
            "operations root",
            header.operations_root,
            operations_root,
        )?;
        DatabaseSet::<E>::apply(&fresh, merkleized).await;
        if height.get().is_multiple_of(FLUSH_INTERVAL) {
            DatabaseSet::<E>::finalize(&fresh).await.durable().await;
        }
        report.height = height;
        report.tip = header.id();
        report.transactions += block.transactions.len() as u64;
        report.state_root = root;
    }
    reexecution.ledger().audit()?;
    inspect(reexecution.ledger());
    destroy(fresh).await;
    Ok(report)
}

/// An empty database; leftovers of an interrupted replay are removed.
async fn open_fresh<E: Spawner + Context, S: Strategy>(
    runtime: &E,
    page_cache: &commonware_runtime::buffer::paged::CacheRef,
    strategy: &S,
) -> Databases<E, S> {
    let config = || database::config(SCRATCH, page_cache, 0, strategy.clone());
    let stale =
        <Databases<E, S> as DatabaseSet<E>>::init(runtime.child("stale"), config(), None).await;
    destroy(stale).await;
    <Databases<E, S> as DatabaseSet<E>>::init(runtime.child("fresh"), config(), None).await
}

async fn destroy<E: Spawner + Context, S: Strategy>(database: Databases<E, S>) {
    let (_slot, database) = database.write().await;
    database
        .into_inner()
        .destroy()
        .await
        .expect("the disk must let go of a database");
}
