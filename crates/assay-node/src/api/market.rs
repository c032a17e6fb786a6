//! Offers, orders, their answers and their receipts.

use super::{App, Shared, bad_cursor, chain_failed, on_file, page_items};
use crate::{
    http::{Hole, Parameters, Refusal, accepts, json},
    views,
};
use assay_api::{
    OCTET_STREAM, OffersPage, OrderStatus, OrderView, OrdersPage, ProblemCode, ReceiptView,
};
use assay_chain::Location;
use assay_ledger::{
    Ledger,
    rows::{Book, Offer, Order},
};
use assay_types::{
    Amount, ApprovalCall, Call, ContentId, Event, OfferId, OrderId, ProofCall, QuorumCall,
    ScoreCall, encode,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use std::collections::BTreeMap;

const ORDER_HINT: &str = "check the id; an order appears once its transaction is final";

/// Parameters of [`offers`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferFilter {
    model: Option<String>,
    topic: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Standing offers, cheapest first.
pub(super) async fn offers(
    State(app): State<Shared>,
    Parameters(filter): Parameters<OfferFilter>,
) -> Result<Response, Refusal> {
    let limit = page_items(filter.limit)?;
    let bad = |hint: &'static str| {
        move |error: assay_types::IdError| {
            Refusal::new(ProblemCode::BadRequest, error.to_string(), hint)
        }
    };
    let book = match (filter.model, filter.topic) {
        (None, None) => None,
        (Some(model), None) => {
            let hint = "give the model's id, which `GET /v1/models` lists";
            Some(Book::Model(model.parse().map_err(bad(hint))?))
        }
        (None, Some(topic)) => {
            let hint = "give the topic's id, which `GET /v1/topics` lists";
            Some(Book::Topic(topic.parse().map_err(bad(hint))?))
        }
        (Some(_), Some(_)) => {
            return Err(Refusal::new(
                ProblemCode::BadRequest,
                "no offer is of a model and of a topic",
                "name one of them",
            ));
        }
    };
    let after = filter.cursor.as_deref().map(offer_cursor).transpose()?;
    Ok(json(&app.chain.read(|ledger| match book {
        Some(book) => cheapest(ledger, ledger.book(book), after, limit),
        None => cheapest(ledger, ledger.offers(), after, limit),
    })))
}

/// Where a page of offers begins: after this ask and id.
fn offer_cursor(text: &str) -> Result<(Amount, OfferId), Refusal> {
    let (ask, id) = text.split_once('-').unwrap_or((text, ""));
    let ask: u64 = ask.parse().map_err(bad_cursor)?;
    Ok((Amount::new(ask), id.parse().map_err(bad_cursor)?))
}

/// The `limit` cheapest of `offers` after `after`. Remembers one page, however many there are.
fn cheapest<'a>(
    ledger: &Ledger,
    offers: impl Iterator<Item = (&'a OfferId, &'a Offer)>,
    after: Option<(Amount, OfferId)>,
    limit: usize,
) -> OffersPage {
    let mut page: BTreeMap<(Amount, OfferId), &Offer> = BTreeMap::new();
    for (id, offer) in offers {
        let place = (offer.ask, *id);
        if after.is_none_or(|after| place > after) {
            page.insert(place, offer);
            if page.len() > limit + 1 {
                page.pop_last();
            }
        }
    }
    let more = page.len() > limit;
    if more {
        page.pop_last();
    }
    let last = page.last_key_value().filter(|_| more);
    let next = last.map(|((ask, id), _)| format!("{}-{id}", ask.get()));
    let offers = page.into_iter();
    let offers = offers.map(|((_, id), offer)| views::offer(ledger, id, offer));
    OffersPage {
        offers: offers.collect(),
        next,
    }
}

/// One offer.
pub(super) async fn offer(
    State(app): State<Shared>,
    Hole(id): Hole<OfferId>,
) -> Result<Response, Refusal> {
    let found = app.chain.read(|ledger| {
        ledger
            .offer(&id)
            .map(|offer| views::offer(ledger, id, offer))
    });
    let hint = "check the id; it may have been withdrawn";
    found
        .map(|offer| json(&offer))
        .ok_or_else(|| Refusal::not_found("offer", id, hint))
}

/// Parameters of [`orders`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderFilter {
    status: Option<OrderStatus>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Everybody's open orders, by id; see [`OrdersPage`].
pub(super) async fn orders(
    State(app): State<Shared>,
    Parameters(filter): Parameters<OrderFilter>,
) -> Result<Response, Refusal> {
    let limit = page_items(filter.limit)?;
    let after: Option<OrderId> = filter
        .cursor
        .map(|text| text.parse())
        .transpose()
        .map_err(bad_cursor)?;
    if filter.status == Some(OrderStatus::Closed) {
        return Err(Refusal::new(
            ProblemCode::BadRequest,
            "closed orders are listed by account",
            "see `GET /v1/accounts/{account}/orders`",
        ));
    }
    let wanted = |(_, order): &(&OrderId, &Order)| {
        let status = filter.status;
        status.is_none_or(|status| views::order_status(order) == status)
    };
    let page: OrdersPage = app.chain.read(|ledger| match after {
        Some(after) => views::open_orders(ledger.orders_after(after).filter(wanted), limit),
        None => views::open_orders(ledger.orders().filter(wanted), limit),
    });
    Ok(json(&page))
}

/// One order, open or closed.
pub(super) async fn order(
    State(app): State<Shared>,
    Hole(id): Hole<OrderId>,
) -> Result<Response, Refusal> {
    let found = on_file(&app, move |app| {
        let open = app
            .chain
            .read(|ledger| ledger.order(&id).map(|order| views::order(id, order)));
        open.map_or_else(|| closed_order(app, id), |order| Ok(Some(order)))
    });
    found
        .await?
        .map(|order| json(&order))
        .ok_or_else(|| Refusal::not_found("order", id, ORDER_HINT))
}

/// The answer that an order's check accepted.
pub(super) async fn output(
    State(app): State<Shared>,
    Hole(id): Hole<OrderId>,
) -> Result<Response, Refusal> {
    let found = on_file(&app, move |app| accepted_answer(app, id)).await?;
    let Some((location, output)) = found else {
        let hint = "an answer is there once the check has accepted it; refunded orders have none";
        return Err(Refusal::not_found("accepted answer to order", id, hint));
    };
    let block = app
        .chain
        .block(location.height)
        .await
        .map_err(|error| chain_failed(&error))?;
    let bytes = block.and_then(|block| {
        let transactions = block.block.transactions.iter().zip(&block.result.outcomes);
        transactions
            .filter(|(_, outcome)| {
                let (first, count) = (outcome.first_event, outcome.event_count);
                (first..first.saturating_add(count)).contains(&location.index)
            })
            .find_map(|(transaction, _)| delivered(&transaction.body.call))
    });
    match bytes {
        Some(bytes) if ContentId::of(&bytes) == output => {
            Ok(([(header::CONTENT_TYPE, OCTET_STREAM)], bytes).into_response())
        }
        _ => Err(Refusal::not_found(
            "stored answer to order",
            id,
            "ask its buyer or sellers",
        )),
    }
}

/// The receipt of a closed order: its canonical proof, or a view for who accepts JSON.
pub(super) async fn receipt(
    State(app): State<Shared>,
    Hole(id): Hole<OrderId>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found = app
        .chain
        .receipt(id)
        .await
        .map_err(|error| chain_failed(&error))?;
    let proof = found.ok_or_else(|| {
        let is_open = app.chain.read(|ledger| ledger.order(&id).is_some());
        let hint = if is_open {
            "the order is open; wait until it is closed"
        } else {
            ORDER_HINT
        };
        Refusal::not_found("receipt of order", id, hint)
    })?;
    if accepts(&headers, "application/json") {
        return Ok(json(&ReceiptView::from(&proof.receipt)));
    }
    Ok(([(header::CONTENT_TYPE, OCTET_STREAM)], encode(&proof)).into_response())
}

/// A closed order from its receipt; `None` for one that is open or was never placed.
pub(super) fn closed_order(app: &App, id: OrderId) -> Result<Option<OrderView>, Refusal> {
    let Some(last) = last_event(app, id)? else {
        return Ok(None);
    };
    let receipt = events_at(app, last)?.into_iter().nth(last.index as usize);
    Ok(match receipt {
        Some(Event::Closed { receipt }) => Some(views::closed_order(&receipt)),
        _ => None,
    })
}

/// Where the event lies that told the answer which the check accepted, and its id.
fn accepted_answer(app: &App, id: OrderId) -> Result<Option<(Location, ContentId)>, Refusal> {
    let mut answers: Vec<(Location, ContentId)> = Vec::new();
    let mut after = None;
    loop {
        let page = app
            .chain
            .order_events(id, after)
            .map_err(|error| chain_failed(&error))?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        after = Some(*last);
        let mut events = Vec::new();
        let mut height = None;
        for location in page {
            if height != Some(location.height) {
                events = events_at(app, location)?;
                height = Some(location.height);
            }
            match events.get(location.index as usize) {
                Some(
                    Event::Revealed {
                        output,
                        holds: true,
                        ..
                    }
                    | Event::Delivered { output, .. }
                    | Event::ProofDelivered {
                        output,
                        holds: true,
                        ..
                    },
                ) => answers.push((location, *output)),
                Some(Event::VerdictReached { output, .. }) => {
                    return Ok(answers.into_iter().find(|(_, answer)| answer == output));
                }
                _ => {}
            }
        }
    }
}

fn last_event(app: &App, id: OrderId) -> Result<Option<Location>, Refusal> {
    let mut last = None;
    loop {
        let page = app
            .chain
            .order_events(id, last)
            .map_err(|error| chain_failed(&error))?;
        match page.last() {
            Some(location) => last = Some(*location),
            None => return Ok(last),
        }
    }
}

fn events_at(app: &App, location: Location) -> Result<Vec<Event>, Refusal> {
    app.chain
        .events(location.height)
        .map_err(|error| chain_failed(&error))
}

/// The answer that a check call carries.
fn delivered(call: &Call) -> Option<Vec<u8>> {
    let Call::CheckCall { tag, bytes, .. } = call else {
        return None;
    };
    // The event tells that it was a reveal or a delivery; which of the two, the body's shape does.
    if let Ok(Some(QuorumCall::Reveal(reveal))) = QuorumCall::read(*tag, bytes) {
        return Some(reveal.output.into_vec());
    }
    if let Ok(Some(ProofCall::Deliver(evidence))) = ProofCall::read(*tag, bytes) {
        return Some(evidence.output.into_vec());
    }
    if let Ok(Some(ScoreCall::Deliver(output))) = ScoreCall::read(*tag, bytes) {
        return Some(output.into_vec());
    }
    match ApprovalCall::read(*tag, bytes) {
        Ok(Some(ApprovalCall::Deliver(output))) => Some(output.into_vec()),
        _ => None,
    }
}
