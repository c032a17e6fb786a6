//! What the machine can do at most, and how its time is told.

use super::{accounts::key, median};
use anyhow::anyhow;
use assay_types::{PublicKey, Signature, verify_batch};
use commonware_parallel::Strategy;
use std::time::{Duration, Instant};

/// Signatures of the limit, each of its own key.
const SIGNATURES: usize = 16_384;
/// Bytes of each signed message: as many as a transfer's.
const MESSAGE_BYTES: usize = 170;
/// Times the limit is measured before, and after, what cannot be interrupted for it.
const ROUNDS: usize = 5;
const NAMESPACE: &[u8] = b"assay bench v1";

/// Time that the whole process has computed, over all threads. A busy machine does not lengthen it.
pub(super) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanos)
}

/// Ties this thread, and all that it starts from here on, to one core.
#[cfg(target_os = "linux")]
pub(super) fn use_one_core() -> anyhow::Result<()> {
    let mut cores = rustix::thread::sched_getaffinity(None)?;
    let first = (0..rustix::thread::CpuSet::MAX_CPU)
        .find(|&core| cores.is_set(core))
        .ok_or_else(|| anyhow!("this process may use no core"))?;
    cores.clear();
    cores.set(first);
    Ok(rustix::thread::sched_setaffinity(None, &cores)?)
}

/// Other systems have no such call; the work is sequential there too, but the disk's threads may help.
#[cfg(not(target_os = "linux"))]
pub(super) fn use_one_core() -> anyhow::Result<()> {
    Ok(())
}

/// Time of a piece of work: what passed and what was computed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spent {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
}

impl Spent {
    /// Runs `work` and takes its time.
    pub(super) fn on<R>(work: impl FnOnce() -> R) -> (R, Self) {
        let (wall, cpu) = (Instant::now(), cpu_time());
        let result = work();
        let spent = Self {
            wall: wall.elapsed(),
            cpu: cpu_time().saturating_sub(cpu),
        };
        (result, spent)
    }
}

impl std::ops::Add for Spent {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
        }
    }
}

/// Signed messages of distinct keys, to be verified in one batch.
pub(super) struct Signatures(Vec<(PublicKey, Vec<u8>, Signature)>);

impl Signatures {
    /// [`SIGNATURES`] of them, or as many as a smoke test needs.
    pub(super) fn new(smoke: bool) -> Self {
        let count = if smoke { 64 } else { SIGNATURES };
        let signed = (0..count).map(|index| {
            let key = key(index);
            let message = vec![(index % 251) as u8; MESSAGE_BYTES];
            let signature = key.sign(NAMESPACE, &message);
            (key.public_key(), message, signature)
        });
        Self(signed.collect())
    }

    /// Verifies them in [`ROUNDS`] batches with `strategy`.
    pub(super) fn rounds(&self, strategy: &impl Strategy) -> anyhow::Result<Rounds> {
        let mut rounds = Rounds::default();
        for _ in 0..ROUNDS {
            rounds.add(self, strategy)?;
        }
        Ok(rounds)
    }
}

/// Batch verifications and the rate of each. Their median is the limit: a machine that changes its pace moves
/// it as it moves what is measured between them, and one round that was disturbed does not.
#[derive(Debug, Clone, Default)]
pub(super) struct Rounds {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Rounds {
    /// Verifies all of `signatures` once more.
    pub(super) fn add(
        &mut self,
        signatures: &Signatures,
        strategy: &impl Strategy,
    ) -> anyhow::Result<()> {
        let items = signatures.0.iter();
        let items: Vec<_> = items
            .map(|(key, message, signature)| (key, message, signature))
            .collect();
        let (holds, spent) =
            Spent::on(|| verify_batch(&mut rand::rng(), NAMESPACE, &items, strategy));
        if !holds {
            return Err(anyhow!("a signature of the bench does not hold"));
        }
        let rate = |time: Duration| items.len() as f64 / time.as_secs_f64();
        self.wall.push(rate(spent.wall));
        self.cpu.push(rate(spent.cpu));
        Ok(())
    }

    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.wall.extend(other.wall);
        self.cpu.extend(other.cpu);
        self
    }

    /// Signatures a second by wall time.
    pub(super) fn rate(&mut self) -> f64 {
        median(&mut self.wall)
    }

    /// Signatures a second by computed time.
    pub(super) fn rate_cpu(&mut self) -> f64 {
        median(&mut self.cpu)
    }
}

/// Lets the process's peak memory start again at what it holds now; only Linux can.
pub(super) fn forget_peak() {
    // A refusal leaves an earlier peak, which is no smaller.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Most memory that the process held since [`forget_peak`], in MiB; `None` where the system does not tell.
pub(super) fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
