use super::*;
use assay_api::{answer_to_header, ask_from_header};
use assay_types::UnixTime;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const CHAIN: ChainId = ChainId::new([1; 32]);
const TOPIC: TopicId = TopicId::new([2; 32]);
const NOW: UnixTime = UnixTime::new(1_700_000_000_000);
/// Longest that any one thing here takes, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn key(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32])
}

fn miner() -> SecretKey {
    key(2)
}

fn asker() -> Asker {
    Asker::new(CHAIN, key(1))
        .expect("an asker")
        .with_clock(UnixClock::new(|| NOW))
        .with_patience(PATIENCE)
}

fn recipient(address: SocketAddr) -> Recipient {
    Recipient {
        miner: miner().account(),
        address: format!("http://{address}").parse().expect("an address"),
        topic: TOPIC,
    }
}

/// Head and body of one request.
async fn request(stream: &mut TcpStream) -> (SignedAsk, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4_096];
        let len = stream.read(&mut chunk).await.expect("a request");
        assert!(len > 0, "the request ends early");
        bytes.extend_from_slice(&chunk[..len]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        let body = head.len() + 4;
        let len: usize = field("content-length:").map_or(0, |len| len.parse().expect("a length"));
        if bytes.len() >= body + len {
            assert!(head.starts_with("POST /v1/ask HTTP/1.1"), "{head}");
            let ask = ask_from_header(field("assay-ask:").expect("an ask")).expect("an ask");
            return (ask, bytes.split_off(body));
        }
    }
}

fn response(status: &str, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

fn signed(answer: &SignedAnswer, body: &[u8]) -> Vec<u8> {
    let header = (ANSWER_HEADER, answer_to_header(answer));
    response("200 OK", &[header], body)
}

/// Asks a miner that answers one request with the bytes that `answer` makes of it.
async fn asked(
    answer: impl FnOnce(SignedAsk) -> Vec<u8> + Send + 'static,
) -> Result<Answered, AskError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let to = recipient(listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let (ask, body) = request(&mut stream).await;
        assert_eq!(body, b"what?");
        // The asker may have seen enough.
        let _ = stream.write_all(&answer(ask)).await;
        let _ = stream.shutdown().await;
    });
    let answered = asker().ask(&to, "what?").await;
    serving.await.expect("the request was read");
    answered
}

/// What is wrong with what came.
fn flaw(answered: Result<Answered, AskError>) -> NotAnAnswer {
    match answered {
        Err(AskError::NotItsAnswer { source, .. }) => *source,
        other => panic!("{other:?}"),
    }
}

fn mismatch(answered: Result<Answered, AskError>) -> AnswerMismatch {
    match flaw(answered) {
        NotAnAnswer::Mismatch(mismatch) => mismatch,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_ask_says_everything_and_its_answer_is_believed() {
    let answered = asked(|ask| {
        let said = ask.ask;
        assert!(ask.signature_holds());
        assert_eq!((said.chain, said.topic, said.at), (CHAIN, TOPIC, NOW));
        assert_eq!((said.from, said.to), (key(1).account(), miner().account()));
        assert_eq!(said.body, ContentId::of(b"what?"));
        signed(&ask.answer(b"that", &miner()), b"that")
    })
    .await
    .expect("an answer");
    assert_eq!(answered.body, b"that");
    assert_eq!(answered.answer.check(&answered.ask, b"that"), Ok(()));
}

#[test]
fn no_two_asks_are_equal() {
    let to = recipient(([127, 0, 0, 1], 1).into());
    let [first, second] = [(); 2].map(|()| asker().sign(&to, b"what?"));
    assert_ne!(first.ask.nonce, second.ask.nonce);
    assert_ne!(first.hash(), second.hash());
}

#[tokio::test]
async fn a_forged_answer_is_not_believed() {
    let answered = asked(|ask| signed(&ask.answer(b"that", &key(3)), b"that")).await;
    assert_eq!(mismatch(answered), AnswerMismatch::Signature);
    // By the asker itself, whose key is at hand on the same machine.
    let answered = asked(|ask| signed(&ask.answer(b"that", &key(1)), b"that")).await;
    assert_eq!(mismatch(answered), AnswerMismatch::Signature);
}

#[tokio::test]
async fn an_answer_to_another_ask_is_not_believed() {
    let answered = asked(|ask| {
        let other = Ask {
            nonce: Hash32::new([9; 32]),
            ..ask.ask
        };
        let other = other.sign(&key(1));
        signed(&other.answer(b"that", &miner()), b"that")
    })
    .await;
    assert_eq!(mismatch(answered), AnswerMismatch::OtherAsk);
}

#[tokio::test]
async fn an_answer_whose_body_changed_on_the_way_is_not_believed() {
    for body in [&b"thaT"[..], b"", b"that and more"] {
        let answered = asked(|ask| signed(&ask.answer(b"that", &miner()), body)).await;
        assert_eq!(mismatch(answered), AnswerMismatch::OtherBody);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_named() {
    let header = |ask: &SignedAsk| {
        let answer = ask.answer(b"that", &miner());
        (ANSWER_HEADER, answer_to_header(&answer))
    };
    let none = asked(|_| response("200 OK", &[], b"that")).await;
    let two = asked(move |ask| response("200 OK", &[header(&ask), header(&ask)], b"that")).await;
    let garbage = asked(|_| response("200 OK", &[(ANSWER_HEADER, "?".into())], b"that")).await;
    let page = asked(|_| response("404 Not Found", &[], b"<html>")).await;
    let elsewhere = [("location", "http://127.0.0.1:1/".into())];
    let redirected = asked(move |_| response("307 Moved", &elsewhere, b"")).await;
    let created = asked(move |ask| response("201 Created", &[header(&ask)], b"that")).await;
    for (answered, expected) in [
        (none, "it has 0 headers `assay-answer` instead of one"),
        (two, "it has 2 headers `assay-answer` instead of one"),
        (
            garbage,
            "the `assay-answer` header is not base64 with padding; encode the canonical bytes",
        ),
        (page, "status 404 without a reason that can be read"),
        (redirected, "status 307 without a reason that can be read"),
        (created, "status 201 without a reason that can be read"),
    ] {
        assert_eq!(flaw(answered).to_string(), expected);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let largest = asked(|ask| {
        let body = vec![7; ANSWER_BODY_BYTES_MAX];
        signed(&ask.answer(&body, &miner()), &body)
    })
    .await
    .expect("the largest answer");
    assert_eq!(largest.body.len(), ANSWER_BODY_BYTES_MAX);
    let larger = asked(|ask| {
        let body = vec![7; ANSWER_BODY_BYTES_MAX + 1];
        signed(&ask.answer(&body, &miner()), &body)
    })
    .await;
    assert!(matches!(flaw(larger), NotAnAnswer::TooLarge));
}

#[tokio::test]
async fn a_refusal_is_told_without_what_acts_on_a_terminal() {
    let problem = Problem::new(ProblemCode::Busy, "\u{1b}[2Jall places", "w".repeat(9_999));
    let body = serde_json::to_vec(&problem).expect("JSON");
    let error = asked(move |_| response("429 Too Many Requests", &[], &body))
        .await
        .expect_err("a refusal");
    assert!(error.is_transient());
    let AskError::Refused { problem, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(problem.code, ProblemCode::Busy);
    assert_eq!(problem.detail, "\u{fffd}[2Jall places");
    assert_eq!(problem.hint.len(), REFUSAL_CHARS_MAX);
}

#[tokio::test]
async fn nobody_there_somebody_silent_and_a_broken_answer_differ() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let to = recipient(listener.local_addr().expect("an address"));
    let hasty = asker().with_patience(Duration::from_millis(50));
    let late = hasty.ask(&to, "what?").await.expect_err("silence");
    assert!(matches!(late, AskError::Late { .. }), "{late:?}");
    assert!(late.is_transient());
    drop(listener);
    let nobody = asker().ask(&to, "what?").await.expect_err("nobody");
    assert!(matches!(nobody, AskError::Unreachable { .. }), "{nobody:?}");
    assert!(nobody.is_transient());
    let broken = asked(|ask| {
        let mut whole = signed(&ask.answer(b"that", &miner()), b"that");
        whole.truncate(whole.len() - 1);
        whole
    })
    .await
    .expect_err("half an answer");
    assert!(matches!(broken, AskError::Unreachable { .. }), "{broken:?}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_a_connection() {
    let mut to = recipient(([127, 0, 0, 1], 1).into());
    let large = vec![0; ASK_BODY_BYTES_MAX + 1];
    let error = asker().ask(&to, large).await.expect_err("too large");
    assert!(
        matches!(error, AskError::TooLarge { len: 65_537 }),
        "{error:?}"
    );
    to.address = "https://miner.example.org:443".parse().expect("an address");
    let error = asker().ask(&to, "what?").await.expect_err("https");
    assert!(matches!(error, AskError::Encrypted { .. }), "{error:?}");
    assert!(!error.is_transient());
}
