//! `assay topic validate`: judges in every epoch, with a program of the user's.

use super::epochs::{self, Epoch, Mechanism, Member, Model, Part, Sent, is_another};
use crate::{
    cli::{Globals, TopicValidate},
    failure::Done,
    output::{Output, good},
};
use anyhow::{Context, bail};
use assay_api::MetagraphView;
use assay_client::{Asker, Recipient};
use assay_types::{Submission, WeightCell, WeightRow};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// What the program must answer when it is asked for weights.
const WEIGHTS: &str = "{\"weights\": {\"SLOT\": NUMBER}}";
/// What it must answer when it is asked for questions.
const QUESTIONS: &str = "{\"questions\": [ANYTHING, …]}";
/// Most questions in an epoch.
const QUESTIONS_MAX: usize = 256;

/// Answers by slot, one for each question; null where there was none.
type Answers = BTreeMap<u16, Vec<Value>>;

/// What the program reads.
#[derive(Serialize)]
struct Question<'a> {
    ask: &'static str,
    /// The slot of who asks.
    slot: u16,
    #[serde(flatten)]
    topic: &'a MetagraphView,
    /// What miners answered to its questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<Answers>,
}

/// What the program answers when it is asked what to ask.
#[derive(Deserialize)]
struct Questions {
    questions: Vec<Value>,
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
pub(super) async fn run(args: &TopicValidate, globals: &Globals, output: &Output) -> Done {
    let model = Model::new(&args.program, None)?;
    let member = Member::new(&args.work, globals, output).await?;
    let asker = match args.questions {
        true => Some(Asker::new(
            member.sender.client().chain(),
            member.sender.key().clone(),
        )?),
        false => None,
    };
    let validator = Validator { asker, output };
    epochs::work(&validator, model, member, &args.work, globals, output).await
}

/// Weighs other slots, after having asked them.
struct Validator<'a> {
    asker: Option<Asker>,
    output: &'a Output,
}

impl Part for Validator<'_> {
    const NEEDS_PERMIT: bool = true;
    const MECHANISM: Mechanism = Mechanism::Yuma;

    async fn submission(
        &self,
        model: &mut Model,
        epoch: &Epoch<'_>,
        within: Duration,
    ) -> anyhow::Result<Sent> {
        let deadline = Instant::now() + within;
        let mut question = Question {
            ask: "questions",
            slot: epoch.slot.slot,
            topic: epoch.view,
            answers: None,
        };
        if let Some(asker) = &self.asker {
            let asked: Questions = model.program.ask(&question, within, QUESTIONS).await?;
            // Half of the time is the miners', the rest the program's and the ledger's.
            let patience = (deadline - Instant::now()) / 2;
            let answers = interview(asker, epoch, &asked.questions, patience).await?;
            self.told(epoch, &answers);
            question.answers = Some(answers);
        }
        question.ask = "weights";
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = model.program.ask(&question, left, WEIGHTS).await?;
        let cells = quantized(&answer, epoch.slot.slot, epoch.view.topic.slots)?;
        Ok(Sent::Submission(Submission::Weights { cells }))
    }
}

impl Validator<'_> {
    fn told(&self, epoch: &Epoch<'_>, answers: &Answers) {
        let given = answers
            .values()
            .flatten()
            .filter(|answer| !answer.is_null());
        let (given, all) = (given.count(), answers.values().flatten().count());
        let number = epoch.number();
        self.output.json(&json!({
            "epoch": number, "slot": epoch.slot.slot, "event": "asked",
            "miners": answers.len(), "questions": all, "answers": given,
        }));
        self.output.line(format_args!(
            "epoch {number}  {} {} miners: {given} of {all} questions answered",
            good("asked"),
            answers.len()
        ));
    }
}

/// Asks every other slot that says where it can be asked: all at once, each one question after the other. Who does not
/// answer in time, or not to the question, answers `null`.
async fn interview(
    asker: &Asker,
    epoch: &Epoch<'_>,
    questions: &[Value],
    patience: Duration,
) -> anyhow::Result<Answers> {
    if questions.len() > QUESTIONS_MAX {
        bail!(
            "{} questions are more than {QUESTIONS_MAX}",
            questions.len()
        );
    }
    let bodies: Vec<Vec<u8>> = questions
        .iter()
        .map(serde_json::to_vec)
        .collect::<Result<_, _>>()?;
    let asked = epoch.view.slots.iter().filter_map(|slot| {
        let address = slot.address.as_deref()?.parse().ok()?;
        let miner = Recipient {
            miner: slot.key,
            address,
            topic: epoch.view.topic.topic,
        };
        (slot.slot != epoch.slot.slot).then_some((slot.slot, miner))
    });
    let bodies = &bodies;
    let interviews = asked.map(|(slot, miner)| async move {
        let mut answers = vec![Value::Null; bodies.len()];
        let asking = async {
            for (body, answer) in bodies.iter().zip(&mut answers) {
                if let Ok(answered) = asker.ask(&miner, body.clone()).await {
                    *answer = serde_json::from_slice(&answered.body).unwrap_or(Value::Null);
                }
            }
        };
        // What was answered before the time was over counts.
        let _ = tokio::time::timeout(patience, asking).await;
        (slot, answers)
    });
    Ok(join_all(interviews).await.into_iter().collect())
}

/// Weights as the ledger takes them: ascending, the largest 65 535.
fn quantized(answer: &Answer, own: u16, slots: u16) -> anyhow::Result<WeightRow> {
    let largest = answer.weights.values().copied().fold(0.0f64, f64::max);
    let mut cells = Vec::with_capacity(answer.weights.len());
    for (slot, weight) in &answer.weights {
        if !weight.is_finite() || *weight < 0.0 {
            bail!("the weight on slot {slot} is {weight}; it must be a number from zero up");
        }
        is_another(*slot, own, slots)?;
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
