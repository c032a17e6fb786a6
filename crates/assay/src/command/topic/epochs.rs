//! What every part in a topic has in common: in each epoch something is asked for, committed to, and revealed when it is
//! due, until the user asks to stop.

use super::{journal::Journal, metagraph, program::Program, resolve, series::Series};
use crate::{
    cli::{Globals, ProgramChoice, SeriesChoice, TopicWork},
    connect,
    failure::{Done, Ended, Hint},
    home::Home,
    interrupt,
    output::{Output, bad, dim, good},
};
use anyhow::{anyhow, bail};
use assay_api::{EventView, MetagraphView, RoundView, SlotView, StreamMessage, TopicMechanismView};
use assay_client::{ClientError, EventQuery, EventStream, Sender};
use assay_types::{AccountId, Call, Submission, TopicId};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// How long to wait for a node that does not answer.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// What a slot does in a topic.
pub(super) trait Part {
    /// Whether only slots with a permit may.
    const NEEDS_PERMIT: bool;

    /// What settles the topics that have such a part.
    const MECHANISM: Mechanism;

    /// What the slot sends in an epoch; [`Sent::Nothing`] says why it sends none.
    async fn submission(
        &self,
        model: &mut Model,
        epoch: &Epoch<'_>,
        within: Duration,
    ) -> anyhow::Result<Sent>;
}

/// What settles a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mechanism {
    Yuma,
    Synthesis,
}

impl Mechanism {
    /// That of a topic, if this program knows it.
    fn of(view: &MetagraphView) -> Option<Self> {
        match view.topic.terms.mechanism {
            TopicMechanismView::Yuma { .. } => Some(Self::Yuma),
            TopicMechanismView::Synthesis { .. } => Some(Self::Synthesis),
            TopicMechanismView::Unknown => None,
        }
    }
}

/// What a part has for an epoch.
pub(super) enum Sent {
    /// Something to commit to.
    Submission(Submission),
    /// Nothing, and why.
    Nothing(String),
}

/// Where answers come from.
pub(super) struct Model {
    pub(super) program: Program,
    pub(super) series: Option<Series>,
}

impl Model {
    /// The program, and the series if one is replayed.
    ///
    /// # Errors
    /// When the series cannot be read or the program's address is none.
    pub(super) fn new(
        program: &ProgramChoice,
        series: Option<&SeriesChoice>,
    ) -> anyhow::Result<Self> {
        let series = series.map(Series::chosen).transpose()?.flatten();
        Ok(Self {
            program: Program::new(program)?,
            series,
        })
    }
}

/// An epoch of a topic, as it is when it is worked in.
pub(super) struct Epoch<'a> {
    pub(super) view: &'a MetagraphView,
    pub(super) slot: &'a SlotView,
    /// The last epoch's inferences, in a topic of synthesis.
    pub(super) round: Option<&'a RoundView>,
}

impl Epoch<'_> {
    /// Its number.
    pub(super) fn number(&self) -> u64 {
        self.view.topic.epoch
    }

    /// What a question about `round` begins with.
    pub(super) fn heading(&self, ask: &'static str, round: u64) -> Heading {
        Heading {
            ask,
            topic: self.view.topic.topic.to_string(),
            round,
            slot: self.slot.slot,
        }
    }
}

/// What a program of a topic of synthesis reads first.
#[derive(Debug, Serialize)]
pub(super) struct Heading {
    /// What is asked for.
    ask: &'static str,
    topic: String,
    /// The epoch that is meant.
    round: u64,
    /// The slot of who asks.
    slot: u16,
}

/// A key of the user's in a topic.
pub(super) struct Member {
    pub(super) topic: TopicId,
    pub(super) sender: Sender,
    /// The topic, as it was when the command began.
    pub(super) view: MetagraphView,
}

impl Member {
    /// The wallet's key in the topic that is meant.
    ///
    /// # Errors
    /// When the node does not answer, the wallet does not open, or there is no such topic.
    pub(super) async fn new(
        args: &TopicWork,
        globals: &Globals,
        output: &Output,
    ) -> anyhow::Result<Self> {
        let sender = connect::sender(globals, &args.wallet, output).await?;
        let topic = resolve(sender.client(), &args.topic).await?;
        let view = metagraph(sender.client(), topic).await?;
        Ok(Self {
            topic,
            sender,
            view,
        })
    }
}

/// Works in a topic, epoch after epoch, until asked to stop.
///
/// # Errors
/// When the topic has no such part, the key holds no slot, or the node or the journal cannot be used.
pub(super) async fn work<P: Part>(
    part: &P,
    mut model: Model,
    member: Member,
    args: &TopicWork,
    globals: &Globals,
    output: &Output,
) -> Done {
    let Member {
        topic,
        sender,
        view,
    } = member;
    if Mechanism::of(&view) != Some(P::MECHANISM) {
        return Err(anyhow!("topic {topic} is settled by another mechanism"))
            .hint(|| "see `assay topic show`; Yuma consensus takes `validate` and `mine`, inference synthesis `mine`, `forecast` and `repute`".to_owned());
    }
    let folder = Home::new(globals.home.as_deref())?.topics();
    let file = format!("{}-{}.json", topic.short(), sender.account().short());
    let mut worker = Worker {
        topic,
        sender,
        journal: Journal::open(folder.join(file))?,
        output,
    };
    let mut done = 0;
    let mut reached = true;
    loop {
        let working = async {
            // The stream begins before the topic is read, so an epoch that ends meanwhile is not missed.
            let client = worker.sender.client();
            let height = client.status().await?.height;
            let query = EventQuery::after(height).of_account(worker.sender.account());
            let mut events = client.events(query);
            let number = worker.epoch(part, &mut model).await?;
            done += 1;
            match args.epochs {
                Some(epochs) if done >= epochs => Ok(true),
                _ => ended(&mut events, topic, number).await.map(|()| false),
            }
        };
        tokio::select! {
            finished = working => match finished {
                Ok(true) => return Ok(Ended::Well),
                Ok(false) => reached = true,
                Err(error) if is_transient(&error) => {
                    if std::mem::take(&mut reached) {
                        output.note(dim(format_args!("{error:#}; trying again until it answers")));
                    }
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error) => return Err(error),
            },
            () = interrupt::requested() => {
                output.note(dim("stopping; what was committed to is kept and revealed when this is started again"));
                return Ok(Ended::Well);
            }
        }
    }
}

/// Whether the node may answer later.
pub(super) fn is_transient(error: &anyhow::Error) -> bool {
    let of_client = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<ClientError>();
        error.is_some_and(ClientError::is_transient)
    };
    error.chain().any(of_client)
}

/// A key at work in a topic.
struct Worker<'a> {
    topic: TopicId,
    sender: Sender,
    journal: Journal,
    output: &'a Output,
}

impl Worker<'_> {
    /// One epoch, whose number it returns: asks for a submission and commits to it; when commitments have ended, reveals
    /// what is due. What the ledger refuses is told and costs this epoch, for the next one is another chance.
    async fn epoch<P: Part>(&mut self, part: &P, model: &mut Model) -> anyhow::Result<u64> {
        let client = self.sender.client();
        let view = metagraph(client, self.topic).await?;
        let round = match P::MECHANISM {
            Mechanism::Synthesis => client.topic_round(self.topic).await?,
            Mechanism::Yuma => None,
        };
        let slot = own(&view, self.sender.account())?;
        let epoch = Epoch {
            view: &view,
            slot,
            round: round.as_ref(),
        };
        let (number, end) = (epoch.number(), view.topic.commits_end_at);
        let left = Duration::from_millis(end.since(client.status().await?.time));
        let known = |commitment| self.journal.find(commitment).is_some();
        let mut committed = slot.committed;
        if P::NEEDS_PERMIT && !slot.permit {
            let why = "the slot may not judge in this epoch; stake more and wait for the next one";
            self.say(&epoch, "waiting", &dim("waiting:"), Some(why));
        } else if slot.committed.is_some_and(known) {
            let why = "in this epoch already, before this was started again";
            self.say(&epoch, "committed", &good("committed"), Some(why));
        } else if left.is_zero() {
            let why = "commitments have ended in this epoch; the next one begins soon";
            self.say(&epoch, "waiting", &dim("waiting:"), Some(why));
        } else {
            // What comes later is of no use, and what is due waits.
            match part.submission(model, &epoch, left).await {
                Ok(Sent::Submission(submission)) => {
                    committed = self.commit(&epoch, submission).await?.or(committed);
                }
                Ok(Sent::Nothing(why)) => {
                    self.say(&epoch, "nothing", &dim("nothing to send:"), Some(&why));
                }
                Err(error) => {
                    let why = format!("{error:#}");
                    self.say(&epoch, "no_answer", &bad("no answer:"), Some(&why));
                }
            }
        }
        let due = match P::MECHANISM {
            Mechanism::Synthesis => committed,
            Mechanism::Yuma => slot.due,
        };
        let Some(due) = due else {
            return Ok(number);
        };
        let Some(sealed) = self.journal.find(due) else {
            let why = "the commitment was made with another journal";
            self.say(&epoch, "not_revealed", &bad("cannot reveal:"), Some(why));
            return Ok(number);
        };
        let spinner = self.output.spinner("waiting for commitments to end");
        let waited = self.sender.client().wait_for_time(end.after(1)).await;
        spinner.finish_and_clear();
        waited?;
        let call = Call::RevealSubmission {
            topic: self.topic,
            submission: sealed.submission,
            salt: sealed.salt,
        };
        match self.sent(call).await? {
            Ok(()) => self.say(&epoch, "revealed", &good("revealed"), None),
            Err(error) => self.refused(&epoch, &error),
        }
        Ok(number)
    }

    /// Commits; to what, if the ledger took it.
    async fn commit(
        &mut self,
        epoch: &Epoch<'_>,
        submission: Submission,
    ) -> anyhow::Result<Option<assay_types::Hash32>> {
        let kind = assay_api::submission_kind(submission.kind());
        let what = match submission.len() {
            1 => format!("to {kind} of 1 number"),
            count => format!("to {kind} of {count} numbers"),
        };
        let sealed = self.sender.seal(self.topic, epoch.number(), submission);
        self.journal.keep(&sealed)?;
        let (topic, commitment) = (self.topic, sealed.commitment);
        let call = Call::CommitSubmission { topic, commitment };
        Ok(match self.sent(call).await? {
            Ok(()) => {
                self.say(epoch, "committed", &good("committed"), Some(&what));
                Some(commitment)
            }
            Err(error) => {
                self.refused(epoch, &error);
                None
            }
        })
    }

    /// Sends a call; inside, why node or ledger refused it, or that no block took it in time.
    async fn sent(&self, call: Call) -> anyhow::Result<anyhow::Result<()>> {
        let spinner = self.output.spinner("waiting for a block");
        let sent = self.sender.send_and_wait(call).await;
        spinner.finish_and_clear();
        match sent {
            Ok(_) => Ok(Ok(())),
            refused @ Err(
                ClientError::Rejected { .. }
                | ClientError::NotIncluded { .. }
                | ClientError::Refused(_),
            ) => Ok(connect::advise(refused).map(|_| ())),
            failed => connect::advise(failed).map(|_| Ok(())),
        }
    }

    fn refused(&self, epoch: &Epoch<'_>, error: &anyhow::Error) {
        let why = format!("{error:#}");
        self.say(epoch, "refused", &bad("refused:"), Some(&why));
    }

    fn say(
        &self,
        epoch: &Epoch<'_>,
        event: &str,
        word: &dyn std::fmt::Display,
        detail: Option<&str>,
    ) {
        let (number, slot) = (epoch.number(), epoch.slot.slot);
        self.output.json(&json!({
            "epoch": number, "slot": slot, "event": event, "detail": detail,
        }));
        let detail = detail.unwrap_or_default();
        self.output
            .line(format_args!("epoch {number}  {word} {detail}"));
    }
}

/// The slot that a key holds.
///
/// # Errors
/// When it holds none.
pub(super) fn own(view: &MetagraphView, key: AccountId) -> anyhow::Result<&SlotView> {
    let own = view.slots.iter().find(|slot| slot.key == key);
    own.ok_or_else(|| anyhow!("{key} holds no slot of topic {}", view.topic.topic))
        .hint(|| "take one with `assay topic register`, and stake on it to judge".to_owned())
}

/// Waits until an epoch of the topic is settled.
pub(super) async fn ended(
    events: &mut EventStream,
    topic: TopicId,
    number: u64,
) -> anyhow::Result<()> {
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

/// Whether a slot that a program spoke of is another's, and there at all.
pub(super) fn is_another(slot: u16, own: u16, slots: u16) -> anyhow::Result<()> {
    if slot == own {
        bail!("slot {slot} is your own; answer for others");
    }
    if slot >= slots {
        bail!("there is no slot {slot}; the topic has {slots}");
    }
    Ok(())
}

/// A finite number for each label of a topic.
pub(super) fn labels(numbers: &Numbers, expected: u16) -> anyhow::Result<Vec<f64>> {
    let numbers = match numbers {
        Numbers::One(number) => vec![*number],
        Numbers::Each(numbers) => numbers.clone(),
    };
    if numbers.len() != usize::from(expected) {
        bail!(
            "{} numbers were answered, and the topic has {expected} labels",
            numbers.len()
        );
    }
    if let Some(wrong) = numbers.iter().find(|number| !number.is_finite()) {
        bail!("{wrong} was answered, which is no finite number");
    }
    Ok(numbers)
}

/// A number, or one for each label.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Numbers {
    One(f64),
    Each(Vec<f64>),
}
