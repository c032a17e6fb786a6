//! Orders: terms whose deadlines come from the ledger's clock, placing, and waiting for the end.

mod batch;
mod topic;

pub use batch::{BATCH_LANES, BatchEvent, BatchOptions, place_many};
pub use topic::{QUESTION_BYTES_MAX, TopicRequest, ask};

use crate::{Client, ClientError, EventQuery, Sender};
use assay_api::{EventView, OrderStatus, ReceiptView, StreamMessage};
use assay_types::{
    AccountId, Amount, Call, Check, ContentId, Height, Input, LedgerTime, ModelId, OrderId,
    ProofKeyId, Terms, Work,
};
use std::time::{Duration, Instant};

/// What a buyer wants, before deadlines are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRequest {
    /// The model.
    pub model: ModelId,
    /// Content id of its input, stored at the node.
    pub input: ContentId,
    /// How the answer is checked.
    pub check: CheckRequest,
    /// Most the buyer pays each seller.
    pub price_max: Amount,
    /// How long each step may take.
    pub timing: Timing,
}

/// A check, before deadlines are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckRequest {
    /// `agree` equal answers of `of` drawn sellers.
    Quorum {
        /// Equal answers needed.
        agree: u8,
        /// Sellers drawn.
        of: u8,
    },
    /// The buyer approves.
    Approval {
        /// A seller the buyer names, or `None` for a draw.
        seller: Option<AccountId>,
    },
    /// One seller proves its answer; the ledger verifies.
    Proof {
        /// A key that is registered beside the model.
        key: ProofKeyId,
        /// A seller the buyer names, or `None` for a draw.
        seller: Option<AccountId>,
    },
}

/// How long each step of an order may take, in milliseconds of ledger time, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Until all sellers have accepted.
    pub accept_ms: u64,
    /// From then until all have committed; for an approval, a proof or a score, until delivery. Sellers accept only if
    /// they can finish in this time.
    pub work_ms: u64,
    /// From then until all have revealed; for an approval, until the buyer has spoken. A proof or a score needs
    /// none.
    pub close_ms: u64,
}

impl Default for Timing {
    /// For inferences of fractions of a second: an honest order is over long before; a silent seller holds it
    /// up for at most this long.
    fn default() -> Self {
        Self {
            accept_ms: 8_000,
            work_ms: 10_000,
            close_ms: 10_000,
        }
    }
}

impl OrderRequest {
    /// The order's terms when placed at `now`, ledger time.
    pub fn terms(&self, now: LedgerTime) -> Terms {
        let accept_by = now.after(self.timing.accept_ms);
        let worked_by = accept_by.after(self.timing.work_ms);
        let closed_by = worked_by.after(self.timing.close_ms);
        let (check, seller) = match self.check {
            CheckRequest::Quorum { agree, of } => (
                Check::Quorum {
                    agree,
                    of,
                    commit_by: worked_by,
                    deliver_by: closed_by,
                },
                None,
            ),
            CheckRequest::Approval { seller } => (
                Check::Approval {
                    deliver_by: worked_by,
                    approve_by: closed_by,
                },
                seller,
            ),
            CheckRequest::Proof { key, seller } => (
                Check::Proof {
                    key,
                    deliver_by: worked_by,
                },
                seller,
            ),
        };
        Terms {
            work: Work::Inference {
                model: self.model,
                input: Input::Public {
                    content: self.input,
                },
            },
            check,
            price_max: self.price_max,
            accept_by,
            seller,
        }
    }
}

/// An order that stands on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its id.
    pub order: OrderId,
    /// The block that placed it: follow the events from here.
    pub height: Height,
}

/// Places an order and waits until a block holds it.
///
/// # Errors
/// Those of [`Sender::send_and_wait`].
pub async fn place(sender: &Sender, request: &OrderRequest) -> Result<Placed, ClientError> {
    let now = sender.client().pace().await?.time;
    place_terms(sender, request.terms(now)).await
}

async fn place_terms(sender: &Sender, terms: Terms) -> Result<Placed, ClientError> {
    let confirmed = sender.send_and_wait(Call::PlaceOrder { terms }).await?;
    Ok(Placed {
        order: sender.order_id(confirmed.sequence),
        height: confirmed.height,
    })
}

impl Sender {
    /// The id of the order that this sender's transaction with `sequence` places.
    pub fn order_id(&self, sequence: u64) -> OrderId {
        OrderId::of(self.client().chain(), self.account(), self.lane(), sequence)
    }
}

impl Client {
    /// Waits until an order has ended, and returns how. The proof is [`Client::receipt`].
    ///
    /// # Errors
    /// [`ClientError::StillOpen`] after `timeout`; [`ClientError`].
    pub async fn wait_closed(
        &self,
        order: OrderId,
        timeout: Duration,
    ) -> Result<ReceiptView, ClientError> {
        let started = Instant::now();
        let waiting = self.closed(order);
        match tokio::time::timeout(timeout, waiting).await {
            Ok(result) => result,
            Err(_) => Err(ClientError::StillOpen {
                order,
                waited_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    async fn closed(&self, order: OrderId) -> Result<ReceiptView, ClientError> {
        // The state is read after the place in the stream, so an end between the two is in one of them.
        let height = self.status().await?.height;
        if let Some(view) = self.order(order).await?
            && view.status == OrderStatus::Closed
            && let Some(receipt) = view.receipt
        {
            return Ok(receipt);
        }
        let mut events = self.events(EventQuery::after(height).of_order(order));
        loop {
            if let StreamMessage::Market(stamped) = events.next().await?
                && let EventView::Closed { receipt } = stamped.event
                && receipt.order == order
            {
                return Ok(*receipt);
            }
        }
    }
}
