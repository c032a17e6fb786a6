//! The wiring of one validator, from its stores to its votes.
//!
//! The order matters and is Commonware's: resolver and broadcast, archives, start-up plan, marshal, state
//! sync, the application, then the automaton in front of it and simplex last. In-memory tables have no hook
//! at start-up: the subscription to the databases is enqueued before marshal can deliver a block, and
//! nothing executes until the tables are loaded.

use super::{
    application::{App, ready},
    archive::{BlockLog, CertificateLog, Retention},
    block::ConsensusBlock,
    database::{self, Databases, IO_BUFFER},
    gossip,
    pace::Paced,
    pruning,
    recorder::{Recorded, Recorder},
    sync,
};
use crate::{
    core::{Core, RebuildError, rebuild_history},
    state::State,
    time::HEARTBEAT,
};
use assay_ledger::{GenesisError, Ledger, LoadError, RowBytes};
use assay_types::{Block, Genesis, Hash32, Height, PublicKey};
use commonware_broadcast::buffered;
use commonware_consensus::{
    Reporter,
    marshal::{
        self, Update,
        core::{Actor as MarshalActor, Mailbox as MarshalMailbox},
        resolver::p2p as marshal_resolver,
        standard::{Deferred, Standard},
    },
    simplex::{
        self,
        config::{ForwardPolicy, SkipPolicy},
        elector::RoundRobin,
        scheme::ed25519::Scheme,
    },
    types::{Epoch, FixedEpocher, Height as ConsensusHeight, ViewDelta},
};
use commonware_cryptography::{
    Blake3, Digested, Digestible as _, certificate::ConstantProvider, ed25519,
};
use commonware_glue::stateful::{
    Config as StatefulConfig, Mailbox as StatefulMailbox, PruneConfig, Stateful, SyncPlan,
    db::{DatabaseSet, SyncEngineConfig, p2p as state_sync},
    probe::{Config as ProbeConfig, Probe},
};
use commonware_p2p::{Blocker, Provider, Receiver, Sender};
use commonware_parallel::Strategy;
use commonware_runtime::{Handle, Spawner};
use commonware_storage::{Context as StorageContext, mmr};
use commonware_utils::{NZDuration, NZU64, NZUsize};
use rand_core::CryptoRng;
use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

/// How long a leader may take to propose. Two heartbeats: an idle chain proposes once a heartbeat, and a
/// leader that outlasts this is voted over. It is what each view of a validator that has just died costs.
pub(crate) const LEADER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a view may take until its block is certified: one more heartbeat, for a large block to travel
/// and be executed.
const CERTIFICATION_TIMEOUT: Duration = Duration::from_secs(3);
/// Silence after which a validator's views are skipped at once, as long as a quorum of the others is heard.
/// The shortest that consensus admits, so a dead validator costs two or three timeouts, then next to nothing
/// until it is heard again.
const SKIP_TIMEOUT: Duration = Duration::from_secs(4);
const _: () = assert!(
    LEADER_TIMEOUT.as_millis() > HEARTBEAT.as_millis()
        && CERTIFICATION_TIMEOUT.as_millis() > LEADER_TIMEOUT.as_millis()
        && SKIP_TIMEOUT.as_millis() > CERTIFICATION_TIMEOUT.as_millis()
);

/// One validator set for ever; a change of set will need a new epoch's engine.
const EPOCH_LENGTH: NonZeroU64 = NZU64!(u64::MAX);
/// Messages an actor may have waiting; each is small or shared.
const MAILBOX: NonZeroUsize = NZUsize!(1024);
/// Operations per state sync request; with the largest rows an answer stays below a block.
pub(crate) const SYNC_BATCH: NonZeroU64 = NZU64!(64);
/// Blocks executed but not durable in the database; a crash executes these again.
const PENDING_ACKS: NonZeroUsize = NZUsize!(16);
/// Views of votes and blocks kept behind the last final one, for peers that lag a little.
const RETAINED_VIEWS: ViewDelta = ViewDelta::new(10);
/// Broadcast blocks kept per peer.
const BROADCAST_BLOCKS: usize = 10;
/// Blocks that consensus keeps at least, for peers that lag.
#[cfg(not(test))]
const RETAINED_BLOCKS: usize = 1024;
#[cfg(test)]
const RETAINED_BLOCKS: usize = 32;
/// Blocks between two prunings of the database and the logs.
#[cfg(not(test))]
const PRUNE_INTERVAL: NonZeroUsize = NZUsize!(256);
#[cfg(test)]
const PRUNE_INTERVAL: NonZeroUsize = NZUsize!(8);
/// How long to wait for a peer's answer before asking the next.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause before asking again.
const FETCH_RETRY: Duration = Duration::from_millis(100);

/// Number of the channel that carries transactions, whose limit differs from the others'.
pub(crate) const GOSSIP_CHANNEL: u64 = 7;

/// Marshal's mailbox: where blocks and certificates are read.
pub(crate) type Marshal = MarshalMailbox<Scheme, Standard<ConsensusBlock>>;

/// One channel to the peers.
pub(crate) type Channel<T, R> = (T, R);

/// The channels of a validator, in the order of their numbers.
pub(crate) struct Channels<T, R> {
    pub(crate) vote: Channel<T, R>,
    pub(crate) certificate: Channel<T, R>,
    pub(crate) resolver: Channel<T, R>,
    pub(crate) backfill: Channel<T, R>,
    pub(crate) broadcast: Channel<T, R>,
    pub(crate) state_sync: Channel<T, R>,
    pub(crate) probe: Channel<T, R>,
    pub(crate) gossip: Channel<T, R>,
}

impl<T, R> Channels<T, R> {
    /// Opens each channel by its number, from 0.
    pub(crate) fn open(mut open: impl FnMut(u64) -> Channel<T, R>) -> Self {
        Self {
            vote: open(0),
            certificate: open(1),
            resolver: open(2),
            backfill: open(3),
            broadcast: open(4),
            state_sync: open(5),
            probe: open(6),
            gossip: open(GOSSIP_CHANNEL),
        }
    }
}

/// All that a validator is made of besides its channels.
pub(crate) struct Validator<P, S: Strategy> {
    pub(crate) genesis: Genesis,
    pub(crate) core: Arc<Core>,
    pub(crate) public_key: ed25519::PublicKey,
    pub(crate) scheme: Scheme,
    pub(crate) peers: P,
    pub(crate) strategy: S,
    pub(crate) partition: String,
    /// What the log of its state takes, for the page cache.
    pub(crate) log_bytes: u64,
    pub(crate) retention: Retention,
    #[cfg(test)]
    pub(crate) faults: super::Faults,
}

/// A validator at work.
pub(crate) struct Running<E: StorageContext + Spawner, S: Strategy> {
    pub(crate) engine: Handle<()>,
    pub(crate) marshal: Marshal,
    pub(crate) databases: Databases<E, S>,
}

/// Why a node cannot go on from its data folder.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The genesis cannot begin a chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A store cannot be opened.
    #[error("cannot open {what}: {source}; check the disk, or restore the data folder from a copy")]
    Store {
        /// Which store.
        what: &'static str,
        /// Why.
        source: commonware_storage::archive::Error,
    },
    /// The database cannot be read.
    #[error(
        "cannot read the ledger's rows: {reason}; restore the data folder from a copy or sync again"
    )]
    Rows {
        /// Why.
        reason: String,
    },
    /// The rows are no ledger.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The database does not have the root of the block it stands at.
    #[error(
        "the ledger at height {height} has {what} {actual}, its block says {expected}; the data folder is damaged: restore it from a copy or sync again"
    )]
    Root {
        /// Where the ledger stands.
        height: Height,
        /// Which root.
        what: &'static str,
        /// What the block says.
        expected: Hash32,
        /// What was found.
        actual: Hash32,
    },
    /// The history index could not be brought up to date.
    #[error("cannot rebuild the history index: {0}")]
    History(#[from] RebuildError),
}

/// The block that stands for the empty chain.
pub(crate) fn genesis_block<E, S>(genesis: &Genesis) -> Result<ConsensusBlock, GenesisError>
where
    E: Spawner + StorageContext,
    S: Strategy,
{
    let leader = genesis
        .validators
        .first()
        .ok_or(GenesisError::NoValidator)?
        .clone();
    let target = <Databases<E, S> as DatabaseSet<E>>::initial_sync_targets();
    let range = (*target.range.start(), *target.range.end());
    Ok(ConsensusBlock::genesis(genesis, leader, target.root, range))
}

/// Starts a validator and returns when it has recovered.
///
/// # Errors
/// [`OpenError`].
///
/// # Panics
/// Commonware panics when one of its own stores cannot be opened.
pub(crate) async fn start<E, P, S, T, R, F, W>(
    context: E,
    validator: Validator<P, S>,
    channels: Channels<T, R>,
    wrap: W,
) -> Result<Running<E, S>, OpenError>
where
    E: Spawner + StorageContext + CryptoRng,
    P: Provider<PublicKey = ed25519::PublicKey> + Blocker<PublicKey = ed25519::PublicKey>,
    S: Strategy,
    T: Sender<PublicKey = ed25519::PublicKey>,
    R: Receiver<PublicKey = ed25519::PublicKey>,
    F: Reporter<Activity = Update<ConsensusBlock>>,
    W: FnOnce(StatefulMailbox<E, App<S>>) -> F,
{
    let Validator {
        genesis,
        core,
        public_key,
        scheme,
        peers,
        strategy,
        partition,
        log_bytes,
        retention,
        #[cfg(test)]
        faults,
    } = &validator;
    let page_cache = database::page_cache(*log_bytes);

    let resolver = marshal_resolver::init(
        context.child("marshal_resolver"),
        marshal_resolver::Config {
            public_key: public_key.clone(),
            peer_provider: peers.clone(),
            blocker: peers.clone(),
            mailbox_size: MAILBOX,
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            priority_requests: false,
            priority_responses: false,
        },
        channels.backfill,
    );
    let (broadcast, buffer) = buffered::Engine::new(
        context.child("broadcast"),
        buffered::Config {
            public_key: public_key.clone(),
            mailbox_size: MAILBOX,
            deque_size: BROADCAST_BLOCKS,
            priority: false,
            codec_config: (),
            peer_provider: peers.clone(),
            strategy: strategy.clone(),
        },
    );
    broadcast.start(channels.broadcast);

    let certificates = CertificateLog::open(
        context.child("finalizations"),
        partition,
        &page_cache,
        *retention,
        core.history.floor(),
        scheme,
    )
    .await
    .map_err(|source| OpenError::Store {
        what: "the log of certificates",
        source,
    })?;
    let floor = core.history.floor();
    let context_of_blocks = context.child("blocks");
    let blocks = BlockLog::open(context_of_blocks, partition, &page_cache, *retention, floor)
        .await
        .map_err(|source| OpenError::Store {
            what: "the log of blocks",
            source,
        })?;
    #[cfg(test)]
    let blocks = blocks.with_faults(*faults);

    let genesis_block = genesis_block::<E, S>(genesis)?;
    let genesis_digest = genesis_block.digest();
    let plan = SyncPlan::init(context.child("plan"), partition).await;
    let provider = ConstantProvider::new(scheme.clone());
    // Serves peers that ask where to begin their state sync.
    let (probe, probe_mailbox) = Probe::new(ProbeConfig {
        context: context.child("probe"),
        provider: provider.clone(),
        strategy: strategy.clone(),
        mailbox_size: MAILBOX,
        blocker: peers.clone(),
        minimum_epoch: Epoch::zero(),
        retry_timeout: NZDuration!(FETCH_RETRY),
    });
    probe.start(channels.probe);

    let (marshal_actor, marshal, floor) =
        MarshalActor::<_, Standard<ConsensusBlock>, _, _, _, _, _>::init(
            context.child("marshal"),
            certificates,
            blocks,
            marshal::Config {
                provider,
                epocher: FixedEpocher::new(EPOCH_LENGTH),
                start: plan
                    .marshal_start(Digested::precomputed(genesis_block.clone(), genesis_digest)),
                partition_prefix: partition.clone(),
                mailbox_size: MAILBOX,
                view_retention: RETAINED_VIEWS,
                prunable_items_per_section: NZU64!(1024),
                page_cache: page_cache.clone(),
                replay_buffer: IO_BUFFER,
                key_write_buffer: IO_BUFFER,
                value_write_buffer: IO_BUFFER,
                block_codec_config: (),
                max_repair: NZUsize!(64),
                max_pending_acks: PENDING_ACKS,
                strategy: strategy.clone(),
            },
        )
        .await;

    let (sync_actor, sync_mailbox) = state_sync::Actor::<
        _,
        ed25519::PublicKey,
        _,
        _,
        mmr::Family,
        sync::Served<database::Database<E, S>>,
    >::new(
        context.child("state_sync"),
        state_sync::Config {
            peer_provider: peers.clone(),
            blocker: peers.clone(),
            database: None,
            mailbox_size: MAILBOX,
            me: Some(public_key.clone()),
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            max_serve_ops: SYNC_BATCH,
            priority_requests: false,
            priority_responses: false,
        },
    );
    sync_actor.start(channels.state_sync);
    let resolvers = sync::Resolver::new(context.child("state_sync_adapter"), sync_mailbox);

    let (loaded, waiting) = futures::channel::oneshot::channel::<()>();
    let recorded = Recorded::default();
    let (stateful, application) = Stateful::new(
        context.child("stateful"),
        StatefulConfig {
            application: App {
                core: core.clone(),
                genesis: genesis_block.clone(),
                strategy: strategy.clone(),
                ready: ready(waiting),
                recorder: Recorder::start(
                    context.child("recorder"),
                    core.clone(),
                    recorded.clone(),
                ),
                #[cfg(test)]
                faults: *faults,
            },
            db_config: database::Config {
                recorded,
                ..database::config(partition, &page_cache, *log_bytes, strategy.clone())
            },
            provider: (),
            marshal: (marshal.clone(), floor),
            mailbox_size: MAILBOX,
            plan,
            resolvers,
            sync_config: SyncEngineConfig {
                fetch_batch_size: SYNC_BATCH,
                apply_batch_size: NZU64!(1024),
                max_outstanding_requests: NZUsize!(8),
            },
            prune_config: Some(PruneConfig {
                maintenance_interval: PRUNE_INTERVAL,
                retained_marshal_blocks: RETAINED_BLOCKS,
                retained_qmdb_blocks: 0,
            }),
            strategy: strategy.clone(),
        },
    );
    let paced = Paced::new(application.clone(), core.clone());
    #[cfg(test)]
    let paced = paced.with_faults(*faults);
    let automaton = Deferred::new(
        context.child("deferred"),
        paced,
        marshal.clone(),
        FixedEpocher::new(EPOCH_LENGTH),
    );

    // Enqueued before marshal can deliver, so answered before any block is applied.
    let subscriber = application.clone();
    let mut subscription = Box::pin(async move { subscriber.subscribe_databases().await });
    assert!(
        futures::poll!(&mut subscription).is_pending(),
        "nothing answers before the start"
    );
    marshal_actor.start(wrap(application), buffer, resolver);
    probe_mailbox.attach(marshal.clone());
    stateful.start();
    let databases = subscription.await;
    load(genesis, core, &genesis_block.0, &marshal, &databases).await?;
    // Only the application waits for this, and it ends with the runtime.
    let _ = loaded.send(());

    let (pruner, log) = (context.child("pruning"), marshal.clone());
    pruning::start(pruner, core.clone(), log, *retention);
    if genesis.validators.len() > 1 {
        gossip::start(&context.child("gossip"), core, channels.gossip);
    }
    let engine = simplex::Engine::new(
        context,
        simplex::Config {
            scheme: scheme.clone(),
            elector: RoundRobin::<Blake3>::default(),
            blocker: peers.clone(),
            automaton: automaton.clone(),
            relay: automaton.clone(),
            reporter: automaton,
            strategy: strategy.clone(),
            partition: format!("{partition}-simplex"),
            mailbox_size: MAILBOX,
            epoch: Epoch::zero(),
            floor: simplex::config::Floor::Genesis(genesis_digest),
            replay_buffer: IO_BUFFER,
            write_buffer: IO_BUFFER,
            page_cache,
            leader_timeout: LEADER_TIMEOUT,
            certification_timeout: CERTIFICATION_TIMEOUT,
            timeout_retry: LEADER_TIMEOUT,
            view_retention: RETAINED_VIEWS,
            skip: SkipPolicy::Enabled {
                timeout: SKIP_TIMEOUT,
                budget: simplex::SkipBudget::Participants,
            },
            fetch_timeout: NZDuration!(FETCH_TIMEOUT),
            fetch_retry_delay: FETCH_RETRY,
            forward: ForwardPolicy::Disabled,
            track_historical_votes: false,
        },
    );
    let engine = engine.start(channels.vote, channels.certificate, channels.resolver);
    Ok(Running {
        engine,
        marshal,
        databases,
    })
}

/// Loads the tables from the recovered database and compares its roots with its block's.
async fn load<E, S>(
    genesis: &Genesis,
    core: &Core,
    genesis_block: &Block,
    marshal: &Marshal,
    databases: &Databases<E, S>,
) -> Result<(), OpenError>
where
    E: Spawner + StorageContext,
    S: Strategy,
{
    let now = (core.monotonic)();
    let rows = rows(databases).await?;
    let (root, operations_root) = {
        let database = databases.read().await;
        (
            Hash32::new(database.root().0),
            Hash32::new(database.ops_root().0),
        )
    };
    let origin = || State::genesis(genesis, genesis_block.header.clone(), now);
    let state = if rows.is_empty() {
        origin()?
    } else {
        let ledger = Ledger::load(genesis, rows)?;
        let height = ledger.height();
        let block = block_at(marshal, height)
            .await
            .ok_or(RebuildError::Missing { height })?;
        let header = block.header;
        for (what, expected, actual) in [
            ("state root", header.state_root, root),
            ("operations root", header.operations_root, operations_root),
        ] {
            if expected != actual {
                return Err(OpenError::Root {
                    height,
                    what,
                    expected,
                    actual,
                });
            }
        }
        State::at(ledger, header, now)
    };
    let height = state.tip().height;
    tracing::info!(%height, "the ledger is loaded and has the root of its block");
    if core.history.height().map_err(RebuildError::from)? < height {
        tracing::warn!(%height, "rebuilding the history index");
        rebuild_history(&core.history, origin()?, height, |height| {
            block_at(marshal, height)
        })
        .await?;
    }
    core.open_at(state);
    Ok(())
}

/// Every row of the database, in no particular order.
///
/// # Errors
/// [`OpenError::Rows`].
pub(crate) async fn rows<E, S>(databases: &Databases<E, S>) -> Result<Vec<RowBytes>, OpenError>
where
    E: Spawner + StorageContext,
    S: Strategy,
{
    let database = databases.read().await;
    let rows = database.rows().await;
    rows.map_err(|error| OpenError::Rows {
        reason: error.to_string(),
    })
}

/// A kept final block.
pub(crate) async fn block_at(marshal: &Marshal, height: Height) -> Option<Block> {
    let block = marshal
        .get_block(ConsensusHeight::new(height.get()))
        .await?;
    Some(block.inner().0.clone())
}

/// The signing scheme of one validator of this chain.
///
/// `None` when the key is not a validator's.
pub(crate) fn scheme(genesis: &Genesis, key: &ed25519::PrivateKey) -> Option<Scheme> {
    let validators = genesis
        .validators
        .iter()
        .map(PublicKey::as_ed25519)
        .cloned();
    let participants = commonware_utils::ordered::Set::from_iter_dedup(validators);
    Scheme::signer(&genesis.consensus_namespace(), participants, key.clone())
}

/// The signing scheme of whoever only reads this chain's votes.
pub(crate) fn verifier(genesis: &Genesis) -> Scheme {
    let validators = genesis
        .validators
        .iter()
        .map(PublicKey::as_ed25519)
        .cloned();
    let participants = commonware_utils::ordered::Set::from_iter_dedup(validators);
    Scheme::verifier(&genesis.consensus_namespace(), participants)
}
