//! The stream across a restart of the node.

use crate::support::World;
use assay_api::{EventView, StreamMessage};
use assay_client::{EventQuery, EventStream};
use assay_types::{AccountId, Amount, Call, Height};

/// Follows the stream to the first transfer of `grains`; each block and event must come once, in order.
async fn follow(events: &mut EventStream, from: &mut Height, grains: u64) {
    let mut index = 0;
    let mut is_found = false;
    loop {
        let message = events.next().await.expect("the stream goes on");
        let cursor = message.cursor();
        assert_eq!(cursor.height, from.next(), "no gap, no double");
        assert_eq!(cursor.index, index);
        match message {
            StreamMessage::Market(stamped) => {
                index += 1;
                is_found |= matches!(
                    stamped.event,
                    EventView::Transferred { amount, .. } if amount.get() == grains
                );
            }
            StreamMessage::Block(_) => {
                index = 0;
                *from = cursor.height;
                if is_found {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_or_told_twice_across_a_restart() {
    let world = World::start().await;
    let mut events = world.client.events(EventQuery::after(Height::ZERO));
    let mut seen = Height::ZERO;
    let sender = world.sender("buyer", 0);
    let transfer = |grains| Call::Transfer {
        to: AccountId::new([9; 32]),
        amount: Amount::new(grains),
    };
    sender.send_and_wait(transfer(1)).await.expect("final");
    follow(&mut events, &mut seen, 1).await;
    let world = world.restart().await;
    sender.send_and_wait(transfer(2)).await.expect("final");
    follow(&mut events, &mut seen, 2).await;
    drop(world);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_stream_tells_what_became_of_its_transactions() {
    let world = World::start().await;
    let account = world.key("author").account();
    let mut events = world
        .client
        .events(EventQuery::after(Height::ZERO).of_account(account));
    let call = Call::Transfer {
        to: AccountId::new([9; 32]),
        amount: Amount::new(3),
    };
    world
        .sender("buyer", 0)
        .send_and_wait(call.clone())
        .await
        .expect("final");
    let sent = world
        .sender("author", 0)
        .send(call)
        .await
        .expect("admitted");
    loop {
        match events.next().await.expect("the stream goes on") {
            StreamMessage::Market(stamped) => assert!(
                matches!(stamped.event, EventView::Transferred { from, .. } if from == account),
                "{stamped:?}"
            ),
            StreamMessage::Block(block) => {
                if let [mine] = block.sent.as_slice() {
                    assert_eq!(mine.id, sent.id);
                    return;
                }
            }
        }
    }
}
