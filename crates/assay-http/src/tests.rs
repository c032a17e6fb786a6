//! What clients meet over real sockets on loopback.

use super::*;
use axum::{Extension, routing::get};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::Notify,
};

const LIMITS: ServerLimits = ServerLimits {
    connections_max: 8,
    connections_per_peer_max: 2,
    head_bytes_max: 8 * 1024,
};

async fn start(router: Router, limits: ServerLimits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    Server::start(listener, address, router, limits)
}

fn who() -> Router {
    let who = async |Extension(Peer(peer)): Extension<Peer>| peer.to_string();
    Router::new().route("/who", get(who))
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address())
        .await
        .expect("accepted")
}

/// Sends `head` and reads one answer; empty if the connection was closed instead.
async fn exchange(stream: &mut TcpStream, head: &str) -> String {
    // One that was closed at once may refuse the bytes already.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = vec![0; 4_096];
    let read = stream.read(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

const ASK_WHO: &str = "GET /who HTTP/1.1\r\nhost: here\r\n\r\n";

#[tokio::test]
async fn a_request_knows_its_peer() {
    let server = start(who(), LIMITS).await;
    let answer = exchange(&mut connect(&server).await, ASK_WHO).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_peer_over_its_share_is_closed_and_served_once_it_left_one() {
    let server = start(who(), LIMITS).await;
    let (mut one, mut two) = (connect(&server).await, connect(&server).await);
    for stream in [&mut one, &mut two] {
        assert!(exchange(stream, ASK_WHO).await.contains("200"));
    }
    let refused = exchange(&mut connect(&server).await, ASK_WHO).await;
    assert_eq!(refused, "");
    drop(one);
    // The server learns of it when it reads the end, which is soon but not at once.
    while !exchange(&mut connect(&server).await, ASK_WHO)
        .await
        .contains("200")
    {
        tokio::task::yield_now().await;
    }
    assert!(exchange(&mut two, ASK_WHO).await.contains("200"));
}

#[tokio::test]
async fn connections_beyond_the_most_wait_their_turn() {
    let limits = ServerLimits {
        connections_max: 1,
        ..LIMITS
    };
    let server = start(who(), limits).await;
    let mut first = connect(&server).await;
    assert!(exchange(&mut first, ASK_WHO).await.contains("200"));
    let mut second = connect(&server).await;
    let waiting = tokio::spawn(async move { exchange(&mut second, ASK_WHO).await });
    assert!(exchange(&mut first, ASK_WHO).await.contains("200"));
    assert!(!waiting.is_finished(), "served beside the first");
    drop(first);
    assert!(waiting.await.expect("no panic").contains("200"));
}

#[tokio::test]
async fn a_head_over_its_limit_is_refused() {
    let server = start(who(), LIMITS).await;
    let head = format!(
        "GET /who HTTP/1.1\r\nhost: here\r\nx: {}\r\n\r\n",
        "x".repeat(2 * LIMITS.head_bytes_max)
    );
    let answer = exchange(&mut connect(&server).await, &head).await;
    // Whether the answer arrives before the connection is reset is up to the system.
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_stop_lets_a_running_request_finish_and_frees_the_port() {
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
        async move || {
            begun.notify_one();
            finish.notified().await;
            "done"
        }
    };
    let server = start(Router::new().route("/who", get(slow)), LIMITS).await;
    let address = server.address();
    let mut stream = connect(&server).await;
    let mut idle = connect(&server).await;
    let running = tokio::spawn(async move { exchange(&mut stream, ASK_WHO).await });
    begun.notified().await;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(exchange(&mut idle, "").await, "", "an idle one is closed");
    finish.notify_one();
    assert!(running.await.expect("no panic").ends_with("done"));
    stopping.await.expect("no panic");
    TcpListener::bind(address).await.expect("the port is free");
}
