//! Ledger time: which timestamps a header may carry, and which one a proposer picks.
//!
//! Invariant: a header's time lies above its parent's, at most [`BLOCK_TIME_STEP_MAX`] above it. That rule
//! depends on the two headers alone, so breaking it is permanent; a header ahead of the local clock is no
//! fault, it is awaited.
//!
//! After a halt the chain's time lags behind the clock. A proposer then steps by at most twice its own
//! monotonic time since the last block, so that the backlog of deadlines passes at double speed instead of
//! at once: who answers in time by their own watch still answers in time by the ledger's.

use assay_types::{BLOCK_TIME_STEP_MAX, LedgerTime};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The pace of an idle chain: without work, a block is proposed this long after its parent.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long a proposer that was woken by a transaction waits for its companions. A few milliseconds turn a
/// burst of single submissions into one block and stay far below what a person notices.
pub(crate) const BATCHING_DELAY: Duration = Duration::from_millis(2);

/// How often a proposer looks again when a deadline falls due before the next heartbeat.
pub(crate) const DUE_POLL: Duration = Duration::from_millis(10);

/// How much faster than its own watch a proposer lets ledger time pass while it catches up.
const CATCH_UP_FACTOR: u32 = 2;

/// Whether a header with `time` may follow one with `parent`.
pub(crate) fn step_is_valid(parent: LedgerTime, time: LedgerTime) -> bool {
    time > parent && time.since(parent) <= BLOCK_TIME_STEP_MAX
}

/// The time that a proposer gives to the block above `parent`.
///
/// `wall` is its clock, `elapsed` its monotonic time since it saw the parent (or since it started). `None`
/// while the clock has not passed the parent's time: wait.
pub(crate) fn next_time(
    parent: LedgerTime,
    wall: LedgerTime,
    elapsed: Duration,
) -> Option<LedgerTime> {
    let lag = wall.since(parent);
    if lag == 0 {
        return None;
    }
    let own = millis(elapsed.saturating_mul(CATCH_UP_FACTOR));
    Some(parent.after(lag.min(own).clamp(1, BLOCK_TIME_STEP_MAX)))
}

/// The clock's reading as ledger time; the epoch for a clock before it.
pub(crate) fn ledger_time(now: SystemTime) -> LedgerTime {
    LedgerTime::new(now.duration_since(UNIX_EPOCH).map_or(0, millis))
}

/// When the clock shows `time`.
pub(crate) fn system_time(time: LedgerTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(time.get())
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
