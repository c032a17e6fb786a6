//! Suite `market`: settled orders a second of a whole market in this process.

use super::Measurement;
use crate::{
    market::{Market, Seller},
    output::Output,
};
use anyhow::{Context, anyhow};
use assay_api::VerdictView;
use assay_client::{BatchOptions, CheckRequest, OrderRequest, Timing, place_many};
use assay_model::{bundled, bundled::digit_images, input::decode};
use assay_types::Amount;
use std::time::Instant;

/// The model that is bought.
const MODEL: &str = "digits-mlp";
/// Orders bought: a few seconds' worth, so that the start does not show.
const ORDERS: usize = 300;
/// Jobs of one seller at the same time.
const CAPACITY: u32 = 256;

pub(super) async fn run(output: &Output, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let sellers = ["anna", "bruno", "clara"].map(|name| Seller {
        name,
        ask: Amount::new(1_000_000),
        bond: Amount::new(1_000_000_000_000),
        capacity: CAPACITY,
        misbehaviour: None,
    });
    let spinner = output.spinner("starting a market");
    let market = Market::start(&folder.path().join("market"), &sellers).await;
    spinner.finish_and_clear();
    let market = market?;
    let measured = measure(&market, output).await;
    market.stop().await;
    for measurement in measured? {
        show(measurement);
    }
    Ok(())
}

async fn measure(market: &Market, output: &Output) -> anyhow::Result<[Measurement; 2]> {
    let client = market.client();
    let buyer = market.buyer()?;
    let manifest = bundled::find(MODEL)
        .ok_or_else(|| anyhow!("{MODEL} is not bundled"))?
        .manifest();
    let mut contents = Vec::new();
    for image in digit_images() {
        let tensors = manifest.quantize_input(&decode(image.png)?)?;
        contents.extend(tensors.iter().map(assay_model::Tensor::to_bytes));
    }
    let inputs = client.put_contents(&buyer, contents).await?;
    let requests: Vec<OrderRequest> = inputs
        .iter()
        .cycle()
        .take(ORDERS)
        .map(|input| OrderRequest {
            model: manifest.fields().model,
            input: *input,
            check: CheckRequest::Quorum { agree: 2, of: 3 },
            price_max: Amount::new(1_000_000),
            timing: Timing::default(),
        })
        .collect();

    let bar = output.progress("settled", ORDERS as u64);
    let start = Instant::now();
    let results = place_many(
        client,
        &buyer,
        &requests,
        BatchOptions::default(),
        |event| {
            if matches!(event, assay_client::BatchEvent::Closed { .. }) {
                bar.inc(1);
            }
        },
    )
    .await;
    let seconds = start.elapsed().as_secs_f64();
    bar.finish_and_clear();

    let mut times = Vec::new();
    for receipt in results? {
        let receipt = receipt?;
        if receipt.verdict != VerdictView::Agreed {
            return Err(anyhow!(
                "order {} of the bench was not settled",
                receipt.order
            ));
        }
        times.push(receipt.closed_at.since(receipt.placed_at) as f64);
    }
    let case = format!("orders/check=quorum:2of3,model={MODEL},count={ORDERS}");
    let suite = "market";
    let rate = Measurement {
        suite,
        case: case.clone(),
        value: ORDERS as f64 / seconds,
        unit: "orders/s",
    };
    let latency = Measurement {
        suite,
        case,
        value: super::median(&mut times),
        unit: "ms",
    };
    Ok([rate, latency])
}
