//! `assay topic forecast`: foretells others' losses in every epoch of a topic of synthesis, with a program of the user's.

use super::epochs::{self, Epoch, Heading, Mechanism, Member, Model, Part, Sent, is_another};
use crate::{
    cli::{Globals, TopicForecast},
    failure::Done,
    output::Output,
};
use anyhow::{Context, bail};
use assay_topic::synthesis::LOSS_MAX;
use assay_types::{Real, SlotLoss, SlotLosses, Submission};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// What the program must answer.
const EXPECTED: &str = "{\"losses\": {\"SLOT\": NUMBER}}";

/// What the program reads.
#[derive(Serialize)]
struct Question<'a> {
    #[serde(flatten)]
    heading: Heading,
    /// Slots that inferred in the last epoch, or whose losses are known.
    inferers: Vec<u16>,
    last: Last,
    /// The values before the one that inferers are asked for, if a series is replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<&'a [f64]>,
}

/// What was measured last.
#[derive(Serialize)]
struct Last {
    /// The network's loss, a decimal logarithm.
    network_loss: Option<f64>,
    /// Inferers' losses by slot.
    losses: BTreeMap<u16, f64>,
}

/// What the program answers.
#[derive(Deserialize)]
struct Answer {
    losses: BTreeMap<u16, f64>,
}

/// Forecasts until asked to stop.
///
/// # Errors
/// See [`epochs::work`].
pub(super) async fn run(args: &TopicForecast, globals: &Globals, output: &Output) -> Done {
    let model = Model::new(&args.program, Some(&args.series))?;
    let member = Member::new(&args.work, globals, output).await?;
    epochs::work(&Forecaster, model, member, &args.work, globals, output).await
}

/// Sends forecasts.
struct Forecaster;

impl Part for Forecaster {
    const NEEDS_PERMIT: bool = false;
    const MECHANISM: Mechanism = Mechanism::Synthesis;

    async fn submission(
        &self,
        model: &mut Model,
        epoch: &Epoch<'_>,
        within: Duration,
    ) -> anyhow::Result<Sent> {
        let number = epoch.number();
        let Some(round) = epoch.round else {
            return Ok(Sent::Nothing("nothing is known of the topic".to_owned()));
        };
        let losses: BTreeMap<u16, f64> = round
            .losses
            .iter()
            .map(|loss| (loss.slot, loss.loss))
            .collect();
        let present = round.inferers.iter().map(|sent| sent.slot);
        let mut inferers: Vec<u16> = losses.keys().copied().chain(present).collect();
        inferers.sort_unstable();
        inferers.dedup();
        inferers.retain(|slot| *slot != epoch.slot.slot);
        if losses.is_empty() {
            return Ok(Sent::Nothing("nobody's loss was measured yet".to_owned()));
        }
        let question = Question {
            heading: epoch.heading("forecast", number),
            inferers,
            last: Last {
                network_loss: round.network_loss,
                losses,
            },
            history: model.series.as_ref().map(|series| series.before(number)),
        };
        let answer: Answer = model.program.ask(&question, within, EXPECTED).await?;
        let losses = checked(&answer, epoch.slot.slot, epoch.view.topic.slots)?;
        Ok(Sent::Submission(Submission::Forecast { losses }))
    }
}

/// Losses as the ledger takes them, ascending by slot.
fn checked(answer: &Answer, own: u16, slots: u16) -> anyhow::Result<SlotLosses> {
    let mut losses = Vec::with_capacity(answer.losses.len());
    for (slot, loss) in &answer.losses {
        is_another(*slot, own, slots)?;
        let real = Real::new(*loss).filter(|_| loss.abs() <= LOSS_MAX);
        let loss = real.with_context(|| {
            format!("the loss of slot {slot} is {loss}; it must be a logarithm within ±{LOSS_MAX}")
        })?;
        losses.push(SlotLoss { slot: *slot, loss });
    }
    if losses.is_empty() {
        bail!("nobody's loss was foretold");
    }
    SlotLosses::new(losses).context("more losses than a topic has slots")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Result<&[(u16, f64)], &str>) {
        let parsed: Result<Answer, _> = serde_json::from_str(answer);
        let losses = parsed
            .map_err(anyhow::Error::from)
            .and_then(|answer| checked(&answer, 1, 4));
        match (losses, expected) {
            (Ok(losses), Ok(expected)) => {
                let losses: Vec<_> = losses
                    .iter()
                    .map(|each| (each.slot, each.loss.get()))
                    .collect();
                assert_eq!(losses, expected, "{answer}");
            }
            (Err(error), Err(reason)) => {
                let error = format!("{error:#}");
                assert!(error.contains(reason), "{answer}: {error}");
            }
            (losses, _) => panic!("{answer}: {losses:?}"),
        }
    }

    #[test]
    fn answers_of_programs_become_losses_or_reasons() {
        check(
            r#"{"losses": {"3": -1.5, "0": 2}}"#,
            Ok(&[(0, 2.0), (3, -1.5)]),
        );
        check(r#"{"losses": {}}"#, Err("nobody's loss"));
        check(r#"{"losses": {"1": 0}}"#, Err("own"));
        check(r#"{"losses": {"4": 0}}"#, Err("no slot 4"));
        check(r#"{"losses": {"0": 1001}}"#, Err("within"));
        check(r#"{"losses": {"0": null}}"#, Err("invalid type"));
    }
}
