//! Many orders at once: placed over several lanes, as many open at a time as the sellers can take, until all
//! have ended.

use super::OrderRequest;
use crate::{Client, ClientError, EventQuery, Sender};
use assay_api::{EventView, OutcomeView, ReceiptView, StreamMessage};
use assay_types::{Call, Lane, LedgerTime, OrderId, Rejection, SecretKey, TxId};
use std::collections::{HashMap, VecDeque};

/// Lanes that a batch uses by default: so many transactions of one account can be under way independently.
pub const BATCH_LANES: u8 = 4;
/// Times that an order is placed again because too few sellers were free.
const PLACEMENTS_MAX: u32 = 40;
/// Pause after that, in milliseconds of ledger time, unless one of the batch's own orders ends first.
const PAUSE_MS: u64 = 250;

/// How a batch is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchOptions {
    /// Most orders open at the same time. Above what the sellers can take, orders are refused and placed
    /// again later, which costs fees.
    pub open_max: usize,
    /// The first lane used.
    pub lane_first: u8,
    /// Number of lanes used.
    pub lanes: u8,
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            open_max: 64,
            lane_first: 16,
            lanes: BATCH_LANES,
        }
    }
}

/// What a batch tells while it runs.
#[derive(Debug)]
pub enum BatchEvent<'a> {
    /// An order stands.
    Placed {
        /// Its place in the batch.
        index: usize,
        /// Its id.
        order: OrderId,
    },
    /// An order ended.
    Closed {
        /// Its place in the batch.
        index: usize,
        /// How.
        receipt: &'a ReceiptView,
    },
    /// An order could not be placed.
    Failed {
        /// Its place in the batch.
        index: usize,
        /// Why.
        error: &'a ClientError,
    },
}

/// Places every request as an order of its own and waits until all have ended. Results in the order of the
/// requests: the receipt, or why the order could not be placed.
///
/// # Errors
/// [`ClientError`] when the node cannot be followed; open orders then end by their deadlines.
pub async fn place_many(
    client: &Client,
    key: &SecretKey,
    requests: &[OrderRequest],
    options: BatchOptions,
    mut tell: impl FnMut(BatchEvent<'_>),
) -> Result<Vec<Result<ReceiptView, ClientError>>, ClientError> {
    let senders: Vec<Sender> = (0..options.lanes.max(1))
        .filter_map(|lane| Lane::new(options.lane_first.saturating_add(lane)))
        .map(|lane| Sender::new(client.clone(), key.clone(), lane))
        .collect();
    let status = client.status().await?;
    let query = EventQuery::after(status.height).of_account(key.account());
    let mut events = client.events(query);
    let mut batch = Batch::new(requests.len(), options.open_max.max(1));
    let mut now = status.time;
    while !batch.is_done() {
        for (sender, chunk) in senders.iter().zip(batch.take(now, senders.len())) {
            place_chunk(sender, requests, chunk, &mut batch, &mut tell).await;
        }
        if batch.is_done() {
            break;
        }
        match events.next().await? {
            StreamMessage::Market(stamped) => match stamped.event {
                EventView::OrderPlaced { order, .. } => {
                    if let Some(&index) = batch.open.get(&order) {
                        tell(BatchEvent::Placed { index, order });
                    }
                }
                EventView::Closed { receipt } => {
                    if let Some(index) = batch.open.remove(&receipt.order) {
                        tell(BatchEvent::Closed {
                            index,
                            receipt: &receipt,
                        });
                        batch.end(index, Ok(*receipt));
                        batch.not_before = LedgerTime::default();
                    }
                }
                _ => {}
            },
            StreamMessage::Block(block) => {
                now = block.time;
                for sender in &senders {
                    sender.confirm(&block.sent);
                }
                for outcome in block.sent {
                    let Some((order, _)) = batch.sent.remove(&outcome.id) else {
                        continue;
                    };
                    let OutcomeView::Rejected { rejection } = outcome.outcome else {
                        continue;
                    };
                    let Some(index) = batch.open.remove(&order) else {
                        continue;
                    };
                    let too_few = rejection.known() == Some(Rejection::TooFewSellers);
                    if too_few && batch.may_try_again(index) {
                        batch.waiting.push_back(index);
                        batch.not_before = now.after(PAUSE_MS);
                        continue;
                    }
                    let error = ClientError::Rejected {
                        transaction: outcome.id,
                        rejection,
                    };
                    tell(BatchEvent::Failed {
                        index,
                        error: &error,
                    });
                    batch.end(index, Err(error));
                }
                batch.expire(now, &mut tell);
            }
        }
    }
    Ok(batch.results.into_iter().flatten().collect())
}

async fn place_chunk(
    sender: &Sender,
    requests: &[OrderRequest],
    chunk: Vec<usize>,
    batch: &mut Batch,
    tell: &mut impl FnMut(BatchEvent<'_>),
) {
    if chunk.is_empty() {
        return;
    }
    let now = match sender.client().pace().await {
        Ok(pace) => pace.time,
        // The node is away; sending waits for it, and the deadlines begin with what was seen last.
        Err(_) => batch.seen,
    };
    batch.seen = now;
    let calls = chunk.iter().filter_map(|index| requests.get(*index));
    let calls = calls.map(|request| Call::PlaceOrder {
        terms: request.terms(now),
    });
    let results = sender.send_many(calls.collect()).await;
    for (index, result) in chunk.into_iter().zip(results) {
        match result {
            Ok(sent) => {
                let order = sender.order_id(sent.sequence);
                batch.sent.insert(sent.id, (order, sent.valid_until));
                batch.open.insert(order, index);
            }
            Err(error) => {
                tell(BatchEvent::Failed {
                    index,
                    error: &error,
                });
                batch.end(index, Err(error));
            }
        }
    }
}

/// Where a batch stands.
#[derive(Debug)]
struct Batch {
    /// Not placed yet.
    waiting: VecDeque<usize>,
    /// Sent or standing.
    open: HashMap<OrderId, usize>,
    /// Sent, not in a block yet; with the last moment for that.
    sent: HashMap<TxId, (OrderId, LedgerTime)>,
    placements: Vec<u32>,
    results: Vec<Option<Result<ReceiptView, ClientError>>>,
    left: usize,
    open_max: usize,
    /// No order is placed before.
    not_before: LedgerTime,
    seen: LedgerTime,
}

impl Batch {
    fn new(count: usize, open_max: usize) -> Self {
        Self {
            waiting: (0..count).collect(),
            open: HashMap::new(),
            sent: HashMap::new(),
            placements: vec![0; count],
            results: (0..count).map(|_| None).collect(),
            left: count,
            open_max,
            not_before: LedgerTime::default(),
            seen: LedgerTime::default(),
        }
    }

    const fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Requests to place now, dealt out over `lanes`.
    fn take(&mut self, now: LedgerTime, lanes: usize) -> Vec<Vec<usize>> {
        let mut chunks = vec![Vec::new(); lanes];
        if now < self.not_before {
            return chunks;
        }
        let free = self.open_max.saturating_sub(self.open.len());
        let count = free.min(self.waiting.len());
        for (place, index) in self.waiting.drain(..count).enumerate() {
            if let Some(placements) = self.placements.get_mut(index) {
                *placements += 1;
            }
            if let Some(chunk) = chunks.get_mut(place % lanes.max(1)) {
                chunk.push(index);
            }
        }
        chunks
    }

    fn may_try_again(&self, index: usize) -> bool {
        self.placements
            .get(index)
            .is_some_and(|placements| *placements < PLACEMENTS_MAX)
    }

    fn end(&mut self, index: usize, result: Result<ReceiptView, ClientError>) {
        if let Some(slot) = self.results.get_mut(index)
            && slot.is_none()
        {
            *slot = Some(result);
            self.left -= 1;
        }
    }

    /// Gives up on what no block took in its time.
    fn expire(&mut self, now: LedgerTime, tell: &mut impl FnMut(BatchEvent<'_>)) {
        let late: Vec<_> = self
            .sent
            .iter()
            .filter(|(_, (_, valid_until))| now > *valid_until)
            .map(|(id, (order, valid_until))| (*id, *order, *valid_until))
            .collect();
        for (transaction, order, valid_until) in late {
            self.sent.remove(&transaction);
            let Some(index) = self.open.remove(&order) else {
                continue;
            };
            let error = ClientError::NotIncluded {
                transaction,
                valid_until,
            };
            tell(BatchEvent::Failed {
                index,
                error: &error,
            });
            self.end(index, Err(error));
        }
    }
}
