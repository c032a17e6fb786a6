//! The event stream; `assay_api`'s documentation of the stream says what it promises.
//!
//! A stream follows the chain by itself: it pulls one final block after the other, the old ones from
//! history and then the new ones as they come, so there is no seam between the two at which something
//! could be lost or told twice, and a slow reader holds up nobody.

use super::{Shared, chain_failed};
use crate::http::{Parameters, Refusal};
use assay_api::{
    BlockEvent, EventCursor, OutcomeView, ProblemCode, SenderOutcome, StampedEvent, StreamMessage,
};
use assay_chain::{Chain, FinalizedBlock, Subscription};
use assay_ledger::Ledger;
use assay_types::{AccountId, Event, Height, OrderId, Receipt, TopicId};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{
        IntoResponse as _, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt as _};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Silence after which a comment is sent, so that middle boxes keep the connection: a chain that moves
/// never gets there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The header in which a client says what it saw last.
const LAST_EVENT_ID: &str = "last-event-id";

/// Parameters of [`events`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    from: Option<u64>,
    after: Option<String>,
    order: Option<String>,
    account: Option<String>,
}

/// Which market events a stream tells.
#[derive(Debug, Clone, Copy, Default)]
struct Filter {
    order: Option<OrderId>,
    account: Option<AccountId>,
}

/// Follows the chain from where the client left it.
pub(super) async fn events(
    State(app): State<Shared>,
    Parameters(query): Parameters<Query>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Refusal::new(
            ProblemCode::BadRequest,
            error.to_string(),
            "correct it, or leave it out",
        )
    };
    let seen = match headers.get(LAST_EVENT_ID) {
        Some(value) => {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            Some(text)
        }
        None => query.after,
    };
    let seen: Option<EventCursor> = seen
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| unreadable(&error))?;
    let order = query.order.map(|text| text.parse()).transpose();
    let account = query.account.map(|text| text.parse()).transpose();
    let filter = Filter {
        order: order.map_err(|error| unreadable(&error))?,
        account: account.map_err(|error| unreadable(&error))?,
    };
    let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| {
        let hint = "close one, or try again later";
        Refusal::new(ProblemCode::Busy, "too many event streams at once", hint)
    })?;
    let from = match (seen, query.from) {
        (Some(seen), _) => seen.height,
        (None, Some(from)) => Height::new(from),
        (None, None) => app.chain.status().height.next(),
    };
    let messages = messages(app.chain.clone(), from, seen, filter);
    let stream = messages
        .take_until(app.stopping.clone().cancelled_owned())
        .map(move |message| {
            // The stream owns its place among STREAMS_MAX.
            let _held = &permit;
            encode(message)
        });
    Ok(Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response())
}

type Message = Result<StreamMessage, Refusal>;

/// Everything after `seen`, from the block at `from` on; ends with the first error.
fn messages(
    chain: Chain,
    from: Height,
    seen: Option<EventCursor>,
    filter: Filter,
) -> impl Stream<Item = Message> + Send {
    let blocks: Subscription = chain.subscribe_from(from);
    blocks.into_stream().flat_map(move |block| {
        let told: Box<dyn Iterator<Item = Message> + Send> = match block {
            Ok(block) => Box::new(tell(&chain, block, seen, filter).map(Ok)),
            Err(error) => Box::new(std::iter::once(Err(chain_failed(&error)))),
        };
        futures::stream::iter(told)
    })
}

/// The messages of one block, made one at a time.
fn tell(
    chain: &Chain,
    block: Arc<FinalizedBlock>,
    seen: Option<EventCursor>,
    filter: Filter,
) -> impl Iterator<Item = StreamMessage> + Send + use<> {
    let chain = chain.clone();
    let market = Arc::clone(&block);
    let count = u32::try_from(block.result.events.len()).unwrap_or(u32::MAX);
    let header = &block.block.header;
    let (height, time) = (header.height, header.time);
    let events = (0..count).filter_map(move |index| {
        let event = market.result.events.get(index as usize)?;
        filter.admits(&chain, &market, event).then(|| {
            let event = event.into();
            StreamMessage::Market(StampedEvent {
                height,
                time,
                index,
                event,
            })
        })
    });
    let end = std::iter::once_with(move || StreamMessage::Block(end_of(&block, count, filter)));
    events
        .chain(end)
        .filter(move |message| seen.is_none_or(|seen| message.cursor() > seen))
}

fn end_of(block: &FinalizedBlock, index: u32, filter: Filter) -> BlockEvent {
    let header = &block.block.header;
    let sent = filter.account.map(|account| {
        let transactions = block.block.transactions.iter().zip(&block.result.outcomes);
        transactions
            .filter(|(tx, _)| tx.body.sender == account)
            .map(|(tx, outcome)| SenderOutcome {
                id: outcome.transaction,
                lane: tx.body.lane.get(),
                sequence: tx.body.sequence,
                outcome: OutcomeView::from(outcome.rejection),
            })
            .collect()
    });
    BlockEvent {
        height: header.height,
        time: header.time,
        index,
        id: block.id,
        base_fee: header.base_fee,
        transactions: u32::try_from(block.block.transactions.len()).unwrap_or(u32::MAX),
        sent: sent.unwrap_or_default(),
    }
}

impl Filter {
    fn admits(&self, chain: &Chain, block: &FinalizedBlock, event: &Event) -> bool {
        self.order.is_none_or(|order| event.order() == Some(order))
            && self
                .account
                .is_none_or(|account| concerns(chain, block, event, account))
    }
}

/// Whether an account owns a topic, or a slot of it, or works in one.
fn takes_part(ledger: &Ledger, topic: TopicId, account: AccountId) -> bool {
    let owner = ledger.topic(&topic).map(|row| row.owner);
    let mut slots = ledger.topic_slots(topic);
    owner == Some(account) || slots.any(|(_, slot)| slot.key == account || slot.owner == account)
}

/// Whether an event names the account, or its order has it as a party. Events of orders that have ended
/// and whose parties are not at hand are told rather than kept back.
fn concerns(chain: &Chain, block: &FinalizedBlock, event: &Event, account: AccountId) -> bool {
    match event {
        Event::Transferred { from, to, .. } => *from == account || *to == account,
        Event::Bonded { account: named, .. }
        | Event::UnbondingStarted { account: named, .. }
        | Event::Unbonded { account: named, .. } => *named == account,
        Event::OfferPublished { seller, .. } | Event::OfferWithdrawn { seller, .. } => {
            *seller == account
        }
        Event::ModelRegistered { owner, .. } | Event::ProofKeyRegistered { owner, .. } => {
            *owner == account
        }
        Event::Emitted { to, .. } | Event::TopicPaid { to, .. } => *to == account,
        Event::TopicCreated { owner, .. } => *owner == account,
        Event::SlotRegistered {
            key,
            owner,
            replaced,
            ..
        } => *key == account || *owner == account || *replaced == Some(account),
        Event::Staked { key, staker, .. } | Event::UnstakingStarted { key, staker, .. } => {
            *key == account || *staker == account
        }
        Event::SubmissionCommitted { key, .. }
        | Event::SubmissionRevealed { key, .. }
        | Event::SlotAnnounced { key, .. }
        | Event::RevealMissed { key, .. } => *key == account,
        Event::TopicFunded { from, .. } => *from == account,
        // Whoever takes part in a topic waits for the end of its epochs.
        Event::TopicSettled { topic, .. } | Event::TopicInferred { topic, .. } => {
            chain.read(|ledger| takes_part(ledger, *topic, account))
        }
        Event::NameReserved { account: named, .. } => *named == account,
        Event::NameRegistered { holder, .. }
        | Event::NameRenewed { holder, .. }
        | Event::NameExpired { holder, .. } => *holder == account,
        Event::NameTransferred { from, to, .. } => *from == account || *to == account,
        Event::Failed { transaction, .. } => {
            let mut sent = block.block.transactions.iter().zip(&block.result.outcomes);
            sent.any(|(tx, outcome)| {
                outcome.transaction == *transaction && tx.body.sender == account
            })
        }
        Event::OrderPlaced { buyer, .. } => *buyer == account,
        Event::Closed { receipt } => is_party(receipt, account),
        Event::RoyaltyPaid { order, to, .. } => {
            *to == account || has_party(chain, block, *order, account)
        }
        Event::Released { order, seller, .. } => {
            *seller == account || has_party(chain, block, *order, account)
        }
        Event::Assigned { order, .. }
        | Event::Accepted { order, .. }
        | Event::Started { order }
        | Event::Committed { order, .. }
        | Event::RevealsOpened { order }
        | Event::Revealed { order, .. }
        | Event::Delivered { order, .. }
        | Event::VerdictReached { order, .. }
        | Event::Paid { order, .. }
        | Event::Rebated { order, .. }
        | Event::Burnt { order, .. }
        | Event::ProofDelivered { order, .. }
        | Event::Compensated { order, .. }
        | Event::Refunded { order, .. } => has_party(chain, block, *order, account),
    }
}

fn has_party(chain: &Chain, block: &FinalizedBlock, order: OrderId, account: AccountId) -> bool {
    let open = chain.read(|ledger| {
        let row = ledger.order(&order)?;
        Some(row.buyer == account || row.seat_of(&account).is_some())
    });
    // A seller that has left an open order is told of its leaving by `Released`, which names it.
    open.unwrap_or_else(|| {
        let closed = block.result.events.iter().find_map(|event| match event {
            Event::Closed { receipt } if receipt.order == order => Some(receipt),
            _ => None,
        });
        closed.is_none_or(|receipt| is_party(receipt, account))
    })
}

fn is_party(receipt: &Receipt, account: AccountId) -> bool {
    receipt.buyer == account
        || receipt
            .payouts
            .iter()
            .any(|payout| payout.seller == account)
}

fn encode(message: Message) -> Result<sse::Event, axum::Error> {
    let message = message.map_err(|refusal| axum::Error::new(refusal.into_problem()))?;
    let data = message.data().map_err(axum::Error::new)?;
    let id = message.cursor().to_string();
    Ok(sse::Event::default()
        .event(message.name())
        .id(id)
        .data(data))
}
