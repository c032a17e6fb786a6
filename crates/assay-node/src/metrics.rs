//! What is measured about a node, as Prometheus reads it.
//!
//! Requests are counted as they are answered; everything else is read when somebody asks, so that nothing is
//! spent on a node that nobody watches. Routes are labels, paths are not: the number of series is bounded by
//! the interface.

use assay_chain::Chain;
use assay_content::Store;
use assay_types::LedgerTime;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Media type of the text.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Upper ends of the latency buckets in seconds: from a read of memory to an upload.
const LATENCY_SECONDS: [f64; 12] = [
    0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0,
];
/// The route of what has none.
const NO_ROUTE: &str = "none";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

type Seconds = Gauge<f64, AtomicU64>;

/// The measurements of one node.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    latency: Family<Route, Histogram>,
    mempool_transactions: Gauge,
    mempool_reserved: Gauge,
    mempool_bytes: Gauge,
    height: Gauge,
    block_age: Seconds,
    ledger_lag: Seconds,
    running: Gauge,
    contents: Gauge,
    content_bytes: Gauge,
    content_bytes_unfinished: Gauge,
    accounts: Gauge,
    offers: Gauge,
    orders: Gauge,
    memory: Gauge,
    threads: Gauge,
    files: Gauge,
}

impl Metrics {
    pub(crate) fn new(network: &str) -> Self {
        let mut registry = Registry::with_prefix("assay");
        let latency = || Histogram::new(LATENCY_SECONDS);
        let latency = Family::<Route, Histogram>::new_with_constructor(latency);
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let help = "Time from a request's head to its answer's";
        registry.register_with_unit("http_latency", help, Unit::Seconds, latency.clone());
        let version = Info::new(vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("network", network.to_owned()),
        ]);
        registry.register("node", "What runs", version);
        let started = Seconds::default();
        started.set(since(UNIX_EPOCH).as_secs_f64());
        let help = "When the node started, since 1970";
        registry.register_with_unit("start_time", help, Unit::Seconds, started);
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let (mempool_transactions, mempool_reserved, mempool_bytes) = (
            gauge("mempool_transactions", "Transactions that wait for a block"),
            gauge("mempool_reserved", "Check calls of parties among them"),
            gauge("mempool_bytes", "Bytes of what waits for a block"),
        );
        let height = gauge("height", "Height of the last final block");
        let running = gauge("consensus_running", "Whether consensus runs");
        let (contents, content_bytes, content_bytes_unfinished) = (
            gauge("contents", "Contents stored"),
            gauge("content_bytes", "Bytes of stored contents on disk"),
            gauge("content_bytes_unfinished", "Bytes of running uploads"),
        );
        let (accounts, offers, orders) = (
            gauge("accounts", "Accounts of the ledger"),
            gauge("offers", "Standing offers"),
            gauge("orders_open", "Orders that have not ended"),
        );
        let (memory, threads, files) = (
            gauge(
                "process_resident_memory_bytes",
                "Memory in use; 0 where unknown",
            ),
            gauge("process_threads", "Threads; 0 where unknown"),
            gauge(
                "process_open_fds",
                "Open files and sockets; 0 where unknown",
            ),
        );
        let (block_age, ledger_lag) = (Seconds::default(), Seconds::default());
        let help = "Time since a block became final here";
        registry.register_with_unit("block_age", help, Unit::Seconds, block_age.clone());
        let help = "How far ledger time is behind this machine's clock";
        registry.register_with_unit("ledger_lag", help, Unit::Seconds, ledger_lag.clone());
        Self {
            registry,
            requests,
            latency,
            mempool_transactions,
            mempool_reserved,
            mempool_bytes,
            height,
            block_age,
            ledger_lag,
            running,
            contents,
            content_bytes,
            content_bytes_unfinished,
            accounts,
            offers,
            orders,
            memory,
            threads,
            files,
        }
    }

    /// Everything, as of now.
    pub(crate) fn text(&self, chain: &Chain, store: &Store, block_age: Duration) -> String {
        let status = chain.status();
        self.mempool_transactions
            .set(count(status.mempool.transactions as u64));
        self.mempool_reserved
            .set(count(status.mempool.reserved as u64));
        self.mempool_bytes.set(count(status.mempool.bytes as u64));
        self.height.set(count(status.height.get()));
        self.running.set(i64::from(status.running));
        self.block_age.set(block_age.as_secs_f64());
        self.ledger_lag.set(lag(status.time));
        let stored = store.stats();
        self.contents.set(count(stored.contents));
        self.content_bytes.set(count(stored.bytes));
        self.content_bytes_unfinished
            .set(count(stored.bytes_unfinished));
        let sizes = chain.read(assay_ledger::Ledger::sizes);
        self.accounts.set(count(sizes.accounts as u64));
        self.offers.set(count(sizes.offers as u64));
        self.orders.set(count(sizes.orders as u64));
        let process = process();
        self.memory.set(count(process.memory_bytes));
        self.threads.set(count(process.threads));
        self.files.set(count(process.files));
        let mut text = String::new();
        match text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a string does not fail; should it, what is there is no whole answer.
            Err(_) => String::new(),
        }
    }
}

/// The middleware that counts and times.
pub(crate) async fn measure(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = method(request.method().as_str());
    let began = Instant::now();
    let response = next.run(request).await;
    let labels = Route { route };
    let latency = metrics.latency.get_or_create(&labels);
    latency.observe(began.elapsed().as_secs_f64());
    drop(latency);
    let status = response.status().as_u16();
    let route = labels.route;
    metrics
        .requests
        .get_or_create(&Answered {
            method,
            route,
            status,
        })
        .inc();
    response
}

/// A method of a known few: strangers can invent others.
fn method(name: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("other")
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn since(moment: SystemTime) -> Duration {
    SystemTime::now().duration_since(moment).unwrap_or_default()
}

fn lag(time: LedgerTime) -> f64 {
    let ledger = Duration::from_millis(time.get());
    let now = since(UNIX_EPOCH);
    now.saturating_sub(ledger).as_secs_f64() - ledger.saturating_sub(now).as_secs_f64()
}

/// What the system says of this process.
#[derive(Debug, Default)]
struct Process {
    memory_bytes: u64,
    threads: u64,
    files: u64,
}

/// Read from `/proc`, zeros on systems without it.
fn process() -> Process {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
            .unwrap_or_default()
    };
    let files = std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64);
    Process {
        memory_bytes: number("VmRSS:").saturating_mul(1_024),
        threads: number("Threads:"),
        files,
    }
}
