//! A miner's server: answers what validators of its topics ask, each ask once, and signs what it answers.
//!
//! | module | is |
//! |---|---|
//! | [`Miner`] | start and stop, the one path that is served |
//! | `admission` | who may ask in which topic: a set that its owner replaces, each epoch for instance |
//! | `book` | asks seen and under way: a pure state machine, time comes in as a value |
//! | `refusal` | every way to be refused, with what to do next |
//!
//! What is checked, in this order, the cheap before the costly: the header, the announced size, chain, recipient and
//! topic, the moment, whether the caller is admitted, whether the nonce was seen; then the signature; then the caller's
//! places and nonces, which are taken at once, so that one ask is one attempt; then the body, in size, time and hash.
//! Only then the work begins.
//!
//! Invariants: the work is asked of admitted callers alone, at most once for each ask, and never for an ask that was
//! signed for another chain, topic or miner. Who is not admitted takes no place and leaves no trace, and no caller takes
//! another's: places and nonces are counted for each, and a caller's first ask never waits for others'.
//!
//! One gap is known. The book is in memory, so a miner refuses what was signed before it started. An ask that its caller
//! dated ahead of the miner's clock, and that was answered before a restart, can be replayed once after that date.
//!
//! `assay-http` serves, as in the node: the workspace has one HTTP stack (docs/adr/0005). TLS is a proxy's work.
//! Source: `docs/topics-calls.md`.

mod admission;
mod book;
mod refusal;

pub use admission::Admission;
pub use book::{ASKS_IN_FLIGHT_PER_CALLER_MAX, NONCES_PER_CALLER_MAX};

use assay_api::{
    ANSWER_HEADER, ASK_HEADER, ASK_PATH, OCTET_STREAM, answer_to_header, ask_from_header,
};
use assay_client::UnixClock;
use assay_http::{Server, ServerLimits};
use assay_types::{
    ANSWER_BODY_BYTES_MAX, ASK_BODY_BYTES_MAX, AccountId, ChainId, ContentId, SecretKey, SignedAsk,
    TopicId, UnixTime,
};
use axum::{
    Router,
    body::{BodyDataStream, HttpBody as _},
    extract::{Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use book::Book;
use bytes::Bytes;
use futures::StreamExt as _;
use refusal::Refused;
use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// Asks under way at once, besides the first of each caller: with bodies and answers of the largest size some 300 MiB.
pub const ASKS_IN_FLIGHT_MAX: usize = 256;
/// Time for the work on one ask when nothing else is said.
pub const ANSWER_TIME_DEFAULT: Duration = Duration::from_secs(30);
/// How much the server takes. A validator needs a connection for each ask under way; behind a proxy all callers are one
/// peer, which therefore reuses its connections or limits by itself. The one long header has less than 400 bytes.
const LIMITS: ServerLimits = ServerLimits {
    connections_max: 1_024,
    connections_per_peer_max: 128,
    head_bytes_max: 16 * 1024,
};
/// Longest time for the body of an ask: 64 KiB at 50 kbit/s.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// Most bytes of a refused body that are read and dropped, so that its sender gets to read why.
const DRAIN_BYTES_MAX: usize = 4 * ASK_BODY_BYTES_MAX;
/// Longest time for that.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);

/// What a miner is asked. Everything in it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who asks.
    pub caller: AccountId,
    /// On behalf of which topic.
    pub topic: TopicId,
    /// When, by the caller's clock.
    pub at: UnixTime,
    /// What: at most [`ASK_BODY_BYTES_MAX`] bytes.
    pub body: Bytes,
}

/// The miner does not answer this. The caller reads both texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// What is wrong with what was asked.
    pub reason: String,
    /// What to ask instead.
    pub hint: String,
}

/// All that a miner needs.
#[derive(Debug, Clone)]
pub struct MinerConfig {
    /// The chain of its topics.
    pub chain: ChainId,
    /// Its key in them.
    pub key: SecretKey,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may ask in which topic, as of now.
    pub admission: watch::Receiver<Admission>,
    /// Time for the work on one ask.
    pub answer_time: Duration,
    /// Its clock.
    pub clock: UnixClock,
}

impl MinerConfig {
    /// On this machine's clock, with [`ANSWER_TIME_DEFAULT`].
    pub fn new(
        chain: ChainId,
        key: SecretKey,
        listen: SocketAddr,
        admission: watch::Receiver<Admission>,
    ) -> Self {
        Self {
            chain,
            key,
            listen,
            admission,
            answer_time: ANSWER_TIME_DEFAULT,
            clock: UnixClock::system(),
        }
    }
}

/// Why a miner does not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}; choose another address or stop who holds it")]
pub struct MinerError {
    /// Where.
    pub listen: SocketAddr,
    /// The system's reason.
    pub source: io::Error,
}

/// A running miner; dropping it ends it abruptly.
#[derive(Debug)]
pub struct Miner(Server);

impl Miner {
    /// Listens and answers by `work` until [`Self::stop`].
    ///
    /// `work` gets each ask once and is dropped where it stands when its time is over or its caller has gone. It must not
    /// block: long computations belong on `tokio::task::spawn_blocking`, which does not end with its ask,
    /// so bound them. A panic in it is an ask without an answer.
    ///
    /// # Errors
    /// [`MinerError`].
    pub async fn start<F, W>(config: MinerConfig, work: F) -> Result<Self, MinerError>
    where
        F: Fn(Asked) -> W + Send + Sync + 'static,
        W: Future<Output = Result<Vec<u8>, Declined>> + Send + 'static,
    {
        let listen = config.listen;
        let failed = |source| MinerError { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let counter = Arc::new(Counter {
            account: config.key.account(),
            book: Mutex::new(Book::new(config.clock.now(), ASKS_IN_FLIGHT_MAX)),
            work: Box::new(move |asked| Box::pin(work(asked))),
            config,
        });
        let router = Router::new()
            .route(ASK_PATH, post(serve_ask))
            .method_not_allowed_fallback(async || Refused::Method.into_response())
            .fallback(async || Refused::Path.into_response())
            .with_state(counter);
        Ok(Self(Server::start(listener, address, router, LIMITS)))
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Takes no more asks, lets those under way finish for a while, and frees the port.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Vec<u8>, Declined>> + Send>>;

/// What every request sees.
struct Counter {
    account: AccountId,
    config: MinerConfig,
    book: Mutex<Book>,
    work: Box<dyn Fn(Asked) -> Answer + Send + Sync>,
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Counter(of {})", self.account)
    }
}

/// A place among the asks under way; given back when dropped.
struct Place<'a> {
    counter: &'a Counter,
    caller: AccountId,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.counter.book().leave(self.caller);
    }
}

/// The one endpoint.
async fn serve_ask(State(counter): State<Arc<Counter>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // A caller that asked whether to send its body has not sent it, and need not.
    let waits = parts.headers.contains_key(header::EXPECT);
    let mut body = body.into_data_stream();
    match counter.answer(&parts.headers, &mut body).await {
        Ok(response) => response,
        Err(refused) => {
            tracing::debug!(%refused, "an ask was refused");
            if !waits && !body.is_end_stream() {
                // Whether it ended, went on too long or broke off: the answer is the same.
                let _ = tokio::time::timeout(DRAIN_TIME_MAX, drain(body)).await;
            }
            refused.into_response()
        }
    }
}

impl Counter {
    async fn answer(
        &self,
        headers: &HeaderMap,
        body: &mut BodyDataStream,
    ) -> Result<Response, Refused> {
        let ask = ask_of(headers)?;
        // What the caller announced; one that announces nothing is cut off where the limit is.
        let announced = body.size_hint().lower();
        if announced > ASK_BODY_BYTES_MAX as u64 {
            return Err(Refused::TooLarge);
        }
        let _place = self.admit(&ask)?;
        let body = collect(body).await?;
        if ContentId::of(&body) != ask.ask.body {
            return Err(Refused::OtherBody);
        }
        let answer = self
            .work(Asked {
                caller: ask.ask.from,
                topic: ask.ask.topic,
                at: ask.ask.at,
                body,
            })
            .await?;
        let signed = ask.answer(&answer, &self.config.key);
        let headers = [
            (header::CONTENT_TYPE.as_str(), OCTET_STREAM.to_owned()),
            (ANSWER_HEADER, answer_to_header(&signed)),
        ];
        Ok((headers, answer).into_response())
    }

    /// Every check that needs no body; what holds has a place and has used its nonce.
    fn admit(&self, signed: &SignedAsk) -> Result<Place<'_>, Refused> {
        let ask = &signed.ask;
        if ask.chain != self.config.chain {
            return Err(Refused::WrongChain {
                chain: self.config.chain,
            });
        }
        if ask.to != self.account {
            return Err(Refused::WrongMiner {
                account: self.account,
            });
        }
        let now = self.config.clock.now();
        self.book().check_moment(now, ask)?;
        self.config.admission.borrow().check(ask.topic, ask.from)?;
        self.book().check_nonce(ask)?;
        if !signed.signature_holds() {
            return Err(Refused::BadSignature);
        }
        self.book().enter(now, ask)?;
        Ok(Place {
            counter: self,
            caller: ask.from,
        })
    }

    /// The answer's body, in time and within its size.
    async fn work(&self, asked: Asked) -> Result<Vec<u8>, Refused> {
        // A task of its own keeps a panic away from the connection; dropped, it ends.
        let mut task = JoinSet::new();
        task.spawn((self.work)(asked));
        let limit = self.config.answer_time;
        let ended = tokio::time::timeout(limit, task.join_next())
            .await
            .map_err(|_| Refused::WorkTime { limit })?;
        let Some(Ok(result)) = ended else {
            tracing::error!("the work on an ask panicked");
            return Err(Refused::Failed);
        };
        let answer = result.map_err(Refused::Declined)?;
        if answer.len() > ANSWER_BODY_BYTES_MAX {
            let len = answer.len();
            tracing::error!(len, "an answer is over {ANSWER_BODY_BYTES_MAX} bytes");
            return Err(Refused::Failed);
        }
        Ok(answer)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ask_of(headers: &HeaderMap) -> Result<SignedAsk, Refused> {
    let mut values = headers.get_all(ASK_HEADER).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => ask_from_header(value).map_err(Refused::Header),
        _ => Err(Refused::Headers),
    }
}

async fn collect(body: &mut BodyDataStream) -> Result<Bytes, Refused> {
    tokio::time::timeout(BODY_TIME_MAX, whole(body))
        .await
        .unwrap_or(Err(Refused::BodyTime {
            limit: BODY_TIME_MAX,
        }))
}

async fn whole(body: &mut BodyDataStream) -> Result<Bytes, Refused> {
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Refused::BodyBroken)?;
        if whole.len() + chunk.len() > ASK_BODY_BYTES_MAX {
            return Err(Refused::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

async fn drain(mut body: BodyDataStream) {
    let mut drained = 0;
    while let Some(Ok(chunk)) = body.next().await {
        drained += chunk.len();
        if drained > DRAIN_BYTES_MAX {
            return;
        }
    }
}
