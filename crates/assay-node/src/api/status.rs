//! The node at a glance.

use super::Shared;
use crate::{
    http::{Refusal, json},
    metrics::MEDIA_TYPE,
};
use assay_api::{
    BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, CONTENT_BYTES_MAX, HealthView, LimitsView,
    MempoolView, OCTET_STREAM, OPENAPI, PAGE_ITEMS_MAX, ProblemCode, StatusView, SupplyView,
};
use assay_content::{CONTENT_RETENTION_MS, UPLOAD_LEASE_MS};
use assay_ledger::Ledger;
use assay_types::TRANSACTION_BYTES_MAX;
use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse, Response},
};
use std::time::Duration;

/// Longest time between final blocks of a healthy chain: an idle one beats once a second, and a few
/// failed views in a row still fit.
const BLOCK_AGE_MAX: Duration = Duration::from_secs(10);

/// What this is, for a person who opens the node's address.
pub(super) async fn root(State(app): State<Shared>) -> Html<String> {
    let status = app.chain.status();
    let network: String = app
        .network
        .chars()
        .map(|char| {
            if char.is_alphanumeric() || " -_.".contains(char) {
                char
            } else {
                '?'
            }
        })
        .collect();
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Assay</title>\
         <h1>Assay</h1><p>A node of an open market for AI work, in which nothing is paid until its check \
         has passed.</p><p>Network {network}, height {}, chain {}.</p>\
         <p><a href=\"/v1/status\">/v1/status</a></p></html>\n",
        status.height, status.chain,
    ))
}

/// 200 while blocks become final.
pub(super) async fn health(State(app): State<Shared>) -> Result<Response, Refusal> {
    let status = app.chain.status();
    let age = app.pulse.block_age();
    if !status.running || age > BLOCK_AGE_MAX {
        let detail = if status.running {
            format!("no block became final for {} s", age.as_secs())
        } else {
            "the chain has stopped".to_owned()
        };
        let hint = "see the node's log; a validator needs a quorum of the others";
        return Err(Refusal::new(ProblemCode::Unavailable, detail, hint));
    }
    let block_age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    Ok(json(&HealthView {
        moving: true,
        height: status.height,
        block_age_ms,
    }))
}

/// See [`StatusView`].
pub(super) async fn status(State(app): State<Shared>) -> Response {
    let mempool = app.chain.status().mempool;
    let view = app.chain.read(|ledger| StatusView {
        chain_id: ledger.chain_id(),
        network: app.network.clone(),
        height: ledger.height(),
        time: ledger.time(),
        base_fee: ledger.base_fee(),
        validators: app.validators.clone(),
        supply: supply(ledger),
        mempool: MempoolView {
            transactions: mempool.transactions as u64,
            bytes: mempool.bytes as u64,
        },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        limits: LimitsView {
            transaction_bytes_max: TRANSACTION_BYTES_MAX as u64,
            batch_transactions_max: BATCH_TRANSACTIONS_MAX as u64,
            batch_bytes_max: BATCH_BYTES_MAX as u64,
            content_bytes_max: CONTENT_BYTES_MAX,
            content_retention_ms: CONTENT_RETENTION_MS,
            content_unclaimed_ms: UPLOAD_LEASE_MS,
            page_items_max: PAGE_ITEMS_MAX as u64,
        },
        params: ledger.params().into(),
    });
    json(&view)
}

pub(super) fn supply(ledger: &Ledger) -> SupplyView {
    SupplyView {
        issued: ledger.issued(),
        burnt: ledger.burnt(),
        circulating: ledger.issued().saturating_sub(ledger.burnt()),
    }
}

/// Canonical bytes of the genesis, whose hash is the chain id.
pub(super) async fn genesis(State(app): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, OCTET_STREAM)], app.genesis.clone()).into_response()
}

/// The anchor in its text form.
pub(super) async fn anchor(State(app): State<Shared>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        app.anchor.clone(),
    )
        .into_response()
}

/// Measurements for Prometheus.
pub(super) async fn metrics(State(app): State<Shared>) -> Response {
    let text = app
        .metrics
        .text(&app.chain, &app.store, app.pulse.block_age());
    ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response()
}

/// The document of the interface.
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}
