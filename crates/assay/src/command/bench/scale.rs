//! Suite `scale`: what a transaction costs, how much memory an entry takes and how long a start takes, with ten
//! thousand, a hundred thousand and a million accounts, and with as many open orders.
//!
//! Blocks on one core, from their bytes to a durable state root, as in the suite `ledger`: signed transfers between
//! accounts drawn uniformly here, the lives of orders in `orders`. The start opens the database and loads
//! the tables from it; the operating system still has the files in its cache.

mod orders;

use super::{
    Measurement,
    accounts::{Accounts, key},
    meter::{Spent, use_one_core},
};
use crate::{
    cli::{Bench, Point},
    output::Output,
};
use anyhow::{Context, anyhow};
use assay_chain::{Loaded, Standalone};
use assay_types::{Header, LedgerTime, encode};
use std::{num::NonZeroUsize, process::Stdio, time::Duration};

/// Numbers of accounts, and of open orders.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
/// The same for a smoke test.
const SMOKE_SIZES: [usize; 2] = [50, 100];
/// Transfers of one block.
const TRANSFERS: usize = 8_000;
/// The same for a smoke test.
const SMOKE_TRANSFERS: usize = 20;
/// Blocks that are measured.
const BLOCKS: usize = 10;
/// Blocks before them.
const WARM_UP: usize = 3;
/// Ledger time between blocks, in milliseconds.
const STEP_MS: u64 = 1_000;

/// Measures the point that was asked for, or every point, each in a process of its own, so that the memory of
/// one does not hide in what another has let go.
pub(super) async fn run(
    args: &Bench,
    output: &Output,
    mut show: impl FnMut(Measurement),
) -> anyhow::Result<()> {
    if let Some(point) = args.only {
        let smoke = args.smoke;
        let measured = tokio::task::spawn_blocking(move || measure(point, smoke)).await?;
        measured?.into_iter().for_each(&mut show);
        return Ok(());
    }
    let sizes = if args.smoke {
        &SMOKE_SIZES[..]
    } else {
        &SIZES[..]
    };
    let accounts = sizes.iter().copied().map(Point::Accounts);
    let orders = sizes.iter().copied().map(Point::Orders);
    let program = std::env::current_exe().context("cannot find this program's file")?;
    for point in accounts.chain(orders) {
        let mut command = tokio::process::Command::new(&program);
        command.args(["bench", "scale", "--only", &point.to_string()]);
        command.args(args.smoke.then_some("--smoke"));
        command.args(output.is_json().then_some("--json"));
        command.stderr(Stdio::inherit()).kill_on_drop(true);
        let spinner = output.spinner(format!("measuring with {point}"));
        let ended = command.output().await;
        spinner.finish_and_clear();
        let ended = ended.with_context(|| format!("cannot measure {point}"))?;
        output.bytes(&ended.stdout);
        if !ended.status.success() {
            return Err(anyhow!("measuring {point} ended with {}", ended.status));
        }
    }
    Ok(())
}

/// Measures a point, with all its threads on one core.
fn measure(point: Point, smoke: bool) -> anyhow::Result<Vec<Measurement>> {
    use_one_core()?;
    let (transfers, pace) = if smoke {
        (SMOKE_TRANSFERS, orders::SMOKE_PACE)
    } else {
        (TRANSFERS, orders::PACE)
    };
    match point {
        Point::Accounts(count) => among_accounts(count, transfers),
        Point::Orders(open) => orders::measure(open, &pace),
    }
}

fn among_accounts(count: usize, transfers: usize) -> anyhow::Result<Vec<Measurement>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut accounts = Accounts::new(count);
    let genesis = accounts.genesis(LedgerTime::new(1), key(0).public_key())?;
    let chain = genesis.chain_id();
    let mut time = LedgerTime::new(1);
    let mut blocks = Vec::new();
    for _ in 0..WARM_UP + BLOCKS {
        time = time.after(STEP_MS);
        let block = accounts.transfers(chain, time.after(60_000), transfers)?;
        blocks.push((time, encode(&block)));
    }
    let measured = blocks.split_off(WARM_UP);

    let before = resident_bytes();
    let ledger = Standalone::begin(folder.path(), &genesis, NonZeroUsize::MIN)?;
    for (time, bytes) in blocks {
        ledger.seal(time, bytes).context("a block of the bench")?;
    }
    ledger.settle()?;
    let memory = resident_bytes().saturating_sub(before);
    let (tip, spent) = seal_all(&ledger, measured)?;
    ledger.close();
    let (ledger, loaded) = Standalone::resume(folder.path(), &genesis, tip, NonZeroUsize::MIN)?;
    ledger.close();

    let curve = Curve {
        of: "accounts",
        size: count,
        what: "transfer",
        transactions: BLOCKS * transfers,
        spent,
        loaded,
        memory,
        memory_unit: "B/account",
    };
    Ok(curve.lines())
}

/// Seals `blocks` until they are durable; the last header, and what that took.
fn seal_all(
    ledger: &Standalone,
    blocks: Vec<(LedgerTime, Vec<u8>)>,
) -> anyhow::Result<(Header, Spent)> {
    let (sealed, spent) = Spent::on(|| {
        let mut tip = None;
        for (time, bytes) in blocks {
            let sealed = ledger.seal(time, bytes).context("a block of the bench")?;
            if sealed.rejected > 0 {
                return Err(anyhow!("a transaction of the bench was rejected"));
            }
            tip = Some(sealed.header);
        }
        ledger.settle()?;
        tip.context("a bench without blocks")
    });
    Ok((sealed?, spent))
}

/// One size of one curve.
struct Curve {
    /// What there are many of.
    of: &'static str,
    /// How many.
    size: usize,
    /// What was measured among them.
    what: &'static str,
    /// How many of those.
    transactions: usize,
    /// What they took.
    spent: Spent,
    /// What the start took.
    loaded: Loaded,
    /// Memory in use for them, caches included, in bytes; zero where the system does not tell.
    memory: u64,
    /// The unit of one's memory.
    memory_unit: &'static str,
}

impl Curve {
    fn lines(&self) -> Vec<Measurement> {
        let case = |what: &str| format!("{what}/{}={}", self.of, self.size);
        let line = |what: &str, value, unit| Measurement::new("scale", case(what), value, unit);
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / self.transactions as f64;
        let Loaded { open, load, .. } = self.loaded;
        let mut lines = vec![
            line(self.what, micros(self.spent.wall), "µs"),
            line(&format!("{}-cpu", self.what), micros(self.spent.cpu), "µs"),
            line("start", (open + load).as_secs_f64(), "s"),
            line("start/step=open", open.as_secs_f64(), "s"),
            line("start/step=load", load.as_secs_f64(), "s"),
        ];
        if self.memory > 0 {
            let each = self.memory as f64 / self.size as f64;
            lines.push(line("memory", each, self.memory_unit));
        }
        lines
    }
}

/// Memory of this process that is in use; zero where the system does not tell.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next())
        .and_then(|kib| kib.parse().ok())
        .unwrap_or_default();
    kib * 1024
}
