//! What a seller sells with: the machine, and what it does per second.
//!
//! The record is measured by the seller itself and stays in its folder; nobody has to believe it. It tells
//! an operator what an offer's capacity should be, and whether the machine still does what it once did.
//!
//! Invariant: measuring changes nothing but `hardware.json`, and ends within the time it was given plus one
//! run of each model.

use crate::library::{Library, Shelf};
use assay_model::execute::KernelSet;
use assay_types::ModelId;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The record's name in a seller's folder.
pub const HARDWARE_FILE: &str = "hardware.json";
/// Shortest time spent on a model: below it the clock and the scheduler are most of what is measured.
const MODEL_TIME_MIN: Duration = Duration::from_millis(50);
/// Largest record read: a thousand models of a few hundred bytes each.
const RECORD_BYTES_MAX: u64 = 1024 * 1024;
/// Version of the record's form; programs that read it look here first.
const VERSION: u32 = 1;

/// A machine, as an inference sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Cores; zero where the system does not tell.
    pub cores: usize,
    /// Threads that run at the same time.
    pub threads: usize,
    /// What the processor can do that inference profits from.
    pub features: Vec<String>,
    /// The kernels that inferences run on.
    pub kernels: String,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// The instruction set.
    pub architecture: String,
    /// The operating system.
    pub system: String,
}

/// How fast a model runs here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Which model.
    pub model: String,
    /// Its name, by its manifest.
    pub name: String,
    /// Inferences a second on all threads together.
    pub per_second: f64,
    /// Threads that ran.
    pub threads: usize,
    /// Microseconds of one inference on one thread, with all threads at work.
    pub run_us: f64,
}

/// What [`HARDWARE_FILE`] holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HardwareRecord {
    /// Form of the record.
    pub version: u32,
    /// When it was measured: milliseconds since 1970 by the machine's clock.
    pub measured_at_ms: u64,
    /// On what.
    pub machine: Machine,
    /// How fast.
    pub speeds: Vec<Speed>,
}

/// The record cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the hardware record {}; check permissions and free space", path.display())]
pub struct HardwareError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl Machine {
    /// The machine at hand. Takes milliseconds.
    pub fn at_hand() -> Self {
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
        let cpu = system
            .cpus()
            .first()
            .map(|cpu| cpu.brand().trim().to_owned());
        Self {
            cpu: cpu
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "unknown".to_owned()),
            cores: sysinfo::System::physical_core_count().unwrap_or_default(),
            threads: threads(),
            features: features().into_iter().map(str::to_owned).collect(),
            kernels: KernelSet::best().name().to_owned(),
            memory_bytes: system.total_memory(),
            architecture: std::env::consts::ARCH.to_owned(),
            system: sysinfo::System::long_os_version()
                .unwrap_or_else(|| std::env::consts::OS.to_owned()),
        }
    }
}

impl HardwareRecord {
    /// Runs each model on `threads` threads (zero: all) for its share of `time`.
    pub(crate) fn measure(library: &Library, threads_wanted: usize, time: Duration) -> Self {
        let threads = match threads_wanted {
            0 => threads(),
            some => some,
        };
        let shelves: Vec<_> = library.shelves().collect();
        let count = u32::try_from(shelves.len()).unwrap_or(u32::MAX).max(1);
        let share = (time / count).max(MODEL_TIME_MIN);
        Self {
            version: VERSION,
            measured_at_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
                }),
            machine: Machine::at_hand(),
            speeds: shelves
                .into_iter()
                .map(|(model, shelf)| speed(*model, shelf, threads, share))
                .collect(),
        }
    }

    /// The record in a seller's folder, if there is one that can be read.
    pub fn read(folder: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        let file = fs::File::open(folder.join(HARDWARE_FILE)).ok()?;
        file.take(RECORD_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        let record: Self = serde_json::from_slice(&bytes).ok()?;
        (record.version == VERSION).then_some(record)
    }

    /// Whether it says of this very machine how fast each model runs.
    pub(crate) fn covers(&self, library: &Library) -> bool {
        let models: Vec<_> = library.models().iter().map(ToString::to_string).collect();
        let has = |model: &String| self.speeds.iter().any(|speed| speed.model == *model);
        self.machine == Machine::at_hand() && models.iter().all(has)
    }

    /// Writes the record into a seller's folder, in place of an older one.
    ///
    /// # Errors
    /// [`HardwareError`]; an older record then stays whole.
    pub fn keep(&self, folder: &Path) -> Result<PathBuf, HardwareError> {
        let path = folder.join(HARDWARE_FILE);
        let draft = folder.join(format!("{HARDWARE_FILE}.new"));
        let attempt = || -> io::Result<()> {
            let mut text = serde_json::to_string_pretty(self)?;
            text.push('\n');
            fs::create_dir_all(folder)?;
            fs::write(&draft, text)?;
            fs::rename(&draft, &path)
        };
        match attempt() {
            Ok(()) => Ok(path),
            Err(source) => Err(HardwareError { path, source }),
        }
    }
}

fn speed(model: ModelId, shelf: &Arc<Shelf>, threads: usize, share: Duration) -> Speed {
    let begun = Instant::now();
    let runs: u64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| shelf.run_for(share)))
            .collect();
        workers
            .into_iter()
            // A thread that failed has measured nothing.
            .map(|worker| worker.join().unwrap_or_default())
            .sum()
    });
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a speed is no exact number")]
    let (runs, of_threads) = (runs as f64, threads as f64);
    Speed {
        model: model.to_string(),
        name: shelf.name().to_owned(),
        per_second: runs / seconds,
        threads,
        run_us: if runs > 0.0 {
            seconds * 1e6 * of_threads / runs
        } else {
            0.0
        },
    }
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What of the features that vectorised kernels look for this processor has.
#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    [
        ("sse4.1", is_x86_feature_detected!("sse4.1")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx-vnni", is_x86_feature_detected!("avxvnni")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512vl", is_x86_feature_detected!("avx512vl")),
        ("avx512-vnni", is_x86_feature_detected!("avx512vnni")),
        ("avx512-vbmi", is_x86_feature_detected!("avx512vbmi")),
    ]
    .into_iter()
    .filter_map(|(name, found)| found.then_some(name))
    .collect()
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<&'static str> {
    [
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
        (
            "dotprod",
            std::arch::is_aarch64_feature_detected!("dotprod"),
        ),
        ("i8mm", std::arch::is_aarch64_feature_detected!("i8mm")),
    ]
    .into_iter()
    .filter_map(|(name, found)| found.then_some(name))
    .collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests;
