//! Which signatures this node has verified already, so that each is verified once.
//!
//! A transaction's id does not cover its signature, so an entry is both: another signature under a known id
//! is verified afresh.

use assay_types::{Signature, Transaction, TxId};
use std::collections::{HashSet, VecDeque};

/// Entries kept. Twice the largest block, so that a block of transactions admitted while its predecessor
/// was being built is still known when it arrives; about 20 MiB.
const ENTRIES_MAX: usize = 1 << 17;

/// A bounded memory of verified signatures; forgets the oldest.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    known: HashSet<(TxId, Signature)>,
    order: VecDeque<(TxId, Signature)>,
}

impl Verified {
    /// Whether this transaction's signature was verified.
    pub(crate) fn contains(&self, id: TxId, transaction: &Transaction) -> bool {
        self.known.contains(&(id, transaction.signature.clone()))
    }

    /// Remembers a verified signature.
    pub(crate) fn insert(&mut self, id: TxId, transaction: &Transaction) {
        let entry = (id, transaction.signature.clone());
        if self.known.insert(entry.clone()) {
            self.order.push_back(entry);
            if self.order.len() > ENTRIES_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
    }
}
