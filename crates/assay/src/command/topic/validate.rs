//! `assay topic validate`: judges in every epoch, with a program of the user's.

use super::epochs::{self, Epoch, Model, Part, Sent};
use crate::{
    cli::{Globals, TopicWork},
    failure::Done,
    output::Output,
};
use anyhow::{Context, bail};
use assay_api::{MetagraphView, TopicMechanismView};
use assay_types::{Submission, WeightCell, WeightRow};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// What the program must answer.
const EXPECTED: &str = "{\"weights\": {\"SLOT\": NUMBER}}";

/// What the program reads.
#[derive(Serialize)]
struct Question<'a> {
    ask: &'static str,
    /// The slot of who asks.
    slot: u16,
    #[serde(flatten)]
    topic: &'a MetagraphView,
}

/// What the program answers.
#[derive(Deserialize)]
struct Answer {
    weights: BTreeMap<u16, f64>,
}

/// Judges until asked to stop.
///
/// # Errors
/// See [`epochs::work`].
pub(super) async fn run(args: &TopicWork, globals: &Globals, output: &Output) -> Done {
    epochs::work(&Validator, args, globals, output).await
}

/// Weighs other slots.
struct Validator;

impl Part for Validator {
    const NEEDS_PERMIT: bool = true;

    fn belongs(mechanism: &TopicMechanismView) -> bool {
        matches!(mechanism, TopicMechanismView::Yuma { .. })
    }

    async fn submission(
        &self,
        model: &mut Model,
        epoch: &Epoch<'_>,
        within: Duration,
    ) -> anyhow::Result<Sent> {
        let question = Question {
            ask: "weights",
            slot: epoch.slot.slot,
            topic: epoch.view,
        };
        let answer = model.program.ask(&question, within, EXPECTED).await?;
        let cells = quantized(&answer, epoch.slot.slot, epoch.view.topic.slots)?;
        Ok(Sent::Submission(Submission::Weights { cells }))
    }
}

/// Weights as the ledger takes them: ascending, the largest 65 535.
fn quantized(answer: &Answer, own: u16, slots: u16) -> anyhow::Result<WeightRow> {
    let largest = answer.weights.values().copied().fold(0.0f64, f64::max);
    let mut cells = Vec::with_capacity(answer.weights.len());
    for (slot, weight) in &answer.weights {
        if !weight.is_finite() || *weight < 0.0 {
            bail!("the weight on slot {slot} is {weight}; it must be a number from zero up");
        }
        if *slot == own {
            bail!("slot {slot} is the validator's own; weigh others");
        }
        if *slot >= slots {
            bail!("there is no slot {slot}; the topic has {slots}");
        }
        let scaled = weight / largest * f64::from(u16::MAX);
        // Of finite numbers, none above the largest.
        let weight = scaled.round() as u16;
        if weight > 0 {
            cells.push(WeightCell {
                slot: *slot,
                weight,
            });
        }
    }
    if cells.is_empty() {
        bail!("no weight is above zero");
    }
    WeightRow::new(cells).context("more weights than a topic has slots")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, expected: Result<&[(u16, u16)], &str>) {
        let parsed: Result<Answer, _> = serde_json::from_str(answer);
        let weights = parsed
            .map_err(anyhow::Error::from)
            .and_then(|answer| quantized(&answer, 1, 4));
        match (weights, expected) {
            (Ok(row), Ok(cells)) => {
                let row: Vec<_> = row.iter().map(|cell| (cell.slot, cell.weight)).collect();
                assert_eq!(row, cells, "{answer}");
            }
            (Err(error), Err(reason)) => {
                let error = format!("{error:#}");
                assert!(error.contains(reason), "{answer}: {error}");
            }
            (weights, _) => panic!("{answer}: {weights:?}"),
        }
    }

    #[test]
    fn answers_of_programs_become_weights_or_reasons() {
        check(
            r#"{"weights": {"3": 0.5, "0": 1}}"#,
            Ok(&[(0, 65_535), (3, 32_768)]),
        );
        check(
            r#"{"weights": {"0": 1e300, "2": 1e-300}}"#,
            Ok(&[(0, 65_535)]),
        );
        check(r#"{"weights": {}}"#, Err("above zero"));
        check(r#"{"weights": {"0": 0, "2": 0.0}}"#, Err("above zero"));
        check(r#"{"weights": {"0": -1}}"#, Err("from zero up"));
        check(r#"{"weights": {"1": 1}}"#, Err("own"));
        check(r#"{"weights": {"4": 1}}"#, Err("no slot 4"));
        check(r#"{"weights": {"x": 1}}"#, Err("invalid"));
        check(r#"{"weights": {"0": NaN}}"#, Err("expected"));
        check("", Err("EOF"));
    }
}
