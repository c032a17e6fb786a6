//! Accounts, their lanes and their orders.

use super::{App, Shared, bad_cursor, chain_failed, market::closed_order, on_file, page_items};
use crate::{
    http::{Hole, Parameters, Refusal, json},
    views,
};
use assay_api::{EventCursor, LaneView, OrdersPage};
use assay_chain::Location;
use assay_types::{AccountId, LANES_PER_ACCOUNT, Lane, OrderId};
use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;

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
pub(super) struct OrderFilter {
    limit: Option<usize>,
    cursor: Option<String>,
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
    Parameters(filter): Parameters<OrderFilter>,
) -> Result<Response, Refusal> {
    let limit = page_items(filter.limit)?;
    let cursor = filter.cursor;
    let answer = if filter.status == Some(Which::Open) {
        let after: Option<OrderId> = cursor
            .map(|text| text.parse())
            .transpose()
            .map_err(bad_cursor)?;
        app.chain
            .read(|ledger| views::open_orders(ledger.orders_of_after(account, after), limit))
    } else {
        let before: Option<EventCursor> = cursor
            .map(|text| text.parse())
            .transpose()
            .map_err(bad_cursor)?;
        on_file(&app, move |app| all_orders(app, account, before, limit)).await?
    };
    Ok(json(&answer))
}

/// Newest first. Reads a page of the index and the rows or receipts of its orders.
fn all_orders(
    app: &App,
    account: AccountId,
    before: Option<EventCursor>,
    limit: usize,
) -> Result<OrdersPage, Refusal> {
    let before = before.map(|before| Location {
        height: before.height,
        index: before.index,
    });
    let mut rows = app
        .chain
        .account_orders(account, before, limit + 1)
        .map_err(|error| chain_failed(&error))?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(location, _)| {
        let (height, index) = (location.height, location.index);
        EventCursor { height, index }.to_string()
    });
    let mut orders = Vec::with_capacity(rows.len());
    for (_, id) in rows {
        let open = app
            .chain
            .read(|ledger| ledger.order(&id).map(|order| views::order(id, order)));
        match open {
            Some(order) => orders.push(order),
            None => orders.extend(closed_order(app, id)?),
        }
    }
    Ok(OrdersPage { orders, next })
}
