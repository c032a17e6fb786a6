//! The ledger on disk without consensus: what one node does to a block, and nothing else.
//!
//! It takes encoded transactions, decodes them, verifies their signatures, executes them, seals the changes
//! in the authenticated database and makes that durable: the same functions in the same order as a
//! validator's, one block after another, on as many threads as it is told. As at a validator, the disk
//! works on a block while the next one is verified. Benchmarks measure it; a block that it seals has the
//! roots that a validator would give it.

use crate::{
    chain::{
        STACK_BYTES,
        node::{PARTITION, Threads},
    },
    consensus::{
        database::{self, Databases, merkleize},
        engine::{OpenError, genesis_block, rows},
    },
    evidence,
    folder::{Folder, FolderError},
    mempool::{Senders, all_signed},
    state::{Draft, Proposal, State},
};
use assay_ledger::{GenesisError, Ledger, LoadError};
use assay_types::{
    Block, ConsensusContext, DecodeError, Genesis, HEADER_VERSION, Hash32, Header, Height, Invalid,
    LedgerTime, List, PublicKey, TRANSACTIONS_PER_BLOCK_MAX, Transaction, decode,
};
use commonware_glue::stateful::db::{Barrier, DatabaseSet, Merkleized as _};
use commonware_runtime::{Runner as _, Strategizer as _, Supervisor as _, tokio};
use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{Mutex, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// What one block took, wall time, step by step.
#[derive(Debug, Clone, Copy, Default)]
pub struct BlockCost {
    /// Bytes to transactions.
    pub decode: Duration,
    /// Their signatures, in one batch, and their proofs.
    pub verify: Duration,
    /// The rules.
    pub execute: Duration,
    /// The database's new roots.
    pub merkleize: Duration,
    /// Handing it to the disk, which may still work on the block before, and folding the changes into the
    /// tables.
    pub persist: Duration,
}

/// A sealed block.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Its header. The votes' part of it is empty.
    pub header: Header,
    /// Transactions in it.
    pub transactions: usize,
    /// Those of them that paid and changed nothing else.
    pub rejected: usize,
    /// What it took.
    pub cost: BlockCost,
}

/// What a start found and took.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    /// Height of the last durable block.
    pub height: Height,
    /// Rows of all tables.
    pub rows: usize,
    /// Opening the database.
    pub open: Duration,
    /// Reading its rows into tables and rebuilding their indexes.
    pub load: Duration,
}

/// Why a block was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum StandaloneError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The genesis cannot begin a chain.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The bytes are no list of transactions.
    #[error("cannot read the transactions: {0}; encode them as a canonical list")]
    Decode(#[from] DecodeError),
    /// A signature does not hold.
    #[error("a transaction is not signed by its sender; sign it for this chain")]
    Signature,
    /// The database cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its rows are no ledger.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// No block may hold one of them.
    #[error("no block may hold one of the transactions: {0}")]
    Invalid(Invalid),
    /// The header to go on above is not that of the last block in the folder.
    #[error("cannot go on above block {given}: the folder ends with another block, at {found}")]
    Tip {
        /// The header's height.
        given: Height,
        /// Height of the last durable block.
        found: Height,
    },
    /// The thread that works cannot be started, or has ended.
    #[error("the thread of the standalone ledger is gone; the log above says why")]
    Gone,
}

/// What the thread is asked.
enum Request {
    /// For a block at a time over these bytes.
    Seal {
        time: LedgerTime,
        transactions: Vec<u8>,
        answer: mpsc::Sender<Result<Sealed, StandaloneError>>,
    },
    /// To tell when all blocks are durable.
    Settle { answer: mpsc::Sender<()> },
}

/// A ledger on disk without consensus; its thread ends when it is dropped.
#[derive(Debug)]
pub struct Standalone {
    requests: mpsc::Sender<Request>,
    thread: JoinHandle<()>,
}

impl Standalone {
    /// Begins the chain of `genesis` in `data_dir`, which must be empty, on `threads` threads.
    ///
    /// # Errors
    /// [`StandaloneError`] when the folder or the genesis cannot be used.
    pub fn begin(
        data_dir: &Path,
        genesis: &Genesis,
        threads: NonZeroUsize,
    ) -> Result<Self, StandaloneError> {
        Self::start(data_dir, genesis, None, threads).map(|(ledger, _)| ledger)
    }

    /// Goes on above `tip`, the last header that a standalone ledger sealed in `data_dir`. The database is
    /// opened and the tables are loaded from it as a node's start does.
    ///
    /// # Errors
    /// [`StandaloneError`] when the folder cannot be used, its rows are damaged or `tip` is not its last header.
    pub fn resume(
        data_dir: &Path,
        genesis: &Genesis,
        tip: Header,
        threads: NonZeroUsize,
    ) -> Result<(Self, Loaded), StandaloneError> {
        Self::start(data_dir, genesis, Some(tip), threads)
    }

    fn start(
        data_dir: &Path,
        genesis: &Genesis,
        tip: Option<Header>,
        threads: NonZeroUsize,
    ) -> Result<(Self, Loaded), StandaloneError> {
        let folder = Folder::open(data_dir, genesis.chain_id())?;
        let log_bytes = database::log_bytes(&folder, PARTITION, genesis);
        let genesis = genesis.clone();
        let (requests, received) = mpsc::channel();
        let (opened, opening) = mpsc::channel();
        let work = move || {
            let config = tokio::Config::new()
                .with_storage_directory(folder.stores())
                .with_worker_threads(threads.get());
            tokio::Runner::new(config).start(|context| async move {
                // Whoever asked may have gone.
                match Worker::open(context, &genesis, tip, threads, log_bytes).await {
                    Ok((worker, loaded)) => {
                        let _ = opened.send(Ok(loaded));
                        worker.serve(&received).await;
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                }
                drop(folder);
            });
        };
        let thread = std::thread::Builder::new()
            .name("assay-standalone".into())
            .stack_size(STACK_BYTES)
            .spawn(work)
            .map_err(|_| StandaloneError::Gone)?;
        let loaded = opening.recv().map_err(|_| StandaloneError::Gone)??;
        Ok((Self { requests, thread }, loaded))
    }

    /// Waits until every sealed block is durable and lets go of the folder.
    pub fn close(self) {
        drop(self.requests);
        // A panic there has been told by the block that caused it.
        let _ = self.thread.join();
    }

    /// Seals a block of these transactions (a canonical list) at `time`; the disk goes on writing it.
    ///
    /// # Errors
    /// [`StandaloneError`]; the ledger is unchanged then.
    pub fn seal(&self, time: LedgerTime, transactions: Vec<u8>) -> Result<Sealed, StandaloneError> {
        let (answer, answered) = mpsc::channel();
        let request = Request::Seal {
            time,
            transactions,
            answer,
        };
        self.requests
            .send(request)
            .map_err(|_| StandaloneError::Gone)?;
        answered.recv().map_err(|_| StandaloneError::Gone)?
    }

    /// Waits until every sealed block is durable.
    ///
    /// # Errors
    /// [`StandaloneError::Gone`].
    pub fn settle(&self) -> Result<(), StandaloneError> {
        let (answer, answered) = mpsc::channel();
        self.requests
            .send(Request::Settle { answer })
            .map_err(|_| StandaloneError::Gone)?;
        answered.recv().map_err(|_| StandaloneError::Gone)
    }
}

/// The thread's part.
struct Worker {
    context: tokio::Context,
    strategy: Threads,
    databases: Databases<tokio::Context, Threads>,
    state: State,
    senders: Mutex<Senders>,
    leader: PublicKey,
    /// The block that the disk works on.
    writing: Option<Barrier>,
}

impl Worker {
    async fn open(
        context: tokio::Context,
        genesis: &Genesis,
        tip: Option<Header>,
        threads: NonZeroUsize,
        log_bytes: u64,
    ) -> Result<(Self, Loaded), StandaloneError> {
        let mut lap = Lap(Instant::now());
        let strategy: Threads = context.child("strategy").strategy(threads);
        let databases = open_databases(&context, &strategy, log_bytes).await;
        let open = lap.time();
        let origin = genesis_block::<tokio::Context, Threads>(genesis)?;
        let leader = origin.0.header.context.leader.clone();
        let (state, rows) = match tip {
            None => {
                let state = State::genesis(genesis, origin.0.header, Duration::ZERO)?;
                (state, 0)
            }
            Some(tip) => {
                let rows = rows(&databases).await?;
                let count = rows.len();
                let ledger = Ledger::load(genesis, rows)?;
                let (given, found) = (tip.height, ledger.height());
                if (given, tip.randomness) != (found, ledger.randomness()) {
                    return Err(StandaloneError::Tip { given, found });
                }
                (State::at(ledger, tip, Duration::ZERO), count)
            }
        };
        let loaded = Loaded {
            height: state.tip().height,
            rows,
            open,
            load: lap.time(),
        };
        let worker = Self {
            context,
            strategy,
            databases,
            state,
            senders: Mutex::default(),
            leader,
            writing: None,
        };
        Ok((worker, loaded))
    }

    async fn serve(mut self, requests: &mpsc::Receiver<Request>) {
        while let Ok(request) = requests.recv() {
            // Whoever asked may have gone.
            match request {
                Request::Seal {
                    time,
                    transactions,
                    answer,
                } => {
                    let _ = answer.send(self.seal(time, &transactions).await);
                }
                Request::Settle { answer } => {
                    self.settle().await;
                    let _ = answer.send(());
                }
            }
        }
        self.settle().await;
    }

    /// Waits for the disk.
    async fn settle(&mut self) {
        if let Some(writing) = self.writing.take() {
            writing.durable().await;
        }
    }

    async fn seal(&mut self, time: LedgerTime, bytes: &[u8]) -> Result<Sealed, StandaloneError> {
        let mut lap = Lap(Instant::now());
        let mut cost = BlockCost::default();
        let transactions: List<Transaction, TRANSACTIONS_PER_BLOCK_MAX> = decode(bytes)?;
        let transactions = transactions.into_vec();
        cost.decode = lap.time();

        let all: Vec<&Transaction> = transactions.iter().collect();
        let signed = all_signed(&self.senders, &all, &mut self.context, &self.strategy);
        if !signed {
            return Err(StandaloneError::Signature);
        }
        let facts = evidence::facts(&transactions);
        cost.verify = lap.time();

        let parent = self.state.tip_id();
        let Proposal {
            env,
            draft,
            transactions,
            refused,
        } = self
            .state
            .propose(parent, time, self.leader.account(), transactions, facts);
        if let Some((_, reason)) = refused.into_iter().next() {
            return Err(StandaloneError::Invalid(reason));
        }
        let Draft { executed, rows } = draft;
        cost.execute = lap.time();

        let batch = DatabaseSet::<tokio::Context>::new_batches(&self.databases).await;
        let merkleized = merkleize::<tokio::Context, Threads>(batch, rows).await;
        cost.merkleize = lap.time();

        let header = Header {
            version: HEADER_VERSION,
            context: ConsensusContext {
                epoch: 0,
                view: env.height.get(),
                leader: self.leader.clone(),
                parent_view: env.height.get() - 1,
                parent,
            },
            parent,
            height: env.height,
            time,
            randomness: env.randomness,
            transactions_root: Block::transactions_root(&transactions),
            state_root: Hash32::new(merkleized.root().0),
            operations_root: Hash32::new(merkleized.ops_root().0),
            range_start: *merkleized.sync_boundary(),
            range_end: *merkleized.bounds().tip.size,
            event_root: executed.event_root,
            base_fee: executed.base_fee,
        };
        let block = Block {
            header,
            transactions,
        };
        let outcomes = executed.outcomes.iter();
        let rejected = outcomes
            .filter(|outcome| outcome.rejection.is_some())
            .count();
        self.state.insert(&block, executed, Duration::ZERO);
        cost.execute += lap.time();

        DatabaseSet::<tokio::Context>::apply(&self.databases, merkleized).await;
        self.state.finalize(block.header.id());
        self.settle().await;
        self.writing = Some(DatabaseSet::<tokio::Context>::finalize(&self.databases).await);
        cost.persist = lap.time();
        Ok(Sealed {
            transactions: block.transactions.len(),
            rejected,
            header: block.header,
            cost,
        })
    }
}

async fn open_databases(
    context: &tokio::Context,
    strategy: &Threads,
    log_bytes: u64,
) -> Databases<tokio::Context, Threads> {
    let page_cache = database::page_cache(log_bytes);
    let config = database::config(PARTITION, &page_cache, log_bytes, strategy.clone());
    <Databases<tokio::Context, Threads> as DatabaseSet<_>>::init(
        context.child("state"),
        config,
        None,
    )
    .await
}

/// A stopwatch.
struct Lap(Instant);

impl Lap {
    /// Time since the last call.
    fn time(&mut self) -> Duration {
        let now = Instant::now();
        let passed = now - self.0;
        self.0 = now;
        passed
    }
}
