//! Many orders, each settled on its own, and what they came to.

use super::{check, timing};
use crate::{
    cli::{Globals, Infer},
    connect,
    failure::{Done, Ended},
    home, interrupt,
    output::{Output, bad, good},
};
use anyhow::{Context, anyhow};
use assay_api::{ReceiptView, SupplyView, VerdictView};
use assay_client::{BatchEvent, BatchOptions, Client, OrderRequest, place_many};
use assay_model::{
    Input, Manifest, Tensor,
    input::{NPZ_BYTES_MAX, decode_npz},
};
use assay_types::Amount;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// How long an order of a batch may take: longer than a single one, since they share the sellers.
const WITHIN: Duration = Duration::from_secs(60);
/// Answers fetched at once.
const FETCHES: usize = 16;

/// What a batch came to.
#[derive(Debug, Serialize)]
struct Report {
    model: String,
    orders: usize,
    settled: usize,
    refunded: usize,
    not_placed: usize,
    /// Settled orders whose answer is the label; absent without labels.
    correct: Option<usize>,
    accuracy: Option<f64>,
    price_grains: String,
    seconds: f64,
    orders_per_second: f64,
    /// Median ledger time from placement to settlement.
    median_ms: u64,
    supply: Supply,
}

/// Whether money was conserved from before the batch to after it.
#[derive(Debug, Serialize)]
struct Supply {
    circulating_before_grains: String,
    circulating_after_grains: String,
    burnt_grains: String,
    issued_grains: String,
    conserved: bool,
}

pub(super) async fn run(args: &Infer, archive: &Path, globals: &Globals, output: &Output) -> Done {
    let bytes = home::read(archive, u64::try_from(NPZ_BYTES_MAX).unwrap_or(u64::MAX))?;
    let client = connect::client(globals).await?;
    let (model, manifest) = connect::model(&client, &args.model).await?;
    let check = check(args, &model)?;
    let (tensors, labels) = rows(args, archive, &bytes, &manifest)?;
    let sender = connect::sender(globals, &args.wallet, output).await?;

    let bar = output.progress("storing", tensors.len() as u64);
    let contents = tensors.iter().map(Tensor::to_bytes).collect();
    let inputs = connect::advise(client.put_contents(sender.key(), contents).await)?;
    let request = |input| OrderRequest {
        model: model.model,
        input,
        check,
        price_max: args.max_price,
        timing: timing(Some(args.within.unwrap_or(WITHIN))),
    };
    let requests: Vec<_> = inputs.into_iter().map(request).collect();

    bar.set_message("settled");
    let before = client.status().await?.supply;
    let start = Instant::now();
    let placing = place_many(
        &client,
        sender.key(),
        &requests,
        BatchOptions::default(),
        |event| {
            if matches!(event, BatchEvent::Closed { .. } | BatchEvent::Failed { .. }) {
                bar.inc(1);
            }
        },
    );
    let results = tokio::select! {
        results = placing => results?,
        () = interrupt::requested() => {
            bar.finish_and_clear();
            output.note("interrupted; orders that stand go on and end by themselves");
            return Ok(Ended::Badly);
        }
    };
    let elapsed = start.elapsed();
    bar.finish_and_clear();
    let after = client.status().await?.supply;

    let failures = results.iter().filter_map(|result| result.as_ref().err());
    if let Some(error) = failures.clone().next() {
        output.note(format_args!(
            "{} orders could not be placed, one because {error}",
            failures.count()
        ));
    }
    let closed: Vec<Option<ReceiptView>> = results.into_iter().map(Result::ok).collect();
    let correct = match &labels {
        Some(labels) => Some(correct(&client, &manifest, &closed, labels).await?),
        None => None,
    };
    let report = report(args, &closed, correct, elapsed, supply(&before, &after));
    show(&report, output);
    Ok(Ended::when(
        report.settled == report.orders && report.supply.conserved,
    ))
}

/// The inputs, and the labels where there are any.
fn rows(
    args: &Infer,
    archive: &Path,
    bytes: &[u8],
    manifest: &Manifest,
) -> anyhow::Result<(Vec<Tensor>, Option<Vec<usize>>)> {
    let name = &manifest.fields().name;
    let x = decode_npz(bytes, Some("x"))
        .with_context(|| format!("cannot read array `x` of {}", archive.display()))?;
    let mut tensors = manifest
        .quantize_input(&x)
        .with_context(|| format!("the rows of `x` are no inputs of {name}"))?;
    let labels = match &args.labels {
        Some(array) => Some(classes(bytes, array)?),
        None => classes(bytes, "y").ok(),
    };
    if let Some(labels) = &labels
        && labels.len() != tensors.len()
    {
        return Err(anyhow!(
            "{} labels for {} inputs",
            labels.len(),
            tensors.len()
        ));
    }
    let count = args.count.unwrap_or(tensors.len());
    if count > tensors.len() || count == 0 {
        return Err(anyhow!(
            "{count} orders of the {} rows of {}",
            tensors.len(),
            archive.display()
        ));
    }
    tensors.truncate(count);
    Ok((tensors, labels))
}

fn classes(bytes: &[u8], array: &str) -> anyhow::Result<Vec<usize>> {
    let input =
        decode_npz(bytes, Some(array)).with_context(|| format!("cannot read array `{array}`"))?;
    match input {
        Input::Reals(numbers) => {
            let class = |&number: &f64| {
                let whole = number >= 0.0 && number.fract() == 0.0 && number < f64::from(u32::MAX);
                whole
                    .then_some(number as usize)
                    .ok_or_else(|| anyhow!("`{array}` holds {number}, which is no class"))
            };
            numbers.data().iter().map(class).collect()
        }
        Input::Bytes { data, .. } => Ok(data.into_iter().map(usize::from).collect()),
        Input::Image(_) => Err(anyhow!("array `{array}` holds no classes")),
    }
}

async fn correct(
    client: &Client,
    manifest: &Manifest,
    closed: &[Option<ReceiptView>],
    labels: &[usize],
) -> anyhow::Result<usize> {
    let settled = closed
        .iter()
        .flatten()
        .zip(labels)
        .filter_map(|(receipt, label)| {
            receipt.output.map(|output| (receipt.order, output, *label))
        });
    let settled: Vec<_> = settled.collect();
    stream::iter(settled)
        .map(|(order, output, label)| async move {
            let tensor = connect::answer(client, order, output).await?;
            anyhow::Ok(manifest.classify(&tensor)?.class == label)
        })
        .buffer_unordered(FETCHES)
        .try_fold(0, |sum, right| async move { Ok(sum + usize::from(right)) })
        .await
}

fn supply(before: &SupplyView, after: &SupplyView) -> Supply {
    let whole =
        |supply: &SupplyView| supply.burnt.checked_add(supply.circulating) == Some(supply.issued);
    let burnt = after.burnt.saturating_sub(before.burnt);
    let issued = after.issued.saturating_sub(before.issued);
    let balanced = after.circulating.checked_add(burnt) == before.circulating.checked_add(issued);
    Supply {
        circulating_before_grains: before.circulating.get().to_string(),
        circulating_after_grains: after.circulating.get().to_string(),
        burnt_grains: burnt.get().to_string(),
        issued_grains: issued.get().to_string(),
        conserved: whole(before) && whole(after) && balanced && before.issued <= after.issued,
    }
}

fn report(
    args: &Infer,
    closed: &[Option<ReceiptView>],
    correct: Option<usize>,
    elapsed: Duration,
    supply: Supply,
) -> Report {
    let ended: Vec<&ReceiptView> = closed.iter().flatten().collect();
    let refunded = ended
        .iter()
        .filter(|receipt| matches!(receipt.verdict, VerdictView::Refunded { .. }))
        .count();
    let settled = ended.len() - refunded;
    let price = ended.iter().fold(Amount::ZERO, |sum, receipt| {
        sum.saturating_add(receipt.price)
    });
    let mut times: Vec<u64> = ended
        .iter()
        .map(|receipt| receipt.closed_at.since(receipt.placed_at))
        .collect();
    times.sort_unstable();
    let seconds = elapsed.as_secs_f64();
    Report {
        model: args.model.clone(),
        orders: closed.len(),
        settled,
        refunded,
        not_placed: closed.len() - ended.len(),
        correct,
        accuracy: correct.map(|correct| correct as f64 / settled.max(1) as f64),
        price_grains: price.get().to_string(),
        seconds,
        orders_per_second: settled as f64 / seconds,
        median_ms: times.get(times.len() / 2).copied().unwrap_or_default(),
        supply,
    }
}

fn show(report: &Report, output: &Output) {
    output.json(report);
    let amount = |grains: &str| Amount::new(grains.parse().unwrap_or_default());
    let mut facts = vec![
        ("model", report.model.clone()),
        (
            "orders",
            format!(
                "{} settled, {} refunded, {} not placed",
                report.settled, report.refunded, report.not_placed
            ),
        ),
    ];
    if let (Some(correct), Some(accuracy)) = (report.correct, report.accuracy) {
        facts.push((
            "accuracy",
            format!(
                "{:.1} % ({correct} of {})",
                accuracy * 100.0,
                report.settled
            ),
        ));
    }
    let Supply {
        circulating_before_grains: before,
        circulating_after_grains: after,
        burnt_grains,
        issued_grains,
        ..
    } = &report.supply;
    let verdict = if report.supply.conserved {
        good("conserved").to_string()
    } else {
        bad("does not add up").to_string()
    };
    facts.extend([
        ("price", amount(&report.price_grains).to_string()),
        (
            "time",
            format!(
                "{:.1} s, {:.1} orders/s, {} ms of ledger time in the median",
                report.seconds, report.orders_per_second, report.median_ms
            ),
        ),
        ("supply", format!("{} before", amount(before))),
        (
            "",
            format!(
                "{} after, {} burnt, {} new: {verdict}",
                amount(after),
                amount(burnt_grains),
                amount(issued_grains)
            ),
        ),
    ]);
    output.facts(facts);
}
