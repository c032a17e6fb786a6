//! `assay topic backtest`: what inference synthesis would have made of models over a recorded series.

mod ask;
mod show;

use super::series::Series;
use crate::{
    cli::TopicBacktest,
    failure::{Done, Ended, Hint},
    home,
    output::Output,
};
use anyhow::{anyhow, bail};
use assay_topic::{
    backtest::{Figures, Order, PARTICIPANTS_MAX, Run, plot, run as run_order},
    synthesis::Synthesis,
};
use std::collections::BTreeSet;

/// Values before the first round are one by this of the series, where none were chosen.
const START_PART: usize = 3;
/// Most orders of arrival.
const ORDERS_MAX: u32 = 1_000;

/// Arrivals are spread over one by this of the rounds where nothing else is said.
const ARRIVALS_PART: usize = 3;

/// Asks the models, runs each order of arrival, and shows what it came to.
///
/// # Errors
/// When the series cannot be read, an option is impossible, no miner answers, or the picture cannot be written.
pub(super) async fn run(args: &TopicBacktest, output: &Output) -> Done {
    check(args)?;
    let synthesis = Synthesis::new(args.parameters())?;
    let series = Series::read(&args.series, args.column.as_deref(), 0)?;
    let values = series.before(u64::MAX);
    let start = args.start.unwrap_or(values.len() / START_PART);
    let left = values.len().saturating_sub(start);
    let rounds = args.rounds.unwrap_or(left);
    if rounds == 0 || rounds > left {
        bail!(
            "{} holds {} values, so after the first {start} there are {left} rounds and not {rounds}; choose another --start or --rounds",
            args.series.display(),
            values.len()
        );
    }
    let (known, asked) = (start, start + rounds);
    let recording = ask::record(args, &values[..asked], known, output).await?;
    let last = args.last_arrival.unwrap_or(rounds / ARRIVALS_PART);
    let runs: Vec<Run> = (0..args.orders)
        .map(|order| {
            let seed = args.seed.wrapping_add(u64::from(order));
            let order = Order::random(seed, args.miners.len(), last);
            run_order(&synthesis, &recording, args.loss(), order)
        })
        .collect();
    let figures: Vec<Figures> = runs.iter().map(Figures::of).collect();
    if figures.iter().all(|figures| figures.mean.rounds == 0) {
        return Err(anyhow!("no miner gave an inference in any round")).hint(|| {
            "each line of JSON on standard input wants a line {\"inference\": NUMBER} on standard output, flushed"
        });
    }
    show::all(args, &runs, &figures, output);
    if let (Some(path), Some(first)) = (&args.plot, runs.first()) {
        let names: Vec<String> = args.miners.iter().map(|miner| miner.name.clone()).collect();
        home::write(path, plot(first, &names).as_bytes())?;
        output.note(format_args!("the picture is in {}", path.display()));
    }
    Ok(Ended::Well)
}

fn check(args: &TopicBacktest) -> anyhow::Result<()> {
    let mut names = BTreeSet::new();
    for model in args.miners.iter().chain(&args.forecasters) {
        if !names.insert(model.name.as_str()) {
            bail!(
                "two models are called `{}`; give each a name of its own",
                model.name
            );
        }
    }
    if names.len() > PARTICIPANTS_MAX {
        bail!(
            "{} models are more than the {PARTICIPANTS_MAX} slots of a topic",
            names.len()
        );
    }
    if !(1..=ORDERS_MAX).contains(&args.orders) {
        bail!("--orders is {}; choose 1 to {ORDERS_MAX}", args.orders);
    }
    Ok(())
}
