//! Suite `market`: what an order takes from its sending to its settlement, and settled orders a second, with
//! one validator in this process and with four, each a process of its own.
//!
//! Buyer and sellers are in this process and speak HTTP to the first validator, as any client would. With
//! four, three transactions of four are included by a validator that was told of them by the first.

use super::Measurement;
use crate::{
    market::{Market, Seller},
    output::Output,
};
use anyhow::{Context, anyhow};
use assay_api::{ReceiptView, VerdictView};
use assay_client::{BatchOptions, CheckRequest, OrderRequest, Sender, Timing, place, place_many};
use assay_model::{bundled, bundled::digit_images, input::decode};
use assay_types::{Amount, Lane, SecretKey};
use std::{
    num::NonZeroU8,
    time::{Duration, Instant},
};

/// The model that is bought.
const MODEL: &str = "digits-mlp";
/// The check, as the cases name it.
const CHECK: CheckRequest = CheckRequest::Quorum { agree: 2, of: 3 };
/// Jobs of one seller at the same time.
const CAPACITY: u32 = 256;
/// Orders bought one after the other: the hundredth slowest of them is the highest percentile.
const SINGLE: usize = 100;
/// Orders bought together: a few seconds' worth, so that the start does not show.
const TOGETHER: usize = 300;
/// Deadlines that a busy machine keeps: the figures say how long an order takes, not whether it is in time.
const TIMING: Timing = Timing {
    accept_ms: 60_000,
    work_ms: 60_000,
    close_ms: 60_000,
};
/// Longest wait for one order; it ends by its own deadlines before.
const PATIENCE: Duration = Duration::from_secs(200);

pub(super) async fn run(
    smoke: bool,
    output: &Output,
    mut show: impl FnMut(Measurement),
) -> anyhow::Result<()> {
    let (single, together) = if smoke { (2, 4) } else { (SINGLE, TOGETHER) };
    for validators in [NonZeroU8::MIN, FOUR] {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        // Two in reserve: one that a busy machine makes late is redrawn, not the end of its order.
        let sellers = ["anna", "bruno", "clara", "dora", "emil"].map(|name| Seller {
            name,
            ask: Amount::new(1_000_000),
            bond: Amount::new(1_000_000_000_000),
            capacity: CAPACITY,
            misbehaviour: None,
        });
        let spinner = output.spinner(format!("starting a market of {validators}"));
        let path = folder.path().join("market");
        let market = if validators == NonZeroU8::MIN {
            Market::start(&path, &sellers).await
        } else {
            Market::start_several(&path, validators, &sellers).await
        };
        spinner.finish_and_clear();
        let market = market?;
        let measured = measure(&market, (single, together), output).await;
        market.stop().await;
        let Figures {
            alone,
            loaded,
            rate,
        } = measured?;
        let case = |what: &str| format!("{what}/validators={validators}");
        for (case, value, unit) in [
            (case("latency-p50"), percentile(&alone, 50), "ms"),
            (case("latency-p99"), percentile(&alone, 99), "ms"),
            (case("orders"), rate, "orders/s"),
            (case("latency-p50-loaded"), percentile(&loaded, 50), "ms"),
            (case("latency-p99-loaded"), percentile(&loaded, 99), "ms"),
        ] {
            show(Measurement::new("market", case, value, unit));
        }
    }
    Ok(())
}

const FOUR: NonZeroU8 = NonZeroU8::MIN.saturating_add(3);

/// What one market does.
struct Figures {
    /// Milliseconds from sending an order to its settlement, with nothing else under way.
    alone: Vec<f64>,
    /// Milliseconds of ledger time from an order's block to its settlement, with many under way.
    loaded: Vec<f64>,
    /// Settled orders a second, with many under way.
    rate: f64,
}

async fn measure(
    market: &Market,
    (single, together): (usize, usize),
    output: &Output,
) -> anyhow::Result<Figures> {
    let client = market.client();
    let buyer = market.buyer()?;
    let requests = requests(market, &buyer).await?;

    let bar = output.progress("one by one", single as u64);
    let sender = Sender::new(client.clone(), buyer.clone(), Lane::default());
    let mut alone = Vec::new();
    for request in requests.iter().cycle().take(single) {
        let sent = Instant::now();
        let placed = place(&sender, request).await?;
        settled(&client.wait_closed(placed.order, PATIENCE).await?)?;
        alone.push(sent.elapsed().as_secs_f64() * 1_000.0);
        bar.inc(1);
    }
    bar.finish_and_clear();

    let requests: Vec<_> = requests.iter().copied().cycle().take(together).collect();
    let bar = output.progress("together", together as u64);
    let options = BatchOptions::default();
    let started = Instant::now();
    let results = place_many(client, &buyer, &requests, options, |event| {
        if matches!(event, assay_client::BatchEvent::Closed { .. }) {
            bar.inc(1);
        }
    })
    .await;
    let seconds = started.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let mut loaded = Vec::new();
    for receipt in results? {
        let receipt = receipt?;
        settled(&receipt)?;
        loaded.push(receipt.closed_at.since(receipt.placed_at) as f64);
    }
    alone.sort_by(f64::total_cmp);
    loaded.sort_by(f64::total_cmp);
    Ok(Figures {
        alone,
        loaded,
        rate: together as f64 / seconds,
    })
}

/// An order for each bundled picture.
async fn requests(market: &Market, buyer: &SecretKey) -> anyhow::Result<Vec<OrderRequest>> {
    let manifest = bundled::find(MODEL)
        .ok_or_else(|| anyhow!("{MODEL} is not bundled"))?
        .manifest();
    let mut contents = Vec::new();
    for image in digit_images() {
        let tensors = manifest.quantize_input(&decode(image.png)?)?;
        contents.extend(tensors.iter().map(assay_model::Tensor::to_bytes));
    }
    let inputs = market.client().put_contents(buyer, contents).await?;
    let request = |input: &assay_types::ContentId| OrderRequest {
        model: manifest.fields().model,
        input: *input,
        check: CHECK,
        price_max: Amount::new(1_000_000),
        timing: TIMING,
    };
    Ok(inputs.iter().map(request).collect())
}

fn settled(receipt: &ReceiptView) -> anyhow::Result<()> {
    if receipt.verdict == VerdictView::Agreed {
        return Ok(());
    }
    Err(anyhow!(
        "order {} of the bench was not settled",
        receipt.order
    ))
}

/// The smallest of `sorted` that so many per cent do not exceed; zero of none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}
