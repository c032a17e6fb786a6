//! Names and the emission.

use super::{Shared, page_items, status::supply};
use crate::{
    http::{Hole, Parameters, Refusal, json},
    views,
};
use assay_api::{EmissionView, EpochView, LeaderView, NamesPage, ProblemCode};
use assay_ledger::rows::NameLease;
use assay_types::{AccountId, AddressError, Name, NameError};
use axum::{extract::State, response::Response};
use serde::Deserialize;

/// One name.
pub(super) async fn name(
    State(app): State<Shared>,
    Hole(name): Hole<Name>,
) -> Result<Response, Refusal> {
    let found = app.chain.read(|ledger| {
        let row = ledger.name(&name)?;
        Some(views::name(ledger, name, row))
    });
    let hint = "check its spelling; nobody holds it now";
    found
        .map(|view| json(&view))
        .ok_or_else(|| Refusal::not_found("name", name, hint))
}

/// Parameters of [`names`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamesQuery {
    holder: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Names, ascending; see [`NamesPage`].
pub(super) async fn names(
    State(app): State<Shared>,
    Parameters(query): Parameters<NamesQuery>,
) -> Result<Response, Refusal> {
    let limit = page_items(query.limit)?;
    let bad = |what: String| Refusal::new(ProblemCode::BadRequest, what, "correct the query");
    let holder: Option<AccountId> = query
        .holder
        .map(|text| text.parse())
        .transpose()
        .map_err(|error: AddressError| bad(error.to_string()))?;
    let after: Option<Name> = query
        .cursor
        .map(|text| text.parse())
        .transpose()
        .map_err(|error: NameError| bad(error.to_string()))?;
    let page = app.chain.read(|ledger| {
        // One more than the page shows whether there is another.
        let view = |(name, row): (&Name, &NameLease)| views::name(ledger, *name, row);
        let mut names: Vec<_> = match holder {
            Some(holder) => ledger
                .names_of(holder, after)
                .take(limit.saturating_add(1))
                .map(view)
                .collect(),
            None => ledger
                .names_after(after)
                .take(limit.saturating_add(1))
                .map(view)
                .collect(),
        };
        let more = names.len() > limit;
        names.truncate(limit);
        let last = names.last().filter(|_| more);
        let next = last.map(|view| view.name.to_string());
        NamesPage { names, next }
    });
    Ok(json(&page))
}

/// See [`EmissionView`].
pub(super) async fn emission(State(app): State<Shared>) -> Response {
    let view = app.chain.read(|ledger| {
        let epoch = ledger.epoch();
        let leader = |(account, blocks): (&AccountId, &u64)| LeaderView {
            account: *account,
            blocks: *blocks,
        };
        EmissionView {
            supply: supply(ledger),
            epoch: EpochView {
                number: epoch.epoch,
                ends_at: epoch.ends_at,
                emission: epoch.emission,
                validators: epoch.validators,
                rebates_max: epoch.rebates_max,
                rebated: epoch.rebated,
                remaining: ledger.schedule().remaining(epoch.epoch.saturating_add(1)),
            },
            leaders: ledger.leaders().map(leader).collect(),
            params: (&ledger.params().emission).into(),
        }
    });
    json(&view)
}
