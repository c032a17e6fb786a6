//! Submitting: admitted once, refused with a reason, never lost.

use crate::support::World;
use assay_api::{
    BATCH_TRANSACTIONS_MAX, BatchAnswer, OutcomeView, ProblemCode, Submitted, TransactionBatch,
    TransactionStatus, encode_batch, paths,
};
use assay_types::{
    Amount, Call, ChainId, LedgerTime, Rejection, SecretKey, Transaction, Unsigned, encode,
};
use reqwest::StatusCode;

fn transfer(world: &World, grains: u64) -> Call {
    Call::Transfer {
        to: world.account("author").id(),
        amount: Amount::new(grains),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_pending_then_final_and_resending_is_harmless() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    let transaction = world.sign(&mut buyer, transfer(&world, 7)).await;
    let response = world.post(&transaction).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let answer: Submitted = response.json().await.unwrap();
    let id = transaction.id();
    assert_eq!(answer, Submitted { id });
    let (height, outcome) = world.settled(id).await;
    assert_eq!(outcome, OutcomeView::Ok);
    let again: Submitted = world.post(&transaction).await.json().await.unwrap();
    assert_eq!(again, Submitted { id });
    let status: TransactionStatus = world.view(&paths::transaction(id)).await;
    assert!(matches!(status, TransactionStatus::Final { height: at, .. } if at == height));
    let lane = world.lane(buyer.id()).await;
    assert_eq!((lane.next_sequence, lane.pending_next), (1, 1));
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_final_and_says_what_to_do() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    let id = world.submit(&mut buyer, transfer(&world, 0)).await;
    let (_, outcome) = world.settled(id).await;
    let OutcomeView::Rejected { rejection } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(rejection.known(), Some(Rejection::AmountZero));
    assert!(!rejection.advice.is_empty());
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_one_by_one() {
    let world = World::start().await;
    let (mut buyer, mut other) = (world.account("buyer"), world.account("buyer").on_lane(3));
    let mut batch = Vec::new();
    for grains in 1..=3 {
        batch.push(world.sign(&mut buyer, transfer(&world, grains)).await);
        batch.push(world.sign(&mut other, transfer(&world, grains)).await);
    }
    let forged = world.sign(&mut buyer, transfer(&world, 9)).await;
    batch.push(Transaction::new(
        forged.body.clone(),
        batch[0].signature.clone(),
    ));
    let ids: Vec<_> = batch.iter().map(Transaction::id).collect();
    let body = encode_batch(&batch).unwrap();
    let list = TransactionBatch::new(batch.clone()).unwrap();
    assert_eq!(body, encode(&list), "the body is the canonical list");
    let answer = post_batch(&world, body.clone()).await;
    assert_eq!((answer.accepted, answer.len()), (6, 7));
    let (index, problem) = answer.first_refused().unwrap();
    assert_eq!((index, problem.code), (6, ProblemCode::BadSignature));
    for id in &ids[..6] {
        assert_eq!(world.settled(*id).await.1, OutcomeView::Ok);
    }
    assert_eq!(world.lane(buyer.id()).await.next_sequence, 3);

    // A resend of what is final is no failure, in a batch either; one code is explained once.
    let mut again = batch;
    let mut late = again[0].body.clone();
    late.tip = Amount::new(1);
    again.push(late.clone().sign(&buyer.key));
    late.tip = Amount::new(2);
    again.push(late.sign(&buyer.key));
    let answer = post_batch(&world, encode_batch(&again).unwrap()).await;
    assert_eq!(answer.accepted, 6);
    let refused: Vec<_> = answer
        .refused
        .iter()
        .map(|refused| (refused.index, refused.code, refused.expected_sequence))
        .collect();
    assert_eq!(
        refused,
        [
            (6, ProblemCode::BadSignature, None),
            (7, ProblemCode::Replayed, Some(3)),
            (8, ProblemCode::Replayed, Some(3)),
        ]
    );
    assert_eq!(answer.problems.len(), 2);
    world.node.shutdown().await;
}

async fn post_batch(world: &World, body: Vec<u8>) -> BatchAnswer {
    let request = world.http.post(world.url(paths::TRANSACTIONS_BATCH));
    request
        .body(body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_batch_fits_one_request_and_one_more_does_not() {
    let world = World::start().await;
    let key = world.account("buyer").key;
    let template = world
        .sign(&mut world.account("buyer"), transfer(&world, 1))
        .await;
    // Unsigned ones are as long and cost no time to make; the first is sound.
    let mut batch: Vec<Transaction> = (0..BATCH_TRANSACTIONS_MAX as u64)
        .map(|sequence| {
            let body = Unsigned {
                sequence,
                ..template.body.clone()
            };
            Transaction::new(body, template.signature.clone())
        })
        .collect();
    batch[0] = batch[0].body.clone().sign(&key);
    let answer = post_batch(&world, encode_batch(&batch).unwrap()).await;
    assert_eq!((answer.accepted, answer.len()), (1, BATCH_TRANSACTIONS_MAX));
    batch.push(template);
    assert!(encode_batch(&batch).is_err());
    let request = world.http.post(world.url(paths::TRANSACTIONS_BATCH));
    let refused = world.problem(request.body(encode(&batch))).await;
    assert_eq!(refused.code, ProblemCode::MalformedBody);
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_code() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    world.perform(&mut buyer, transfer(&world, 1)).await;
    let template = world.sign(&mut buyer, transfer(&world, 1)).await;
    let template = template.body.clone();
    let key = buyer.key.clone();
    let poor = SecretKey::from_bytes(&[9; 32]);
    let with = |change: &dyn Fn(&mut assay_types::Unsigned)| {
        let mut body = template.clone();
        change(&mut body);
        body.sign(&key)
    };
    let cases = [
        (
            with(&|body| body.chain = ChainId::new([1; 32])),
            ProblemCode::WrongChain,
        ),
        (with(&|body| body.sequence = 5), ProblemCode::SequenceGap),
        (
            with(&|body| body.valid_until = LedgerTime::new(1)),
            ProblemCode::Expired,
        ),
        (
            with(&|body| body.valid_until = LedgerTime::MAX),
            ProblemCode::ValidTooLong,
        ),
        (
            with(&|body| body.fee_limit = Amount::new(1)),
            ProblemCode::FeeLimitTooLow,
        ),
        (
            with(&|body| body.tip = assay_types::SUPPLY_MAX),
            ProblemCode::CannotPay,
        ),
        (
            with(&|body| body.sender = poor.account()),
            ProblemCode::BadSignature,
        ),
        (
            with(&|body| {
                body.sequence = 0;
                body.tip = Amount::new(1);
            }),
            ProblemCode::Replayed,
        ),
    ];
    for (transaction, code) in cases {
        let response = world.post(&transaction).await;
        let problem = crate::support::problem(response).await;
        assert_eq!(problem.code, code, "{problem}");
        if matches!(code, ProblemCode::SequenceGap | ProblemCode::Replayed) {
            assert_eq!(problem.expected_sequence, Some(1));
        }
    }
    let tipping = with(&|body| body.tip = Amount::new(2));
    let unsigned = Transaction::new(with(&|_| ()).body.clone(), tipping.signature.clone());
    let problem = crate::support::problem(world.post(&unsigned).await).await;
    assert_eq!(problem.code, ProblemCode::BadSignature);

    let mut long = encode(&with(&|_| ()));
    long.push(0);
    let request = world.http.post(world.url(paths::TRANSACTIONS)).body(long);
    assert_eq!(
        world.problem(request).await.code,
        ProblemCode::MalformedBody
    );
    world.node.shutdown().await;
}
