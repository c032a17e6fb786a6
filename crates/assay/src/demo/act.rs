//! The acts: an answer that a quorum agrees on; an answer that is proven, and a forgery beside it.

use super::{
    CHEAT, INDENT, MODEL, PATIENCE, PRICE_MAX, PROVEN_MODEL, QUORUM, check,
    story::{Cast, Story},
};
use crate::{
    connect,
    output::{Output, bold, dim},
};
use anyhow::anyhow;
use assay_api::{EventView, StreamMessage};
use assay_client::{
    CheckRequest, Client, EventQuery, EventStart, OrderRequest, Sender, Timing, place,
};
use assay_model::{Image, Input, Manifest};
use assay_types::{
    AccountId, Amount, Call, Height, ModelId, OrderId, PayoutResult, ReceiptProof, Verdict,
};
use serde_json::json;

/// What both acts need.
pub(super) struct Stage<'a> {
    pub(super) buyer: Sender,
    pub(super) cast: Cast,
    pub(super) image: Image,
    pub(super) output: &'a Output,
}

/// A quorum's order, ended.
pub(super) struct Agreed {
    pub(super) proof: ReceiptProof,
    pub(super) answer: Option<String>,
    burnt: Option<Amount>,
}

/// Two orders of proofs, ended.
pub(super) struct Proven {
    pub(super) honest: ReceiptProof,
    pub(super) forged: ReceiptProof,
    answer: Option<String>,
}

impl Stage<'_> {
    /// The node, as a stranger sees it.
    pub(super) fn client(&self) -> &Client {
        self.buyer.client()
    }

    /// An order for what `model` sees in the picture, which is stored.
    async fn request(
        &self,
        model: ModelId,
        manifest: &Manifest,
        check: CheckRequest,
    ) -> anyhow::Result<OrderRequest> {
        let mut tensors = manifest.quantize_input(&Input::Image(self.image.clone()))?;
        let tensor = tensors
            .pop()
            .ok_or_else(|| anyhow!("the picture is no input of {}", manifest.fields().name))?;
        let client = self.client();
        let input = client
            .put_content(self.buyer.key(), tensor.to_bytes())
            .await?;
        Ok(OrderRequest {
            model,
            input,
            check,
            price_max: PRICE_MAX,
            timing: Timing::default(),
        })
    }

    /// Tells the events of `orders` from `height` on as they arrive, until all are closed.
    async fn follow(
        &self,
        manifest: &Manifest,
        height: Height,
        orders: &[OrderId],
    ) -> anyhow::Result<()> {
        let telling = self.tell(manifest, height, orders);
        tokio::time::timeout(PATIENCE, telling)
            .await
            .map_err(|_| anyhow!("the orders did not end within {PATIENCE:?}"))?
    }

    async fn tell(
        &self,
        manifest: &Manifest,
        height: Height,
        orders: &[OrderId],
    ) -> anyhow::Result<()> {
        let mut events = self.client().events(EventQuery {
            from: EventStart::Height(height),
            order: None,
            account: None,
        });
        let mut story = Story::new(self.cast.clone(), orders);
        let mut open = orders.to_vec();
        while !open.is_empty() {
            let message = events.next().await?;
            let mut lines = match message {
                StreamMessage::Block(_) => Vec::from_iter(story.pause()),
                StreamMessage::Market(stamped) => {
                    let about = stamped.event.order();
                    if !about.is_some_and(|order| orders.contains(&order)) {
                        continue;
                    }
                    self.output.json(&stamped);
                    if let EventView::Revealed { output: id, .. }
                    | EventView::ProofDelivered { output: id, .. } = stamped.event
                    {
                        let tensor = connect::delivery(self.client(), &stamped).await?;
                        let label = manifest.classify(&tensor).map(|class| class.label);
                        story.explain(id, label.unwrap_or_else(|_| "nonsense".to_owned()));
                    }
                    if let EventView::Closed { receipt } = &stamped.event {
                        open.retain(|order| *order != receipt.order);
                    }
                    story.tell(stamped.time, &stamped.event)
                }
            };
            if open.is_empty() {
                lines.extend(story.pause());
            }
            for line in lines {
                let shown = line.show(story.elapsed_ms(&line));
                self.output.line(format_args!("{INDENT}{shown}"));
            }
        }
        Ok(())
    }

    async fn receipt(&self, order: OrderId) -> anyhow::Result<ReceiptProof> {
        let found = self.client().receipt(order).await?;
        found.ok_or_else(|| anyhow!("the node has no receipt of order {order}"))
    }

    /// What the accepted answer says, if there is one.
    async fn answer(
        &self,
        manifest: &Manifest,
        proof: &ReceiptProof,
    ) -> anyhow::Result<Option<String>> {
        let Some(id) = proof.receipt.output else {
            return Ok(None);
        };
        let tensor = connect::answer(self.client(), proof.receipt.order, id).await?;
        Ok(Some(manifest.classify(&tensor)?.label))
    }
}

impl Agreed {
    /// Buys an answer under a quorum.
    pub(super) async fn play(stage: &Stage<'_>) -> anyhow::Result<Self> {
        let (model, manifest) = connect::model(stage.client(), MODEL).await?;
        let quorum = CheckRequest::Quorum {
            agree: QUORUM.0,
            of: QUORUM.1,
        };
        let request = stage.request(model.model, &manifest, quorum).await?;
        let placed = connect::advise(place(&stage.buyer, &request).await)?;
        stage
            .follow(&manifest, placed.height, &[placed.order])
            .await?;
        let proof = stage.receipt(placed.order).await?;
        let answer = stage.answer(&manifest, &proof).await?;
        // What the cheat lost.
        let mut payouts = proof.receipt.payouts.iter();
        let burnt = payouts.find_map(|payout| match payout.result {
            PayoutResult::Burnt { amount, .. } if stage.cast.name(payout.seller) == CHEAT => {
                Some(amount)
            }
            _ => None,
        });
        Ok(Self {
            proof,
            answer,
            burnt,
        })
    }

    pub(super) fn settled(&self) -> bool {
        self.proof.receipt.verdict == Verdict::Agreed
    }

    /// What the cheat lost.
    pub(super) fn burnt(&self) -> Option<Amount> {
        self.burnt
    }

    pub(super) fn holds(&self) -> bool {
        self.settled() && self.burnt.is_some()
    }

    /// What it came to.
    pub(super) fn close(&self, output: &Output) {
        let (agree, of) = QUORUM;
        let answer = self.answer.as_deref().unwrap_or("nothing");
        output.blank();
        let text = format!("{agree} of {of} sellers say it is a {answer}");
        check(output, self.settled(), "settled", text);
        let burnt = self.burnt.unwrap_or_default();
        let text = format!("{CHEAT} lost {burnt} of its bond");
        check(output, self.burnt.is_some(), "burnt", text);
    }
}

impl Proven {
    /// Buys one answer of `honest` and one of `cheat` at the same time, each with a proof.
    pub(super) async fn play(
        stage: &Stage<'_>,
        honest: AccountId,
        cheat: AccountId,
    ) -> anyhow::Result<Self> {
        let (model, manifest) = connect::model(stage.client(), PROVEN_MODEL).await?;
        let key = *model
            .proof_keys
            .first()
            .ok_or_else(|| anyhow!("{PROVEN_MODEL} has no proof key"))?;
        stage
            .output
            .json(&json!({ "step": "proofs", "model": PROVEN_MODEL, "key": key.to_string() }));
        title(stage, &key.short());

        let (client, buyer) = (stage.client(), &stage.buyer);
        let named = |seller| CheckRequest::Proof {
            key,
            seller: Some(seller),
        };
        let mut request = stage.request(model.model, &manifest, named(honest)).await?;
        let status = client.status().await?;
        let mut calls = Vec::new();
        for seller in [honest, cheat] {
            request.check = named(seller);
            let terms = request.terms(status.time);
            calls.push(Call::PlaceOrder { terms });
        }
        let mut orders = Vec::new();
        for sent in buyer.send_many(calls).await {
            orders.push(buyer.order_id(connect::advise(sent)?.sequence));
        }
        stage.follow(&manifest, status.height, &orders).await?;
        let (honest, forged) = match orders.as_slice() {
            [honest, forged] => (stage.receipt(*honest).await?, stage.receipt(*forged).await?),
            _ => return Err(anyhow!("two orders were placed")),
        };
        let answer = stage.answer(&manifest, &honest).await?;
        Ok(Self {
            honest,
            forged,
            answer,
        })
    }

    pub(super) fn settled(&self) -> bool {
        self.honest.receipt.verdict == Verdict::Proven
    }

    /// What the forger paid the buyer, and what of its bond burnt.
    pub(super) fn forfeited(&self) -> Option<(Amount, Amount)> {
        let mut payouts = self.forged.receipt.payouts.iter();
        payouts.find_map(|payout| match payout.result {
            PayoutResult::Forfeited {
                compensation,
                burnt,
                ..
            } => Some((compensation, burnt)),
            _ => None,
        })
    }

    pub(super) fn holds(&self) -> bool {
        self.settled() && self.forfeited().is_some()
    }

    /// What it came to.
    pub(super) fn close(&self, output: &Output) {
        let answer = self.answer.as_deref().unwrap_or("nothing");
        output.blank();
        let text = format!("one seller says it is a {answer}, and the ledger knows that it is");
        check(output, self.settled(), "proven", text);
        let (compensation, burnt) = self.forfeited().unwrap_or_default();
        let lost = compensation.saturating_add(burnt);
        let text = format!("{CHEAT} lost {lost} of its bond, {compensation} of it to the buyer");
        check(output, self.forfeited().is_some(), "forged", text);
    }
}

/// What is about to happen in the second act.
fn title(stage: &Stage<'_>, key: &str) {
    let output = stage.output;
    let fact = |name: &str, value: &str| {
        let name = dim(format!("{name:7}"));
        output.line(format_args!("{INDENT}{name}  {value}"));
    };
    output.blank();
    output.blank();
    output.line(format_args!(
        "{INDENT}{}",
        bold("One seller, one proof, paid at once")
    ));
    output.blank();
    fact("model", PROVEN_MODEL);
    fact("check", "the ledger verifies a succinct proof of inference");
    fact("key", &format!("{key}, registered by the model's author"));
    let orders = "two at once, each of a seller that the buyer names:";
    fact("orders", orders);
    fact("", "anna, who proves her answer");
    let forger = format!("{CHEAT}, who puts a wrong answer beside a right one's proof");
    fact("", &forger);
    output.blank();
}
