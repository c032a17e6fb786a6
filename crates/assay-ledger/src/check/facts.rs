//! Facts: what was found outside the ledger before a block's transactions run.
//!
//! The ledger verifies no proof. It names what it needs to know, statement by statement, as a function of
//! the transactions alone ([`proof_jobs`]); whoever executes the block finds out, in parallel, and hands the
//! verdicts in. Every node finds the same, since a verdict is a function of the evidence's bytes; only its
//! cost is moved off the ledger's single thread.

use assay_types::{Call, Hash32, PROOF_DELIVER, ProofCall, ProofEvidence, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// Verdicts on statements (signatures, proofs), by the statement's hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Hash32, bool>);

impl Facts {
    /// The statements with these hashes hold.
    pub fn new(statements: impl IntoIterator<Item = Hash32>) -> Self {
        Self::of_verdicts(statements.into_iter().map(|statement| (statement, true)))
    }

    /// The statements with these hashes were looked into, and hold or do not.
    pub fn of_verdicts(verdicts: impl IntoIterator<Item = (Hash32, bool)>) -> Self {
        Self(verdicts.into_iter().collect())
    }

    /// Whether the statement was found true.
    pub fn hold(&self, statement: &Hash32) -> bool {
        self.verdict(statement) == Some(true)
    }

    /// What was found; `None` when nobody looked into it.
    pub fn verdict(&self, statement: &Hash32) -> Option<bool> {
        self.0.get(statement).copied()
    }
}

/// A proof to verify before a block's transactions run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofJob {
    /// What the verdict is filed under, see `ProofStatement::hash`.
    pub statement: Hash32,
    /// What decides it.
    pub evidence: ProofEvidence,
}

/// How many of these transactions deliver a proof, or pretend to. A block with more than
/// `Params::proofs_per_block_max` is heavier than a block may be.
pub fn proof_calls<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> usize {
    transactions
        .into_iter()
        .filter(|tx| proof_body(tx).is_some())
        .count()
}

/// What has to be verified before these transactions run, each statement once, in the order of the first
/// transaction that makes it. Evidence that cannot be read states nothing.
pub fn proof_jobs<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> Vec<ProofJob> {
    let mut seen = BTreeSet::new();
    let mut jobs = Vec::new();
    for body in transactions.into_iter().filter_map(proof_body) {
        let Ok(Some(ProofCall::Deliver(evidence))) = ProofCall::read(PROOF_DELIVER, body) else {
            continue;
        };
        let statement = evidence.statement().hash();
        if seen.insert(statement) {
            jobs.push(ProofJob {
                statement,
                evidence,
            });
        }
    }
    jobs
}

/// The body of a check call that delivers a proof. Whether its order exists and takes one is decided when it
/// runs.
fn proof_body(tx: &Transaction) -> Option<&[u8]> {
    match &tx.body.call {
        Call::CheckCall {
            tag: PROOF_DELIVER,
            bytes,
            ..
        } => Some(bytes),
        _ => None,
    }
}
