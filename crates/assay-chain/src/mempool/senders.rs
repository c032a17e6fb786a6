//! The public keys of recent senders, decoded.
//!
//! An account's id is its key's 32 bytes; to verify with it, the point has to be found on the curve, which
//! is a quarter of verifying a signature in a batch. Most transactions come from accounts that sent before.

use assay_types::{AccountId, PublicKey, Transaction};
use commonware_parallel::Strategy;
use foldhash::fast::RandomState;
use rand_core::CryptoRng;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Keys of one generation; both together take about 60 MiB.
const GENERATION: usize = 1 << 17;

/// A bounded memory of keys. What was not used for a whole generation is forgotten.
#[derive(Debug, Default)]
pub(crate) struct Senders {
    young: HashMap<AccountId, PublicKey, RandomState>,
    old: HashMap<AccountId, PublicKey, RandomState>,
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

/// Whether every transaction is signed by its sender, in one batch. Keys that are not remembered are found
/// outside the lock, so that requests do this side by side.
pub(crate) fn all_signed(
    senders: &Mutex<Senders>,
    transactions: &[&Transaction],
    rng: &mut impl CryptoRng,
    strategy: &impl Strategy,
) -> bool {
    let lock = || senders.lock().unwrap_or_else(PoisonError::into_inner);
    let mut keys: Vec<Option<PublicKey>> = {
        let mut senders = lock();
        let accounts = transactions
            .iter()
            .map(|transaction| transaction.body.sender);
        accounts.map(|account| senders.get(&account)).collect()
    };
    let mut found = Vec::new();
    for (key, transaction) in keys.iter_mut().zip(transactions) {
        if key.is_none() {
            let account = transaction.body.sender;
            *key = PublicKey::try_from(account).ok();
            found.extend(key.clone().map(|key| (account, key)));
        }
    }
    {
        let mut senders = lock();
        for (account, key) in found {
            senders.insert(account, key);
        }
    }
    let items: Option<Vec<(&PublicKey, &Transaction)>> = keys
        .iter()
        .zip(transactions)
        .map(|(key, transaction)| Some((key.as_ref()?, *transaction)))
        .collect();
    items.is_some_and(|items| Transaction::signatures_hold_with(&items, rng, strategy))
}

#[cfg(test)]
mod tests;
