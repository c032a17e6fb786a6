//! `assay topic validate`: judges in every epoch, with a program of the user's.

use super::{journal::Journal, metagraph, resolve};
use crate::{
    cli::{Globals, TopicValidate},
    connect,
    failure::{Done, Ended, Hint},
    home::Home,
    interrupt,
    output::{Output, bad, dim, good},
};
use anyhow::{Context, anyhow, bail};
use assay_api::{EventView, MetagraphView, SlotView, StreamMessage};
use assay_client::{ClientError, EventQuery, EventStream, Sender};
use assay_types::{AccountId, Call, Submission, TopicId, WeightCell, WeightRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt as _, process::Command};

/// Most bytes of a program's answer: as many weights as a topic has slots take a small part of it.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What the program reads.
#[derive(Serialize)]
struct Question<'a> {
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

/// Commits, reveals, and waits for the next epoch, until asked to stop.
///
/// # Errors
/// When the key holds no slot, or the node, the wallet or the journal cannot be used.
pub(crate) async fn run(args: &TopicValidate, globals: &Globals, output: &Output) -> Done {
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let topic = resolve(sender.client(), &args.topic).await?;
    let folder = Home::new(globals.home.as_deref())?.topics();
    let file = format!("{}-{}.json", topic.short(), sender.account().short());
    let mut journal = Journal::open(folder.join(file))?;
    let mut done = 0;
    loop {
        // The stream begins before the topic is read, so an epoch that ends meanwhile is not missed.
        let height = sender.client().status().await?.height;
        let query = EventQuery::after(height).of_account(sender.account());
        let mut events = sender.client().events(query);
        let working = async {
            let number = epoch(args, topic, &sender, &mut journal, output).await?;
            done += 1;
            match args.epochs {
                Some(epochs) if done >= epochs => Ok(true),
                _ => ended(&mut events, topic, number).await.map(|()| false),
            }
        };
        tokio::select! {
            finished = working => if finished? {
                return Ok(Ended::Well);
            },
            () = interrupt::requested() => {
                output.note(dim("stopping; what was committed to is kept and revealed when this is started again"));
                return Ok(Ended::Well);
            }
        }
    }
}

/// One epoch, whose number it returns: asks the program and commits to its weights; when commitments have ended, reveals
/// what is due. What the ledger refuses is told and costs this epoch, for the next one is another chance.
async fn epoch(
    args: &TopicValidate,
    topic: TopicId,
    sender: &Sender,
    journal: &mut Journal,
    output: &Output,
) -> anyhow::Result<u64> {
    let view = metagraph(sender.client(), topic).await?;
    let slot = own(&view, sender.account())?;
    let (number, end) = (view.topic.epoch, view.topic.commits_end_at);
    let say = |event, word: &dyn std::fmt::Display, more: Option<&str>| {
        output.json(&json!({ "epoch": number, "slot": slot.slot, "event": event, "detail": more }));
        let more = more.unwrap_or_default();
        output.line(format_args!("epoch {number}  {word} {more}"));
    };
    let refused = |error: &anyhow::Error| {
        say("refused", &bad("refused:"), Some(&format!("{error:#}")));
    };
    let left_ms = end.since(sender.client().status().await?.time);
    let known = |commitment| journal.find(commitment).is_some();
    if !slot.permit {
        let why = "the slot may not weigh in this epoch; stake more and wait for the next one";
        say("waiting", &dim("waiting:"), Some(why));
    } else if slot.committed.is_some_and(known) {
        let why = "in this epoch already, before this was started again";
        say("committed", &good("committed"), Some(why));
    } else if left_ms == 0 {
        let why = "commitments have ended in this epoch; the next one begins soon";
        say("waiting", &dim("waiting:"), Some(why));
    } else {
        let question = Question {
            slot: slot.slot,
            topic: &view,
        };
        // Weights that come later are of no use, and what is due waits.
        let within = args.within.min(Duration::from_millis(left_ms));
        let asked = ask(&args.program, within, &question).await;
        match asked.and_then(|answer| quantized(&answer, slot.slot, view.topic.slots)) {
            Ok(weights) => {
                let what = format!("to {} weights", weights.len());
                let sealed = sender.seal(topic, number, Submission::Weights { cells: weights });
                journal.keep(&sealed)?;
                let commitment = sealed.commitment;
                match sent(sender, Call::CommitSubmission { topic, commitment }, output).await? {
                    Ok(()) => say("committed", &good("committed"), Some(&what)),
                    Err(error) => refused(&error),
                }
            }
            Err(error) => {
                let why = format!("{error:#}");
                say("no_weights", &bad("no weights:"), Some(&why));
            }
        }
    }
    let Some(due) = slot.due else {
        return Ok(number);
    };
    let Some(sealed) = journal.find(due) else {
        let why = "the commitment was made with another journal";
        say("not_revealed", &bad("cannot reveal:"), Some(why));
        return Ok(number);
    };
    let spinner = output.spinner("waiting for commitments to end");
    let waited = sender.client().wait_for_time(end.after(1)).await;
    spinner.finish_and_clear();
    waited?;
    let call = Call::RevealSubmission {
        topic,
        submission: sealed.submission,
        salt: sealed.salt,
    };
    match sent(sender, call, output).await? {
        Ok(()) => say("revealed", &good("revealed"), None),
        Err(error) => refused(&error),
    }
    Ok(number)
}

/// Sends a call; inside, why the ledger refused it, or that no block took it in time.
async fn sent(sender: &Sender, call: Call, output: &Output) -> anyhow::Result<anyhow::Result<()>> {
    let spinner = output.spinner("waiting for a block");
    let sent = sender.send_and_wait(call).await;
    spinner.finish_and_clear();
    match sent {
        Ok(_) => Ok(Ok(())),
        refused @ Err(ClientError::Rejected { .. } | ClientError::NotIncluded { .. }) => {
            Ok(connect::advise(refused).map(|_| ()))
        }
        failed => connect::advise(failed).map(|_| Ok(())),
    }
}

fn own(view: &MetagraphView, key: AccountId) -> anyhow::Result<&SlotView> {
    let own = view.slots.iter().find(|slot| slot.key == key);
    own.ok_or_else(|| anyhow!("{key} holds no slot of topic {}", view.topic.topic))
        .hint(|| "take one with `assay topic register`, and stake on it".to_owned())
}

/// Waits until an epoch of the topic is settled.
async fn ended(events: &mut EventStream, topic: TopicId, number: u64) -> anyhow::Result<()> {
    loop {
        if let StreamMessage::Market(event) = events.next().await?
            && let EventView::TopicSettled {
                topic: own, epoch, ..
            } = event.event
            && own == topic
            && epoch >= number
        {
            return Ok(());
        }
    }
}

/// Starts the program, gives it the question, and reads its answer.
async fn ask(
    program: &[String],
    within: Duration,
    question: &Question<'_>,
) -> anyhow::Result<Answer> {
    let [name, arguments @ ..] = program else {
        bail!("no program was named");
    };
    let mut child = Command::new(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let mut input = child.stdin.take().context("the program has no input")?;
    let question = serde_json::to_vec(question)?;
    let writing = async move {
        // A program that does not read its question may answer all the same.
        let _ = input.write_all(&question).await;
    };
    let answering = tokio::time::timeout(within, child.wait_with_output());
    let ((), answered) = tokio::join!(writing, answering);
    let seconds = within.as_secs();
    let answered = answered
        .map_err(|_| anyhow!("`{name}` took longer than {seconds} s; --within allows more"))??;
    if !answered.status.success() {
        bail!("`{name}` ended with {}", answered.status);
    }
    if answered.stdout.len() > ANSWER_BYTES_MAX {
        bail!("`{name}` answered more than {ANSWER_BYTES_MAX} bytes");
    }
    serde_json::from_slice(&answered.stdout)
        .with_context(|| format!("`{name}` must answer {{\"weights\": {{\"SLOT\": NUMBER}}}}"))
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
