//! Providers and nodes that die at bad moments.

use crate::support::{Market, SHORT, fate, heard, quorum};
use assay_api::VerdictView;
use assay_client::Timing;
use assay_worker::{Misbehaviour, ProviderEvent};

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_killed_between_commit_and_reveal_comes_back_and_reveals() {
    let market = Market::start(11).await;
    let victim = market.provider(1, None).await;
    let honest = market.provider(2, None).await;
    // Reveals stay closed until the time to commit is over, because this one never commits.
    let silent = market.provider(3, Some(Misbehaviour::Silent)).await;
    let request = market.request(quorum(2, 3), SHORT).await;
    let mut events = victim.subscribe();
    let placed = market.place(&request).await;
    heard(&mut events, |event| {
        matches!(event, ProviderEvent::Committed { .. })
    })
    .await;
    let account = victim.account();
    victim.kill().await;

    let risen = market.provider(1, None).await;
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.verdict, VerdictView::Agreed);
    assert_eq!(fate(&receipt, account), "paid");
    assert_eq!(fate(&receipt, honest.account()), "paid");
    assert_eq!(fate(&receipt, silent.account()), "silence");
    let mut progress = risen.progress();
    let done = progress.wait_for(|progress| progress.paid == 1);
    done.await.expect("it is paid after its return");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_may_die_at_any_step_and_is_still_paid() {
    let market = Market::start(12).await;
    let _others = [
        market.provider(2, None).await,
        market.provider(3, None).await,
    ];
    let request = market.request(quorum(2, 3), Timing::default()).await;
    type Moment = fn(&ProviderEvent) -> bool;
    let moments: [(&str, Moment); 4] = [
        ("assigned", |event| {
            matches!(event, ProviderEvent::Assigned { .. })
        }),
        ("accepted", |event| {
            matches!(event, ProviderEvent::Accepted { .. })
        }),
        ("executed", |event| {
            matches!(event, ProviderEvent::Executed { .. })
        }),
        ("committed", |event| {
            matches!(event, ProviderEvent::Committed { .. })
        }),
    ];
    for (name, moment) in moments {
        let victim = market.provider(1, None).await;
        let account = victim.account();
        let mut events = victim.subscribe();
        let placed = market.place(&request).await;
        heard(&mut events, moment).await;
        victim.kill().await;
        let risen = market.provider(1, None).await;
        let receipt = market.closed(placed).await;
        assert_eq!(receipt.verdict, VerdictView::Agreed, "{name}");
        // The two others agree without it; the order waits for its answer all the same, and pays it.
        assert_eq!(fate(&receipt, account), "paid", "killed when {name}");
        risen.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_restarts_is_found_again() {
    let market = Market::start(13).await;
    let mut providers = Vec::new();
    for number in 1..=3 {
        let provider = market.provider(number, None).await;
        let mut progress = provider.progress();
        let connected = progress.wait_for(|progress| progress.is_connected);
        connected.await.expect("alive");
        providers.push(provider);
    }
    let mut events: Vec<_> = providers
        .iter()
        .map(|provider| provider.subscribe())
        .collect();
    let request = market.request(quorum(2, 3), Timing::default()).await;
    let placed = market.place(&request).await;
    let market = market.restart_node().await;
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.verdict, VerdictView::Agreed);
    for events in &mut events {
        heard(events, |event| {
            matches!(event, ProviderEvent::Disconnected { .. })
        })
        .await;
        heard(events, |event| {
            matches!(event, ProviderEvent::Connected { .. })
        })
        .await;
    }
    let placed = market.place(&request).await;
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.verdict, VerdictView::Agreed);
    market.assert_conserved().await;
}
