//! Suite `ledger`: transfers a second through the rules, and signatures a second before them.

use super::{Measurement, median};
use anyhow::{Context, anyhow};
use assay_ledger::{BlockEnv, Execution, Ledger};
use assay_types::{
    Allocation, Amount, BlockId, Call, Genesis, Header, Lane, LedgerTime, List, Params, SecretKey,
    Text, Transaction, Unsigned, Weight,
};
use std::time::Instant;

/// Accounts that send to each other.
const ACCOUNTS: usize = 1_000;
/// Transfers of one block.
const TRANSFERS: usize = 10_000;
/// Signatures that are verified.
const SIGNATURES: usize = 2_000;
/// Blocks of which the median is taken.
const BLOCKS: u64 = 5;
/// Ledger time between blocks, in milliseconds.
const STEP_MS: u64 = 1_000;

pub(super) fn run(mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let keys: Vec<SecretKey> = (0..ACCOUNTS).map(key).collect();
    let mut ledger = Ledger::genesis(&genesis(&keys)?)?.0;

    let mut rates = Vec::new();
    for block in 0..BLOCKS {
        let transfers = transfers(&keys, &ledger, block);
        if block == 0 {
            show(signatures(&transfers)?);
        }
        let env = BlockEnv {
            height: ledger.height().next(),
            time: ledger.time().after(STEP_MS),
            randomness: Header::next_randomness(&ledger.randomness(), &BlockId::default()),
            leader: keys[0].account(),
        };
        let start = Instant::now();
        let mut execution = Execution::begin(&ledger, &[], env);
        for transfer in &transfers {
            let outcome = execution
                .apply(transfer)
                .context("a transfer of the bench")?;
            if let Some(rejection) = outcome.rejection {
                return Err(anyhow!("a transfer of the bench was rejected: {rejection}"));
            }
        }
        let executed = execution.finish();
        ledger.apply(&executed.changes);
        rates.push(transfers.len() as f64 / start.elapsed().as_secs_f64());
    }
    show(Measurement {
        suite: "ledger",
        case: format!("transfers/accounts={ACCOUNTS}"),
        value: median(&mut rates),
        unit: "transfers/s",
    });
    Ok(())
}

/// Nodes verify in batches, about twice as fast; this is the rate of one by one.
fn signatures(transfers: &[Transaction]) -> anyhow::Result<Measurement> {
    let sample = &transfers[..SIGNATURES];
    let start = Instant::now();
    if !sample.iter().all(Transaction::signature_holds) {
        return Err(anyhow!("a signature of the bench does not hold"));
    }
    Ok(Measurement {
        suite: "ledger",
        case: "signatures/batch=1".to_owned(),
        value: SIGNATURES as f64 / start.elapsed().as_secs_f64(),
        unit: "signatures/s",
    })
}

fn key(index: usize) -> SecretKey {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&(index as u64).to_be_bytes());
    SecretKey::from_bytes(&seed)
}

fn genesis(keys: &[SecretKey]) -> anyhow::Result<Genesis> {
    let amount = Amount::new(100 * assay_types::GRAINS_PER_ASY);
    let mut allocations: Vec<_> = keys
        .iter()
        .map(|key| Allocation {
            account: key.account(),
            amount,
        })
        .collect();
    allocations.sort_by_key(|allocation| allocation.account);
    Ok(Genesis {
        network: Text::new("bench")?,
        start: LedgerTime::new(1),
        validators: List::new(vec![keys[0].public_key()])?,
        allocations: List::new(allocations)?,
        models: List::default(),
        params: Params {
            block_weight_max: Weight::new(u64::MAX / 1_000),
            ..Params::default()
        },
    })
}

/// Each account sends to the next ones, in its own lane and order.
fn transfers(keys: &[SecretKey], ledger: &Ledger, block: u64) -> Vec<Transaction> {
    let per_account = TRANSFERS / keys.len();
    let lane = Lane::default();
    let transfer = |index: usize| {
        let (sender, round) = (index % keys.len(), index / keys.len());
        let receiver = &keys[(sender + round + 1) % keys.len()];
        Unsigned {
            chain: ledger.chain_id(),
            sender: keys[sender].account(),
            lane,
            sequence: block * per_account as u64 + round as u64,
            fee_limit: Amount::new(1_000_000),
            tip: Amount::ZERO,
            valid_until: ledger.time().after(60_000),
            call: Call::Transfer {
                to: receiver.account(),
                amount: Amount::new(1),
            },
        }
        .sign(&keys[sender])
    };
    (0..per_account * keys.len()).map(transfer).collect()
}
