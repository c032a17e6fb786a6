//! How much one account may have in the store on lease: uploaded, and named by nothing yet.
//!
//! Kept in memory beside the store's durable table of pins, from which a start rebuilds it, so that a restart
//! gives nobody a second share. What an order or a model names no longer counts: somebody pays for it.

use assay_content::Lease;
use assay_types::{AccountId, ContentId, LedgerTime};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Most bytes of one account on lease: four of the largest contents.
pub(crate) const LEASED_BYTES_MAX: u64 = 1 << 30;
/// Most contents of one account on lease: they cost a file each. A batch of a thousand orders, many times.
pub(crate) const LEASED_CONTENTS_MAX: usize = 20_000;

/// Who has what on lease.
#[derive(Debug, Default)]
pub(crate) struct Quota(Mutex<Leases>);

#[derive(Debug, Default)]
struct Leases {
    accounts: BTreeMap<AccountId, Share>,
    /// Who has it: what is named is taken from all of them.
    holders: BTreeMap<ContentId, BTreeSet<AccountId>>,
}

/// What one account has: each content's size and end, and the sizes together.
#[derive(Debug, Default)]
struct Share {
    contents: BTreeMap<ContentId, (u64, LedgerTime)>,
    bytes: u64,
}

impl Quota {
    /// With what the store holds for uploaders only.
    pub(crate) fn of(leases: Vec<Lease>) -> Self {
        let mut all = Leases::default();
        for lease in leases {
            all.insert(lease);
        }
        Self(Mutex::new(all))
    }

    /// Counts a lease; `false` when it would be too much. One of the same account and content is renewed and
    /// counts once.
    pub(crate) fn take(&self, lease: Lease, now: LedgerTime) -> bool {
        let mut all = self.lock();
        // Looking through an account's leases for those that ended can wait until room is short.
        if !all.fits(&lease) {
            all.expire(lease.uploader, now);
        }
        let fits = all.fits(&lease);
        if fits {
            all.insert(lease);
        }
        fits
    }

    /// Takes a counted lease back whose content was not stored.
    pub(crate) fn give_back(&self, uploader: AccountId, content: ContentId) {
        self.lock().remove(uploader, content);
    }

    /// An order or a model names the content now.
    pub(crate) fn named(&self, content: ContentId) {
        let mut all = self.lock();
        for uploader in all.holders.get(&content).cloned().unwrap_or_default() {
            all.remove(uploader, content);
        }
    }

    /// Forgets what has ended.
    pub(crate) fn collect(&self, now: LedgerTime) {
        let mut all = self.lock();
        let accounts: Vec<AccountId> = all.accounts.keys().copied().collect();
        for account in accounts {
            all.expire(account, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Leases> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leases {
    fn fits(&self, lease: &Lease) -> bool {
        let Some(share) = self.accounts.get(&lease.uploader) else {
            return lease.size <= LEASED_BYTES_MAX;
        };
        let renewed = share.contents.get(&lease.content).map(|(size, _)| *size);
        let bytes = share.bytes.saturating_sub(renewed.unwrap_or_default());
        let others = share.contents.len() - usize::from(renewed.is_some());
        bytes.saturating_add(lease.size) <= LEASED_BYTES_MAX && others < LEASED_CONTENTS_MAX
    }

    fn insert(&mut self, lease: Lease) {
        self.remove(lease.uploader, lease.content);
        let share = self.accounts.entry(lease.uploader).or_default();
        share.bytes = share.bytes.saturating_add(lease.size);
        share
            .contents
            .insert(lease.content, (lease.size, lease.until));
        let holders = self.holders.entry(lease.content).or_default();
        holders.insert(lease.uploader);
    }

    fn remove(&mut self, uploader: AccountId, content: ContentId) {
        if let Some(share) = self.accounts.get_mut(&uploader)
            && let Some((size, _)) = share.contents.remove(&content)
        {
            share.bytes = share.bytes.saturating_sub(size);
        }
        if let Some(holders) = self.holders.get_mut(&content) {
            holders.remove(&uploader);
            if holders.is_empty() {
                self.holders.remove(&content);
            }
        }
        self.tidy(uploader);
    }

    fn expire(&mut self, account: AccountId, now: LedgerTime) {
        let share = self.accounts.get(&account);
        let ended: Vec<ContentId> = share
            .into_iter()
            .flat_map(|share| &share.contents)
            .filter(|(_, (_, until))| *until < now)
            .map(|(content, _)| *content)
            .collect();
        for content in ended {
            self.remove(account, content);
        }
    }

    /// Forgets an account that has nothing.
    fn tidy(&mut self, account: AccountId) {
        if self
            .accounts
            .get(&account)
            .is_some_and(|share| share.contents.is_empty())
        {
            self.accounts.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(account: u8, content: u8, size: u64, until: u64) -> Lease {
        Lease {
            content: ContentId::new([content; 32]),
            size,
            uploader: AccountId::new([account; 32]),
            until: LedgerTime::new(until),
        }
    }

    #[test]
    fn an_account_gets_its_room_back_in_time() {
        let quota = Quota::default();
        let at = LedgerTime::new;
        assert!(quota.take(lease(1, 1, LEASED_BYTES_MAX, 10), at(0)));
        assert!(
            !quota.take(lease(1, 2, 1, 20), at(10)),
            "still held at its last moment"
        );
        assert!(
            quota.take(lease(1, 1, LEASED_BYTES_MAX, 12), at(10)),
            "a renewal counts once"
        );
        assert!(
            quota.take(lease(2, 2, 1, 20), at(10)),
            "others are not concerned"
        );
        assert!(
            quota.take(lease(1, 2, 5, 21), at(13)),
            "forgotten afterwards"
        );
        quota.give_back(AccountId::new([1; 32]), ContentId::new([2; 32]));
        assert!(
            quota.take(lease(1, 3, LEASED_BYTES_MAX, 22), at(14)),
            "what failed is not counted"
        );
        quota.collect(at(30));
        assert!(quota.lock().accounts.is_empty() && quota.lock().holders.is_empty());
    }

    #[test]
    fn what_is_named_and_what_a_restart_finds() {
        let full = lease(1, 1, LEASED_BYTES_MAX, 50);
        let quota = Quota::of(vec![full, lease(2, 1, LEASED_BYTES_MAX, 50)]);
        let now = LedgerTime::new(1);
        assert!(
            !quota.take(lease(1, 2, 1, 50), now),
            "a restart gives no second share"
        );
        quota.named(full.content);
        assert!(quota.take(lease(1, 2, LEASED_BYTES_MAX, 50), now));
        assert!(
            quota.take(lease(2, 2, LEASED_BYTES_MAX, 50), now),
            "from all who had it"
        );
    }

    #[test]
    fn contents_are_counted_as_well_as_bytes() {
        let quota = Quota::default();
        let now = LedgerTime::new(0);
        for number in 0..LEASED_CONTENTS_MAX as u64 {
            let content = ContentId::of(&number.to_le_bytes());
            assert!(quota.take(
                Lease {
                    content,
                    ..lease(1, 0, 1, 9)
                },
                now
            ));
        }
        assert!(!quota.take(lease(1, 0, 0, 9), now));
    }
}
