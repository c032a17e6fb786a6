//! The public keys of recent senders, decoded.
//!
//! An account's id is its key's 32 bytes; to verify with it, the point has to be found on the curve, which
//! is a quarter of verifying a signature in a batch. Most transactions come from accounts that sent before.

use assay_types::{AccountId, PublicKey, Transaction};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Keys of one generation; both together take about 60 MiB.
const GENERATION: usize = 1 << 17;

/// A bounded memory of keys. What was not used for a whole generation is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    young: HashMap<AccountId, PublicKey>,
    old: HashMap<AccountId, PublicKey>,
}

impl Senders {
    /// The key of `account`, if it is remembered.
    fn get(&mut self, account: &AccountId) -> Option<PublicKey> {
        if let Some(key) = self.young.get(account) {
            return Some(key.clone());
        }
        let key = self.old.remove(account)?;
        self.insert(*account, key.clone());
        Some(key)
    }

    /// Remembers the key of `account`.
    fn insert(&mut self, account: AccountId, key: PublicKey) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(account, key);
    }
}

/// Each transaction with its sender's key; `None` when a sender is no key. What is not remembered is found
/// outside the lock, so that requests do this side by side.
pub(crate) fn with_keys<'a>(
    senders: &Mutex<Senders>,
    transactions: impl IntoIterator<Item = &'a Transaction>,
) -> Option<Vec<(PublicKey, &'a Transaction)>> {
    let lock = || senders.lock().unwrap_or_else(PoisonError::into_inner);
    let remembered: Vec<(Option<PublicKey>, &Transaction)> = {
        let mut senders = lock();
        let transactions = transactions.into_iter();
        transactions
            .map(|transaction| (senders.get(&transaction.body.sender), transaction))
            .collect()
    };
    let mut found = Vec::new();
    let mut keys = Vec::with_capacity(remembered.len());
    for (key, transaction) in remembered {
        let key = match key {
            Some(key) => key,
            None => {
                let account = transaction.body.sender;
                let key = PublicKey::try_from(account).ok()?;
                found.push((account, key.clone()));
                key
            }
        };
        keys.push((key, transaction));
    }
    let mut senders = lock();
    for (account, key) in found {
        senders.insert(account, key);
    }
    Some(keys)
}

#[cfg(test)]
mod tests;
