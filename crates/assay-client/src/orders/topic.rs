//! Topics' requests: a buyer asks, a topic's miner offers and delivers.

use super::{Placed, Timing, place_terms};
use crate::{Client, ClientError, Confirmed, Sender};
use assay_api::{OfferView, OffersPage, paths};
use assay_types::{
    AccountId, Amount, Blob, Call, Check, ContentId, Good, Input, LedgerTime, OUTPUT_BYTES_MAX,
    OfferId, OrderId, ScoreCall, Terms, TopicId, Work,
};

/// Longest question of a request: a miner that is asked a longer one need not fetch it.
pub const QUESTION_BYTES_MAX: usize = 256 * 1024;

/// What a buyer asks a topic, before deadlines are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicRequest {
    /// The topic.
    pub topic: TopicId,
    /// Content id of the question, stored at the node: JSON of at most [`QUESTION_BYTES_MAX`]. Anyone can read it.
    pub question: ContentId,
    /// A miner that the buyer names, or `None` for a draw.
    pub miner: Option<AccountId>,
    /// Most the buyer pays.
    pub price_max: Amount,
    /// How long each step may take. The topic's epochs decide when it is over, so `close_ms` says nothing.
    pub timing: Timing,
}

impl TopicRequest {
    /// The order's terms when placed at `now`, ledger time.
    pub fn terms(&self, now: LedgerTime) -> Terms {
        let accept_by = now.after(self.timing.accept_ms);
        let input = Input::Public {
            content: self.question,
        };
        Terms {
            work: Work::Topic {
                topic: self.topic,
                input,
            },
            check: Check::Score {
                deliver_by: accept_by.after(self.timing.work_ms),
            },
            price_max: self.price_max,
            accept_by,
            seller: self.miner,
        }
    }
}

/// Places a request and waits until a block holds it.
///
/// # Errors
/// Those of [`Sender::send_and_wait`].
pub async fn ask(sender: &Sender, request: &TopicRequest) -> Result<Placed, ClientError> {
    let now = sender.client().pace().await?.time;
    place_terms(sender, request.terms(now)).await
}

impl Client {
    /// The cheapest offers of a topic's miners, cheapest first, at most a page.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn offers_of_topic(&self, topic: TopicId) -> Result<Vec<OfferView>, ClientError> {
        let limit = assay_api::PAGE_ITEMS_MAX;
        let path = format!("{}?topic={topic}&limit={limit}", paths::OFFERS);
        let page: OffersPage = self.http().json(&path).await?;
        Ok(page.offers)
    }
}

impl Sender {
    /// Offers answers of this account, which holds a slot of the topic.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when the ledger refuses, for example because the account holds no slot.
    pub async fn offer_answers(
        &self,
        topic: TopicId,
        ask: Amount,
        capacity: u32,
    ) -> Result<(OfferId, Confirmed), ClientError> {
        let call = Call::PublishOffer {
            good: Good::Topic { topic },
            ask,
            capacity,
        };
        let confirmed = self.send_and_wait(call).await?;
        let chain = self.client().chain();
        let offer = OfferId::of(chain, self.account(), self.lane(), confirmed.sequence);
        Ok((offer, confirmed))
    }

    /// Delivers the answer to a request that this account has accepted. Anyone can read it from then on.
    ///
    /// # Errors
    /// [`ClientError::Rejected`] when the ledger refuses, for example because the time to deliver is over.
    pub async fn deliver_answer(
        &self,
        order: OrderId,
        answer: Blob<OUTPUT_BYTES_MAX>,
    ) -> Result<Confirmed, ClientError> {
        let call = ScoreCall::Deliver(answer).on(order);
        self.send_and_wait(call).await
    }
}
