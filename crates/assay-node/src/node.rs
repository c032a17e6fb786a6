//! One node: the chain, the content store and the HTTP interface in one process.

use crate::{
    admission::Admission,
    api::{self, App, quota::Quota},
    http::{Limiter, Origin, RateLimit},
    pulse::Pulse,
    retention::Keeper,
};
use assay_chain::{Chain, ChainConfig};
use assay_content::{Limits, Owner, Store};
use assay_http::{Server, ServerLimits};
use assay_model::bundled;
use assay_types::{Genesis, LedgerTime, SecretKey};
use assay_verify::AnchorError;
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Connections at once: a file descriptor each, and a default limit of 1 024 leaves room for the rest.
const CONNECTIONS_MAX: usize = 768;
/// Largest head of a request: the longest path and an upload claim fit many times.
const HEAD_BYTES_MAX: usize = 64 * 1024;
const CONTENT_FOLDER: &str = "content";

/// All that a node needs to start.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Chain, validator's key, data folder (`chain.data_dir`) and consensus' network.
    pub chain: ChainConfig,
    /// Where to serve HTTP; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What the content store may hold.
    pub content: Limits,
    /// Connections at once.
    pub connections_max: usize,
    /// How much one address may ask for.
    pub rate: RateLimit,
    /// Web pages of these origins may use the interface; of no other.
    pub origins: Vec<Origin>,
}

impl NodeConfig {
    /// The one validator of `genesis`, everything else as most want it.
    pub fn single(
        data_dir: impl Into<PathBuf>,
        genesis: Genesis,
        validator: SecretKey,
        listen: SocketAddr,
    ) -> Self {
        Self {
            chain: ChainConfig::single(data_dir, genesis, validator),
            listen,
            content: Limits::default(),
            connections_max: CONNECTIONS_MAX,
            rate: RateLimit::default(),
            origins: Vec::new(),
        }
    }
}

/// Why a node did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has the port.
    #[error(
        "cannot serve on {listen}, the port is in use; stop what uses it, or choose another with --listen"
    )]
    PortInUse {
        /// Where.
        listen: SocketAddr,
    },
    /// The address cannot be used.
    #[error("cannot serve on {listen}; choose an address of this machine with --listen")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The chain does not start; a second process on the data folder is among the reasons.
    #[error("cannot start the chain")]
    Chain(#[from] assay_chain::StartError),
    /// The content store does not open.
    #[error("cannot open the content store")]
    Content(#[from] assay_content::Error),
    /// The genesis' validators are unsound.
    #[error("cannot trust the genesis' validators")]
    Anchor(#[from] AnchorError),
    /// The system gives no more threads.
    #[error("cannot start the threads that admit transactions; raise the limit of processes")]
    Threads {
        /// What the system said.
        source: io::Error,
    },
    /// The runtime is shutting down.
    #[error("the start was interrupted; start again")]
    Interrupted,
}

/// A running node. Dropping it stops everything without waiting; [`Node::shutdown`] waits.
#[derive(Debug)]
pub struct Node {
    chain: ChainHandle,
    server: Server,
    keeper: JoinHandle<()>,
    pulse: JoinHandle<()>,
    /// Ends streams and tasks when dropped.
    stopping: DropGuard,
}

/// The chain, which has nothing to show in `Debug`.
struct ChainHandle(Chain);

impl std::fmt::Debug for ChainHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chain")
    }
}

impl Node {
    /// Starts a node and returns when it serves. The port is taken first, so a mistake there costs nothing.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: NodeConfig) -> Result<Self, StartError> {
        let (listener, address) = listen(config.listen).await?;
        let chain = start_chain(config.chain.clone()).await?;
        let started = Self::serve(config, chain.clone(), listener, address).await;
        if started.is_err() {
            stop_chain(chain).await;
        }
        started
    }

    async fn serve(
        config: NodeConfig,
        chain: Chain,
        listener: TcpListener,
        address: SocketAddr,
    ) -> Result<Self, StartError> {
        let ChainConfig {
            data_dir, genesis, ..
        } = config.chain;
        let store = Store::open(data_dir.join(CONTENT_FOLDER), config.content).await?;
        keep_bundled(&chain, &store).await?;
        let quota = Arc::new(Quota::of(store.leases().await?));
        let stopping = CancellationToken::new();
        let beat = Pulse::new();
        let admission = Admission::start().map_err(|source| StartError::Threads { source })?;
        let app = App::new(
            chain.clone(),
            store.clone(),
            &genesis,
            beat.clone(),
            Arc::clone(&quota),
            admission,
            stopping.clone(),
        )?;
        let keeper = Keeper::new(store, quota, &data_dir, stopping.clone());
        let blocks = chain.subscribe_from(keeper.resume_from().await);
        let keeper = tokio::spawn(keeper.run(blocks));
        let next = chain.status().height.next();
        let blocks = chain.subscribe_from(next);
        let pulse = tokio::spawn(beat.follow(blocks, stopping.clone()));
        let limits = ServerLimits {
            connections_max: config.connections_max,
            // None of its own: behind a proxy all clients are one peer, and their rate is limited.
            connections_per_peer_max: config.connections_max,
            head_bytes_max: HEAD_BYTES_MAX,
        };
        let limiter = Limiter::new(config.rate);
        let router = api::router(Arc::new(app), limiter, &config.origins);
        let server = Server::start(listener, address, router, limits);
        tracing::info!(%address, chain = %genesis.chain_id(), "the node serves");
        let stopping = stopping.drop_guard();
        Ok(Self {
            chain: ChainHandle(chain),
            server,
            keeper,
            pulse,
            stopping,
        })
    }

    /// Where it serves HTTP.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The address as clients write it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The chain it runs.
    pub const fn chain(&self) -> &Chain {
        &self.chain.0
    }

    /// Stops accepting, finishes what runs within a few seconds, ends event streams, then stops the chain.
    /// When it returns, port and data folder are free.
    pub async fn shutdown(self) {
        drop(self.stopping);
        self.server.stop().await;
        // Tasks that panicked have ended too, and said so.
        let _ = self.keeper.await;
        let _ = self.pulse.await;
        stop_chain(self.chain.0).await;
    }
}

async fn listen(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = TcpListener::bind(listen).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { listen },
        _ => StartError::Listen { listen, source },
    })
}

async fn start_chain(config: ChainConfig) -> Result<Chain, StartError> {
    let started = tokio::task::spawn_blocking(|| Chain::start(config)).await;
    Ok(started.map_err(|_| StartError::Interrupted)??)
}

async fn stop_chain(chain: Chain) {
    // It can only fail by a panic, after which the chain has stopped as well.
    let _ = tokio::task::spawn_blocking(move || chain.shutdown()).await;
}

/// Stores what registered models name, where it comes with the program.
async fn keep_bundled(chain: &Chain, store: &Store) -> Result<(), StartError> {
    for model in bundled() {
        let id = model.manifest().fields().model;
        if chain.read(|ledger| ledger.model(&id).is_none()) {
            continue;
        }
        for bytes in [model.manifest_bytes(), model.program_bytes()] {
            store
                .put_bytes(bytes, Owner::Model(id), LedgerTime::MAX)
                .await?;
        }
    }
    Ok(())
}
