//! Many separately settled orders.

use crate::support::{Market, quorum};
use assay_api::VerdictView;
use assay_client::{BatchEvent, BatchOptions, Timing, place_many};

/// Enough that sellers are full several times over, few enough for every test run.
const ORDERS: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_orders_settle_one_by_one() {
    let market = Market::start(21).await;
    let mut providers = Vec::new();
    for number in 1..=3 {
        providers.push(market.provider(number, None).await);
    }
    let request = market.request(quorum(2, 3), Timing::default()).await;
    let requests = vec![request; ORDERS];
    let mut placed = 0;
    let buyer = market.buyer();
    let started = std::time::Instant::now();
    let results = place_many(
        &market.client,
        buyer.key(),
        &requests,
        BatchOptions::default(),
        |event| placed += usize::from(matches!(event, BatchEvent::Placed { .. })),
    );
    let results = results.await.expect("the node is there");
    let took = started.elapsed();
    assert_eq!(results.len(), ORDERS);
    assert_eq!(placed, ORDERS);
    for result in &results {
        let receipt = result.as_ref().expect("placed");
        assert_eq!(receipt.verdict, VerdictView::Agreed, "after {took:?}");
    }
    for provider in &providers {
        let mut progress = provider.progress();
        let all = progress.wait_for(|progress| progress.jobs == 0);
        let all = *all.await.expect("alive");
        assert_eq!(
            (all.accepted, all.burnt),
            (ORDERS as u64, 0),
            "after {took:?}"
        );
    }
    market.assert_conserved().await;
}
