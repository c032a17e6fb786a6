//! The interface itself: its document, its measurements, its limits, and who may use it from a page.

use crate::support::{World, config, network};
use assay_api::{OPENAPI, ProblemCode, paths};
use assay_node::{Node, NodeConfig, RateLimit};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::num::NonZeroU32;

async fn world_with(change: impl FnOnce(&mut NodeConfig)) -> World {
    let network = network(1);
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(&network, folder.path());
    change(&mut config);
    let node = Node::start(config).await.unwrap();
    World {
        network,
        node,
        http: reqwest::Client::new(),
        folder,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_and_answers_are_as_it_says() {
    let world = World::start().await;
    let served: Value = world.view(paths::OPENAPI).await;
    let checked_in: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(served, checked_in);
    let mut asked = 0;
    for (path, methods) in served["paths"].as_object().unwrap() {
        let operation = &methods["get"];
        // Those with holes need what is not there, and the event stream does not end.
        if operation.is_null() || path.contains('{') || path == paths::EVENTS {
            continue;
        }
        let response = world.get(path).send().await.unwrap();
        let status = response.status().as_u16().to_string();
        let media = response.headers()["content-type"].to_str().unwrap();
        let documented = &operation["responses"][&status]["content"];
        assert!(documented.get(media).is_some(), "{path}: {status} {media}");
        asked += 1;
    }
    assert!(asked >= 10, "{asked}");
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn measurements_tell_what_was_asked_and_what_is() {
    let world = World::start().await;
    world.status().await;
    world.get("/nowhere").send().await.unwrap();
    world
        .get(&paths::account(world.account("buyer").id()))
        .send()
        .await
        .unwrap();
    let text = world
        .get(paths::METRICS)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for line in [
        "assay_http_requests_total{method=\"GET\",route=\"/v1/status\",status=\"200\"} ",
        "assay_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "assay_http_requests_total{method=\"GET\",route=\"/v1/accounts/{account}\",status=\"200\"} 1",
        "assay_http_latency_seconds_count{route=\"/v1/status\"} ",
        "assay_consensus_running 1",
        "assay_orders_open 0",
        "assay_block_age_seconds ",
        "assay_ledger_lag_seconds ",
        "assay_contents 6",
        "assay_mempool_transactions 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_asks_too_much_is_told_to_wait() {
    let world = world_with(|config| {
        config.rate = RateLimit {
            tokens_per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(20).unwrap(),
            loopback: true,
        };
    })
    .await;
    let mut refused = 0;
    for _ in 0..40 {
        let response = world.get(paths::HEALTH).send().await.unwrap();
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            continue;
        }
        let wait = response.headers()["retry-after"].to_str().unwrap();
        assert!((1..=21).contains(&wait.parse::<u64>().unwrap()), "{wait}");
        let problem = crate::support::problem(response).await;
        assert_eq!(problem.code, ProblemCode::RateLimited);
        refused += 1;
    }
    assert!(refused > 0);
    world.node.shutdown().await;

    // Without being asked to, a node does not limit its own machine.
    let world = World::start().await;
    for _ in 0..1_100 {
        let response = world.get(paths::GENESIS).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_are_let_in_by_name_only() {
    const ALLOWED: &str = "access-control-allow-origin";
    let closed = World::start().await;
    let open =
        world_with(|config| config.origins = vec!["https://market.example".parse().unwrap()]).await;
    for (world, origin, expected) in [
        (&closed, "https://market.example", None),
        (
            &open,
            "https://market.example",
            Some("https://market.example"),
        ),
        (&open, "https://other.example", None),
    ] {
        let asking = |method: Method| {
            let request = world.http.request(method, world.url(paths::STATUS));
            request.header("origin", origin)
        };
        let answer = asking(Method::GET).send().await.unwrap();
        let preflight = asking(Method::OPTIONS).header("access-control-request-method", "GET");
        let preflight = preflight.send().await.unwrap();
        for answer in [answer, preflight] {
            let allowed = answer.headers().get(ALLOWED);
            assert_eq!(
                allowed.map(|value| value.to_str().unwrap()),
                expected,
                "{origin}"
            );
        }
    }
    closed.node.shutdown().await;
    open.node.shutdown().await;
}
