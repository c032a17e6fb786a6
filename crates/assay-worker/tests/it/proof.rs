//! Sellers that prove their answers, and one that forges.

use crate::support::{ASK, Market, SHORT, fate, heard};
use assay_api::{PayoutResultView, VerdictView};
use assay_client::{CheckRequest, Timing};
use assay_model::{Tensor, bundled};
use assay_prover::CommittedModel;
use assay_types::{AccountId, Amount, ProofKeyId};
use assay_worker::{Misbehaviour, Note, ProviderEvent};

/// The key of the market's model, as anyone with its program makes it.
fn key() -> ProofKeyId {
    let program = bundled::find("digits-mlp").expect("bundled").program();
    let model = CommittedModel::of(program).expect("it can be proven");
    ProofKeyId::of_key(&model.key().to_bytes().expect("a short key"))
}

const fn proof(key: ProofKeyId, seller: AccountId) -> CheckRequest {
    CheckRequest::Proof {
        key,
        seller: Some(seller),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_paid_at_once_and_a_forgery_compensates_the_buyer() {
    let market = Market::start(31).await;
    let key = key();
    market.register(key).await;
    let honest = market.provider(1, None).await;
    let forger = market.provider(2, Some(Misbehaviour::Wrong)).await;
    let check = proof(key, honest.account());
    let request = market.request(check, Timing::default()).await;
    let mut forged = request;
    forged.check = proof(key, forger.account());
    let (proven, refused) = (market.place(&request).await, market.place(&forged).await);

    let receipt = market.closed(proven).await;
    assert_eq!(receipt.verdict, VerdictView::Proven);
    assert_eq!(fate(&receipt, honest.account()), "paid");
    let output = receipt.output.expect("an answer");
    let bytes = market.client.output(proven.order, output).await;
    let bytes = bytes.expect("an answer").expect("an answer");
    let answer = Tensor::from_bytes(&bytes).expect("a tensor");
    assert_eq!(answer.argmax(), 7, "the picture shows a seven");

    let receipt = market.closed(refused).await;
    assert!(matches!(receipt.verdict, VerdictView::Refunded { .. }));
    assert_eq!(fate(&receipt, forger.account()), "false_proof");
    let [payout] = receipt.payouts.as_slice() else {
        panic!("one seller: {receipt:?}");
    };
    let PayoutResultView::Forfeited { compensation, .. } = payout.result else {
        panic!("{payout:?}");
    };
    assert_eq!(compensation, ASK);
    let mut progress = forger.progress();
    let told = progress.wait_for(|progress| progress.burnt == 1).await;
    let lost = told.expect("alive").lost;
    assert_eq!(Some(lost), ASK.checked_mul(10), "the whole lock");
    market.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_under_a_key_that_is_not_the_models_is_declined() {
    let market = Market::start(32).await;
    let foreign = ProofKeyId::new([7; 32]);
    market.register(foreign).await;
    let provider = market.provider(1, None).await;
    let mut events = provider.subscribe();
    let mut timing = SHORT;
    timing.accept_ms = 2_000;
    let check = proof(foreign, provider.account());
    let request = market.request(check, timing).await;
    let placed = market.place(&request).await;
    let told = heard(&mut events, |event| {
        matches!(event, ProviderEvent::Trouble { .. })
    });
    let ProviderEvent::Trouble { note, .. } = told.await else {
        unreachable!("heard");
    };
    assert_eq!(note, Note::ForeignKey);
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.price, Amount::ZERO);
    assert_eq!(provider.progress().borrow().accepted, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_killed_after_its_proof_delivers_it_without_a_second_one() {
    let market = Market::start(33).await;
    let key = key();
    market.register(key).await;
    // Holds its answer back, so that it is killed with the proof on disk and nothing sent.
    let victim = market.provider(1, Some(Misbehaviour::Late)).await;
    let account = victim.account();
    let check = proof(key, account);
    let request = market.request(check, Timing::default()).await;
    let mut events = victim.subscribe();
    let placed = market.place(&request).await;
    heard(&mut events, |event| {
        matches!(event, ProviderEvent::Proven { .. })
    })
    .await;
    victim
        .shutdown(std::time::Duration::from_millis(500))
        .await
        .expect("stopped");

    let (tell, mut told) = tokio::sync::broadcast::channel(1_000);
    let risen = assay_worker::Provider::start_with(market.config(1, None), tell);
    let risen = risen.await.expect("a provider");
    let receipt = market.closed(placed).await;
    assert_eq!(receipt.verdict, VerdictView::Proven);
    assert_eq!(fate(&receipt, account), "paid");
    heard(&mut told, |event| {
        assert!(
            !matches!(event, ProviderEvent::Proven { .. }),
            "proven twice"
        );
        matches!(event, ProviderEvent::Paid { .. })
    })
    .await;
    drop(risen);
}
