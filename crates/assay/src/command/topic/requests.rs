//! Buyers' requests to a miner: offered at a price, accepted, answered by the user's model, delivered.
//!
//! What is accepted and not answered costs its lock, so a miner that comes back takes up what it left: its requests are
//! on the ledger, and nothing else needs to be remembered.

use super::mine::Answerer;
use crate::{
    connect,
    output::{Output, bad, good},
};
use anyhow::Context;
use assay_api::{AssignmentStage, AssignmentView, InputView, OfferView, OrderView, WorkView};
use assay_client::{Client, QUESTION_BYTES_MAX, Sender};
use assay_types::{AccountId, Amount, Blob, Call, ContentId, OfferId, OrderId, TopicId};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use serde_json::json;

/// What a request locks of the bond, in units of the buyer's maximum.
const LOCK_MULTIPLE: u64 = 10;

/// What a miner asks of buyers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    /// For one answer.
    pub(super) ask: Amount,
    /// Requests at a time.
    pub(super) capacity: u32,
    /// Bonded at least; otherwise what twice the price of all requests at a time locks.
    pub(super) bond: Option<Amount>,
}

/// What a buyer wants to know.
#[derive(Debug)]
struct Question {
    buyer: AccountId,
    json: Vec<u8>,
}

/// A miner's side of requests.
pub(super) struct Requests<'a> {
    sender: &'a Sender,
    topic: TopicId,
    answerer: Answerer,
    offer: Option<OfferId>,
    /// Answers under way, to what was accepted.
    answering: FuturesUnordered<BoxFuture<'static, (OrderId, anyhow::Result<()>)>>,
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
            answering: FuturesUnordered::new(),
            output,
        }
    }

    pub(super) fn client(&self) -> &Client {
        self.sender.client()
    }

    /// Takes up what an earlier run left and offers answers to buyers, or none.
    ///
    /// # Errors
    /// When the node does not answer, or the ledger refuses.
    pub(super) async fn start(&mut self, price: Option<Price>) -> anyhow::Result<()> {
        let open = self.client().open_orders(self.sender.account()).await?;
        for view in &open {
            self.resume(view).await;
        }
        let locks = open.iter().filter_map(|view| self.seat(view)?.lock);
        self.offer(price, locks.map(Amount::get).sum()).await
    }

    async fn resume(&self, view: &OrderView) {
        match self.seat(view).map(|seat| seat.stage) {
            Some(AssignmentStage::Asked) => self.accept(view).await,
            Some(AssignmentStage::Accepted) => match self.question(view).await {
                Ok(question) => self.begin(view.order, question),
                Err(error) => self.failed(view.order, &error),
            },
            _ => {}
        }
    }

    /// Offers answers, where requests of this topic hold `locked` grains already; withdraws what an earlier run offered
    /// otherwise.
    async fn offer(&mut self, price: Option<Price>, locked: u64) -> anyhow::Result<()> {
        let is_same = |offer: &OfferView| {
            price.is_some_and(|price| (offer.ask, offer.capacity) == (price.ask, price.capacity))
        };
        let standing = self.client().offers_of_topic(self.topic).await?;
        for offer in standing {
            if offer.seller != self.sender.account() {
                continue;
            }
            if self.offer.is_none() && is_same(&offer) {
                self.offer = Some(offer.offer);
            } else {
                let call = Call::WithdrawOffer { offer: offer.offer };
                connect::advise(self.sender.send_and_wait(call).await)?;
            }
        }
        let Some(price) = price else {
            return Ok(());
        };
        self.bond(price, locked).await?;
        let offer = match self.offer {
            Some(offer) => offer,
            None => {
                let offered = self
                    .sender
                    .offer_answers(self.topic, price.ask, price.capacity);
                connect::advise(offered.await)?.0
            }
        };
        self.offer = Some(offer);
        self.output
            .json(&json!({ "event": "offered", "offer": offer.to_string() }));
        self.output
            .line(format_args!("{} answers at {}", good("offers"), price.ask));
        Ok(())
    }

    /// Bonds what is missing.
    async fn bond(&self, price: Price, locked: u64) -> anyhow::Result<()> {
        // Buyers may allow twice the price before a request locks more than there is.
        let needed = price.ask.get().saturating_mul(u64::from(price.capacity));
        let needed = Amount::new(needed.saturating_mul(2 * LOCK_MULTIPLE));
        let account = self.client().account(self.sender.account()).await?;
        // What other work holds is no use here.
        let others = account.locked.saturating_sub(Amount::new(locked));
        let own = account.bond.saturating_sub(others);
        let missing = price.bond.unwrap_or(needed).saturating_sub(own);
        if missing.is_zero() {
            return Ok(());
        }
        let call = Call::Bond { amount: missing };
        connect::send(self.sender, call, self.output).await?;
        self.output.json(&json!({
            "event": "bonded", "amount_grains": missing.get().to_string(),
        }));
        self.output
            .line(format_args!("{} {missing}", good("bonded")));
        Ok(())
    }

    /// Takes a request of this topic; one that it does not take is drawn again.
    pub(super) async fn assigned(&self, order: OrderId) {
        let view = match self.client().order(order).await {
            Ok(Some(view)) => view,
            Ok(None) => return,
            Err(error) => return self.failed(order, &error.into()),
        };
        // What was drawn before this began was taken up already.
        let asked = |seat: &AssignmentView| seat.stage == AssignmentStage::Asked;
        if self.seat(&view).is_some_and(asked) {
            self.accept(&view).await;
        }
    }

    /// Waits until the next answer is delivered, or is not; for ever where none is under way. Dropping the future loses
    /// nothing.
    pub(super) async fn answered(&mut self) {
        match self.answering.next().await {
            Some((order, Ok(()))) => {
                self.output
                    .json(&json!({ "event": "delivered", "order": order.to_string() }));
                self.output.line(format_args!(
                    "{} request {}",
                    good("answered"),
                    order.short()
                ));
            }
            Some((order, Err(error))) => self.failed(order, &error),
            None => std::future::pending().await,
        }
    }

    /// How many answers are under way.
    pub(super) fn under_way(&self) -> usize {
        self.answering.len()
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

    /// This account's part in an order, if that is a request of this topic to it.
    fn seat<'o>(&self, view: &'o OrderView) -> Option<&'o AssignmentView> {
        self.content(view)?;
        let mut seats = view.sellers.iter();
        seats.find(|seat| seat.seller == self.sender.account())
    }

    /// What is asked, if that is this topic's to answer.
    fn content(&self, view: &OrderView) -> Option<ContentId> {
        match view.terms.as_ref()?.work {
            WorkView::Topic { topic, input } if topic == self.topic => {
                let InputView::Public { content } = input;
                Some(content)
            }
            _ => None,
        }
    }

    async fn question(&self, view: &OrderView) -> anyhow::Result<Question> {
        let content = self.content(view).context("the request has ended")?;
        let bytes_max = u64::try_from(QUESTION_BYTES_MAX).unwrap_or(u64::MAX);
        let json = self.client().get_content(content, bytes_max).await;
        Ok(Question {
            buyer: view.buyer,
            json: json.context("the question cannot be fetched")?,
        })
    }

    /// Accepts and begins: a request has one seller, so it starts with its acceptance.
    async fn accept(&self, view: &OrderView) {
        let order = view.order;
        let accepted = async {
            let question = self.question(view).await?;
            connect::advise(self.sender.send_and_wait(Call::Accept { order }).await)?;
            Ok(question)
        };
        match accepted.await {
            Ok(question) => self.begin(order, question),
            Err(error) => self.failed(order, &error),
        }
    }

    fn begin(&self, order: OrderId, question: Question) {
        let (sender, answerer) = (self.sender.clone(), self.answerer.clone());
        let answer = async move {
            let answer = answerer.answer(question.buyer, &question.json).await?;
            let answer = Blob::new(answer).context("the answer is too long to be delivered")?;
            connect::advise(sender.deliver_answer(order, answer).await)?;
            Ok(())
        };
        self.answering
            .push(answer.map(move |ended| (order, ended)).boxed());
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
