//! The ledger under consensus: finalised tables, and one overlay per block that is not final yet.
//!
//! Consensus asks for blocks to be built and checked on parents that may never become final. Each such
//! block leaves an [`Overlay`] of its changes, keyed by its id, that points to its parent; executing on a
//! parent means reading through the overlays from it down to the finalised tip. When a block becomes final
//! its overlay is folded into the tables and every overlay that does not descend from it is dropped.
//!
//! Invariants:
//! - the overlays form a forest rooted at the finalised tip;
//! - every block whose state Commonware's `Stateful` keeps has its overlay here. One's own proposal skips
//!   `process`, so both `propose` and `process` insert. The reverse does not hold and need not: an overlay of
//!   a cancelled request is dropped by the next finalisation above it;
//! - the tables equal what the authenticated database was after the tip, whose header carries its root; the
//!   database itself may be a few final blocks ahead ([`crate::consensus::recorder`]).

use crate::{
    mempool::{Ids, Included},
    time::step_is_valid,
};
use assay_ledger::{BlockEnv, Changes, Executed, Execution, Ledger, Outcome, Row, check::Facts};
use assay_types::{
    AccountId, Block, BlockId, Event, Genesis, Hash32, Header, Height, Invalid, LedgerTime,
    Transaction, TxId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// What a block did, beside the ledger's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockResult {
    /// One per transaction, in the block's order.
    pub outcomes: Vec<Outcome>,
    /// Leaves of the event root, in order.
    pub events: Vec<Event>,
}

/// Why a block is invalid for ever.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its time breaks the rule of steps.
    #[error("the time {time} of block {height} must lie 1 to 5000 ms after its parent's, {parent}")]
    Time {
        /// The block's height.
        height: Height,
        /// Its time.
        time: LedgerTime,
        /// Its parent's.
        parent: LedgerTime,
    },
    /// Its height is not its parent's plus one, or its parent is not the one it names.
    #[error("block {height} does not follow its parent at {parent}")]
    Lineage {
        /// The block's height.
        height: Height,
        /// Its parent's.
        parent: Height,
    },
    /// Its randomness does not follow from its parent.
    #[error("the randomness of block {height} does not follow from its parent's")]
    Randomness {
        /// The block's height.
        height: Height,
    },
    /// It holds a transaction that no block may hold.
    #[error("transaction {index} of block {height} is invalid: {source}")]
    Transaction {
        /// The block's height.
        height: Height,
        /// Place in the block, from 0.
        index: usize,
        /// Why.
        source: Invalid,
    },
    /// A transaction's signature does not hold.
    #[error("block {height} holds a transaction that its sender did not sign")]
    Signature {
        /// The block's height.
        height: Height,
    },
    /// It holds more proofs than a block's weight has room for.
    #[error("block {height} delivers {proofs} proofs, a block may deliver {max}")]
    TooManyProofs {
        /// The block's height.
        height: Height,
        /// How many.
        proofs: u64,
        /// See `Params::proofs_per_block_max`.
        max: u64,
    },
    /// Execution gives another base fee.
    #[error("block {height} claims base fee {claimed}, execution gives {actual}")]
    BaseFee {
        /// The block's height.
        height: Height,
        /// What its header says.
        claimed: u64,
        /// What execution gives.
        actual: u64,
    },
    /// Execution gives another root.
    #[error("block {height} claims {what} {claimed}, execution gives {actual}")]
    Root {
        /// The block's height.
        height: Height,
        /// Which root.
        what: &'static str,
        /// What its header says.
        claimed: Hash32,
        /// What execution gives.
        actual: Hash32,
    },
}

/// A block that was executed on a parent and is not final.
pub(crate) struct Overlay {
    header: Header,
    changes: Changes,
    result: Arc<BlockResult>,
    transactions: Ids,
    /// The node's monotonic time when it was executed here.
    seen: Duration,
}

/// An executed block whose roots are not known yet.
pub(crate) struct Draft {
    pub(crate) executed: Executed,
    /// What the database gets, sorted by key.
    pub(crate) rows: Vec<Row>,
}

/// A block under construction: what was kept of the candidates, and what its execution gave.
pub(crate) struct Proposal {
    pub(crate) env: ProposalEnv,
    pub(crate) draft: Draft,
    pub(crate) transactions: Vec<Transaction>,
    /// Candidates that no block may hold on this parent, with the reason.
    pub(crate) refused: Vec<(TxId, Invalid)>,
}

/// The header fields that a proposer decides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProposalEnv {
    pub(crate) parent: BlockId,
    pub(crate) height: Height,
    pub(crate) time: LedgerTime,
    pub(crate) randomness: Hash32,
}

/// Tables and overlays.
pub(crate) struct State {
    ledger: Ledger,
    tip: Header,
    tip_id: BlockId,
    tip_seen: Duration,
    overlays: BTreeMap<BlockId, Overlay>,
    /// What genesis writes, together with block 1; empty once that block is final.
    genesis_rows: Vec<Row>,
}

impl State {
    /// The state of the empty chain, whose stand-in block has this header.
    pub(crate) fn genesis(
        genesis: &Genesis,
        header: Header,
        now: Duration,
    ) -> Result<Self, assay_ledger::GenesisError> {
        let (ledger, genesis_rows) = Ledger::genesis(genesis)?;
        let tip_id = header.id();
        Ok(Self {
            ledger,
            tip: header,
            tip_id,
            tip_seen: now,
            overlays: BTreeMap::new(),
            genesis_rows,
        })
    }

    /// The state after the block with `header`, whose tables were loaded from the database.
    pub(crate) fn at(ledger: Ledger, header: Header, now: Duration) -> Self {
        let tip_id = header.id();
        Self {
            ledger,
            tip: header,
            tip_id,
            tip_seen: now,
            overlays: BTreeMap::new(),
            genesis_rows: Vec::new(),
        }
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The header of the last final block.
    pub(crate) fn tip(&self) -> &Header {
        &self.tip
    }

    /// Its id.
    pub(crate) fn tip_id(&self) -> BlockId {
        self.tip_id
    }

    /// The header of a block that was executed here, and the monotonic time of that.
    pub(crate) fn header(&self, id: BlockId) -> Option<(&Header, Duration)> {
        if id == self.tip_id {
            return Some((&self.tip, self.tip_seen));
        }
        self.overlays
            .get(&id)
            .map(|overlay| (&overlay.header, overlay.seen))
    }

    /// The header among the tip and the blocks above it that commits to this state root.
    pub(crate) fn header_with_root(&self, root: &Hash32) -> Option<&Header> {
        std::iter::once(&self.tip)
            .chain(self.overlays.values().map(|overlay| &overlay.header))
            .find(|header| header.state_root == *root)
    }

    /// Number of blocks executed here that are not final.
    #[cfg(test)]
    pub(crate) fn overlay_count(&self) -> usize {
        self.overlays.len()
    }

    /// Transactions of the blocks from `parent` down to the tip, which a block above must not repeat.
    pub(crate) fn included_below(&self, parent: BlockId) -> Included<'_> {
        let below = self.lineage(parent);
        Included(below.iter().map(|overlay| &overlay.transactions).collect())
    }

    /// Builds a block above `parent` at `time`, keeping the candidates that may be in it. `facts` are
    /// [`crate::evidence::facts`] of the candidates.
    pub(crate) fn propose(
        &self,
        parent: BlockId,
        time: LedgerTime,
        leader: AccountId,
        candidates: Vec<Transaction>,
        facts: Facts,
    ) -> Proposal {
        let (header, _) = self.expect_header(parent);
        let env = ProposalEnv {
            parent,
            height: header.height.next(),
            time,
            randomness: Header::next_randomness(&header.randomness, &parent),
        };
        let layers = self.layers(parent);
        let mut execution = Execution::begin(&self.ledger, &layers, block_env(&env, leader));
        execution.set_facts(facts);
        let mut transactions = Vec::with_capacity(candidates.len());
        let mut refused = Vec::new();
        for transaction in candidates {
            match execution.apply(&transaction) {
                Ok(_) => transactions.push(transaction),
                Err(reason) => refused.push((transaction.id(), reason)),
            }
        }
        let draft = self.draft(env.height, execution.finish());
        Proposal {
            env,
            draft,
            transactions,
            refused,
        }
    }

    /// Checks what follows from a header and its parent's alone. Only after that may a header ahead of the
    /// local clock be awaited, or a stranger could make us wait for ever.
    ///
    /// # Errors
    /// [`Refusal`] when no honest node can accept the header, ever.
    pub(crate) fn check_header(&self, header: &Header) -> Result<(), Refusal> {
        let height = header.height;
        let (parent, _) = self.expect_header(header.parent);
        if header.context.parent != header.parent || height != parent.height.next() {
            return Err(Refusal::Lineage {
                height,
                parent: parent.height,
            });
        }
        if !step_is_valid(parent.time, header.time) {
            return Err(Refusal::Time {
                height,
                time: header.time,
                parent: parent.time,
            });
        }
        if header.randomness != Header::next_randomness(&parent.randomness, &header.parent) {
            return Err(Refusal::Randomness { height });
        }
        Ok(())
    }

    /// Executes `block` above its parent and compares all that does not need the database. `facts` are
    /// [`crate::evidence::facts_of_block`].
    ///
    /// # Errors
    /// [`Refusal`] when no honest node can accept the block, ever.
    pub(crate) fn process(&self, block: &Block, facts: Facts) -> Result<Draft, Refusal> {
        self.check_header(&block.header)?;
        let header = &block.header;
        let height = header.height;
        let env = ProposalEnv {
            parent: header.parent,
            height,
            time: header.time,
            randomness: header.randomness,
        };
        let layers = self.layers(header.parent);
        let leader = header.context.leader.account();
        let mut execution = Execution::begin(&self.ledger, &layers, block_env(&env, leader));
        execution.set_facts(facts);
        for (index, transaction) in block.transactions.iter().enumerate() {
            execution
                .apply(transaction)
                .map_err(|source| Refusal::Transaction {
                    height,
                    index,
                    source,
                })?;
        }
        let executed = execution.finish();
        if executed.base_fee != header.base_fee {
            return Err(Refusal::BaseFee {
                height,
                claimed: header.base_fee.get(),
                actual: executed.base_fee.get(),
            });
        }
        check_root(height, "event root", header.event_root, executed.event_root)?;
        Ok(self.draft(height, executed))
    }

    /// Keeps the overlay of an executed block, so that others can be built on it.
    pub(crate) fn insert(&mut self, block: &Block, executed: Executed, now: Duration) {
        let overlay = Overlay {
            header: block.header.clone(),
            changes: executed.changes,
            result: Arc::new(BlockResult {
                outcomes: executed.outcomes,
                events: executed.events,
            }),
            transactions: block.transactions.iter().map(Transaction::id).collect(),
            seen: now,
        };
        // A block may finish twice: a request that was cancelled after its execution comes again.
        self.overlays.entry(block.header.id()).or_insert(overlay);
    }

    /// What a block did that was executed here and is becoming final.
    ///
    /// # Panics
    /// When it was not executed here, which consensus promises.
    pub(crate) fn result(&self, id: BlockId) -> Arc<BlockResult> {
        let overlay = self.overlays.get(&id);
        overlay
            .unwrap_or_else(|| panic!("block {id} is final but was not executed"))
            .result
            .clone()
    }

    /// Folds a final block into the tables and drops every fork that lost.
    ///
    /// # Panics
    /// When the block was not executed here or is not the tip's child: consensus promises both, and going on
    /// would corrupt the ledger.
    pub(crate) fn finalize(&mut self, id: BlockId) -> Arc<BlockResult> {
        let overlay = self.overlays.remove(&id);
        let overlay = overlay.unwrap_or_else(|| panic!("block {id} is final but was not executed"));
        assert_eq!(
            overlay.header.parent, self.tip_id,
            "final block {id} must be the child of the tip"
        );
        self.ledger.apply(&overlay.changes);
        self.tip = overlay.header;
        self.tip_id = id;
        self.tip_seen = overlay.seen;
        self.genesis_rows = Vec::new();
        self.drop_lost_forks();
        overlay.result
    }

    fn drop_lost_forks(&mut self) {
        let mut alive = BTreeSet::from([self.tip_id]);
        let mut waiting: Vec<(Height, BlockId, BlockId)> = self
            .overlays
            .iter()
            .map(|(id, overlay)| (overlay.header.height, overlay.header.parent, *id))
            .collect();
        waiting.sort_unstable();
        for (_, parent, id) in waiting {
            if alive.contains(&parent) {
                alive.insert(id);
            }
        }
        self.overlays.retain(|id, _| alive.contains(id));
    }

    /// Overlays from the oldest above the tip up to `id`.
    fn lineage(&self, mut id: BlockId) -> Vec<&Overlay> {
        let mut lineage = Vec::new();
        while id != self.tip_id {
            let overlay = self.overlays.get(&id);
            let overlay = overlay.unwrap_or_else(|| panic!("no state for block {id}"));
            lineage.push(overlay);
            id = overlay.header.parent;
        }
        lineage.reverse();
        lineage
    }

    fn layers(&self, parent: BlockId) -> Vec<&Changes> {
        self.lineage(parent)
            .iter()
            .map(|overlay| &overlay.changes)
            .collect()
    }

    fn expect_header(&self, id: BlockId) -> (&Header, Duration) {
        self.header(id)
            .unwrap_or_else(|| panic!("no state for block {id}"))
    }

    fn draft(&self, height: Height, executed: Executed) -> Draft {
        let mut rows = executed.changes.rows();
        if height == Height::ZERO.next() {
            let mut first: BTreeMap<_, _> = self.genesis_rows.iter().cloned().collect();
            first.extend(rows);
            rows = first.into_iter().collect();
        }
        Draft { executed, rows }
    }
}

/// Compares a root with the one that execution gave.
pub(crate) fn check_root(
    height: Height,
    what: &'static str,
    claimed: Hash32,
    actual: Hash32,
) -> Result<(), Refusal> {
    if claimed == actual {
        Ok(())
    } else {
        Err(Refusal::Root {
            height,
            what,
            claimed,
            actual,
        })
    }
}

fn block_env(env: &ProposalEnv, leader: AccountId) -> BlockEnv {
    BlockEnv {
        height: env.height,
        time: env.time,
        randomness: env.randomness,
        leader,
    }
}

#[cfg(test)]
mod tests;
