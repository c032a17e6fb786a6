//! `assay topic mine`: works in a topic with a model of the user's. In a topic of synthesis that is an inference an epoch;
//! in one of Yuma consensus the miner answers validators, and buyers where it names a price.

use super::{
    epochs::{self, Member, Model, is_transient, own},
    infer::Inferer,
    metagraph,
    program::Program,
    requests::{Price, Requests},
};
use crate::{
    cli::{Globals, TopicMine},
    connect,
    failure::{Done, Ended, Hint},
    interrupt,
    output::{Output, bad, dim, good},
};
use anyhow::{Context, anyhow};
use assay_api::{EventView, MetagraphView, StreamMessage, TopicMechanismView};
use assay_client::EventQuery;
use assay_types::{AccountId, Call, Height, MinerAddress, TopicId};
use assay_worker::miner::{Admission, Asked, Declined, Miner, MinerConfig};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, watch};

/// What the program must answer.
const EXPECTED: &str = "{\"output\": ANYTHING}";

/// What the program reads.
#[derive(Serialize)]
struct Question<'a> {
    ask: &'static str,
    topic: String,
    /// Who asks: a validator's key, or a buyer's.
    from: String,
    /// What is asked, as the topic's description says.
    input: &'a Value,
}

/// What the program answers.
#[derive(Deserialize)]
struct Answer {
    output: Value,
}

/// The model of the user's, asked one question at a time.
#[derive(Clone)]
pub(super) struct Answerer {
    program: Arc<Mutex<Program>>,
    topic: TopicId,
    within: Duration,
}

impl Answerer {
    /// Asks it, whoever wants to know.
    ///
    /// # Errors
    /// When the question is no JSON, or the program does not answer.
    pub(super) async fn answer(&self, from: AccountId, question: &[u8]) -> anyhow::Result<Vec<u8>> {
        let input: Value = serde_json::from_slice(question).context("the question is no JSON")?;
        let question = Question {
            ask: "answer",
            topic: self.topic.to_string(),
            from: from.to_string(),
            input: &input,
        };
        let mut program = self.program.lock().await;
        let answer: Answer = program.ask(&question, self.within, EXPECTED).await?;
        Ok(serde_json::to_vec(&answer.output)?)
    }
}

/// Mines until asked to stop.
///
/// # Errors
/// When the key holds no slot, or the node, the wallet or the port cannot be used.
pub(super) async fn run(args: &TopicMine, globals: &Globals, output: &Output) -> Done {
    let member = Member::new(&args.work, globals, output).await?;
    match member.view.topic.terms.mechanism {
        TopicMechanismView::Synthesis { .. } => {
            if args.price.is_some() || args.address.is_some() {
                return Err(anyhow!("a topic of synthesis asks no miner directly")).hint(|| {
                    "leave --price and --address out; the program is asked in each epoch".to_owned()
                });
            }
            let model = Model::new(&args.program, Some(&args.series))?;
            epochs::work(&Inferer, model, member, &args.work, globals, output).await
        }
        TopicMechanismView::Yuma { .. } => {
            if args.series.series.is_some() {
                return Err(anyhow!("a topic of Yuma consensus replays no series")).hint(|| {
                    "leave --series out; the program is sent what validators ask".to_owned()
                });
            }
            serve(member, args, output).await
        }
        TopicMechanismView::Unknown => Err(anyhow!(
            "this program does not know the topic's mechanism; update it"
        )),
    }
}

async fn serve(member: Member, args: &TopicMine, output: &Output) -> Done {
    let Member {
        topic,
        sender,
        view,
    } = member;
    let key = sender.account();
    own(&view, key)?;
    // From before there is an offer, so that no request is missed.
    let since = sender.client().status().await?.height;
    let answerer = Answerer {
        program: Arc::new(Mutex::new(Program::new(&args.program)?)),
        topic,
        within: args.program.within,
    };
    let tally = Arc::new(Mutex::new(Tally::default()));
    let (admit, admission) = watch::channel(admitted(&view));
    let mut config = MinerConfig::new(
        sender.client().chain(),
        sender.key().clone(),
        args.listen,
        admission,
    );
    config.answer_time = args.program.within;
    let (asked_of, counted) = (answerer.clone(), tally.clone());
    let miner = Miner::start(config, move |asked: Asked| {
        let (answerer, counted) = (asked_of.clone(), counted.clone());
        async move {
            let answer = answerer.answer(asked.caller, &asked.body).await;
            counted.lock().await.count(&answer);
            answer.map_err(|_| Declined {
                reason: "the miner's model did not answer".to_owned(),
                hint: "ask what the topic's description says, or ask again later".to_owned(),
            })
        }
    })
    .await?;
    let address = match &args.address {
        Some(address) => address.clone(),
        None => format!("http://{}", miner.address()).parse()?,
    };
    let mut serving = Serving {
        topic,
        key,
        view,
        admit,
        tally,
        output,
    };
    serving.announce(&sender, &address).await?;
    let mut requests = Requests::new(&sender, topic, answerer, output);
    let price = args.price.map(|ask| Price {
        ask,
        capacity: args.capacity,
        bond: args.bond,
    });
    requests.start(price).await?;
    let ended = tokio::select! {
        ended = serving.follow(&mut requests, since, args.work.epochs) => ended,
        () = interrupt::requested() => {
            output.note(dim("stopping; the slot stays, and earns while validators remember its answers"));
            Ok(Ended::Well)
        }
    };
    tokio::select! {
        () = finish(&mut requests, output) => {}
        () = interrupt::requested() => output.note("stopped at once; requests under way are at risk"),
    }
    miner.stop().await;
    ended
}

/// Takes the offer back and answers what is under way.
async fn finish(requests: &mut Requests<'_>, output: &Output) {
    requests.withdraw().await;
    if requests.under_way() > 0 {
        output.note(dim("finishing the requests that are under way"));
    }
    while requests.under_way() > 0 {
        requests.answered().await;
    }
}

/// A miner that answers validators.
struct Serving<'a> {
    topic: TopicId,
    key: AccountId,
    view: MetagraphView,
    admit: watch::Sender<Admission>,
    tally: Arc<Mutex<Tally>>,
    output: &'a Output,
}

impl Serving<'_> {
    /// Says on the ledger where the miner is, if it does not say so already.
    async fn announce(
        &self,
        sender: &assay_client::Sender,
        address: &MinerAddress,
    ) -> anyhow::Result<()> {
        if own(&self.view, self.key)?.address.as_deref() != Some(address.as_str()) {
            let call = Call::AnnounceSlot {
                topic: self.topic,
                address: Some(address.clone()),
            };
            connect::send(sender, call, self.output).await?;
        }
        self.output
            .json(&json!({ "event": "listening", "address": address.to_string() }));
        self.output
            .line(format_args!("{} at {address}", good("listening")));
        Ok(())
    }

    /// Epoch after epoch: who may ask, what was earned; and buyers' requests in between.
    async fn follow(
        &mut self,
        requests: &mut Requests<'_>,
        since: Height,
        epochs: Option<u64>,
    ) -> Done {
        let client = requests.client().clone();
        let mut events = client.events(EventQuery::after(since).of_account(self.key));
        let mut done = 0;
        loop {
            let message = tokio::select! {
                message = events.next() => message?,
                () = requests.answered() => continue,
            };
            let StreamMessage::Market(stamped) = message else {
                continue;
            };
            match stamped.event {
                EventView::TopicSettled { topic, epoch, .. } if topic == self.topic => {
                    match metagraph(&client, topic).await {
                        Ok(view) => self.view = view,
                        // The next epoch tells more.
                        Err(error) if is_transient(&error) => continue,
                        Err(error) => return Err(error),
                    }
                    self.settled(epoch).await?;
                    done += 1;
                    if epochs.is_some_and(|epochs| done >= epochs) {
                        return Ok(Ended::Well);
                    }
                }
                EventView::Assigned { order, seller, .. } if seller == self.key => {
                    requests.assigned(order).await;
                }
                _ => {}
            }
        }
    }

    async fn settled(&self, epoch: u64) -> anyhow::Result<()> {
        let slot = own(&self.view, self.key)?;
        // Nobody listens once the server has stopped.
        let _ = self.admit.send(admitted(&self.view));
        let tally = std::mem::take(&mut *self.tally.lock().await);
        self.output.json(&json!({
            "event": "settled",
            "epoch": epoch,
            "slot": slot.slot,
            "earned_grains": slot.earned.get().to_string(),
            "answered": tally.answered,
            "failed": tally.failed,
            "detail": tally.why,
        }));
        self.output.line(format_args!(
            "epoch {epoch}  earned {}, answered {} of {} questions",
            slot.earned,
            tally.answered,
            tally.answered + tally.failed
        ));
        if let Some(why) = &tally.why {
            self.output
                .line(format_args!("{} {why}", bad("no answer:")));
        }
        Ok(())
    }
}

/// How validators' questions of an epoch went.
#[derive(Default)]
struct Tally {
    answered: u64,
    failed: u64,
    /// Why the last one that failed did.
    why: Option<String>,
}

impl Tally {
    fn count(&mut self, answer: &anyhow::Result<Vec<u8>>) {
        match answer {
            Ok(_) => self.answered += 1,
            Err(error) => {
                self.failed += 1;
                self.why = Some(format!("{error:#}"));
            }
        }
    }
}

/// Who may ask: the keys of slots that may judge.
fn admitted(view: &MetagraphView) -> Admission {
    let judges = view.slots.iter().filter(|slot| slot.permit);
    Admission::default().with(view.topic.topic, judges.map(|slot| slot.key))
}
