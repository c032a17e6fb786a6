//! Ten megabytes of random bytes at every endpoint, and clients that stall.

use crate::support::{PATIENCE, World, problem};
use assay_api::paths;
use assay_types::{AccountId, ContentId, Height, Lane, ModelId, OfferId, OrderId, TxId};
use reqwest::Method;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A fixed stream of bytes without any pattern that a decoder knows.
fn noise(len: usize, mut state: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn every_path() -> Vec<String> {
    let account = AccountId::new([1; 32]);
    vec![
        paths::ROOT.into(),
        paths::HEALTH.into(),
        paths::METRICS.into(),
        paths::OPENAPI.into(),
        paths::STATUS.into(),
        paths::GENESIS.into(),
        paths::ANCHOR.into(),
        paths::account(account),
        paths::lane(account, Lane::default()),
        paths::account_orders(account),
        paths::TRANSACTIONS.into(),
        paths::TRANSACTIONS_BATCH.into(),
        paths::transaction(TxId::new([1; 32])),
        paths::BLOCKS.into(),
        paths::block(Height::new(1)),
        paths::OFFERS.into(),
        paths::offer(OfferId::new([1; 32])),
        paths::ORDERS.into(),
        paths::order(OrderId::new([1; 32])),
        paths::order_output(OrderId::new([1; 32])),
        paths::MODELS.into(),
        paths::model(ModelId::new([1; 32])),
        paths::receipt(OrderId::new([1; 32])),
        paths::content(ContentId::of(b"x")),
        paths::EVENTS.into(),
        "/nowhere".into(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn random_bytes_are_refused_everywhere_and_do_no_harm() {
    let world = World::start().await;
    let megabytes = noise(10_000_000, 0x9e37_79b9_7f4a_7c15);
    for path in every_path() {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let request = world.http.request(method.clone(), world.url(&path));
            let response = request.body(megabytes.clone()).send().await;
            let response = response.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
            let status = response.status();
            assert!(status.is_client_error(), "{method} {path}: {status}");
            problem(response).await;
        }
    }
    // Within the limits, at every length that a decoder could stumble over.
    for (path, len) in [
        (paths::TRANSACTIONS, 400_000),
        (paths::TRANSACTIONS_BATCH, 4_000_000),
    ] {
        for len in (0..300).chain([len]) {
            let body = noise(len, 1 + len as u64);
            let request = world.http.post(world.url(path)).body(body);
            assert!(world.problem(request).await.status < 500, "{path} {len}");
        }
    }
    // Bytes that are no HTTP, and a head without end.
    for start in [&b""[..], b"GET /v1/status HTTP/1.1\r\nhost: x\r\nx: "] {
        let mut stream = TcpStream::connect(world.node.address()).await.unwrap();
        let _ = stream.write_all(start).await;
        let _ = stream.write_all(&megabytes).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the node closes it");
        let text = String::from_utf8_lossy(&answer);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
    }
    let before = world.status().await.height;
    let deadline = Instant::now() + PATIENCE;
    while world.status().await.height <= before {
        assert!(Instant::now() < deadline, "the chain goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_clients_hold_up_neither_others_nor_the_end() {
    let network = crate::support::network(1);
    let folder = tempfile::tempdir().unwrap();
    let mut config = crate::support::config(&network, folder.path());
    config.connections_max = 4;
    let node = assay_node::Node::start(config).await.unwrap();
    let world = World {
        network,
        node,
        http: reqwest::Client::new(),
        folder,
    };
    let mut stalled = Vec::new();
    for head in [
        "",
        "GET /v1/sta",
        "POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc",
    ] {
        let mut stream = TcpStream::connect(world.node.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    assert!(
        world.status().await.height >= Height::ZERO,
        "the fourth connection is served"
    );
    let began = Instant::now();
    world.node.shutdown().await;
    assert!(
        began.elapsed() < PATIENCE,
        "shutdown does not wait for them"
    );
}
