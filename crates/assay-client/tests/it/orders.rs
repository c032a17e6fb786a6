//! Orders without sellers: what a buyer is told.

use crate::support::{PATIENCE, World};
use assay_client::{
    BatchOptions, CheckRequest, ClientError, OrderRequest, Timing, place, place_many,
};
use assay_types::{Amount, ContentId, OrderId, Rejection};
use std::time::Duration;

fn request(world: &World) -> OrderRequest {
    let model = world.network.genesis.models.first().expect("bundled").model;
    OrderRequest {
        model,
        input: ContentId::of(b"no seller looks at it"),
        check: CheckRequest::Quorum { agree: 2, of: 3 },
        price_max: Amount::new(1_000),
        timing: Timing::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_can_serve_is_refused_with_advice() {
    let world = World::start().await;
    let sender = world.sender("buyer", 0);
    let error = place(&sender, &request(&world))
        .await
        .expect_err("no sellers");
    let ClientError::Rejected { rejection, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(rejection.known(), Some(Rejection::TooFewSellers));
    let mut free = request(&world);
    free.price_max = Amount::ZERO;
    let key = world.key("buyer");
    let free = [free; 3];
    let results = place_many(&world.client, &key, &free, BatchOptions::default(), |_| {});
    let results = results.await.expect("the node is there");
    assert_eq!(results.len(), 3);
    for result in results {
        let error = result.expect_err("price zero");
        assert!(matches!(error, ClientError::Rejected { .. }), "{error}");
    }
    let unknown = OrderId::new([5; 32]);
    assert!(
        world
            .client
            .order(unknown)
            .await
            .expect("answered")
            .is_none()
    );
    assert!(
        world
            .client
            .receipt(unknown)
            .await
            .expect("answered")
            .is_none()
    );
    let error = world
        .client
        .wait_closed(unknown, Duration::from_millis(200))
        .await;
    let error = error.expect_err("still open");
    assert!(
        matches!(
            error,
            ClientError::StillOpen {
                waited_ms: 200..,
                ..
            }
        ),
        "{error}"
    );
    assert!(PATIENCE > Duration::from_millis(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn genesis_anchor_and_models_are_the_chains() {
    let world = World::start().await;
    let genesis = world.client.genesis().await.expect("a genesis");
    assert_eq!(genesis, world.network.genesis);
    let anchor = world.client.anchor().await.expect("an anchor");
    assert_eq!(anchor.chain(), world.client.chain());
    let models = world.client.models().await.expect("models");
    assert_eq!(models.len(), world.network.genesis.models.len());
    let open = world.client.open_orders(world.key("buyer").account()).await;
    assert!(open.expect("a list").is_empty());
}
