//! The endpoints: paths of `assay_api::paths` on one side, chain and content store on the other.
//!
//! Handlers only read the ledger, the history and the store, or hand signed bytes on; who may do what is
//! decided by the ledger. Metrics, the generated document of the interface and the explorer get their
//! routes here when they come.

mod accounts;
mod blocks;
mod content;
mod events;
mod market;
mod models;
mod names;
mod quota;
mod state;
mod status;
mod transactions;

use crate::{
    http::{Refusal, guard},
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
    routing::{get, post, put},
};
use bytes::Bytes;
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
/// Submissions whose signatures are verified at once; more only take turns on the same processors.
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
    streams: Arc<Semaphore>,
    uploads: Semaphore,
    submissions: Semaphore,
    large_bodies: Semaphore,
    quota: quota::Quota,
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
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            uploads: Semaphore::new(UPLOADS_MAX),
            submissions: Semaphore::new(SUBMISSIONS_MAX),
            large_bodies: Semaphore::new(LARGE_BODIES_MAX),
            quota: quota::Quota::default(),
            names: Mutex::default(),
            stopping,
        })
    }
}

/// Every route.
pub(crate) fn router(app: Shared) -> Router {
    Router::new()
        .route(paths::ROOT, get(status::root))
        .route(paths::HEALTH, get(status::health))
        .route(paths::STATUS, get(status::status))
        .route(paths::GENESIS, get(status::genesis))
        .route(paths::ANCHOR, get(status::anchor))
        .route(paths::ACCOUNT_ROUTE, get(accounts::account))
        .route(paths::LANE_ROUTE, get(accounts::lane))
        .route(paths::ACCOUNT_ORDERS_ROUTE, get(accounts::orders))
        .route(paths::TRANSACTIONS, post(transactions::submit))
        .route(paths::TRANSACTIONS_BATCH, post(transactions::submit_batch))
        .route(paths::TRANSACTION_ROUTE, get(transactions::transaction))
        .route(paths::BLOCKS, get(blocks::blocks))
        .route(paths::BLOCK_ROUTE, get(blocks::block))
        .route(paths::OFFERS, get(market::offers))
        .route(paths::OFFER_ROUTE, get(market::offer))
        .route(paths::ORDERS, get(market::orders))
        .route(paths::ORDER_ROUTE, get(market::order))
        .route(paths::ORDER_OUTPUT_ROUTE, get(market::output))
        .route(paths::RECEIPT_ROUTE, get(market::receipt))
        .route(paths::STATE_CHAIN, get(state::chain))
        .route(paths::STATE_ACCOUNT_ROUTE, get(state::account))
        .route(paths::STATE_MODEL_ROUTE, get(state::model))
        .route(paths::STATE_OFFER_ROUTE, get(state::offer))
        .route(paths::STATE_ORDER_ROUTE, get(state::order))
        .route(paths::STATE_NAME_ROUTE, get(state::name))
        .route(paths::SUPPLY, get(names::emission))
        .route(paths::NAMES, get(names::names))
        .route(paths::NAME_ROUTE, get(names::name))
        .route(paths::MODELS, get(models::models))
        .route(paths::MODEL_ROUTE, get(models::model))
        .route(
            paths::CONTENT_ROUTE,
            put(content::put).get(content::get).head(content::head),
        )
        .route(paths::EVENTS, get(events::events))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn(guard))
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
