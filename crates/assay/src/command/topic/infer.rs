//! A miner of a topic of synthesis: sends an inference in every epoch, from a program of the user's.

use super::epochs::{Epoch, Heading, Mechanism, Model, Numbers, Part, Sent, labels};
use anyhow::{Context, anyhow};
use assay_api::TopicMechanismView;
use assay_types::{Labels, Real, Submission};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the program must answer.
const EXPECTED: &str = "{\"inference\": NUMBER}, or a list of one for each label";

/// What the program reads.
#[derive(Serialize)]
struct Question<'a> {
    #[serde(flatten)]
    heading: Heading,
    /// How many numbers are asked for.
    labels: u16,
    /// The values before the one that is asked for, if a series is replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<&'a [f64]>,
}

/// What the program answers.
#[derive(Deserialize)]
struct Answer {
    inference: Numbers,
}

/// Sends inferences.
pub(super) struct Inferer;

impl Part for Inferer {
    const NEEDS_PERMIT: bool = false;
    const MECHANISM: Mechanism = Mechanism::Synthesis;

    async fn submission(
        &self,
        model: &mut Model,
        epoch: &Epoch<'_>,
        within: Duration,
    ) -> anyhow::Result<Sent> {
        let TopicMechanismView::Synthesis { labels: count, .. } = epoch.view.topic.terms.mechanism
        else {
            return Err(anyhow!("only a topic of synthesis takes inferences"));
        };
        let number = epoch.number();
        let series = model.series.as_ref();
        if series.is_some_and(|series| series.value(number).is_none()) {
            return Ok(Sent::Nothing("the recorded series has ended".to_owned()));
        }
        let question = Question {
            heading: epoch.heading("inference", number),
            labels: count,
            history: series.map(|series| series.before(number)),
        };
        let answer: Answer = model.program.ask(&question, within, EXPECTED).await?;
        let numbers = labels(&answer.inference, count)?;
        let reals = numbers.into_iter().filter_map(Real::new);
        let labels = Labels::new(reals.collect()).context("too many labels")?;
        Ok(Sent::Submission(Submission::Inference { labels }))
    }
}
