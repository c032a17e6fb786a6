//! How much one account may have in the store that nothing names yet.
//!
//! Kept in memory: a restart forgets it, and the grace of uploads bounds what that can cost.

use assay_types::{AccountId, LedgerTime};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Most bytes of one account's uploads that are still in their grace: four of the largest.
pub(super) const UNCLAIMED_BYTES_MAX: u64 = 1 << 30;
/// Most such uploads: they cost a file each. A batch of a thousand orders, many times.
pub(super) const UNCLAIMED_UPLOADS_MAX: usize = 20_000;

/// (until, bytes) of each upload.
type Uploads = Vec<(LedgerTime, u64)>;

/// Who has uploaded how much lately.
#[derive(Debug, Default)]
pub(super) struct Quota(Mutex<BTreeMap<AccountId, Uploads>>);

impl Quota {
    /// Counts an upload; `false` when it would be too much.
    pub(super) fn take(
        &self,
        account: AccountId,
        bytes: u64,
        now: LedgerTime,
        until: LedgerTime,
    ) -> bool {
        let mut quota = self.lock();
        let uploads = quota.entry(account).or_default();
        uploads.retain(|(until, _)| *until >= now);
        let held: u64 = uploads.iter().map(|(_, bytes)| bytes).sum();
        let fits = held.saturating_add(bytes) <= UNCLAIMED_BYTES_MAX
            && uploads.len() < UNCLAIMED_UPLOADS_MAX;
        if fits {
            uploads.push((until, bytes));
        }
        fits
    }

    /// Takes a counted upload back that was not stored.
    pub(super) fn give_back(&self, account: AccountId, bytes: u64, until: LedgerTime) {
        let mut quota = self.lock();
        if let Some(uploads) = quota.get_mut(&account) {
            if let Some(index) = uploads.iter().position(|upload| *upload == (until, bytes)) {
                uploads.swap_remove(index);
            }
            if uploads.is_empty() {
                quota.remove(&account);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AccountId, Uploads>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_gets_its_room_back_in_time() {
        let quota = Quota::default();
        let (one, two) = (AccountId::new([1; 32]), AccountId::new([2; 32]));
        let at = LedgerTime::new;
        assert!(quota.take(one, UNCLAIMED_BYTES_MAX, at(0), at(10)));
        assert!(
            !quota.take(one, 1, at(10), at(20)),
            "still held at its last moment"
        );
        assert!(
            quota.take(two, 1, at(10), at(20)),
            "others are not concerned"
        );
        assert!(quota.take(one, 5, at(11), at(21)), "forgotten afterwards");
        quota.give_back(one, 5, at(21));
        assert!(
            quota.take(one, UNCLAIMED_BYTES_MAX, at(12), at(22)),
            "what failed is not counted"
        );
    }
}
