//! The handle of a running node: submit, read, follow, prove.
//!
//! Consensus runs in a runtime and threads of its own; the handle works from any async runtime, or from
//! none where a method is not async. All clones speak to the same node. When consensus ends, by
//! [`Chain::shutdown`] or by a failure, waiting calls return [`ChainError::Stopped`] and reads go on with
//! what is final.

pub(crate) mod node;
mod subscription;

use crate::{
    consensus::{
        archive::Retention,
        engine::{Marshal, OpenError, block_at, genesis_block, scheme},
    },
    core::{Core, ExecutedBlock},
    folder::{Folder, FolderError},
    history::{History, HistoryError, Location},
    mempool::{AdmitError, MempoolLimits, MempoolStatus},
    proof::{Certificate, ProveError, RowProof, certificate},
    state::State,
};
use assay_ledger::{GenesisError, Ledger, Outcome};
use assay_types::{
    AccountId, BlockId, ChainId, Event, FeeRate, Genesis, Height, LedgerTime, OrderId, PublicKey,
    RECEIPT_VERSION, ReceiptProof, RowKey, STATE_PROOF_VERSION, SecretKey, StateProof, Transaction,
    TxId, encode, merkle_path,
};
use commonware_utils::channel::{mpsc, oneshot};
use futures::future::select;
use std::{
    net::{SocketAddr, TcpListener},
    ops::Deref,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Instant,
};

pub use subscription::Subscription;

/// Stack of the thread that starts consensus: unoptimised, its nested futures need close to 3 MiB, more than
/// a thread has by default. Only pages that are touched are ever backed by memory.
pub(crate) const STACK_BYTES: usize = 16 << 20;
/// Proof requests that may wait; each holds the database for some tens of microseconds.
const PROOF_REQUESTS: usize = 256;

/// How a validator reaches the others.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the other validators listen.
    pub peers: Vec<(PublicKey, SocketAddr)>,
}

/// All that a node needs to start.
#[derive(Debug, Clone)]
pub struct ChainConfig {
    /// Where everything is kept. One process at a time.
    pub data_dir: PathBuf,
    /// The first state.
    pub genesis: Genesis,
    /// The validator's key.
    pub key: SecretKey,
    /// `None` for a chain with one validator, which opens no port.
    pub network: Option<NetworkConfig>,
    /// What the mempool holds.
    pub mempool: MempoolLimits,
    /// How much history is kept.
    pub retention: Retention,
    /// Threads of consensus and execution.
    pub threads: usize,
}

impl ChainConfig {
    /// A node of a chain with one validator, everything else as most want it.
    pub fn single(data_dir: impl Into<PathBuf>, genesis: Genesis, key: SecretKey) -> Self {
        Self {
            data_dir: data_dir.into(),
            genesis,
            key,
            network: None,
            mempool: MempoolLimits::default(),
            retention: Retention::default(),
            threads: 2,
        }
    }
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The key is no validator's.
    #[error("{account} is not a validator of chain {chain}; start with a validator's key")]
    NotValidator {
        /// Whose key it is.
        account: AccountId,
        /// The chain.
        chain: ChainId,
    },
    /// Several validators need a network.
    #[error(
        "chain {chain} has {validators} validators; say where to listen and where the others are"
    )]
    NoNetwork {
        /// The chain.
        chain: ChainId,
        /// How many there are.
        validators: usize,
    },
    /// The port is taken.
    #[error("cannot listen on {listen}: {source}; stop what uses it or choose another port")]
    Port {
        /// Where.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The genesis cannot begin a chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The history index cannot be opened.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The node cannot go on from its data.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The thread of consensus cannot be started.
    #[error("cannot start the thread of consensus: {source}")]
    Thread {
        /// Why.
        source: std::io::Error,
    },
    /// Consensus failed while it started.
    #[error("consensus failed while it started: {reason}; the log above says more")]
    Failed {
        /// The panic's message.
        reason: String,
    },
}

/// Why a running node does not answer.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Consensus has ended.
    #[error("the node has stopped; start it again")]
    Stopped,
    /// The history index failed.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The block is older than what this node keeps.
    #[error(
        "block {height} is pruned, this node keeps blocks from {first} on; ask an archive node, one that runs with --archive"
    )]
    NotKept {
        /// Its height.
        height: Height,
        /// The first height that is kept.
        first: Height,
    },
    /// A block that should be kept cannot be read.
    #[error("block {height} cannot be read; restore the data folder from a copy")]
    Missing {
        /// Its height.
        height: Height,
    },
}

/// A final block, what it did and what shows that it is final. Blocks at the tip are shared by all who read
/// them.
#[derive(Debug)]
pub struct FinalizedBlock {
    executed: Arc<ExecutedBlock>,
    /// What makes it final.
    pub certificate: Certificate,
}

impl Deref for FinalizedBlock {
    type Target = ExecutedBlock;
    fn deref(&self) -> &ExecutedBlock {
        &self.executed
    }
}

/// Where a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The chain.
    pub chain: ChainId,
    /// Height of the last final block.
    pub height: Height,
    /// Its id.
    pub tip: BlockId,
    /// Its time.
    pub time: LedgerTime,
    /// Base fee of the next block.
    pub base_fee: FeeRate,
    /// What waits.
    pub mempool: MempoolStatus,
    /// The first block that is kept; 1 on an archive node.
    pub first: Height,
    /// Whether consensus runs.
    pub running: bool,
}

/// What is known of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// It waits for a block.
    Pending,
    /// It is final.
    Final {
        /// Where it lies.
        location: Location,
        /// What became of it.
        outcome: Outcome,
        /// Its events.
        events: Vec<Event>,
    },
}

type ProofRequest = (RowKey, oneshot::Sender<Result<RowProof, ProveError>>);

/// A running node.
#[derive(Clone)]
pub struct Chain(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    marshal: Marshal,
    proofs: mpsc::Sender<ProofRequest>,
    running: Mutex<Option<RunningNode>>,
}

struct RunningNode {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Chain {
    /// Starts a node and returns when it has recovered. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running.
    pub fn start(config: ChainConfig) -> Result<Self, StartError> {
        let chain = config.genesis.chain_id();
        let account = config.key.account();
        let scheme = scheme(&config.genesis, config.key.as_ed25519())
            .ok_or(StartError::NotValidator { account, chain })?;
        let validators = config.genesis.validators.len();
        match &config.network {
            None if validators > 1 => return Err(StartError::NoNetwork { chain, validators }),
            // Commonware panics on a port in use; trying it first gives an error.
            Some(NetworkConfig { listen, .. }) => {
                let listen = *listen;
                drop(
                    TcpListener::bind(listen)
                        .map_err(|source| StartError::Port { listen, source })?,
                );
            }
            None => {}
        }
        let folder = Folder::open(&config.data_dir, chain)?;
        let history = History::open(folder.path())?;
        let started = Instant::now();
        let origin = genesis_block::<node::Context, node::Threads>(&config.genesis)?;
        let state = State::genesis(&config.genesis, origin.0.header, started.elapsed())?;
        let monotonic = Arc::new(move || started.elapsed());
        let core = Arc::new(Core::new(
            &config.genesis,
            state,
            history,
            config.mempool,
            monotonic,
        ));
        let (stop, stopped) = oneshot::channel();
        let (proofs, proof_requests) = mpsc::channel(PROOF_REQUESTS);
        let (opened, opening) = std::sync::mpsc::channel();
        let node = node::Node {
            config,
            scheme,
            folder,
            core: core.clone(),
            opened,
            stopped,
            proof_requests,
        };
        let thread = std::thread::Builder::new()
            .name("assay-chain".into())
            .stack_size(STACK_BYTES)
            .spawn(move || node.run())
            .map_err(|source| StartError::Thread { source })?;
        match opening.recv() {
            Ok(Ok(marshal)) => {
                let running = Mutex::new(Some(RunningNode { stop, thread }));
                Ok(Self(Arc::new(Inner {
                    core,
                    marshal,
                    proofs,
                    running,
                })))
            }
            Ok(Err(error)) => {
                // It ends by itself and has said why.
                let _ = thread.join();
                Err(error.into())
            }
            Err(_) => {
                let reason = thread
                    .join()
                    .err()
                    .map_or_else(String::new, |panic| message(&*panic));
                Err(StartError::Failed { reason })
            }
        }
    }

    /// Offers transactions to the mempool; one answer each, in order. Verifies signatures on the calling
    /// thread, some 10 µs each: from an async runtime, give large batches to its blocking pool.
    ///
    /// A transaction that waits already is answered with its id again, so resending is safe. What is admitted
    /// is told to the other validators, so that whoever leads next can include it.
    pub fn submit(&self, transactions: Vec<Transaction>) -> Vec<Result<TxId, AdmitError>> {
        self.0.core.submit_own(transactions, &mut rand::rng())
    }

    /// Where the node stands.
    pub fn status(&self) -> Status {
        let core = &self.0.core;
        let (height, tip, time, base_fee) = {
            let state = core.state();
            (
                state.tip().height,
                state.tip_id(),
                state.tip().time,
                state.ledger().base_fee(),
            )
        };
        let mempool = core.mempool().status();
        let running = !*core.ended().borrow();
        Status {
            chain: core.chain,
            height,
            tip,
            time,
            base_fee,
            mempool,
            first: core.history.first(),
            running,
        }
    }

    /// Reads the ledger as of the last final block. Holds it back from advancing, so be brief.
    pub fn read<R>(&self, f: impl FnOnce(&Ledger) -> R) -> R {
        f(self.0.core.state().ledger())
    }

    /// The sequence that the lane's next transaction must have, what waits in the mempool included.
    pub fn next_sequence(&self, account: AccountId, lane: assay_types::Lane) -> u64 {
        let state = self.0.core.state();
        let confirmed = state.ledger().next_sequence(account, lane);
        let pending = self.0.core.mempool().next_sequence(account, lane);
        pending.unwrap_or(0).max(confirmed)
    }

    /// A final block.
    ///
    /// # Errors
    /// [`ChainError`]. `Ok(None)` when no block of that height is final yet, and for genesis.
    pub async fn block(&self, height: Height) -> Result<Option<Arc<FinalizedBlock>>, ChainError> {
        self.0.block(height).await
    }

    /// Final blocks from `height` on, in order, without gaps. Resume with the last height plus one; whoever
    /// resumes with the last height itself gets that block once more.
    pub fn subscribe_from(&self, height: Height) -> Subscription {
        Subscription::new(self.0.clone(), height)
    }

    /// Proves a row, or its absence, after the last final block, with everything that shows a stranger that
    /// this chain says so. The block was the last when the proof was made, so its height and time say how
    /// fresh the answer is; a busy chain may be a few blocks further. Costs two reads of the database and
    /// waits some milliseconds at most for the block's votes; on a new chain it waits for the first block.
    ///
    /// # Errors
    /// [`ProveError`].
    pub async fn prove(&self, key: RowKey) -> Result<StateProof, ProveError> {
        let first = self.0.until_final(Height::ZERO.next()).await;
        first.map_err(|_| ProveError::Stopped)?;
        let (answer, proof) = oneshot::channel();
        self.0
            .proofs
            .send((key, answer))
            .await
            .map_err(|_| ProveError::Stopped)?;
        let RowProof {
            evidence,
            path,
            header,
        } = proof.await.map_err(|_| ProveError::Stopped)??;
        // The database applies a block a moment before it is reported as final.
        let height = header.height;
        self.0
            .until_final(height)
            .await
            .map_err(|_| ProveError::Stopped)?;
        let certificate = certificate(&self.0.marshal, height).await;
        let Certificate {
            descendants,
            finality,
        } = certificate.ok_or(ProveError::NotKept { key, height })?;
        Ok(StateProof {
            version: STATE_PROOF_VERSION,
            chain: self.0.core.chain,
            key,
            evidence,
            path,
            header,
            descendants,
            finality,
        })
    }

    /// Whether a transaction waits or is final: [`Self::transaction`] without what became of it, a lookup.
    ///
    /// # Errors
    /// [`ChainError::History`].
    pub fn is_known(&self, id: TxId) -> Result<bool, ChainError> {
        let core = &self.0.core;
        // Asked first: between the two questions it can only become final.
        let pending = core.mempool().contains(&id);
        Ok(pending || core.history.transaction(id)?.is_some())
    }

    /// What is known of a transaction; `None` when it was never seen, or dropped.
    ///
    /// # Errors
    /// [`ChainError::History`].
    pub fn transaction(&self, id: TxId) -> Result<Option<TransactionStatus>, ChainError> {
        let core = &self.0.core;
        // Asked first: between the two questions it can only become final.
        let pending = core.mempool().contains(&id);
        let Some(location) = core.history.transaction(id)? else {
            return Ok(pending.then_some(TransactionStatus::Pending));
        };
        let result = core.history.result(location.height)?;
        Ok(result.and_then(|result| {
            let outcome = *result.outcomes.get(usize::try_from(location.index).ok()?)?;
            let first = usize::try_from(outcome.first_event).ok()?;
            let count = usize::try_from(outcome.event_count).ok()?;
            let events = result.events.into_iter().skip(first).take(count).collect();
            Some(TransactionStatus::Final {
                location,
                outcome,
                events,
            })
        }))
    }

    /// The receipt of a closed order, with everything that shows a stranger that this chain settled it.
    ///
    /// # Errors
    /// [`ChainError`]. `Ok(None)` while the order is open or unknown.
    pub async fn receipt(&self, order: OrderId) -> Result<Option<ReceiptProof>, ChainError> {
        let Some(location) = self.0.core.history.receipt(order)? else {
            return Ok(None);
        };
        let Some(block) = self.block(location.height).await? else {
            return Ok(None);
        };
        let leaves: Vec<Vec<u8>> = block.result.events.iter().map(encode).collect();
        let index = usize::try_from(location.index).unwrap_or(usize::MAX);
        let Some(Event::Closed { receipt }) = block.result.events.get(index) else {
            return Ok(None);
        };
        let Some(path) = merkle_path(&leaves, location.index) else {
            return Ok(None);
        };
        Ok(Some(ReceiptProof {
            version: RECEIPT_VERSION,
            receipt: (**receipt).clone(),
            path,
            header: block.block.header.clone(),
            descendants: block.certificate.descendants.clone(),
            finality: block.certificate.finality.clone(),
        }))
    }

    /// Where the events about an order lie, oldest first, at most [`crate::PAGE_ROWS_MAX`] after `after`.
    ///
    /// # Errors
    /// [`ChainError::History`].
    pub fn order_events(
        &self,
        order: OrderId,
        after: Option<Location>,
    ) -> Result<Vec<Location>, ChainError> {
        Ok(self.0.core.history.order_events(order, after)?)
    }

    /// The events of a final block; empty for genesis.
    ///
    /// # Errors
    /// [`ChainError::History`], [`ChainError::NotKept`].
    pub fn events(&self, height: Height) -> Result<Vec<Event>, ChainError> {
        self.0.expect_kept(height)?;
        let result = self.0.core.history.result(height)?;
        Ok(result.map(|result| result.events).unwrap_or_default())
    }

    /// Orders that an account placed or was drawn for, newest first, before `before`, at most `limit` and
    /// [`crate::PAGE_ROWS_MAX`].
    ///
    /// # Errors
    /// [`ChainError::History`].
    pub fn account_orders(
        &self,
        account: AccountId,
        before: Option<Location>,
        limit: usize,
    ) -> Result<Vec<(Location, OrderId)>, ChainError> {
        Ok(self.0.core.history.account_orders(account, before, limit)?)
    }

    /// Stops taking transactions, then consensus, then the threads; returns when the data folder is free.
    /// Blocks, a few seconds at most; a second call does nothing.
    pub fn shutdown(&self) {
        self.0.core.stop();
        let running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(RunningNode { stop, thread }) = running {
            // A node that ended by itself no longer listens, and has told why.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Without waiting: this may run on a thread of an async runtime.
        let running = self
            .running
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(RunningNode { stop, .. }) = running {
            let _ = stop.send(());
        }
    }
}

impl Inner {
    async fn block(&self, height: Height) -> Result<Option<Arc<FinalizedBlock>>, ChainError> {
        if height == Height::ZERO || height > *self.core.finalized().borrow() {
            return Ok(None);
        }
        self.expect_kept(height)?;
        let executed = match self.core.recent(height) {
            Some(executed) => executed,
            None => {
                let block = block_at(&self.marshal, height).await;
                let block = block.ok_or_else(|| self.missing(height))?;
                let result = self.core.history.result(height)?;
                let result = result.ok_or_else(|| self.missing(height))?;
                Arc::new(ExecutedBlock {
                    id: block.header.id(),
                    block,
                    result: Arc::new(result),
                })
            }
        };
        let certificate = certificate(&self.marshal, height).await;
        let certificate = certificate.ok_or_else(|| self.missing(height))?;
        Ok(Some(Arc::new(FinalizedBlock {
            executed,
            certificate,
        })))
    }

    /// Refuses heights that were pruned.
    fn expect_kept(&self, height: Height) -> Result<(), ChainError> {
        let first = self.core.history.first();
        if height < first && height > Height::ZERO {
            return Err(ChainError::NotKept { height, first });
        }
        Ok(())
    }

    /// Waits until the block at `height` is final.
    async fn until_final(&self, height: Height) -> Result<(), ChainError> {
        let (mut finalized, mut ended) = (self.core.finalized(), self.core.ended());
        while *finalized.borrow_and_update() < height {
            if *ended.borrow_and_update() {
                return Err(ChainError::Stopped);
            }
            let advanced = std::pin::pin!(finalized.changed());
            let ended = std::pin::pin!(ended.changed());
            // Both senders live as long as the core that is held here.
            select(advanced, ended).await;
        }
        Ok(())
    }

    /// Why something about a final block was not found.
    fn missing(&self, height: Height) -> ChainError {
        if *self.core.ended().borrow() {
            return ChainError::Stopped;
        }
        // It may have been pruned since the caller looked.
        self.expect_kept(height)
            .err()
            .unwrap_or(ChainError::Missing { height })
    }
}

/// What a panic said.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}
