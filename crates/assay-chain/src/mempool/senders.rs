//! The public keys of recent senders, decoded.
//!
//! An account's id is its key's 32 bytes; to verify with it, the point has to be found on the curve, which
//! is a quarter of verifying a signature in a batch. Most transactions come from accounts that sent before.

use assay_types::{AccountId, PublicKey, Transaction};
use std::collections::HashMap;

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
    pub(crate) fn get(&mut self, account: &AccountId) -> Option<PublicKey> {
        if let Some(key) = self.young.get(account) {
            return Some(key.clone());
        }
        let key = self.old.remove(account)?;
        self.insert(*account, key.clone());
        Some(key)
    }

    /// Remembers the key of `account`.
    pub(crate) fn insert(&mut self, account: AccountId, key: PublicKey) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(account, key);
    }

    /// Each transaction with its sender's key; `None` when a sender is no key.
    pub(crate) fn keys<'a>(
        &mut self,
        transactions: impl IntoIterator<Item = &'a Transaction>,
    ) -> Option<Vec<(PublicKey, &'a Transaction)>> {
        let with_key = |transaction: &'a Transaction| {
            let account = transaction.body.sender;
            let key = match self.get(&account) {
                Some(key) => key,
                None => {
                    let key = PublicKey::try_from(account).ok()?;
                    self.insert(account, key.clone());
                    key
                }
            };
            Some((key, transaction))
        };
        transactions.into_iter().map(with_key).collect()
    }
}
