//! Whether this machine has the memory that a proof takes.

use crate::{failure::Hint, words};
use anyhow::anyhow;

/// Refuses a proof that takes more than `allowed`, or than what is free where nothing is said.
///
/// # Errors
/// When it does. A system that does not tell what is free allows everything.
pub(super) fn check(
    needed: u64,
    allowed: Option<u64>,
    samples: usize,
    name: &str,
) -> anyhow::Result<()> {
    let (most, whose) = match (allowed, free()) {
        (Some(allowed), _) => (allowed, "--memory-max allows"),
        (None, Some(free)) => (free, "this machine has free"),
        (None, None) => return Ok(()),
    };
    if needed <= most {
        return Ok(());
    }
    let of = match samples {
        1 => "an inference".to_owned(),
        some => format!("{some} inferences"),
    };
    let refused = Err(anyhow!(
        "proving {of} of {name} would take about {}; {whose} {}",
        words::bytes(needed),
        words::bytes(most),
    ));
    refused.hint(|| match samples {
        1 => "a larger --memory-max lets it try, at the risk of running out of memory",
        _ => "prove fewer inputs at once, or let it try with a larger --memory-max",
    })
}

/// Bytes that this process may still take, those of its container where there is one.
fn free() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let machine = system.available_memory();
    let container = system.cgroup_limits();
    let container = container.map(|limits| limits.total_memory.saturating_sub(limits.rss));
    let free = container.map_or(machine, |container| container.min(machine));
    (free > 0).then_some(free)
}
