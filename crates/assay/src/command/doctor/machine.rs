//! The machine: processor, memory, open files, clock.

use super::Finding;
use crate::words;
use assay_worker::Machine;
use std::time::{SystemTime, UNIX_EPOCH};

/// Memory below which a node swaps: its state and the consensus' buffers.
const MEMORY_BYTES_WARN: u64 = 2 * GIB;
/// One GiB.
pub(super) const GIB: u64 = 1024 * 1024 * 1024;
/// Files that a node and its clients may hold open: stores, sockets, streams.
const OPEN_FILES_WARN: u64 = 1_024;
/// 2026-01-01: a clock before it was never set.
const CLOCK_SECONDS_MIN: u64 = 1_767_225_600;

pub(super) fn check() -> Vec<Finding> {
    let machine = Machine::at_hand();
    let mut findings = vec![processor(&machine), memory(&machine)];
    findings.extend(open_files(
        std::fs::read_to_string("/proc/self/limits").ok().as_deref(),
    ));
    findings.push(clock(SystemTime::now()));
    findings
}

fn processor(machine: &Machine) -> Finding {
    let Machine {
        cpu,
        threads,
        features,
        kernels,
        ..
    } = machine;
    let features = match features.is_empty() {
        true => "no vector units that inference uses".to_owned(),
        false => features.join(" "),
    };
    let threads = match threads {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    };
    Finding::ok(
        "cpu",
        format!("{cpu}, {threads}; {kernels} kernels; {features}"),
    )
}

fn memory(machine: &Machine) -> Finding {
    let found = words::bytes(machine.memory_bytes);
    if machine.memory_bytes < MEMORY_BYTES_WARN {
        let advice = format!(
            "a node wants {} or more; a client or a seller runs",
            words::bytes(MEMORY_BYTES_WARN)
        );
        return Finding::warn("memory", found, advice);
    }
    Finding::ok("memory", found)
}

/// The limit as Linux tells it; other systems are not asked.
pub(super) fn open_files(limits: Option<&str>) -> Option<Finding> {
    let line = limits?
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    if soft == "unlimited" {
        return Some(Finding::ok("open files", "no limit"));
    }
    let limit: u64 = soft.parse().ok()?;
    Some(if limit < OPEN_FILES_WARN {
        let advice = format!(
            "a busy node needs more; `ulimit -n {}` raises it",
            OPEN_FILES_WARN * 4
        );
        Finding::warn("open files", format!("at most {limit}"), advice)
    } else {
        Finding::ok("open files", format!("at most {limit}"))
    })
}

pub(super) fn clock(now: SystemTime) -> Finding {
    let seconds = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let time = words::time(assay_types::LedgerTime::new(seconds.saturating_mul(1_000)));
    if seconds < CLOCK_SECONDS_MIN {
        return Finding::fail(
            "clock",
            format!("{time}, which is long past"),
            "set the clock; a validator waits for blocks that seem to come from the future",
        );
    }
    Finding::ok("clock", time)
}
