//! The endpoints: paths of `assay_api::paths` on one side, chain and content store on the other.
//!
//! Handlers only read the ledger, the history and the store, or hand signed bytes on; who may do what is
//! decided by the ledger. The explorer gets its routes here when it comes.

mod accounts;
mod blocks;
mod content;
mod events;
mod market;
mod models;
mod names;
pub(crate) mod quota;
mod state;
mod status;
mod topics;
mod transactions;

use crate::{
    admission::Admission,
    http::{Limiter, Origin, Refusal, cors, guard, limit},
    metrics::{Metrics, measure},
    pulse::Pulse,
};
use assay_api::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, ProblemCode, paths};
use assay_chain::{Chain, ChainError};
use assay_content::Store;
use assay_types::{AccountId, ContentId, Genesis, encode};
use assay_verify::{Anchor, AnchorError};
use axum::{
    Router,
    extract::Request,
    middleware,
    routing::{MethodRouter, get, post, put},
};
use bytes::Bytes;
use quota::Quota;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

/// Event streams at once. Each follows the chain by itself, so their cost is linear in this.
const STREAMS_MAX: usize = 256;
/// Uploads at once. Each holds a few hundred KiB and a file.
const UPLOADS_MAX: usize = 64;
/// Submissions that are verified or wait for a thread that does; more wait with their connection.
const SUBMISSIONS_MAX: usize = 8;
/// Large bodies in memory at once: with the largest batches, 256 MiB.
const LARGE_BODIES_MAX: usize = 32;
/// Longest wait for one of those places.
const PLACE_TIME_MAX: Duration = Duration::from_secs(10);

/// What the handlers share.
pub(crate) struct App {
    pub(crate) chain: Chain,
    pub(crate) store: Store,
    network: String,
    validators: Vec<AccountId>,
    genesis: Bytes,
    anchor: String,
    pulse: Pulse,
    metrics: Arc<Metrics>,
    streams: Arc<Semaphore>,
    uploads: Semaphore,
    submissions: Semaphore,
    admission: Admission,
    large_bodies: Semaphore,
    quota: Arc<Quota>,
    /// Names of models by their manifests, which never change.
    names: Mutex<BTreeMap<ContentId, String>>,
    stopping: CancellationToken,
}

/// The application as axum carries it.
pub(crate) type Shared = Arc<App>;

impl App {
    pub(crate) fn new(
        chain: Chain,
        store: Store,
        genesis: &Genesis,
        pulse: Pulse,
        quota: Arc<Quota>,
        admission: Admission,
        stopping: CancellationToken,
    ) -> Result<Self, AnchorError> {
        Ok(Self {
            chain,
            store,
            network: genesis.network.to_string(),
            validators: genesis.validators.iter().map(|key| key.account()).collect(),
            genesis: encode(genesis).into(),
            anchor: Anchor::of_genesis(genesis)?.to_text(),
            pulse,
            metrics: Arc::new(Metrics::new(genesis.network.as_str())),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            uploads: Semaphore::new(UPLOADS_MAX),
            submissions: Semaphore::new(SUBMISSIONS_MAX),
            admission,
            large_bodies: Semaphore::new(LARGE_BODIES_MAX),
            quota,
            names: Mutex::default(),
            stopping,
        })
    }
}

/// Every route with its methods; `assay_api::OPENAPI` documents the same.
fn routes() -> Vec<(&'static str, MethodRouter<Shared>)> {
    vec![
        (paths::ROOT, get(status::root)),
        (paths::HEALTH, get(status::health)),
        (paths::METRICS, get(status::metrics)),
        (paths::OPENAPI, get(status::openapi)),
        (paths::STATUS, get(status::status)),
        (paths::SUPPLY, get(names::emission)),
        (paths::NAMES, get(names::names)),
        (paths::NAME_ROUTE, get(names::name)),
        (paths::GENESIS, get(status::genesis)),
        (paths::ANCHOR, get(status::anchor)),
        (paths::ACCOUNT_ROUTE, get(accounts::account)),
        (paths::LANE_ROUTE, get(accounts::lane)),
        (paths::ACCOUNT_ORDERS_ROUTE, get(accounts::orders)),
        (paths::TRANSACTIONS, post(transactions::submit)),
        (paths::TRANSACTIONS_BATCH, post(transactions::submit_batch)),
        (paths::TRANSACTION_ROUTE, get(transactions::transaction)),
        (paths::BLOCKS, get(blocks::blocks)),
        (paths::BLOCK_ROUTE, get(blocks::block)),
        (paths::OFFERS, get(market::offers)),
        (paths::OFFER_ROUTE, get(market::offer)),
        (paths::ORDERS, get(market::orders)),
        (paths::ORDER_ROUTE, get(market::order)),
        (paths::ORDER_OUTPUT_ROUTE, get(market::output)),
        (paths::RECEIPT_ROUTE, get(market::receipt)),
        (paths::STATE_CHAIN, get(state::chain)),
        (paths::STATE_ACCOUNT_ROUTE, get(state::account)),
        (paths::STATE_MODEL_ROUTE, get(state::model)),
        (paths::STATE_OFFER_ROUTE, get(state::offer)),
        (paths::STATE_ORDER_ROUTE, get(state::order)),
        (paths::STATE_NAME_ROUTE, get(state::name)),
        (paths::STATE_PROOF_KEY_ROUTE, get(state::proof_key)),
        (paths::STATE_TOPIC_ROUTE, get(state::topic)),
        (paths::STATE_ROUND_ROUTE, get(state::round)),
        (paths::STATE_SLOT_ROUTE, get(state::slot)),
        (paths::STATE_POOL_ROUTE, get(state::pool)),
        (paths::STATE_STAKER_ROUTE, get(state::staker)),
        (paths::TOPICS, get(topics::topics)),
        (paths::TOPIC_ROUTE, get(topics::topic)),
        (paths::TOPIC_ROUND_ROUTE, get(topics::round)),
        (paths::MODELS, get(models::models)),
        (paths::MODEL_ROUTE, get(models::model)),
        (
            paths::CONTENT_ROUTE,
            put(content::put).get(content::get).head(content::head),
        ),
        (paths::EVENTS, get(events::events)),
    ]
}

/// The routes with what stands around every request, the outermost last: bodies and time within limits,
/// pages of other origins, the address's share, measurements.
pub(crate) fn router(app: Shared, limiter: Limiter, origins: &[Origin]) -> Router {
    let metrics = Arc::clone(&app.metrics);
    let routes = routes().into_iter();
    let router = routes
        .fold(Router::new(), |router, (path, methods)| {
            router.route(path, methods)
        })
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn(guard));
    let router = if origins.is_empty() {
        router
    } else {
        router.layer(middleware::from_fn_with_state(Arc::from(origins), cors))
    };
    router
        .layer(middleware::from_fn_with_state(Arc::new(limiter), limit))
        .layer(middleware::from_fn_with_state(metrics, measure))
        .with_state(app)
}

async fn no_such_path(request: Request) -> Refusal {
    let path: String = request.uri().path().chars().take(200).collect();
    Refusal::new(
        ProblemCode::NotFound,
        format!("there is no path {path}"),
        "`GET /v1/status` is a good beginning",
    )
}

async fn no_such_method(request: Request) -> Refusal {
    let path: String = request.uri().path().chars().take(200).collect();
    Refusal::new(
        ProblemCode::MethodNotAllowed,
        format!("{path} has no method {}", request.method()),
        "the `allow` header names those it has",
    )
}

/// Runs what waits for the history's file on a thread that may wait.
async fn on_file<T: Send + 'static>(
    app: &Shared,
    work: impl FnOnce(&App) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let app = Arc::clone(app);
    match tokio::task::spawn_blocking(move || work(&app)).await {
        Ok(result) => result,
        Err(error) => Err(Refusal::internal("finish a read", &error)),
    }
}

/// One of the places for a kind of work; waits for it a while.
async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Refusal> {
    match tokio::time::timeout(PLACE_TIME_MAX, places.acquire()).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(Refusal::new(
            ProblemCode::Busy,
            format!(
                "too many requests of this kind for {} s",
                PLACE_TIME_MAX.as_secs()
            ),
            "try again in a moment, or send several transactions in one batch",
        )),
    }
}

/// A chain that does not answer.
fn chain_failed(error: &ChainError) -> Refusal {
    match error {
        ChainError::Stopped => Refusal::new(
            ProblemCode::Unavailable,
            "the node's chain has stopped",
            "try again when the node has been restarted",
        ),
        ChainError::NotKept { .. } => {
            assay_api::Problem::of_message(ProblemCode::NotFound, &error.to_string()).into()
        }
        ChainError::Missing { .. } => Refusal::internal("read a block", error),
        ChainError::History(error) => Refusal::internal("read its history", error),
    }
}

/// Parameters that every list takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    limit: Option<usize>,
    cursor: Option<String>,
}

impl PageQuery {
    /// The number of items wanted.
    fn limit(&self) -> Result<usize, Refusal> {
        page_items(self.limit)
    }

    /// Where the page begins, if not at the beginning.
    fn cursor<T>(&self, read: impl Fn(&str) -> Result<T, Refusal>) -> Result<Option<T>, Refusal> {
        self.cursor.as_deref().map(read).transpose()
    }
}

/// The number of items that a list answers with.
fn page_items(limit: Option<usize>) -> Result<usize, Refusal> {
    match limit {
        None => Ok(PAGE_ITEMS_DEFAULT),
        Some(limit) if (1..=PAGE_ITEMS_MAX).contains(&limit) => Ok(limit),
        Some(limit) => Err(Refusal::new(
            ProblemCode::BadRequest,
            format!("limit={limit} is not between 1 and {PAGE_ITEMS_MAX}"),
            "ask for fewer, and page with what the answer says",
        )),
    }
}

/// A cursor that no page of the list has given out.
fn bad_cursor(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        ProblemCode::BadRequest,
        format!("`cursor` is not the `next` of a page of this list: {error}"),
        "leave it out, or send `next` unchanged",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn the_routes_are_those_of_the_document() {
        let document: serde_json::Value = serde_json::from_str(assay_api::OPENAPI).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let documented: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
        let served: BTreeSet<&str> = super::routes().into_iter().map(|(path, _)| path).collect();
        assert_eq!(served, documented);
    }
}
