//! Suite `ledger`: blocks of signed transfers on one core, from their bytes to a durable state root.
//!
//! The limit is what that core could do if it only verified signatures: Commonware's batch verification of
//! 16 384 signatures of distinct, already decoded keys, measured between the blocks. `transfer` is told by wall time; `transfer-cpu`
//! compares computed time on both sides, which a busy machine does not move, but a slow disk neither.

use super::{
    Measurement,
    accounts::{Accounts, key},
    median,
    meter::{Rounds, Signatures, Spent, use_one_core},
};
use anyhow::Context;
use assay_chain::{BlockCost, Standalone};
use assay_types::{LedgerTime, encode};
use commonware_parallel::Sequential;
use std::{num::NonZeroUsize, time::Duration};

/// Accounts that send to each other.
const ACCOUNTS: usize = 100_000;
/// Transfers of one block.
const TRANSFERS: usize = 8_000;
/// Blocks that are measured.
const BLOCKS: usize = 20;
/// Blocks between two measurements of the limit.
const BLOCKS_PER_ROUND: usize = 2;
/// Blocks before them, which bring the senders' keys and the database's pages into memory.
const WARM_UP: usize = 30;
/// Ledger time between blocks, in milliseconds.
const STEP_MS: u64 = 1_000;

/// How much is measured.
struct Size {
    accounts: usize,
    transfers: usize,
    blocks: usize,
    warm_up: usize,
}

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let size = if smoke {
        Size {
            accounts: 100,
            transfers: 50,
            blocks: 2,
            warm_up: 0,
        }
    } else {
        Size {
            accounts: ACCOUNTS,
            transfers: TRANSFERS,
            blocks: BLOCKS,
            warm_up: WARM_UP,
        }
    };
    // Whatever starts from here on shares one core; the limit is measured on it as well.
    let measuring = move || {
        use_one_core()?;
        measure(&size, Signatures::new(smoke))
    };
    let measurements = std::thread::spawn(measuring)
        .join()
        .map_err(|_| anyhow::anyhow!("the bench's thread panicked"))??;
    measurements.into_iter().for_each(&mut show);
    Ok(())
}

fn measure(size: &Size, signatures: Signatures) -> anyhow::Result<Vec<Measurement>> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut accounts = Accounts::new(size.accounts);
    let genesis = accounts.genesis(LedgerTime::new(1), key(0).public_key())?;
    let ledger = Standalone::begin(folder.path(), &genesis, NonZeroUsize::MIN)?;
    let chain = genesis.chain_id();

    let mut time = LedgerTime::new(1);
    let mut blocks = Vec::new();
    for _ in 0..size.warm_up + size.blocks {
        time = time.after(STEP_MS);
        let transfers = accounts.transfers(chain, time.after(60_000), size.transfers)?;
        blocks.push((time, encode(&transfers)));
    }
    let measured = blocks.split_off(size.warm_up);
    for (time, bytes) in blocks {
        ledger.seal(time, bytes).context("a block of the bench")?;
    }
    ledger.settle()?;
    let (mut costs, mut spent, mut limit) = (Vec::new(), Spent::default(), Rounds::default());
    for (place, (time, bytes)) in measured.into_iter().enumerate() {
        if place.is_multiple_of(BLOCKS_PER_ROUND) {
            // What the disk still does for a block belongs to the block, not to the limit.
            let (settled, took) = Spent::on(|| ledger.settle());
            settled?;
            spent = spent + took;
            limit.add(&signatures, &Sequential)?;
        }
        let (sealed, took) = Spent::on(|| ledger.seal(time, bytes));
        costs.push(sealed.context("a block of the bench")?.cost);
        spent = spent + took;
    }
    // Until the last block is durable, for the disk lags behind.
    let (settled, took) = Spent::on(|| ledger.settle());
    settled?;
    spent = spent + took;
    let transfers = (size.blocks * size.transfers) as f64;
    let (limit, limit_cpu) = (limit.rate(), limit.rate_cpu());

    let rate = |case: &str, value, unit| Measurement::new("ledger", case, value, unit);
    let mut measurements = vec![
        rate("verify-batch", limit, "signatures/s"),
        rate(
            "transfer",
            transfers / spent.wall.as_secs_f64(),
            "transfers/s",
        )
        .of_limit(limit),
        rate(
            "transfer-cpu",
            transfers / spent.cpu.as_secs_f64(),
            "transfers/s",
        )
        .of_limit(limit_cpu),
    ];
    let steps: [(&str, fn(&BlockCost) -> Duration); 5] = [
        ("decode", |cost| cost.decode),
        ("verify", |cost| cost.verify),
        ("execute", |cost| cost.execute),
        ("merkleize", |cost| cost.merkleize),
        ("persist", |cost| cost.persist),
    ];
    for (step, of) in steps {
        let per_transfer = |cost: &BlockCost| of(cost).as_secs_f64() * 1e6 / size.transfers as f64;
        let mut times: Vec<f64> = costs.iter().map(per_transfer).collect();
        let case = format!("transfer/step={step}");
        measurements.push(rate(&case, median(&mut times), "µs/transfer"));
    }
    Ok(measurements)
}
