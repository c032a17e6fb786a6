//! `assay topic repute`: measures the last epoch's inferences in every epoch of a topic of synthesis.

use super::epochs::{self, Epoch, Heading, Mechanism, Member, Model, Numbers, Part, Sent, labels};
use crate::{
    cli::{Globals, TopicRepute},
    failure::Done,
    output::Output,
};
use anyhow::{Context, bail};
use assay_api::{RoundView, TopicMechanismView};
use assay_topic::synthesis::{LOSS_MAX, LossFunction};
use assay_types::{Losses, Real, Submission};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the program must answer.
const EXPECTED: &str = "{\"truth\": NUMBER}, a list of one for each label, or {\"truth\": null}";

/// What the program reads.
#[derive(Serialize)]
struct Question {
    /// Its round is the epoch whose truth is asked for.
    #[serde(flatten)]
    heading: Heading,
    /// How many numbers the truth has.
    labels: u16,
}

/// What the program answers.
#[derive(Deserialize)]
struct Answer {
    truth: Option<Numbers>,
}

/// Measures until asked to stop.
///
/// # Errors
/// See [`epochs::work`].
pub(super) async fn run(args: &TopicRepute, globals: &Globals, output: &Output) -> Done {
    let model = Model::new(&args.program, Some(&args.series))?;
    let member = Member::new(&args.work, globals, output).await?;
    epochs::work(&Reputer, model, member, &args.work, globals, output).await
}

/// Sends losses.
struct Reputer;

impl Part for Reputer {
    const NEEDS_PERMIT: bool = true;
    const MECHANISM: Mechanism = Mechanism::Synthesis;

    async fn submission(
        &self,
        model: &mut Model,
        epoch: &Epoch<'_>,
        within: Duration,
    ) -> anyhow::Result<Sent> {
        let TopicMechanismView::Synthesis {
            labels: count,
            loss,
            ..
        } = &epoch.view.topic.terms.mechanism
        else {
            bail!("only a topic of synthesis takes losses");
        };
        let function = match loss.as_str() {
            "squared" => LossFunction::Squared,
            "absolute" => LossFunction::Absolute,
            unknown => bail!("this program does not know the loss function `{unknown}`; update it"),
        };
        let Some((round, of)) = epoch.round.and_then(|round| Some((round, round.epoch?))) else {
            return Ok(Sent::Nothing(
                "nobody inferred in the last epoch".to_owned(),
            ));
        };
        let truth = match &model.series {
            Some(series) => series.value(of).map(Numbers::One),
            None => {
                let question = Question {
                    heading: epoch.heading("truth", of),
                    labels: *count,
                };
                let answer: Answer = model.program.ask(&question, within, EXPECTED).await?;
                answer.truth
            }
        };
        let Some(truth) = truth else {
            return Ok(Sent::Nothing(format!(
                "the truth of epoch {of} is not known"
            )));
        };
        let truth = labels(&truth, *count)?;
        let losses = measured(round, function, &truth)?;
        Ok(Sent::Submission(Submission::Losses { epoch: of, losses }))
    }
}

/// The loss of each aggregate.
fn measured(round: &RoundView, function: LossFunction, truth: &[f64]) -> anyhow::Result<Losses> {
    let losses = round.aggregates.iter().map(|inference| {
        let loss = function.loss(inference.as_ref()?, truth);
        Real::new(loss.clamp(-LOSS_MAX, LOSS_MAX))
    });
    Losses::new(losses.collect()).context("more inferences than can be measured")
}
