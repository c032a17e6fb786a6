//! `assay topic ask`: a question to a topic's miners, the answer at once, the verdict when its epochs are settled.

use super::resolve;
use crate::{
    cli::{Globals, TopicAsk},
    command::receipt,
    connect,
    failure::{Done, Ended, Hint},
    home, interrupt,
    output::{Output, bad, good},
    words,
};
use anyhow::{Context, anyhow};
use assay_api::{EventView, ReceiptView, StampedEvent, StreamMessage};
use assay_client::{
    EventQuery, EventStart, EventStream, Placed, QUESTION_BYTES_MAX, Sender, Timing, TopicRequest,
    ask,
};
use assay_types::{ReceiptProof, Verdict};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::Path;

pub(super) async fn run(args: &TopicAsk, globals: &Globals, output: &Output) -> Done {
    // What is wrong with the question is said before anything else is asked for.
    let question = question(&args.input)?;
    let sender = connect::sender(globals, &args.wallet, output).await?;
    let client = sender.client();
    let topic = resolve(client, &args.topic).await?;
    let miner = match args.miner {
        Some(party) => Some(connect::party(client, party).await?),
        None => None,
    };
    let spinner = output.spinner("storing the question");
    let stored = client.put_content(sender.key(), question).await;
    let request = TopicRequest {
        topic,
        question: connect::advise(stored)?,
        miner,
        price_max: args.max_price,
        timing: timing(args.within.as_millis()),
    };
    spinner.set_message("placing the order");
    let placed = connect::advise(ask(&sender, &request).await)?;
    let mut request = Request::follow(&sender, placed, spinner);
    let told = tokio::select! {
        told = request.answer(output) => told?,
        () = interrupt::requested() => return Ok(request.leave(output)),
    };
    let closed = match told {
        Told::Ended(closed) => *closed,
        Told::Answer if !args.wait => {
            output.blank();
            output.note(format_args!(
                "the topic judges the answer in its next two epochs: assay order show {}",
                placed.order
            ));
            return Ok(Ended::Well);
        }
        Told::Answer => {
            request.spinner = output.spinner("the topic judges the answer");
            tokio::select! {
                closed = request.end() => closed?,
                () = interrupt::requested() => return Ok(request.leave(output)),
            }
        }
    };
    request.spinner.finish_and_clear();
    let (proof, kept) = receipt::keep(sender.client(), &closed, globals).await?;
    Ok(report(&proof, &kept, output))
}

/// The question's bytes: JSON itself, or what a file holds.
fn question(input: &str) -> anyhow::Result<Vec<u8>> {
    let given: Value = match serde_json::from_str(input) {
        Ok(value) => value,
        Err(_) => {
            let path = Path::new(input);
            let bytes = home::read(path, QUESTION_BYTES_MAX as u64).hint(
                || "--input takes JSON, such as '{\"city\": \"Lisbon\"}', or a file that holds it",
            )?;
            serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is no JSON", path.display()))?
        }
    };
    let bytes = serde_json::to_vec(&given)?;
    if bytes.len() > QUESTION_BYTES_MAX {
        return Err(anyhow!(
            "the question has {} bytes, and miners read at most {QUESTION_BYTES_MAX}",
            bytes.len()
        ))
        .hint(|| "ask in fewer words, or about content that the node has, by its id");
    }
    Ok(bytes)
}

/// Shares of the time until the answer: redraws need some, the miner has the rest.
fn timing(within_ms: u128) -> Timing {
    let whole_ms = u64::try_from(within_ms).unwrap_or(u64::MAX);
    let accept_ms = whole_ms / 10 * 3;
    Timing {
        accept_ms,
        work_ms: whole_ms - accept_ms,
        close_ms: 0,
    }
}

/// What comes first.
enum Told {
    /// The answer, which has been shown.
    Answer,
    /// The order ended without one.
    Ended(Box<ReceiptView>),
}

/// A request on its way.
struct Request<'a> {
    sender: &'a Sender,
    placed: Placed,
    events: EventStream,
    spinner: ProgressBar,
}

impl<'a> Request<'a> {
    fn follow(sender: &'a Sender, placed: Placed, spinner: ProgressBar) -> Self {
        let events = sender.client().events(EventQuery {
            from: EventStart::Height(placed.height),
            order: Some(placed.order),
            account: None,
        });
        Self {
            sender,
            placed,
            events,
            spinner,
        }
    }

    async fn answer(&mut self, output: &Output) -> anyhow::Result<Told> {
        loop {
            let stamped = self.next().await?;
            match &stamped.event {
                EventView::Assigned { .. } => self.spinner.set_message("a miner is drawn"),
                EventView::Released { .. } => self.spinner.set_message("a miner is replaced"),
                EventView::Started { .. } => self.spinner.set_message("the miner works"),
                EventView::Delivered { .. } => {
                    let answer = connect::delivered(self.sender.client(), &stamped).await?;
                    self.spinner.finish_and_clear();
                    self.show(&stamped, &answer, output);
                    return Ok(Told::Answer);
                }
                EventView::Closed { receipt } => return Ok(Told::Ended(receipt.clone())),
                _ => {}
            }
        }
    }

    async fn end(&mut self) -> anyhow::Result<ReceiptView> {
        loop {
            if let EventView::Closed { receipt } = self.next().await?.event {
                return Ok(*receipt);
            }
        }
    }

    async fn next(&mut self) -> anyhow::Result<StampedEvent> {
        loop {
            if let StreamMessage::Market(stamped) = self.events.next().await? {
                return Ok(stamped);
            }
        }
    }

    fn show(&self, delivered: &StampedEvent, answer: &[u8], output: &Output) {
        let EventView::Delivered {
            seller,
            output: content,
            ..
        } = delivered.event
        else {
            return;
        };
        let text = String::from_utf8_lossy(answer);
        let value = serde_json::from_slice(answer).unwrap_or_else(|_| Value::from(&*text));
        output.json(&json!({
            "order": self.placed.order.to_string(),
            "miner": seller.to_string(),
            "content": content.to_string(),
            "answer": value,
        }));
        // A stranger's text does not steer the terminal.
        let printable = |letter: &char| !letter.is_control() || *letter == '\n';
        output.line(text.chars().filter(printable).collect::<String>());
        output.blank();
        output.facts([
            ("miner", seller.to_string()),
            ("order", self.placed.order.to_string()),
        ]);
    }

    fn leave(&self, output: &Output) -> Ended {
        self.spinner.finish_and_clear();
        output.note(format_args!(
            "interrupted; the order goes on and ends by itself: assay order show {}",
            self.placed.order
        ));
        Ended::Badly
    }
}

fn report(proof: &ReceiptProof, kept: &Path, output: &Output) -> Ended {
    let receipt = &proof.receipt;
    output.json(&json!({
        "order": receipt.order.to_string(),
        "verdict": ReceiptView::from(receipt).verdict,
        "price_grains": receipt.price.get().to_string(),
        "refund_grains": receipt.refund.get().to_string(),
        "receipt": kept,
    }));
    let settled = !matches!(receipt.verdict, Verdict::Refunded { .. });
    let verdict = words::verdict(receipt.verdict);
    let verdict = match settled {
        true => good(verdict).to_string(),
        false => bad(verdict).to_string(),
    };
    output.blank();
    output.facts([
        ("verdict", verdict),
        ("price", receipt.price.to_string()),
        ("refund", receipt.refund.to_string()),
        ("receipt", kept.display().to_string()),
    ]);
    Ended::when(settled)
}
