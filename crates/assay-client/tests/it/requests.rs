//! A topic is asked: from the miner's offer to its answer.

use crate::support::{PATIENCE, World};
use assay_api::{
    CheckView, EventView, GoodView, OrderStatus, StreamMessage, VerdictView, WorkView,
};
use assay_client::{
    ClientError, EventQuery, EventStart, EventStream, Placed, Sender, Timing, TopicRequest, ask,
};
use assay_types::{
    Amount, BasisPoints, Blob, Call, ContentId, GRAINS_PER_ASY, OrderId, Rejection,
    TOPIC_EPOCH_MS_MIN, TopicId, TopicMechanism, TopicTerms, YumaBonds,
};
use std::time::Duration;

const ASK: Amount = Amount::new(GRAINS_PER_ASY / 1_000);

fn terms() -> TopicTerms {
    TopicTerms {
        description: ContentId::default(),
        mechanism: TopicMechanism::Yuma {
            kappa: 32_767,
            bonds: YumaBonds::Classic,
            moving_average_ppm: 900_000,
            bonds_penalty: 65_535,
        },
        slots: 4,
        validators: 1,
        epoch_ms: TOPIC_EPOCH_MS_MIN,
        immunity_epochs: 4,
        activity_epochs: 4,
        owner_share: BasisPoints::new(0),
        stake_min: Amount::ZERO,
    }
}

/// The account takes a slot, and bonds what a request locks.
async fn mine(miner: &Sender, topic: TopicId) {
    let register = Call::RegisterSlot {
        topic,
        owner: miner.account(),
        take: BasisPoints::new(0),
        price_max: Amount::new(GRAINS_PER_ASY),
    };
    let bond = Call::Bond {
        amount: Amount::new(GRAINS_PER_ASY),
    };
    for call in [register, bond] {
        miner.send_and_wait(call).await.expect("taken");
    }
}

fn follow(miner: &Sender, placed: Placed) -> EventStream {
    miner.client().events(EventQuery {
        from: EventStart::Height(placed.height),
        order: Some(placed.order),
        account: None,
    })
}

async fn until(events: &mut EventStream, found: impl Fn(&EventView) -> bool) {
    let waiting = async {
        loop {
            if let StreamMessage::Market(stamped) = events.next().await.expect("a stream")
                && found(&stamped.event)
            {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("soon");
}

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Option<Rejection> {
    match result {
        Err(ClientError::Rejected { rejection, .. }) => rejection.known(),
        other => panic!("{other:?}"),
    }
}

async fn status(world: &World, order: OrderId) -> OrderStatus {
    let view = world.client.order(order).await.expect("answered");
    view.expect("it was placed").status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miner_offers_accepts_and_answers_and_gets_its_verdict() {
    let world = World::start().await;
    let (buyer, miner) = (world.sender("buyer", 0), world.sender("seller-1", 0));
    let (topic, _) = buyer.create_topic(terms()).await.expect("created");
    let early = miner.offer_answers(topic, ASK, 2).await;
    assert_eq!(refused(early), Some(Rejection::UnknownSlot));
    mine(&miner, topic).await;
    let (offer, _) = miner.offer_answers(topic, ASK, 2).await.expect("offered");
    let offers = world.client.offers_of_topic(topic).await.expect("answered");
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].offer, offer);
    assert_eq!(offers[0].good, GoodView::Topic { topic });
    let other = TopicId::default();
    let offers = world.client.offers_of_topic(other).await.expect("answered");
    assert!(offers.is_empty());

    let question = br#"{"city":"Lisbon"}"#.to_vec();
    let stored = world
        .client
        .put_content(buyer.key(), question.clone())
        .await;
    let request = TopicRequest {
        topic,
        question: stored.expect("stored"),
        miner: None,
        price_max: Amount::new(2 * ASK.get()),
        timing: Timing::default(),
    };
    let nowhere = TopicRequest {
        topic: other,
        ..request
    };
    let refusal = refused(ask(&buyer, &nowhere).await);
    assert_eq!(refusal, Some(Rejection::UnknownTopic));
    let placed = ask(&buyer, &request).await.expect("placed");
    let order = placed.order;
    let mut events = follow(&miner, placed);
    until(
        &mut events,
        |event| matches!(event, EventView::Assigned { seller, .. } if *seller == miner.account()),
    )
    .await;
    let view = world.client.order(order).await.expect("answered");
    let terms = view.expect("it is open").terms.expect("it is open");
    let WorkView::Topic { input, .. } = terms.work else {
        panic!("{terms:?}")
    };
    let assay_api::InputView::Public { content } = input;
    let asked = world.client.get_content(content, 1_000).await;
    assert_eq!(asked.expect("the node has it"), question);
    assert!(matches!(terms.check, CheckView::Score { .. }));

    let accept = Call::Accept { order };
    miner.send_and_wait(accept).await.expect("accepted");
    assert_eq!(status(&world, order).await, OrderStatus::Working);
    let answer = || Blob::new(*b"\"rain\"").expect("short");
    let delivered = miner.deliver_answer(order, answer()).await;
    delivered.expect("delivered in time");
    until(&mut events, |event| {
        let of = |output: &ContentId| *output == ContentId::of(&answer());
        matches!(event, EventView::Delivered { output, .. } if of(output))
    })
    .await;
    assert_eq!(status(&world, order).await, OrderStatus::Delivered);
    let again = miner.deliver_answer(order, answer()).await;
    assert_eq!(refused(again), Some(Rejection::AlreadyDelivered));

    // Nobody validates, so nobody earned anything by work.
    let patience = PATIENCE + Duration::from_millis(3 * TOPIC_EPOCH_MS_MIN);
    let receipt = world.client.wait_closed(order, patience).await;
    let receipt = receipt.expect("three epochs later");
    let reason = "no_merit".to_owned();
    assert_eq!(receipt.verdict, VerdictView::Refunded { reason });
    assert_eq!(receipt.refund, request.price_max);
    world.node.shutdown().await;
}
