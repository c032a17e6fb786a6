//! One node's thread: Commonware's runtime, the network if there is one, consensus, and the proofs.
//!
//! The only place that instantiates the whole stack for production, which costs minutes of code
//! generation: keep it the only one.

use super::{ChainConfig, NetworkConfig, ProofRequest};
use crate::{
    consensus::{
        block::ConsensusBlock,
        database::{self, Databases, ROW_BYTES_MAX},
        engine::{
            self, Channels, GOSSIP_CHANNEL, Marshal, OpenError, Running, SYNC_BATCH, Validator,
        },
        gossip,
        network::{Link, Peers, Solitude},
    },
    core::Core,
    folder::Folder,
    proof::prove,
};
use assay_types::Genesis;
use commonware_consensus::{
    marshal::{self, standard::Standard},
    simplex::{self, scheme::ed25519::Scheme},
};
use commonware_cryptography::{ChaCha20Poly1305, Signer as _, blake3::Digest, ed25519::PublicKey};
use commonware_glue::stateful::{db::p2p as state_sync, probe};
use commonware_p2p::{
    Address, AddressableManager as _, Receiver, Sender, authenticated::lookup, max_message_size,
};
use commonware_parallel::Rayon;
use commonware_runtime::{
    Clock as _, Handle, Quota, Runner as _, Spawner as _, Strategizer as _, Supervisor as _, tokio,
};
use commonware_storage::mmr;
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{
    NZU32, NZUsize,
    channel::{mpsc, oneshot},
    ordered::Map,
};
use futures::future::{Either, select};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};

/// The runtime's context.
pub(crate) type Context = tokio::Context;
/// How batches are merkleised and signatures verified.
pub(crate) type Threads = Rayon;

/// Prefix of this validator's stores.
pub(crate) const PARTITION: &str = "validator";

/// How long actors get to finish when the node stops. Nothing is lost if they do not.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a start waits for the last blocks to be executed again: at most a few dozen, in a second.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(30);

/// Messages per second and channel that a peer may send: a busy chain has some fifty views a second.
const MESSAGES_PER_SECOND: u32 = 1024;

/// Clock difference at which a handshake is refused.
const HANDSHAKE_SKEW: Duration = Duration::from_secs(5);
/// How long a handshake may take.
const HANDSHAKE_AGE: Duration = Duration::from_secs(10);

/// All that the thread works with.
pub(super) struct Node {
    pub(super) config: ChainConfig,
    pub(super) scheme: Scheme,
    /// Held until the thread ends, so that the folder is free only then.
    pub(super) folder: Folder,
    pub(super) core: Arc<Core>,
    pub(super) opened: std::sync::mpsc::Sender<Result<Marshal, OpenError>>,
    pub(super) stopped: oneshot::Receiver<()>,
    pub(super) proof_requests: mpsc::Receiver<ProofRequest>,
}

/// Tells everyone when the thread ends, however it does.
struct EndGuard(Arc<Core>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Node {
    pub(super) fn run(self) {
        let _ended = EndGuard(self.core.clone());
        let threads = self.config.threads.max(1);
        let runner = tokio::Config::new()
            .with_storage_directory(self.folder.stores())
            .with_worker_threads(threads);
        tokio::Runner::new(runner).start(|context| self.work(context, threads));
    }

    async fn work(self, context: Context, threads: usize) {
        let Self {
            config,
            scheme,
            folder,
            core,
            opened,
            stopped,
            proof_requests,
        } = self;
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        let strategy = context.child("strategy").strategy(threads);
        let (channels, peers) = connect(&context, &config);
        let log_bytes = database::log_bytes(&folder, PARTITION, &config.genesis);
        let validator = Validator {
            public_key: config.key.as_ed25519().public_key(),
            genesis: config.genesis,
            core: core.clone(),
            scheme,
            peers,
            strategy,
            partition: PARTITION.into(),
            log_bytes,
            retention: config.retention,
            #[cfg(test)]
            faults: Default::default(),
        };
        let consensus = context.child("consensus");
        let Running {
            engine,
            marshal,
            databases,
        } = match Box::pin(engine::start(consensus, validator, channels, |mailbox| {
            mailbox
        }))
        .await
        {
            Ok(running) => running,
            Err(error) => {
                // The starter waits for exactly this.
                let _ = opened.send(Err(error));
                return;
            }
        };
        catch_up(&context, &core).await;
        if opened.send(Ok(marshal)).is_err() {
            return;
        }
        let prover = answer_proofs(&context, databases, core.clone(), proof_requests);
        match select(stopped, Box::pin(engine)).await {
            // Consensus first: it must not vote on what nobody executes any more.
            Either::Left((_, engine)) => engine.abort(),
            Either::Right((result, _)) => {
                core.end();
                tracing::error!("consensus ended by itself: {result:?}");
            }
        }
        prover.abort();
        core.end();
        if let Err(error) = context.stop(0, Some(STOP_TIMEOUT)).await {
            tracing::warn!("some tasks did not finish in time: {error}");
        }
        drop(folder);
    }
}

/// Waits until the blocks that were reported final before are executed again, so that a reader never sees
/// the ledger go back.
async fn catch_up(context: &Context, core: &Core) {
    let Ok(reported) = core.history.height() else {
        return;
    };
    let mut finalized = core.finalized();
    let reached = async {
        while *finalized.borrow_and_update() < reported && finalized.changed().await.is_ok() {}
    };
    let (reached, patience) = (std::pin::pin!(reached), context.sleep(CATCH_UP_TIMEOUT));
    if let Either::Right(_) = select(reached, std::pin::pin!(patience)).await {
        tracing::warn!(%reported, "consensus has not executed all reported blocks again yet");
    }
}

/// Opens the channels to the peers; a single validator has none, and no port.
fn connect(
    context: &Context,
    config: &ChainConfig,
) -> (
    Channels<Link<impl Sender<PublicKey = PublicKey>>, Link<impl Receiver<PublicKey = PublicKey>>>,
    Peers<lookup::Oracle<PublicKey>>,
) {
    let me = config.key.as_ed25519();
    let mut peers = Peers::Alone(Solitude::new(me.public_key()));
    let mut network = None;
    if let Some(NetworkConfig {
        listen,
        peers: others,
    }) = &config.network
    {
        let handshake = Cups::<_, ChaCha20Poly1305>::new(
            Sake {
                signer: me.clone(),
                synchrony_bound: HANDSHAKE_SKEW,
                max_handshake_age: HANDSHAKE_AGE,
                version: sake::Version::V1,
            },
            cups::Version::V1,
        );
        // Queues are sized by peers × sets × rate, so these are the real numbers, not the limits.
        let validators = NonZeroUsize::new(config.genesis.validators.len());
        let network_config = lookup::Config {
            tracked_peer_sets: NZUsize!(1),
            ..lookup::Config::local(
                handshake,
                &config.genesis.consensus_namespace(),
                *listen,
                validators.unwrap_or(NonZeroUsize::MIN),
                message_bytes_max(&config.genesis),
                NZUsize!(1024),
            )
        };
        let (opened, mut oracle) = lookup::Network::new(context.child("network"), network_config);
        let addresses = others
            .iter()
            .map(|(key, address)| (key.as_ed25519().clone(), Address::from(*address)))
            .chain([(me.public_key(), Address::from(*listen))]);
        oracle.track(0, Map::from_iter_dedup(addresses));
        peers = Peers::Network(oracle);
        network = Some(opened);
    }
    let channels = Channels::open(|channel| match &mut network {
        None => (Link::Alone, Link::Alone),
        Some(network) => {
            let quota = Quota::per_second(if channel == GOSSIP_CHANNEL {
                NZU32!(gossip::MESSAGES_PER_SECOND)
            } else {
                NZU32!(MESSAGES_PER_SECOND)
            });
            let (sender, receiver) = network.register(channel, quota);
            (Link::Network(sender), Link::Network(receiver))
        }
    });
    if let Some(network) = network {
        network.start();
    }
    (channels, peers)
}

/// The largest message of any part that sends.
fn message_bytes_max(genesis: &Genesis) -> u32 {
    let validators = u32::try_from(genesis.validators.len()).unwrap_or(u32::MAX);
    // A logged operation is a tag, two keys and a value, with room for lengths.
    let operation = ROW_BYTES_MAX + 2 * 32 + 16;
    max_message_size(&[
        simplex::max_payload_size::<Scheme, Digest>(validators),
        marshal::max_payload_size::<Standard<ConsensusBlock>, Scheme>(validators, &()),
        probe::max_payload_size::<Standard<ConsensusBlock>, Scheme>(validators),
        state_sync::max_payload_size::<mmr::Family, Digest>(SYNC_BATCH, operation),
        gossip::MESSAGE_BYTES_MAX,
    ])
}

/// Answers requests for proofs, which need the runtime's storage.
fn answer_proofs(
    context: &Context,
    databases: Databases<Context, Threads>,
    core: Arc<Core>,
    mut requests: mpsc::Receiver<ProofRequest>,
) -> Handle<()> {
    context.child("prover").spawn(move |_| async move {
        while let Some((key, answer)) = requests.recv().await {
            let header = |root: &_| core.state().header_with_root(root).cloned();
            // Who asked may have gone away.
            let _ = answer.send(prove(&databases, key, header).await);
        }
    })
}
