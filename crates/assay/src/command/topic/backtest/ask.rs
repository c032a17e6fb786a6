//! Models are asked once for the whole series.

use super::super::{
    epochs::{Numbers, labels},
    program::Program,
};
use crate::{
    cli::{ModelSource, NamedModel, ProgramChoice, TopicBacktest},
    output::{Output, bad},
};
use anyhow::{Context, bail};
use assay_topic::{
    backtest::{Recording, VALUE_MAX},
    synthesis::{LOSS_MAX, LossFunction},
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How many failures of a model are told one by one; the rest are counted.
const TOLD_MAX: usize = 3;

/// What a miner must answer.
const INFERENCE: &str = "{\"inference\": NUMBER}";
/// What a forecaster must answer.
const FORECAST: &str = "{\"losses\": {\"SLOT\": NUMBER}}";

/// What models are asked in a round. A miner's slot is its place among those named, forecasters follow.
#[derive(Serialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
enum Question<'a> {
    Inference {
        round: usize,
        slot: usize,
        /// How many numbers are asked for.
        labels: u16,
        /// The values before the one that is asked for.
        history: &'a [f64],
    },
    Forecast {
        round: usize,
        slot: usize,
        /// Slots of miners.
        inferers: &'a [usize],
        last: Last<'a>,
        history: &'a [f64],
    },
}

/// What was measured last.
#[derive(Serialize)]
struct Last<'a> {
    round: usize,
    /// Miners' losses by slot: decimal logarithms of their errors.
    losses: &'a BTreeMap<usize, f64>,
}

#[derive(Deserialize)]
struct Inference {
    inference: Numbers,
}

#[derive(Deserialize)]
struct Forecast {
    losses: BTreeMap<usize, f64>,
}

/// A model that is asked, and what it failed to answer.
struct Asked {
    name: String,
    slot: usize,
    program: Program,
    within: Duration,
    failures: usize,
}

/// Asks all models for the values from `known` on, a round each, and keeps what they answer.
///
/// # Errors
/// When an address is none, or the series holds values that cannot be measured.
pub(super) async fn record(
    args: &TopicBacktest,
    values: &[f64],
    known: usize,
    output: &Output,
) -> anyhow::Result<Recording> {
    let mut miners = models(&args.miners, 0, args.within)?;
    let mut forecasters = models(&args.forecasters, miners.len(), args.within)?;
    let inferers: Vec<usize> = miners.iter().map(|miner| miner.slot).collect();
    let truths = values.get(known..).unwrap_or_default().to_vec();
    let mut inferences = vec![Vec::with_capacity(truths.len()); miners.len()];
    let mut forecasts = vec![Vec::with_capacity(truths.len()); forecasters.len()];

    let mut losses = BTreeMap::new();
    let bar = output.progress("asking", truths.len() as u64);
    for (round, truth) in truths.iter().enumerate() {
        let history = &values[..known + round];
        let last =
            (round.checked_sub(1).filter(|_| !losses.is_empty())).map(|round| (round, &losses));
        let inferring = miners.iter_mut().map(|miner| miner.infer(round, history));
        let forecasting = forecasters
            .iter_mut()
            .map(|forecaster| forecaster.forecast(round, &inferers, last, history));
        let (inferred, foretold) =
            futures::future::join(join_all(inferring), join_all(forecasting)).await;

        let inferred: Vec<Option<f64>> = inferred
            .into_iter()
            .zip(&mut miners)
            .map(|(answer, miner)| miner.told(round, answer, &bar, output))
            .collect();
        let foretold = foretold
            .into_iter()
            .zip(&mut forecasters)
            .map(|(answer, forecaster)| forecaster.told(round, answer, &bar, output));
        for (own, foretold) in forecasts.iter_mut().zip(foretold) {
            own.push(foretold.unwrap_or_default());
        }
        losses = losses_of(&inferred, *truth, args.loss());
        for (own, inference) in inferences.iter_mut().zip(inferred) {
            own.push(inference);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    for model in miners.iter().chain(&forecasters) {
        if model.failures > TOLD_MAX {
            output.note(format_args!(
                "{} gave no answer in {} of {} rounds",
                model.name,
                model.failures,
                truths.len()
            ));
        }
    }
    Ok(Recording::new(truths, inferences, forecasts)?)
}

fn models(named: &[NamedModel], first: usize, within: Duration) -> anyhow::Result<Vec<Asked>> {
    let model = |(place, named): (usize, &NamedModel)| {
        let (program, url) = match &named.source {
            ModelSource::Program(words) => (words.clone(), None),
            ModelSource::Url(url) => (Vec::new(), Some(url.clone())),
        };
        let choice = ProgramChoice {
            url,
            within,
            program,
        };
        Ok(Asked {
            name: named.name.clone(),
            slot: first + place,
            program: Program::new(&choice)?,
            within,
            failures: 0,
        })
    };
    named.iter().enumerate().map(model).collect()
}

/// The losses of those that inferred, by slot.
fn losses_of(inferences: &[Option<f64>], truth: f64, loss: LossFunction) -> BTreeMap<usize, f64> {
    let inferred = inferences.iter().enumerate();
    inferred
        .filter_map(|(slot, inference)| Some((slot, loss.loss(&[(*inference)?], &[truth]))))
        .collect()
}

impl Asked {
    async fn infer(&mut self, round: usize, history: &[f64]) -> anyhow::Result<f64> {
        let question = Question::Inference {
            round,
            slot: self.slot,
            labels: 1,
            history,
        };
        let answer: Inference = self.program.ask(&question, self.within, INFERENCE).await?;
        let inference = labels(&answer.inference, 1)?;
        let inference = inference
            .first()
            .copied()
            .filter(|one| one.abs() <= VALUE_MAX);
        inference.with_context(|| format!("an inference lies within ±{VALUE_MAX:e}"))
    }

    /// Its forecast of a round; nothing where nothing has been measured in the last one.
    async fn forecast(
        &mut self,
        round: usize,
        inferers: &[usize],
        last: Option<(usize, &BTreeMap<usize, f64>)>,
        history: &[f64],
    ) -> anyhow::Result<Vec<(usize, f64)>> {
        let Some((last, losses)) = last else {
            return Ok(Vec::new());
        };
        let question = Question::Forecast {
            round,
            slot: self.slot,
            inferers,
            last: Last {
                round: last,
                losses,
            },
            history,
        };
        let answer: Forecast = self.program.ask(&question, self.within, FORECAST).await?;
        for (slot, loss) in &answer.losses {
            if !inferers.contains(slot) {
                bail!("slot {slot} is no miner's; foretell losses of `inferers`");
            }
            if loss.is_nan() || loss.abs() > LOSS_MAX {
                bail!(
                    "the loss of slot {slot} is {loss}; it must be a logarithm within ±{LOSS_MAX}"
                );
            }
        }
        Ok(answer.losses.into_iter().collect())
    }

    /// The answer; a failure is told, unless many were.
    fn told<T>(
        &mut self,
        round: usize,
        answer: anyhow::Result<T>,
        bar: &indicatif::ProgressBar,
        output: &Output,
    ) -> Option<T> {
        answer
            .inspect_err(|error| {
                self.failures += 1;
                if self.failures <= TOLD_MAX {
                    let (name, no_answer) = (&self.name, bad("no answer:"));
                    bar.suspend(|| {
                        output.note(format_args!("round {round}  {name}  {no_answer} {error:#}"))
                    });
                }
            })
            .ok()
    }
}
