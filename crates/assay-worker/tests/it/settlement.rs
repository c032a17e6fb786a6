//! What buyers get and sellers earn or lose.

use crate::support::{ASK, Market, PATIENCE, SHORT, fate, heard, quorum};
use assay_api::VerdictView;
use assay_client::{CheckRequest, Timing};
use assay_types::{Amount, ApprovalCall, ContentId};
use assay_worker::{Misbehaviour, Provider, ProviderError, ProviderEvent};

#[tokio::test(flavor = "multi_thread")]
async fn three_honest_sellers_are_paid_for_the_same_answer() {
    let market = Market::start(1).await;
    let mut providers = Vec::new();
    for number in 1..=3 {
        providers.push(market.provider(number, None).await);
    }
    let request = market.request(quorum(2, 3), Timing::default()).await;
    let placed = market.place(&request).await;
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.verdict, VerdictView::Agreed);
    for provider in &providers {
        assert_eq!(fate(&receipt, provider.account()), "paid");
    }
    let output = receipt.output.expect("an answer");
    let bytes = market.client.output(placed.order, output).await;
    let bytes = bytes.expect("an answer").expect("an answer");
    let tensor = assay_model::Tensor::from_bytes(&bytes).expect("a tensor");
    assert_eq!(tensor.argmax(), 7, "the picture shows a seven");

    let proof = market.client.receipt(placed.order).await.expect("a proof");
    let anchor = market.client.anchor().await.expect("an anchor");
    let proof = proof.expect("a proof");
    let proven = assay_verify::verify_receipt(&anchor, &proof).expect("it verifies");
    assert_eq!(proven.output, Some(output));
    market.assert_conserved().await;
    for provider in providers {
        let progress = provider.progress();
        provider.shutdown(PATIENCE).await.expect("a clean end");
        let progress = *progress.borrow();
        assert_eq!((progress.paid, progress.burnt), (1, 0));
        assert!(
            progress.earned > Amount::ZERO && progress.earned < ASK,
            "{progress:?}"
        );
    }
    let offers = market
        .client
        .offers(Some(market.model))
        .await
        .expect("offers");
    assert!(offers.is_empty(), "withdrawn: {offers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_cheat_burns_the_lock_and_the_honest_are_paid() {
    for (seed, cheat, reason) in [
        (2, Misbehaviour::Wrong, "minority_answer"),
        (3, Misbehaviour::Silent, "silence"),
        (4, Misbehaviour::Late, "silence"),
    ] {
        let market = Market::start(seed).await;
        let honest = [
            market.provider(1, None).await,
            market.provider(2, None).await,
        ];
        let cheating = market.provider(3, Some(cheat)).await;
        let request = market.request(quorum(2, 3), SHORT).await;
        let placed = market.place(&request).await;
        let receipt = market.closed(placed).await;
        assert_eq!(receipt.verdict, VerdictView::Agreed, "{cheat:?}");
        assert_eq!(fate(&receipt, cheating.account()), reason, "{cheat:?}");
        for provider in &honest {
            assert_eq!(fate(&receipt, provider.account()), "paid", "{cheat:?}");
        }
        market.assert_conserved().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_seller_delivers_and_the_buyer_approves() {
    let market = Market::start(5).await;
    let provider = market.provider(1, None).await;
    let check = CheckRequest::Approval {
        seller: Some(provider.account()),
    };
    let request = market.request(check, Timing::default()).await;
    let mut events = provider.subscribe();
    let placed = market.place(&request).await;
    heard(&mut events, |event| {
        matches!(event, ProviderEvent::Delivered { .. })
    })
    .await;
    let approve = ApprovalCall::Approve.on(placed.order);
    market
        .buyer()
        .send_and_wait(approve)
        .await
        .expect("approved");
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.verdict, VerdictView::Approved);
    assert_eq!(fate(&receipt, provider.account()), "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_declined_and_costs_the_buyer_nothing() {
    let market = Market::start(6).await;
    let provider = market.provider(1, None).await;
    let check = CheckRequest::Approval {
        seller: Some(provider.account()),
    };
    let hurried = Timing {
        work_ms: 100,
        ..SHORT
    };
    let mut no_time = market.request(check, hurried).await;
    let missing = ContentId::of(b"an input that nobody stored");
    let mut no_input = market.request(check, SHORT).await;
    no_input.input = missing;
    no_time.timing.accept_ms = 2_000;
    no_input.timing.accept_ms = 2_000;
    for request in [no_time, no_input] {
        let mut events = provider.subscribe();
        let placed = market.place(&request).await;
        heard(&mut events, |event| {
            matches!(event, ProviderEvent::Released { .. })
        })
        .await;
        let receipt = market.closed(placed).await;
        assert!(
            matches!(receipt.verdict, VerdictView::Refunded { .. }),
            "{receipt:?}"
        );
        assert_eq!(receipt.price, Amount::ZERO);
    }
    assert_eq!(provider.progress().borrow().accepted, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_work_says_why() {
    let market = Market::start(7).await;
    let mut config = market.config(1, None);
    config.bond = Amount::ZERO;
    let error = Provider::start(config).await.expect_err("no bond");
    assert!(matches!(error, ProviderError::NoBond { .. }), "{error}");
    let mut config = market.config(1, None);
    config.models.clear();
    let error = Provider::start(config).await.expect_err("no model");
    assert!(matches!(error, ProviderError::NoModel), "{error}");
    let mut config = market.config(1, None);
    config.models.push(assay_types::ModelId::new([9; 32]));
    let error = Provider::start(config).await.expect_err("no such model");
    assert!(matches!(error, ProviderError::Model(_)), "{error}");
    let _first = market.provider(1, None).await;
    let error = Provider::start(market.config(1, None))
        .await
        .expect_err("in use");
    assert!(matches!(error, ProviderError::Answers(_)), "{error}");
}
