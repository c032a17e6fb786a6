//! Adversaries at a miner's door. Each sentence is something a stranger, a validator or the network may try.

use assay_api::{ASK_HEADER, ASK_PATH, Problem, ProblemCode, answer_from_header, ask_to_header};
use assay_client::{AskError, Asker, Recipient, UnixClock};
use assay_types::{
    ASK_BODY_BYTES_MAX, ASK_WINDOW_MS, AccountId, Ask, ChainId, ContentId, Hash32, SecretKey,
    SignedAsk, TopicId, UnixTime,
};
use assay_worker::miner::{
    ASKS_IN_FLIGHT_PER_CALLER_MAX, Admission, Asked, Declined, Miner, MinerConfig,
    NONCES_PER_CALLER_MAX,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Semaphore, watch},
};

const CHAIN: ChainId = ChainId::new([1; 32]);
const TOPIC: TopicId = TopicId::new([2; 32]);
const START: u64 = 1_700_000_000_000;
/// Longest that any one thing here takes, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const ALICE: u8 = 1;
const BOB: u8 = 2;
const STRANGER: u8 = 8;
const MINER: u8 = 9;

fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32])
}

fn account(seed: u8) -> AccountId {
    key(seed).account()
}

/// A miner whose clock stands still until a test moves it, and that counts the asks it worked on.
struct World {
    miner: Miner,
    http: reqwest::Client,
    admission: watch::Sender<Admission>,
    now: Arc<AtomicU64>,
    worked: Arc<AtomicUsize>,
    /// Asks for `wait` work as long as this has no permit.
    gate: Arc<Semaphore>,
}

async fn work(asked: Asked, gate: Arc<Semaphore>) -> Result<Vec<u8>, Declined> {
    match &asked.body[..] {
        b"wait" => {
            let permit = gate.acquire().await.expect("never closed");
            permit.forget();
            Ok(b"waited".to_vec())
        }
        b"panic" => panic!("on purpose"),
        b"bomb" => Ok(vec![0; 2 << 20]),
        b"nonsense" => Err(Declined {
            reason: "this is no question; at all".to_owned(),
            hint: "ask for a digit".to_owned(),
        }),
        body => Ok([b"you asked ", body].concat()),
    }
}

impl World {
    async fn start() -> Self {
        Self::with_answer_time(PATIENCE).await
    }

    async fn with_answer_time(answer_time: Duration) -> Self {
        let admitted = Admission::default().with(TOPIC, [account(ALICE), account(BOB)]);
        let (admission, admitted) = watch::channel(admitted);
        let now = Arc::new(AtomicU64::new(START));
        let worked: Arc<AtomicUsize> = Arc::default();
        let gate = Arc::new(Semaphore::new(0));
        let listen = ([127, 0, 0, 1], 0).into();
        let mut config = MinerConfig::new(CHAIN, key(MINER), listen, admitted);
        config.answer_time = answer_time;
        config.clock = clock(&now);
        let (count, door) = (Arc::clone(&worked), Arc::clone(&gate));
        let miner = Miner::start(config, move |asked| {
            count.fetch_add(1, Ordering::SeqCst);
            work(asked, Arc::clone(&door))
        })
        .await
        .expect("a free port");
        Self {
            miner,
            http: reqwest::Client::new(),
            admission,
            now,
            worked,
            gate,
        }
    }

    fn worked(&self) -> usize {
        self.worked.load(Ordering::SeqCst)
    }

    /// Waits until so many asks were handed to the work.
    async fn until_worked(&self, count: usize) {
        let reached = async {
            while self.worked() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached)
            .await
            .expect("in time");
    }

    fn recipient(&self) -> Recipient {
        Recipient {
            miner: account(MINER),
            address: format!("http://{}", self.miner.address())
                .parse()
                .expect("an address"),
            topic: TOPIC,
        }
    }

    fn asker(&self, seed: u8) -> Asker {
        Asker::new(CHAIN, key(seed))
            .expect("an asker")
            .with_clock(clock(&self.now))
            .with_patience(PATIENCE)
    }

    /// An ask of `from` for `body` as it should be.
    fn ask(&self, from: u8, nonce: u64, body: &[u8]) -> Ask {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&nonce.to_be_bytes());
        Ask {
            chain: CHAIN,
            topic: TOPIC,
            from: account(from),
            to: account(MINER),
            at: UnixTime::new(self.now.load(Ordering::SeqCst)),
            nonce: Hash32::new(bytes),
            body: ContentId::of(body),
        }
    }

    fn request(&self, header: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        let url = format!("http://{}{ASK_PATH}", self.miner.address());
        self.http.post(url).header(ASK_HEADER, header).body(body)
    }

    async fn post(&self, ask: &SignedAsk, body: &[u8]) -> Result<Vec<u8>, Problem> {
        outcome(self.request(&ask_to_header(ask), body.to_vec())).await
    }

    async fn check_refused(&self, ask: &SignedAsk, body: &[u8], code: ProblemCode) {
        let before = self.worked();
        let problem = self.post(ask, body).await.expect_err("a refusal");
        assert_eq!(problem.code, code, "{problem}");
        assert!(!problem.hint.is_empty(), "{problem} says what to do");
        assert_eq!(self.worked(), before, "nothing was done for it");
    }
}

fn clock(now: &Arc<AtomicU64>) -> UnixClock {
    let now = Arc::clone(now);
    UnixClock::new(move || UnixTime::new(now.load(Ordering::SeqCst)))
}

async fn outcome(request: reqwest::RequestBuilder) -> Result<Vec<u8>, Problem> {
    let response = request.timeout(PATIENCE).send().await.expect("a response");
    let status = response.status();
    let body = response.bytes().await.expect("a body").to_vec();
    if status.is_success() {
        return Ok(body);
    }
    let problem: Problem = serde_json::from_slice(&body).expect("a problem");
    assert_eq!(problem.status, status.as_u16());
    Err(problem)
}

#[tokio::test]
async fn an_admitted_caller_is_answered() {
    let world = World::start().await;
    let answered = world.asker(ALICE).ask(&world.recipient(), "seven").await;
    let answered = answered.expect("an answer");
    assert_eq!(answered.body, b"you asked seven");
    assert_eq!(answered.ask.ask.from, account(ALICE));
    let largest = vec![b'x'; ASK_BODY_BYTES_MAX];
    let answered = world.asker(BOB).ask(&world.recipient(), largest).await;
    assert_eq!(
        answered.expect("an answer").body.len(),
        ASK_BODY_BYTES_MAX + 10
    );
    let empty = world.asker(BOB).ask(&world.recipient(), "").await;
    assert_eq!(empty.expect("an answer").body, b"you asked ");
    world.miner.stop().await;
}

#[tokio::test]
async fn a_replay_is_refused_for_as_long_as_its_date_would_do() {
    let world = World::start().await;
    let ask = world.ask(ALICE, 1, b"seven").sign(&key(ALICE));
    world.post(&ask, b"seven").await.expect("the first time");
    for step in [0, 1, ASK_WINDOW_MS] {
        world.now.store(START + step, Ordering::SeqCst);
        world
            .check_refused(&ask, b"seven", ProblemCode::NonceUsed)
            .await;
    }
    world.now.store(START + ASK_WINDOW_MS + 1, Ordering::SeqCst);
    world
        .check_refused(&ask, b"seven", ProblemCode::OutsideWindow)
        .await;
    assert_eq!(world.worked(), 1);
}

#[tokio::test]
async fn of_many_equal_asks_at_once_one_is_worked_on() {
    let world = Arc::new(World::start().await);
    let ask = world.ask(ALICE, 1, b"seven").sign(&key(ALICE));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (world, ask) = (Arc::clone(&world), ask.clone());
            tokio::spawn(async move { world.post(&ask, b"seven").await.is_ok() })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += usize::from(task.await.expect("no panic"));
    }
    assert_eq!((answered, world.worked()), (1, 1));
}

#[tokio::test]
async fn a_forwarded_ask_is_refused_by_whom_it_is_not_for() {
    let world = World::start().await;
    let ask = world.ask(ALICE, 1, b"seven");
    let elsewhere = Ask {
        to: account(STRANGER),
        ..ask
    };
    let elsewhere = elsewhere.sign(&key(ALICE));
    world
        .check_refused(&elsewhere, b"seven", ProblemCode::WrongRecipient)
        .await;
    let other_topic = Ask {
        topic: TopicId::new([3; 32]),
        ..ask
    };
    let other_topic = other_topic.sign(&key(ALICE));
    world
        .check_refused(&other_topic, b"seven", ProblemCode::WrongRecipient)
        .await;
    let other_chain = Ask {
        chain: ChainId::new([3; 32]),
        ..ask
    };
    let other_chain = other_chain.sign(&key(ALICE));
    world
        .check_refused(&other_chain, b"seven", ProblemCode::WrongChain)
        .await;
    // Made to fit, it is signed by nobody.
    let redirected = SignedAsk {
        ask,
        signature: elsewhere.signature,
    };
    world
        .check_refused(&redirected, b"seven", ProblemCode::BadSignature)
        .await;
    let honest = ask.sign(&key(ALICE));
    world
        .post(&honest, b"seven")
        .await
        .expect("its nonce was not used up");
}

#[tokio::test]
async fn stale_and_future_asks_are_refused() {
    let world = World::start().await;
    world.now.store(START + 100_000, Ordering::SeqCst);
    let ask = |nonce, at: u64| {
        let ask = Ask {
            at: UnixTime::new(at),
            ..world.ask(ALICE, nonce, b"seven")
        };
        ask.sign(&key(ALICE))
    };
    let now = START + 100_000;
    for at in [
        0,
        now - ASK_WINDOW_MS - 1,
        now + ASK_WINDOW_MS + 1,
        u64::MAX,
    ] {
        let ask = ask(1, at);
        world
            .check_refused(&ask, b"seven", ProblemCode::OutsideWindow)
            .await;
    }
    for (nonce, at) in [(2, now - ASK_WINDOW_MS), (3, now + ASK_WINDOW_MS)] {
        world
            .post(&ask(nonce, at), b"seven")
            .await
            .expect("at the edge");
    }
}

#[tokio::test]
async fn what_was_signed_before_the_miner_started_is_refused() {
    let world = World::start().await;
    let ask = Ask {
        at: UnixTime::new(START - 1),
        ..world.ask(ALICE, 1, b"seven")
    };
    let ask = ask.sign(&key(ALICE));
    world
        .check_refused(&ask, b"seven", ProblemCode::OutsideWindow)
        .await;
}

#[tokio::test]
async fn who_is_not_admitted_is_refused_until_it_is_and_replays_nothing_then() {
    let world = World::start().await;
    let stranger = world.ask(STRANGER, 1, b"seven").sign(&key(STRANGER));
    world
        .check_refused(&stranger, b"seven", ProblemCode::NotAdmitted)
        .await;
    let error = world
        .asker(STRANGER)
        .ask(&world.recipient(), "seven")
        .await
        .expect_err("not admitted");
    assert!(matches!(error, AskError::Refused { .. }), "{error}");
    assert!(!error.is_transient());
    let ask = world.ask(ALICE, 1, b"seven").sign(&key(ALICE));
    world.post(&ask, b"seven").await.expect("admitted");
    let admit = |callers: &[u8]| {
        let callers: Vec<_> = callers.iter().map(|seed| account(*seed)).collect();
        world
            .admission
            .send_replace(Admission::default().with(TOPIC, callers));
    };
    admit(&[STRANGER]);
    world.post(&stranger, b"seven").await.expect("admitted now");
    world
        .check_refused(&ask, b"seven", ProblemCode::NotAdmitted)
        .await;
    admit(&[ALICE]);
    world
        .check_refused(&ask, b"seven", ProblemCode::NonceUsed)
        .await;
    world.admission.send_replace(Admission::default());
    let ask = world.ask(ALICE, 2, b"seven").sign(&key(ALICE));
    world
        .check_refused(&ask, b"seven", ProblemCode::WrongRecipient)
        .await;
}

#[tokio::test]
async fn an_ask_signed_by_another_is_refused() {
    let world = World::start().await;
    for forger in [STRANGER, BOB, MINER] {
        let ask = world.ask(ALICE, 1, b"seven").sign(&key(forger));
        world
            .check_refused(&ask, b"seven", ProblemCode::BadSignature)
            .await;
    }
    let ask = world.ask(ALICE, 1, b"seven").sign(&key(ALICE));
    world
        .post(&ask, b"seven")
        .await
        .expect("no forgery used its nonce");
}

#[tokio::test]
async fn a_body_that_changed_on_the_way_is_refused() {
    let world = World::start().await;
    for (nonce, body) in [(1, &b"eight"[..]), (2, b""), (3, b"seven and more")] {
        let ask = world.ask(ALICE, nonce, b"seven").sign(&key(ALICE));
        world
            .check_refused(&ask, body, ProblemCode::ContentMismatch)
            .await;
        // One ask is one attempt, whoever broke it.
        world
            .check_refused(&ask, b"seven", ProblemCode::NonceUsed)
            .await;
    }
}

#[tokio::test]
async fn an_oversized_body_is_refused_whether_announced_or_not() {
    let world = World::start().await;
    let large = vec![0; ASK_BODY_BYTES_MAX + 1];
    let announced = world.ask(ALICE, 1, &large).sign(&key(ALICE));
    world
        .check_refused(&announced, &large, ProblemCode::TooLarge)
        .await;
    let chunked = world.ask(ALICE, 2, &large).sign(&key(ALICE));
    let chunks = large
        .chunks(1_000)
        .map(<[u8]>::to_vec)
        .map(Ok::<_, std::io::Error>);
    let chunks = futures::stream::iter(chunks.collect::<Vec<_>>());
    let body = reqwest::Body::wrap_stream(chunks);
    let refused = outcome(world.request(&ask_to_header(&chunked), body)).await;
    assert_eq!(refused.expect_err("too large").code, ProblemCode::TooLarge);
    assert_eq!(world.worked(), 0);
}

#[tokio::test]
async fn garbage_instead_of_an_ask_is_refused() {
    let world = World::start().await;
    let good = ask_to_header(&world.ask(ALICE, 1, b"seven").sign(&key(ALICE)));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = |len: usize| -> String {
        let letter = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'!' + (state % 94) as u8)
        };
        (0..len).map(letter).collect()
    };
    let mut headers: Vec<String> = (0..400).step_by(7).map(&mut noise).collect();
    headers.extend([
        noise(10_000),
        "A".repeat(good.len()),
        good[..good.len() - 4].to_owned(),
        format!("{good}AAAA"),
        format!("{good}, {good}"),
    ]);
    for header in headers {
        let refused = outcome(world.request(&header, "seven")).await;
        let problem = refused.expect_err(&header);
        assert_eq!(problem.code, ProblemCode::BadRequest, "{problem}");
    }
    let twice = world.request(&good, "seven").header(ASK_HEADER, &good);
    let problem = outcome(twice).await.expect_err("two headers");
    assert_eq!(problem.code, ProblemCode::BadRequest);
    let url = |path: &str| format!("http://{}{path}", world.miner.address());
    for (request, code) in [
        (world.http.post(url(ASK_PATH)), ProblemCode::BadRequest),
        (world.http.get(url(ASK_PATH)), ProblemCode::MethodNotAllowed),
        (world.http.get(url("/")), ProblemCode::NotFound),
        (world.http.post(url("/v1/ask/")), ProblemCode::NotFound),
    ] {
        assert_eq!(outcome(request).await.expect_err("no ask").code, code);
    }
    assert_eq!(world.worked(), 0);
    let honest = outcome(world.request(&good, "seven")).await;
    assert_eq!(honest.expect("an answer"), b"you asked seven");
}

#[tokio::test]
async fn a_flood_of_one_caller_does_not_hurt_another() {
    let world = Arc::new(World::start().await);
    // Every place of Alice's is taken, and she goes on asking.
    let tasks: Vec<_> = (0..ASKS_IN_FLIGHT_PER_CALLER_MAX as u64)
        .map(|nonce| {
            let ask = world.ask(ALICE, nonce, b"wait").sign(&key(ALICE));
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.post(&ask, b"wait").await })
        })
        .collect();
    world.until_worked(ASKS_IN_FLIGHT_PER_CALLER_MAX).await;
    let more = world.ask(ALICE, 99, b"seven").sign(&key(ALICE));
    world
        .check_refused(&more, b"seven", ProblemCode::Busy)
        .await;
    let bob = world.asker(BOB).ask(&world.recipient(), "seven").await;
    assert_eq!(bob.expect("an answer").body, b"you asked seven");
    world.gate.add_permits(ASKS_IN_FLIGHT_PER_CALLER_MAX);
    for task in tasks {
        let answered = task.await.expect("no panic");
        assert_eq!(answered.expect("an answer"), b"waited");
    }
    world
        .post(&more, b"seven")
        .await
        .expect("being busy used no nonce");
    // She uses up her nonces; each costs her a signature and a request.
    let used = ASKS_IN_FLIGHT_PER_CALLER_MAX + 1;
    for nonce in 100..100 + (NONCES_PER_CALLER_MAX - used) as u64 {
        let ask = world.ask(ALICE, nonce, b"x").sign(&key(ALICE));
        world.post(&ask, b"x").await.expect("below the limit");
    }
    let more = world.ask(ALICE, 50, b"seven").sign(&key(ALICE));
    world
        .check_refused(&more, b"seven", ProblemCode::RateLimited)
        .await;
    let bob = world.asker(BOB).ask(&world.recipient(), "seven").await;
    assert_eq!(bob.expect("an answer").body, b"you asked seven");
}

#[tokio::test]
async fn slow_work_ends_and_gives_its_place_back() {
    let world = World::with_answer_time(Duration::from_millis(20)).await;
    for nonce in 0..2 * ASKS_IN_FLIGHT_PER_CALLER_MAX as u64 {
        let ask = world.ask(ALICE, nonce, b"wait").sign(&key(ALICE));
        let problem = world.post(&ask, b"wait").await.expect_err("too slow");
        assert_eq!(problem.code, ProblemCode::Timeout, "{problem}");
    }
    // The test and the miner hold the gate; who works does too, until it is dropped.
    let dropped = async {
        while Arc::strong_count(&world.gate) > 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, dropped)
        .await
        .expect("what was given up ends");
}

#[tokio::test]
async fn a_caller_that_leaves_gives_its_place_back() {
    let world = World::start().await;
    for nonce in 0..2 * ASKS_IN_FLIGHT_PER_CALLER_MAX as u64 {
        let ask = world.ask(ALICE, nonce, b"wait").sign(&key(ALICE));
        let mut stream = TcpStream::connect(world.miner.address())
            .await
            .expect("open");
        let head = format!(
            "POST {ASK_PATH} HTTP/1.1\r\nhost: miner\r\n{ASK_HEADER}: {}\r\ncontent-length: 4\r\n\r\nwait",
            ask_to_header(&ask)
        );
        // A place is free again soon after its caller left, not at once.
        let entered = async {
            loop {
                stream.write_all(head.as_bytes()).await.expect("sent");
                let mut first = [0; 12];
                tokio::select! {
                    () = world.until_worked(nonce as usize + 1) => break,
                    read = stream.read_exact(&mut first) => {
                        read.expect("a refusal");
                        assert_eq!(&first, b"HTTP/1.1 429");
                        stream = TcpStream::connect(world.miner.address()).await.expect("open");
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, entered)
            .await
            .expect("a place");
    }
}

#[tokio::test]
async fn work_that_fails_or_declines_is_told_and_survived() {
    let world = World::start().await;
    for (nonce, body, code) in [
        (1, &b"panic"[..], ProblemCode::Internal),
        (2, b"bomb", ProblemCode::Internal),
        (3, b"nonsense", ProblemCode::Declined),
    ] {
        let ask = world.ask(ALICE, nonce, body).sign(&key(ALICE));
        let problem = world.post(&ask, body).await.expect_err("no answer");
        assert_eq!(problem.code, code, "{problem}");
        if code == ProblemCode::Declined {
            assert_eq!(problem.detail, "this is no question; at all");
            assert_eq!(problem.hint, "ask for a digit");
        }
    }
    let answered = world.asker(ALICE).ask(&world.recipient(), "seven").await;
    assert_eq!(answered.expect("an answer").body, b"you asked seven");
}

#[tokio::test]
async fn an_answer_says_which_ask_it_answers() {
    let world = World::start().await;
    let ask = world.ask(ALICE, 1, b"seven").sign(&key(ALICE));
    let response = world
        .request(&ask_to_header(&ask), "seven")
        .send()
        .await
        .expect("a response");
    let header = response.headers()["assay-answer"].clone();
    let answer = answer_from_header(header).expect("an answer");
    let body = response.bytes().await.expect("a body");
    assert_eq!(answer.check(&ask, &body), Ok(()));
    let other = world.ask(ALICE, 2, b"seven").sign(&key(ALICE));
    assert!(answer.check(&other, &body).is_err());
    assert!(answer.check(&ask, b"you asked eight").is_err());
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_frees_the_port() {
    let world = World::start().await;
    let (recipient, address) = (world.recipient(), world.miner.address());
    let asker = world.asker(ALICE);
    let asking = tokio::spawn(async move { asker.ask(&recipient, "wait").await });
    world.until_worked(1).await;
    let stopping = tokio::spawn(world.miner.stop());
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("the port is free");
    world.gate.add_permits(1);
    let answered = asking.await.expect("no panic").expect("an answer");
    assert_eq!(answered.body, b"waited");
    stopping.await.expect("stopped");
}
