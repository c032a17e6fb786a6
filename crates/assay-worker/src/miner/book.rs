//! Asks seen and under way: what makes each count once, and keeps callers from each other's share. A pure state
//! machine; time comes in as a value.
//!
//! Invariant: a nonce that was entered is refused until its ask's moment lies outside the window for good. What is
//! forgotten moves [`Book::check_moment`]'s oldest acceptable moment past it, so that a clock that jumps ahead and
//! comes back opens nothing again.
//!
//! Cost: at most [`NONCES_PER_CALLER_MAX`] nonces of some 60 bytes for each caller that was admitted in the last
//! minute. Who never was has no entry.

use super::refusal::Refused;
use assay_types::{ASK_WINDOW_MS, AccountId, Ask, Hash32, UnixTime};
use std::collections::BTreeMap;

/// Nonces of one caller that are remembered at once: it may ask some 68 times a second, for as long as it likes.
pub const NONCES_PER_CALLER_MAX: usize = 4_096;
/// Asks of one caller under way at once.
pub const ASKS_IN_FLIGHT_PER_CALLER_MAX: usize = 8;
/// How often a caller's nonces are searched for old ones, in milliseconds; they are kept so much longer at most.
const SWEEP_MS: u64 = 1_000;

#[derive(Debug)]
pub(super) struct Book {
    callers: BTreeMap<AccountId, Caller>,
    in_flight: usize,
    in_flight_max: usize,
    /// The oldest moment of which no ask was forgotten.
    remembers_since: UnixTime,
    swept_at: UnixTime,
}

#[derive(Debug, Default)]
struct Caller {
    seen: BTreeMap<Hash32, UnixTime>,
    in_flight: usize,
    swept_at: UnixTime,
}

impl Book {
    /// Remembers nothing from before `now`; a process before this one may have.
    pub(super) const fn new(now: UnixTime, in_flight_max: usize) -> Self {
        Self {
            callers: BTreeMap::new(),
            in_flight: 0,
            in_flight_max,
            remembers_since: now,
            swept_at: now,
        }
    }

    /// Whether an ask's moment is near enough to `now`, and not forgotten.
    pub(super) fn check_moment(&self, now: UnixTime, ask: &Ask) -> Result<(), Refused> {
        if ask.at.apart(now) > ASK_WINDOW_MS {
            return Err(Refused::OutsideWindow { at: ask.at, now });
        }
        if ask.at < self.remembers_since {
            return Err(Refused::Forgotten {
                since: self.remembers_since,
            });
        }
        Ok(())
    }

    /// Whether an ask is new, for what that is worth before its signature is checked.
    pub(super) fn check_nonce(&self, ask: &Ask) -> Result<(), Refused> {
        let caller = self.callers.get(&ask.from);
        if caller.is_some_and(|caller| caller.seen.contains_key(&ask.nonce)) {
            return Err(Refused::NonceUsed);
        }
        Ok(())
    }

    /// Takes a place and the nonce for a signed ask of an admitted caller. Unchanged on refusal, old nonces apart.
    pub(super) fn enter(&mut self, now: UnixTime, ask: &Ask) -> Result<(), Refused> {
        self.check_moment(now, ask)?;
        self.check_nonce(ask)?;
        self.sweep(now);
        let caller = self.callers.entry(ask.from).or_default();
        let forgotten = caller.sweep(now);
        self.remembers_since = self.remembers_since.max(forgotten);
        if caller.in_flight >= ASKS_IN_FLIGHT_PER_CALLER_MAX {
            return Err(Refused::CallerFull {
                of: caller.in_flight,
            });
        }
        if self.in_flight >= self.in_flight_max && caller.in_flight > 0 {
            return Err(Refused::Full);
        }
        if caller.seen.len() >= NONCES_PER_CALLER_MAX {
            return Err(Refused::NoncesFull {
                of: caller.seen.len(),
            });
        }
        caller.seen.insert(ask.nonce, ask.at);
        caller.in_flight += 1;
        self.in_flight += 1;
        Ok(())
    }

    /// Gives a place back; each is given back once.
    pub(super) fn leave(&mut self, caller: AccountId) {
        let entry = self.callers.get_mut(&caller);
        let entry = entry.expect("a caller with a place is kept");
        assert!(entry.in_flight > 0, "a place is given back once");
        entry.in_flight -= 1;
        self.in_flight -= 1;
    }

    /// Drops callers of whom nothing is left, once in a window.
    fn sweep(&mut self, now: UnixTime) {
        if self.swept_at.apart(now) < ASK_WINDOW_MS {
            return;
        }
        self.swept_at = now;
        let mut forgotten = self.remembers_since;
        self.callers.retain(|_, caller| {
            forgotten = forgotten.max(caller.sweep(now));
            caller.in_flight > 0 || !caller.seen.is_empty()
        });
        self.remembers_since = forgotten;
    }
}

impl Caller {
    /// Forgets what lies before the window; tells the moment after the latest of it.
    fn sweep(&mut self, now: UnixTime) -> UnixTime {
        let mut after = UnixTime::default();
        if self.swept_at.apart(now) < SWEEP_MS {
            return after;
        }
        self.swept_at = now;
        self.seen.retain(|_, at| {
            let kept = at.after(ASK_WINDOW_MS) >= now;
            if !kept {
                after = after.max(at.after(1));
            }
            kept
        });
        after
    }
}

#[cfg(test)]
mod tests;
