//! Buyers' requests to a miner: offered at a price, accepted, answered by the user's model, delivered.

use super::mine::Answerer;
use crate::{
    connect,
    output::{Output, bad, good},
};
use anyhow::{Context, bail};
use assay_api::{InputView, WorkView};
use assay_client::{Client, QUESTION_BYTES_MAX, Sender};
use assay_types::{AccountId, Amount, Blob, Call, OfferId, OrderId, TopicId};
use serde_json::json;
use std::collections::BTreeSet;

/// What a request locks of the bond, in units of the buyer's maximum.
const LOCK_MULTIPLE: u64 = 10;

/// A miner's side of requests.
pub(super) struct Requests<'a> {
    sender: &'a Sender,
    topic: TopicId,
    answerer: Answerer,
    offer: Option<OfferId>,
    /// Accepted and not delivered yet.
    open: BTreeSet<OrderId>,
    output: &'a Output,
}

impl<'a> Requests<'a> {
    /// Offers nothing yet.
    pub(super) fn new(
        sender: &'a Sender,
        topic: TopicId,
        answerer: Answerer,
        output: &'a Output,
    ) -> Self {
        Self {
            sender,
            topic,
            answerer,
            offer: None,
            open: BTreeSet::new(),
            output,
        }
    }

    pub(super) fn client(&self) -> &Client {
        self.sender.client()
    }

    /// Offers answers to buyers, with so much bonded at least.
    ///
    /// # Errors
    /// When the ledger refuses.
    pub(super) async fn offer(
        &mut self,
        price: Amount,
        capacity: u32,
        bond: Option<Amount>,
    ) -> anyhow::Result<()> {
        // Buyers may allow twice the price before a request locks more than there is.
        let needed = price.get().saturating_mul(u64::from(capacity));
        let needed = Amount::new(needed.saturating_mul(2 * LOCK_MULTIPLE));
        let account = self.client().account(self.sender.account()).await?;
        let free = account.bond.saturating_sub(account.locked);
        let missing = bond.unwrap_or(needed).saturating_sub(free);
        if !missing.is_zero() {
            let call = Call::Bond { amount: missing };
            connect::send(self.sender, call, self.output).await?;
            self.output.json(&json!({
                "event": "bonded", "amount_grains": missing.get().to_string(),
            }));
            self.output
                .line(format_args!("{} {missing}", good("bonded")));
        }
        let offered = self.sender.offer_answers(self.topic, price, capacity).await;
        let (offer, _) = connect::advise(offered)?;
        self.offer = Some(offer);
        self.output
            .json(&json!({ "event": "offered", "offer": offer.to_string() }));
        self.output
            .line(format_args!("{} answers at {price}", good("offers")));
        Ok(())
    }

    /// Takes a request of this topic; one that it does not take is drawn again.
    pub(super) async fn assigned(&mut self, order: OrderId) {
        let accepted = async {
            self.question(order).await?;
            connect::advise(self.sender.send_and_wait(Call::Accept { order }).await)
        };
        match accepted.await {
            Ok(_) => {
                self.open.insert(order);
            }
            Err(error) => self.failed(order, &error),
        }
    }

    /// Answers a request that was accepted.
    pub(super) async fn started(&mut self, order: OrderId) {
        if !self.open.remove(&order) {
            return;
        }
        match self.deliver(order).await {
            Ok(()) => {
                self.output
                    .json(&json!({ "event": "delivered", "order": order.to_string() }));
                self.output.line(format_args!(
                    "{} request {}",
                    good("answered"),
                    order.short()
                ));
            }
            Err(error) => self.failed(order, &error),
        }
    }

    /// Takes the offer back; the ledger would not know that nobody answers any more.
    pub(super) async fn withdraw(&mut self) {
        if let Some(offer) = self.offer.take()
            && let Err(error) = self
                .sender
                .send_and_wait(Call::WithdrawOffer { offer })
                .await
        {
            self.output.note(format_args!(
                "the offer stands still: {error}; withdraw it, or requests are lost"
            ));
        }
    }

    async fn deliver(&self, order: OrderId) -> anyhow::Result<()> {
        let (buyer, question) = self.question(order).await?;
        let answer = self.answerer.answer(buyer, &question).await?;
        let answer = Blob::new(answer).context("the answer is too long to be delivered")?;
        connect::advise(self.sender.deliver_answer(order, answer).await)?;
        Ok(())
    }

    /// Who asks what.
    async fn question(&self, order: OrderId) -> anyhow::Result<(AccountId, Vec<u8>)> {
        let view = self.client().order(order).await?;
        let view = view.context("the request is gone")?;
        let terms = view.terms.context("the request has ended")?;
        let WorkView::Topic { topic, input } = terms.work else {
            bail!("the order asks for something else than an answer of a topic");
        };
        if topic != self.topic {
            bail!("the request is another topic's");
        }
        let InputView::Public { content } = input;
        let bytes_max = u64::try_from(QUESTION_BYTES_MAX).unwrap_or(u64::MAX);
        let question = self.client().get_content(content, bytes_max).await;
        let question = question.context("the question cannot be fetched")?;
        Ok((view.buyer, question))
    }

    fn failed(&self, order: OrderId, error: &anyhow::Error) {
        self.output.json(&json!({
            "event": "failed", "order": order.to_string(), "detail": format!("{error:#}"),
        }));
        self.output.line(format_args!(
            "{} request {}: {error:#}",
            bad("did not answer"),
            order.short()
        ));
    }
}
