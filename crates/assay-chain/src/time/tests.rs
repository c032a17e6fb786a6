use super::*;

fn check_step(parent: u64, time: u64, valid: bool) {
    assert_eq!(
        step_is_valid(LedgerTime::new(parent), LedgerTime::new(time)),
        valid,
        "{parent} → {time}"
    );
}

fn check_next(parent: u64, wall: u64, elapsed_ms: u64, expect: Option<u64>) {
    let next = next_time(
        LedgerTime::new(parent),
        LedgerTime::new(wall),
        Duration::from_millis(elapsed_ms),
    );
    assert_eq!(
        next,
        expect.map(LedgerTime::new),
        "parent {parent}, wall {wall}, own {elapsed_ms}"
    );
}

#[test]
fn a_step_is_above_zero_and_at_most_five_seconds() {
    check_step(1_000, 1_000, false);
    check_step(1_000, 999, false);
    check_step(1_000, 1_001, true);
    check_step(1_000, 6_000, true);
    check_step(1_000, 6_001, false);
    check_step(1_000, u64::MAX, false);
    check_step(u64::MAX, u64::MAX, false);
    check_step(u64::MAX - 1, u64::MAX, true);
}

#[test]
fn a_proposer_follows_the_clock() {
    check_next(1_000, 1_020, 20, Some(1_020));
    check_next(1_000, 2_000, 1_000, Some(2_000));
}

#[test]
fn a_proposer_waits_for_a_clock_behind_the_parent() {
    check_next(1_000, 1_000, 50, None);
    check_next(1_000, 400, 50, None);
}

#[test]
fn after_a_halt_a_proposer_steps_by_twice_its_own_watch_and_five_seconds_at_most() {
    let hour = 3_600_000;
    check_next(1_000, 1_000 + hour, 0, Some(1_001));
    check_next(1_000, 1_000 + hour, 1_000, Some(3_000));
    check_next(1_000, 1_000 + hour, 60_000, Some(6_000));
    check_next(1_000, 1_000 + hour, u64::MAX, Some(6_000));
    check_next(1_000, 1_500, 400, Some(1_500));
}

#[test]
fn every_proposed_time_is_a_valid_step() {
    for parent in [0, 1, 1_000, u64::MAX - 10_000] {
        for lag in [1, 5, 4_999, 5_000, 5_001, 9_999] {
            for own in [0, 1, 2_500, 100_000] {
                let parent = LedgerTime::new(parent);
                let next = next_time(parent, parent.after(lag), Duration::from_millis(own));
                assert!(next.is_some_and(|next| step_is_valid(parent, next)));
            }
        }
    }
}

#[test]
fn ledger_time_and_the_clock_convert_both_ways() {
    let time = LedgerTime::new(1_700_000_000_123);
    assert_eq!(ledger_time(system_time(time)), time);
    assert_eq!(
        ledger_time(UNIX_EPOCH - Duration::from_secs(5)),
        LedgerTime::new(0)
    );
}
