//! One order: placed, followed to its end, its answer read and its receipt kept.

use super::{check, timing};
use crate::{
    answer::Answer,
    cli::{Globals, Infer},
    command::{
        model::{quantize_one, read_input},
        receipt,
    },
    connect,
    failure::{Done, Ended},
    interrupt,
    output::{Output, bad, good},
    words,
};
use anyhow::Context;
use assay_api::{EventView, ReceiptView, StampedEvent, StreamMessage};
use assay_client::{CheckRequest, EventQuery, EventStart, OrderRequest, Placed, Sender, place};
use assay_model::{Manifest, Tensor};
use assay_types::{ApprovalCall, ReceiptProof, Verdict};
use indicatif::ProgressBar;
use serde_json::json;
use std::{
    io::{IsTerminal, Write},
    path::Path,
};

pub(super) async fn run(args: &Infer, path: &Path, globals: &Globals, output: &Output) -> Done {
    // What is wrong with the input is said before anything else is asked for.
    let input = read_input(path)?;
    let client = connect::client(globals).await?;
    let (model, manifest) = connect::model(&client, &args.model).await?;
    let check = check(args, &model)?;
    let tensor = quantize_one(&manifest, &input, path)?;
    let sender = connect::sender(globals, &args.wallet, output).await?;

    let spinner = output.spinner("storing the input");
    let content = sender
        .client()
        .put_content(sender.key(), tensor.to_bytes())
        .await;
    let content = connect::advise(content)?;
    let request = OrderRequest {
        model: model.model,
        input: content,
        check,
        price_max: args.max_price,
        timing: timing(args.within),
    };
    spinner.set_message("placing the order");
    let placed = connect::advise(place(&sender, &request).await)?;
    let following = Following {
        sender: &sender,
        manifest: &manifest,
        spinner: &spinner,
        output,
        is_proven: matches!(check, CheckRequest::Proof { .. }),
    };
    let closed = tokio::select! {
        closed = following.to_the_end(placed) => closed?,
        () = interrupt::requested() => {
            spinner.finish_and_clear();
            output.note(format_args!(
                "interrupted; the order goes on and ends by itself: assay order show {}",
                placed.order
            ));
            return Ok(Ended::Badly);
        }
    };
    spinner.finish_and_clear();

    let (proof, kept) = receipt::keep(sender.client(), &closed, globals).await?;
    let answer = match proof.receipt.output {
        Some(id) => Some(connect::answer(sender.client(), placed.order, id).await?),
        None => None,
    };
    report(&proof, answer.as_ref(), &manifest, &kept, output)
}

/// An order on its way.
struct Following<'a> {
    sender: &'a Sender,
    manifest: &'a Manifest,
    spinner: &'a ProgressBar,
    output: &'a Output,
    /// Whether the check is a proof.
    is_proven: bool,
}

impl Following<'_> {
    async fn to_the_end(&self, placed: Placed) -> anyhow::Result<ReceiptView> {
        let client = self.sender.client();
        let query = EventQuery {
            from: EventStart::Height(placed.height),
            order: Some(placed.order),
            account: None,
        };
        let mut events = client.events(query);
        let (mut drawn, mut committed) = (0, 0);
        loop {
            let StreamMessage::Market(stamped) = events.next().await? else {
                continue;
            };
            let message = match &stamped.event {
                EventView::Assigned { .. } => {
                    drawn += 1;
                    match drawn {
                        1 => "a seller is drawn".to_owned(),
                        _ => format!("{drawn} sellers drawn"),
                    }
                }
                EventView::Released { .. } => {
                    drawn -= 1;
                    "a seller is replaced".to_owned()
                }
                EventView::Started { .. } if self.is_proven => {
                    "the seller computes and proves".to_owned()
                }
                EventView::Started { .. } => "the sellers compute".to_owned(),
                EventView::Committed { .. } => {
                    committed += 1;
                    format!("{committed} of {drawn} answers committed")
                }
                EventView::RevealsOpened { .. } => "the answers are revealed".to_owned(),
                EventView::Delivered { .. } => {
                    self.decide(&stamped).await?;
                    "waiting for the settlement".to_owned()
                }
                EventView::Closed { receipt } => return Ok((**receipt).clone()),
                _ => continue,
            };
            self.spinner.set_message(message);
        }
    }

    /// Shows a delivery and says whether it is approved: a person is asked, a program approves.
    async fn decide(&self, delivered: &StampedEvent) -> anyhow::Result<()> {
        let EventView::Delivered { order, .. } = delivered.event else {
            return Ok(());
        };
        let tensor = connect::delivery(self.sender.client(), delivered).await?;
        let approved = self.spinner.suspend(|| self.ask(&tensor))?;
        let call = if approved {
            ApprovalCall::Approve
        } else {
            ApprovalCall::Reject
        };
        connect::advise(self.sender.send(call.on(order)).await)?;
        Ok(())
    }

    fn ask(&self, tensor: &Tensor) -> anyhow::Result<bool> {
        if self.output.is_json() || !std::io::stdin().is_terminal() {
            return Ok(true);
        }
        Answer::new(self.manifest.classify(tensor)?, self.manifest).show(self.output);
        self.output.blank();
        let mut stderr = std::io::stderr().lock();
        write!(
            stderr,
            "Approve? A rejection returns 90 % and burns 10 %. [Y/n] "
        )?;
        stderr.flush()?;
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .context("cannot read your decision")?;
        Ok(!line.trim().to_ascii_lowercase().starts_with('n'))
    }
}

fn report(
    proof: &ReceiptProof,
    tensor: Option<&Tensor>,
    manifest: &Manifest,
    kept: &Path,
    output: &Output,
) -> Done {
    let receipt = &proof.receipt;
    let answer = match tensor {
        Some(tensor) => Some(Answer::new(manifest.classify(tensor)?, manifest)),
        None => None,
    };
    output.json(&json!({
        "order": receipt.order.to_string(),
        "answer": answer,
        "verdict": ReceiptView::from(receipt).verdict,
        "price_grains": receipt.price.get().to_string(),
        "refund_grains": receipt.refund.get().to_string(),
        "milliseconds": receipt.closed_at.since(receipt.placed_at),
        "receipt": kept,
    }));
    if let Some(answer) = &answer {
        answer.show(output);
        output.blank();
    }
    let settled = !matches!(receipt.verdict, Verdict::Refunded { .. });
    let verdict = words::verdict(receipt.verdict);
    let verdict = if settled {
        good(verdict).to_string()
    } else {
        bad(verdict).to_string()
    };
    let mut facts = vec![("verdict", verdict), ("price", receipt.price.to_string())];
    for (index, line) in receipt.payouts.iter().enumerate() {
        let name = if index == 0 { "sellers" } else { "" };
        facts.push((
            name,
            format!("{} {}", line.seller.short(), words::payout(line)),
        ));
    }
    facts.extend([
        ("order", receipt.order.to_string()),
        (
            "took",
            format!(
                "{} ms of ledger time",
                receipt.closed_at.since(receipt.placed_at)
            ),
        ),
        ("receipt", kept.display().to_string()),
    ]);
    output.facts(facts);
    Ok(Ended::when(settled))
}
