//! Lanes that stay in step, whoever else uses them and whatever restarts.

use crate::support::World;
use assay_client::{ClientError, Sender};
use assay_types::{AccountId, Amount, Call, Rejection};

fn transfer(grains: u64) -> Call {
    Call::Transfer {
        to: AccountId::new([9; 32]),
        amount: Amount::new(grains),
    }
}

async fn received(world: &World) -> u64 {
    let account = world.client.account(AccountId::new([9; 32])).await;
    account.expect("an account").balance.get()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hands_share_one_lane() {
    let world = World::start().await;
    let sender = world.sender("buyer", 5);
    let hands: Vec<_> = (0..20)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send_many(vec![transfer(1); 10]).await })
        })
        .collect();
    let mut sequences = Vec::new();
    for hand in hands {
        for sent in hand.await.expect("ends") {
            sequences.push(sent.expect("admitted").sequence);
        }
    }
    sequences.sort_unstable();
    assert_eq!(sequences, (0..200).collect::<Vec<_>>());
    let last = sender.send_and_wait(transfer(1)).await.expect("final");
    assert_eq!(last.sequence, 200);
    assert_eq!(received(&world).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hand_on_the_lane_is_noticed_and_joined() {
    let world = World::start().await;
    let (one, two) = (world.sender("buyer", 0), world.sender("buyer", 0));
    for round in 0..3 {
        for sender in [&one, &two] {
            let confirmed = sender.send_and_wait(transfer(1)).await;
            confirmed.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
    assert_eq!(received(&world).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn hands_that_send_at_once_all_get_through() {
    let world = World::start().await;
    let hands: Vec<_> = [1, 2, 4]
        .into_iter()
        .map(|grains| {
            // As processes of their own: nothing is shared but the account's lane.
            let sender = world.sender("buyer", 0);
            tokio::spawn(async move {
                for round in 0..6 {
                    let confirmed = sender.send_and_wait(transfer(grains)).await;
                    confirmed.unwrap_or_else(|error| panic!("round {round}: {error}"));
                }
            })
        })
        .collect();
    for hand in hands {
        hand.await.expect("all are confirmed");
    }
    assert_eq!(received(&world).await, 6 * 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_tell_why_and_hold_up_nobody() {
    let world = World::start().await;
    let sender = world.sender("buyer", 0);
    let error = sender.send_and_wait(transfer(0)).await.expect_err("zero");
    let ClientError::Rejected { rejection, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(rejection.known(), Some(Rejection::AmountZero));
    // An account without money is refused at the door, before any block.
    let poor = assay_types::SecretKey::from_bytes(&[77; 32]);
    let poor = Sender::new(world.client.clone(), poor, sender.lane());
    let results = poor.send_many(vec![transfer(1), transfer(1)]).await;
    assert_eq!(results.len(), 2);
    for result in results {
        let error = result.expect_err("no money");
        assert!(matches!(error, ClientError::Refused(_)), "{error}");
    }
    sender.send_and_wait(transfer(1)).await.expect("goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restarting_node_lost_is_sent_again_once() {
    let world = World::start().await;
    let sender = world.sender("buyer", 3);
    sender.send_and_wait(transfer(1)).await.expect("final");
    for result in sender.send_many(vec![transfer(1); 50]).await {
        result.expect("admitted");
    }
    // Some of these may be final, some lost with the pool.
    let world = world.restart().await;
    let lost = sender.heal().await.expect("healed");
    assert!(lost.is_empty(), "{lost:?}");
    let last = sender.send_and_wait(transfer(1)).await.expect("final");
    assert_eq!(last.sequence, 51);
    assert_eq!(received(&world).await, 52);
}
