//! Suite `scale`: what a transfer costs, how much memory an account takes and how long a start takes, with ten
//! thousand, a hundred thousand and a million accounts.
//!
//! Blocks of signed transfers between accounts drawn uniformly, on one core, from their bytes to a durable
//! state root, as in the suite `ledger`. The start opens the database and loads the tables from it; the
//! operating system still has the files in its cache.

use super::{
    Measurement,
    accounts::{Accounts, key},
    meter::{Spent, use_one_core},
};
use anyhow::{Context, anyhow};
use assay_chain::Standalone;
use assay_types::{LedgerTime, encode};
use std::num::NonZeroUsize;

/// Numbers of accounts.
const ACCOUNTS: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Transfers of one block.
const TRANSFERS: usize = 8_000;
/// Blocks that are measured.
const BLOCKS: usize = 10;
/// Blocks before them.
const WARM_UP: usize = 3;
/// Ledger time between blocks, in milliseconds.
const STEP_MS: u64 = 1_000;

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let (sizes, transfers) = if smoke {
        (vec![50, 100], 20)
    } else {
        (ACCOUNTS.to_vec(), TRANSFERS)
    };
    for accounts in sizes {
        // Whatever starts from here on shares one core.
        let measuring = move || {
            use_one_core()?;
            measure(accounts, transfers)
        };
        let measured = std::thread::spawn(measuring)
            .join()
            .map_err(|_| anyhow!("the bench's thread panicked"))??;
        measured.into_iter().for_each(&mut show);
    }
    Ok(())
}

fn measure(count: usize, transfers: usize) -> anyhow::Result<Vec<Measurement>> {
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
    let (sealed, spent) = Spent::on(|| {
        measured.into_iter().try_for_each(|(time, bytes)| {
            ledger.seal(time, bytes)?;
            Ok::<_, assay_chain::StandaloneError>(())
        })?;
        ledger.settle()
    });
    sealed.context("a block of the bench")?;
    ledger.close();
    let loaded = Standalone::load(folder.path(), &genesis)?;

    let transfers = (BLOCKS * transfers) as f64;
    let case = |what: &str| format!("{what}/accounts={count}");
    let line = |what, value, unit| Measurement::new("scale", case(what), value, unit);
    let mut lines = vec![
        line("transfer", spent.wall.as_secs_f64() * 1e6 / transfers, "µs"),
        line(
            "transfer-cpu",
            spent.cpu.as_secs_f64() * 1e6 / transfers,
            "µs",
        ),
        line("start", (loaded.open + loaded.load).as_secs_f64(), "s"),
        line("start/step=open", loaded.open.as_secs_f64(), "s"),
        line("start/step=load", loaded.load.as_secs_f64(), "s"),
    ];
    if memory > 0 {
        lines.push(line("memory", memory as f64 / count as f64, "B/account"));
    }
    Ok(lines)
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
