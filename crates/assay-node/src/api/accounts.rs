//! Accounts, their lanes and their orders.

use super::{App, Shared, chain_failed, market::closed_order, on_file, page_items};
use crate::{
    http::{Hole, Parameters, Refusal, json},
    views,
};
use assay_api::{EventCursor, LaneView, OrdersPage, ProblemCode};
use assay_chain::Location;
use assay_types::{AccountId, LANES_PER_ACCOUNT, Lane, OrderId};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What the ledger knows of an account; zeros for one that it does not know.
pub(super) async fn account(State(app): State<Shared>, Hole(id): Hole<AccountId>) -> Response {
    let lanes: Vec<LaneView> = (0..LANES_PER_ACCOUNT)
        .filter_map(Lane::new)
        .map(|lane| lane_view(&app, id, lane))
        .filter(|lane| lane.pending_next > 0)
        .collect();
    let view = app.chain.read(|ledger| views::account(ledger, id, lanes));
    json(&view)
}

/// Where a lane stands.
pub(super) async fn lane(
    State(app): State<Shared>,
    Path((account, lane)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let account: AccountId = account
        .parse()
        .map_err(|error| crate::http::bad_path(&error))?;
    let lane = lane.parse().ok().and_then(Lane::new).ok_or_else(|| {
        let limit = LANES_PER_ACCOUNT - 1;
        crate::http::bad_path(&format!("a lane is a number from 0 to {limit}"))
    })?;
    Ok(json(&lane_view(&app, account, lane)))
}

fn lane_view(app: &App, account: AccountId, lane: Lane) -> LaneView {
    // Finalised first: it can only grow until the second question.
    let next_sequence = app.chain.read(|ledger| ledger.next_sequence(account, lane));
    let pending_next = app.chain.next_sequence(account, lane);
    LaneView {
        lane: lane.get(),
        next_sequence,
        pending_next,
    }
}

/// Parameters of [`orders`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
    before: Option<String>,
    status: Option<Which>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Which {
    Open,
}

/// An account's orders; see [`OrdersPage`].
pub(super) async fn orders(
    State(app): State<Shared>,
    Hole(account): Hole<AccountId>,
    Parameters(page): Parameters<Page>,
) -> Result<Response, Refusal> {
    let limit = page_items(page.limit)?;
    let bad_before = || {
        let detail = "`before` is not the `next` of a page of this list";
        Refusal::new(
            ProblemCode::BadRequest,
            detail,
            "leave it out, or send `next` unchanged",
        )
    };
    let answer = if page.status == Some(Which::Open) {
        let after: Option<OrderId> = page
            .before
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| bad_before())?;
        app.chain
            .read(|ledger| views::open_orders(ledger.orders_of(account), after, limit))
    } else {
        let before: Option<EventCursor> = page
            .before
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| bad_before())?;
        on_file(&app, move |app| all_orders(app, account, before, limit)).await?
    };
    Ok(json(&answer))
}

/// Newest first. The index runs the other way, so what is older than the page is read as well: a few
/// bytes per order.
fn all_orders(
    app: &App,
    account: AccountId,
    before: Option<EventCursor>,
    limit: usize,
) -> Result<OrdersPage, Refusal> {
    let mut rows: Vec<(Location, OrderId)> = Vec::new();
    loop {
        let after = rows.last().map(|(location, _)| *location);
        let page = app
            .chain
            .account_orders(account, after)
            .map_err(|error| chain_failed(&error))?;
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    // One drawn twice for the same order is listed where it was drawn first.
    let mut seen = BTreeSet::new();
    rows.retain(|(_, order)| seen.insert(*order));
    let older = |location: &Location| {
        before
            .is_none_or(|before| (location.height, location.index) < (before.height, before.index))
    };
    let mut newest_first = rows
        .iter()
        .rev()
        .filter(|(location, _)| older(location))
        .peekable();
    let mut orders = Vec::new();
    let mut last = None;
    while orders.len() < limit
        && let Some((location, id)) = newest_first.next()
    {
        last = Some(EventCursor {
            height: location.height,
            index: location.index,
        });
        let open = app
            .chain
            .read(|ledger| ledger.order(id).map(|order| views::order(*id, order)));
        match open {
            Some(order) => orders.push(order),
            None => orders.extend(closed_order(app, *id)?),
        }
    }
    let next = newest_first
        .peek()
        .and(last)
        .map(|cursor| cursor.to_string());
    Ok(OrdersPage { orders, next })
}
