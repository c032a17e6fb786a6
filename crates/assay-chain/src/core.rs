//! What consensus, the mempool and the readers of one node share.

use crate::{
    consensus::gossip::Outbox,
    evidence,
    history::{History, HistoryError},
    mempool::{AdmitError, Facts, Mempool, MempoolLimits, Senders, all_signed, check_alone},
    state::{BlockResult, Refusal, State},
};
use assay_ledger::Ledger;
use assay_types::{
    Block, BlockId, Call, ChainId, Genesis, Height, Invalid, Params, Transaction, TxId,
};
use commonware_parallel::{Sequential, Strategy};
use commonware_utils::channel::watch;
use rand_core::CryptoRng;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Transactions that enter the pool under one lock; whoever builds a block waits no longer than for these.
const INSERTED_AT_ONCE: usize = 256;

/// Final blocks kept at hand for subscribers that follow the tip.
const RECENT_BLOCKS: usize = 32;

/// Monotonic time since some moment of this process. The runtime's clock is the wall's, which jumps.
pub(crate) type Monotonic = Arc<dyn Fn() -> Duration + Send + Sync>;

/// A final block with what it did.
#[derive(Debug)]
pub struct ExecutedBlock {
    /// Hash of its header.
    pub id: BlockId,
    /// Header and transactions.
    pub block: Block,
    /// What it did.
    pub result: Arc<BlockResult>,
}

/// Shared by all parts of a node.
pub(crate) struct Core {
    pub(crate) chain: ChainId,
    pub(crate) params: Params,
    pub(crate) history: History,
    pub(crate) monotonic: Monotonic,
    state: RwLock<State>,
    mempool: Mutex<Mempool>,
    /// What this node's clients sent and its peers have not been told.
    pub(crate) outbox: Outbox,
    /// Keys of recent senders.
    senders: Mutex<Senders>,
    recent: Mutex<VecDeque<Arc<ExecutedBlock>>>,
    /// Counts admissions, so that an idle proposer wakes.
    arrivals: watch::Sender<u64>,
    /// Height of the last block whose results can be read.
    finalized: watch::Sender<Height>,
    stopping: AtomicBool,
    /// Whether consensus has ended, so that nothing will become final any more.
    ended: watch::Sender<bool>,
}

impl Core {
    pub(crate) fn new(
        genesis: &Genesis,
        state: State,
        history: History,
        limits: MempoolLimits,
        monotonic: Monotonic,
    ) -> Self {
        Self {
            chain: genesis.chain_id(),
            params: genesis.params.clone(),
            history,
            monotonic,
            state: RwLock::new(state),
            mempool: Mutex::new(Mempool::new(limits)),
            outbox: Outbox::default(),
            senders: Mutex::default(),
            recent: Mutex::default(),
            arrivals: watch::Sender::new(0),
            finalized: watch::Sender::new(Height::ZERO),
            stopping: AtomicBool::new(false),
            ended: watch::Sender::new(false),
        }
    }

    // A poisoned lock means that another thread panicked, which ends the node's runtime anyway; readers
    // that are still there may as well read.

    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn mempool(&self) -> MutexGuard<'_, Mempool> {
        self.mempool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    pub(crate) fn finalized(&self) -> watch::Receiver<Height> {
        self.finalized.subscribe()
    }

    /// Starts where the loaded state stands. Called once, before anything executes.
    pub(crate) fn open_at(&self, state: State) {
        self.finalized.send_replace(state.tip().height);
        *self.state_mut() = state;
    }

    /// Refuses new transactions from here on.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Tells all who wait that consensus has ended.
    pub(crate) fn end(&self) {
        self.stop();
        self.ended.send_replace(true);
    }

    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// Takes transactions into the mempool; one answer each, in order.
    ///
    /// Everything cheap comes first; the signatures that remain are verified in one batch, outside all
    /// locks, and one by one only if the batch holds a bad one.
    pub(crate) fn submit(
        &self,
        transactions: Vec<Transaction>,
        rng: &mut impl CryptoRng,
    ) -> Vec<Result<TxId, AdmitError>> {
        if self.stopping.load(Ordering::Relaxed) {
            return transactions
                .iter()
                .map(|_| Err(AdmitError::Stopping))
                .collect();
        }
        let mut answers: Vec<Result<TxId, AdmitError>> = {
            let state = self.state();
            transactions
                .iter()
                .map(|tx| {
                    check_alone(tx, &facts(&self.params, state.ledger(), self.chain, tx))?;
                    Ok(tx.id())
                })
                .collect()
        };
        // Those that wait already are verified.
        let unknown: Vec<usize> = {
            let mempool = self.mempool();
            (0..transactions.len())
                .filter(|&i| answers[i].is_ok() && !mempool.has_verified(&transactions[i]))
                .collect()
        };
        let batch: Vec<&Transaction> = unknown.iter().map(|&i| &transactions[i]).collect();
        if !batch.is_empty() && !all_signed(&self.senders, &batch, rng, &Sequential) {
            for &i in &unknown {
                if !transactions[i].signature_holds() {
                    answers[i] = Err(Invalid::BadSignature.into());
                }
            }
        }
        let mut admitted = 0;
        let mut offered = transactions.into_iter().zip(&mut answers).peekable();
        while offered.peek().is_some() {
            // The state is locked before the pool wherever both are.
            let state = self.state();
            let mut mempool = self.mempool();
            for (transaction, answer) in offered.by_ref().take(INSERTED_AT_ONCE) {
                if answer.is_ok() {
                    let facts = facts(&self.params, state.ledger(), self.chain, &transaction);
                    *answer = mempool.insert(transaction, &facts);
                    admitted += u64::from(answer.is_ok());
                }
            }
        }
        if admitted > 0 {
            self.arrivals.send_modify(|count| *count += admitted);
        }
        answers
    }

    /// Whether every transaction of a block is signed; verifies those that do not wait in the pool.
    pub(crate) fn signatures_hold(
        &self,
        block: &Block,
        rng: &mut impl CryptoRng,
        strategy: &impl Strategy,
    ) -> bool {
        let unknown: Vec<&Transaction> = {
            let mempool = self.mempool();
            let transactions = block.transactions.iter();
            transactions
                .filter(|transaction| !mempool.has_verified(transaction))
                .collect()
        };
        unknown.is_empty() || all_signed(&self.senders, &unknown, rng, strategy)
    }

    /// Tells subscribers of a final block whose results can be read.
    pub(crate) fn publish(&self, finalized: Arc<ExecutedBlock>) {
        let height = finalized.block.header.height;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_back(finalized);
        if recent.len() > RECENT_BLOCKS {
            recent.pop_front();
        }
        drop(recent);
        self.finalized.send_if_modified(|last| {
            let higher = height > *last;
            if higher {
                *last = height;
            }
            higher
        });
    }

    /// A final block that is still at hand.
    pub(crate) fn recent(&self, height: Height) -> Option<Arc<ExecutedBlock>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent
            .iter()
            .find(|finalized| finalized.block.header.height == height)
            .cloned()
    }
}

/// Executes kept blocks from genesis on, without the database, and hands each result to `each`.
pub(crate) struct Reexecution {
    state: State,
}

impl Reexecution {
    pub(crate) fn new(state: State) -> Self {
        Self { state }
    }

    /// The height of the last executed block.
    pub(crate) fn height(&self) -> Height {
        self.state.tip().height
    }

    /// The tables after it.
    pub(crate) fn ledger(&self) -> &Ledger {
        self.state.ledger()
    }

    /// Executes the next block.
    ///
    /// # Errors
    /// [`Refusal`] when the block does not follow from the ones before.
    pub(crate) fn step(
        &mut self,
        block: &Block,
    ) -> Result<(Vec<assay_ledger::Row>, Arc<BlockResult>), Refusal> {
        let (height, parent) = (block.header.height, self.state.tip().height);
        if block.header.parent != self.state.tip_id() {
            return Err(Refusal::Lineage { height, parent });
        }
        let facts = evidence::facts_of_block(block, self.ledger().params())?;
        let draft = self.state.process(block, facts)?;
        self.state.insert(block, draft.executed, Duration::ZERO);
        Ok((draft.rows, self.state.finalize(block.header.id())))
    }
}

/// Adds to the history the blocks up to `target` that it lacks.
///
/// # Errors
/// Whatever reading a block, executing it or recording it reports.
pub(crate) async fn rebuild_history<F, Fut>(
    history: &History,
    genesis: State,
    target: Height,
    block_at: F,
) -> Result<(), RebuildError>
where
    F: Fn(Height) -> Fut,
    Fut: Future<Output = Option<Block>>,
{
    let mut reexecution = Reexecution::new(genesis);
    while reexecution.height() < target {
        let height = reexecution.height().next();
        let block = block_at(height)
            .await
            .ok_or(RebuildError::Missing { height })?;
        let (_, result) = reexecution.step(&block)?;
        history.record(block.header.id(), &block, &result)?;
    }
    history.sync()?;
    Ok(())
}

/// Why the history could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// A block is missing.
    #[error(
        "block {height} is not in the data folder, so its history index cannot be rebuilt; restore the folder from a copy, the index with it"
    )]
    Missing {
        /// Its height.
        height: Height,
    },
    /// A kept block cannot be executed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The index cannot be written.
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// What the final ledger says about a transaction's sender.
fn facts(params: &Params, ledger: &Ledger, chain: ChainId, transaction: &Transaction) -> Facts {
    let body = &transaction.body;
    let reserved = match &body.call {
        Call::CheckCall { order, .. } => ledger.order(order).is_some_and(|order| {
            order.buyer == body.sender || order.seat_of(&body.sender).is_some()
        }),
        _ => false,
    };
    let account = ledger.account(&body.sender);
    Facts {
        reserved,
        chain,
        now: ledger.time(),
        base_fee: ledger.base_fee(),
        base_fee_min: params.base_fee_min,
        block_weight_max: params.block_weight_max,
        valid_ms_max: params.valid_ms_max,
        next_sequence: account.map_or(0, |account| account.lanes.next(body.lane)),
        balance: account.map(|account| account.balance).unwrap_or_default(),
    }
}
