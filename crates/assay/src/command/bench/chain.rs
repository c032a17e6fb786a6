//! Suite `chain`: what one node finalises of what is posted to its interface, and how long one transaction
//! takes.
//!
//! A node of one validator and the generator share this process and this machine. The generator signs
//! everything beforehand, posts canonical batches over a few connections, keeps less in flight than the pool
//! holds, and counts what the node's event stream reports as final. The limit is batch verification on all
//! cores.

use super::{
    Measurement,
    accounts::{Accounts, key},
    meter::Signatures,
};
use anyhow::{Context, anyhow};
use assay_api::{StreamMessage, encode_batch};
use assay_client::{Client, EventQuery};
use assay_node::{Node, NodeConfig};
use assay_types::{LedgerTime, Transaction};
use commonware_parallel::Rayon;
use futures::future;
use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Semaphore;

/// Accounts that send to each other.
const ACCOUNTS: usize = 50_000;
/// Transfers of one request.
const BATCH: usize = 4_096;
/// Requests that are measured.
const BATCHES: usize = 80;
/// Requests before them, which bring the senders' keys into memory and the node's tables to their sizes.
const WARM_UP: usize = 40;
/// Requests at once.
const CONNECTIONS: usize = 4;
/// Most transfers posted and not final: below what the pool holds for ordinary transactions.
const IN_FLIGHT: usize = 10 * BATCH;
/// Transactions whose time is taken, one after the other.
const SINGLES: usize = 200;
/// Longest wait for the next final block.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much is measured.
#[derive(Clone, Copy)]
struct Size {
    accounts: usize,
    batch: usize,
    batches: usize,
    warm_up: usize,
    singles: usize,
}

pub(super) async fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let size = if smoke {
        Size {
            accounts: 80,
            batch: 20,
            batches: CONNECTIONS,
            warm_up: CONNECTIONS,
            singles: 2,
        }
    } else {
        Size {
            accounts: ACCOUNTS,
            batch: BATCH,
            batches: BATCHES,
            warm_up: WARM_UP,
            singles: SINGLES,
        }
    };
    let signatures = Signatures::new(smoke);
    let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let all_cores = Rayon::new(cores).context("cannot start a thread for each core")?;
    let before = signatures.rounds(&all_cores)?;

    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut accounts = Accounts::new(size.accounts);
    let validator = key(usize::MAX);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let start = LedgerTime::new(u64::try_from(now)?);
    let genesis = accounts.genesis(start, validator.public_key())?;
    let chain = genesis.chain_id();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = NodeConfig::single(folder.path(), genesis, validator, listen);
    let node = Node::start(config).await?;
    let client = Client::connect(&node.url()).await?;

    let valid_until = start.after(20 * 3_600_000);
    // Each connection has senders of its own, so that no sequence overtakes the one before it.
    let group = size.accounts / CONNECTIONS;
    let mut signed = |batches: usize| -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
        let one = |connection: usize| -> anyhow::Result<Vec<Vec<u8>>> {
            let senders = connection * group..(connection + 1) * group;
            let mut batch =
                || accounts.transfers_of(senders.clone(), chain, valid_until, size.batch);
            (0..batches / CONNECTIONS)
                .map(|_| Ok(encode_batch(&batch()?)?))
                .collect()
        };
        (0..CONNECTIONS).map(one).collect()
    };
    let (warm_up, measured) = (signed(size.warm_up)?, signed(size.batches)?);
    let singles = accounts.transfers(chain, valid_until, size.singles)?;

    let flood = match flood(&client, warm_up, size).await {
        Ok(_) => flood(&client, measured, size).await,
        Err(error) => Err(error),
    };
    let times = match flood {
        Ok(_) => one_by_one(&client, singles).await,
        Err(_) => Ok(Vec::new()),
    };
    node.shutdown().await;
    let (rate, mut times) = (flood?, times?);
    let limit = before.and(signatures.rounds(&all_cores)?).rate();

    show(Measurement::new(
        "chain",
        "verify-batch",
        limit,
        "signatures/s",
    ));
    show(Measurement::new("chain", "transfer", rate, "transfers/s").of_limit(limit));
    times.sort_by(f64::total_cmp);
    for (case, percent) in [("latency/p50_ms", 50), ("latency/p99_ms", 99)] {
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        let value = times.get(place).copied().unwrap_or_default();
        show(Measurement::new("chain", case, value, "ms"));
    }
    Ok(())
}

/// Posts all batches as fast as the node takes them; final transfers a second, from the first request to
/// the last transfer's finality.
async fn flood(client: &Client, connections: Vec<Vec<Vec<u8>>>, size: Size) -> anyhow::Result<f64> {
    let total = size.batch * connections.iter().map(Vec::len).sum::<usize>();
    let room = Semaphore::new(IN_FLIGHT.max(size.batch));
    let mut events = client.events(quiet(client).await?);
    let start = Instant::now();
    let post = async |batches: Vec<Vec<u8>>| {
        for batch in batches {
            let share = u32::try_from(size.batch)?;
            room.acquire_many(share).await?.forget();
            let answer = client.submit_encoded(batch).await?;
            if let (Some(refused), Some(problem)) =
                (answer.refused.first(), answer.problems.first())
            {
                let index = refused.index;
                return Err(anyhow!(
                    "transfer {index} of a batch was refused: {problem}"
                ));
            }
        }
        Ok(())
    };
    let posting = future::try_join_all(connections.into_iter().map(post));
    let counting = async {
        let mut seen = 0;
        while seen < total {
            let message = tokio::time::timeout(PATIENCE, events.next()).await;
            let message = message.context("no block became final for too long")??;
            if let StreamMessage::Block(block) = message {
                let new = block.transactions as usize;
                seen += new;
                room.add_permits(new);
            }
        }
        anyhow::Ok(start.elapsed())
    };
    let (_, elapsed) = tokio::try_join!(posting, counting)?;
    Ok(total as f64 / elapsed.as_secs_f64())
}

/// Milliseconds from posting a transaction to the idle node until the stream says that it is final.
async fn one_by_one(client: &Client, singles: Vec<Transaction>) -> anyhow::Result<Vec<f64>> {
    let mut events = client.events(quiet(client).await?);
    let mut times = Vec::with_capacity(singles.len());
    for single in singles {
        let start = Instant::now();
        client.submit(&single).await?;
        loop {
            let message = tokio::time::timeout(PATIENCE, events.next()).await;
            let message = message.context("no block became final for too long")??;
            if matches!(message, StreamMessage::Block(block) if block.transactions > 0) {
                break;
            }
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// A stream that tells of blocks, and of nobody's events.
async fn quiet(client: &Client) -> anyhow::Result<EventQuery> {
    let status = client.status().await?;
    let nobody = key(usize::MAX - 1).account();
    Ok(EventQuery::after(status.height).of_account(nobody))
}
