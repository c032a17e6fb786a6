//! The stream: no gap, no double, wherever it is left and taken up.

use crate::support::{PATIENCE, World, stream};
use assay_api::{EventCursor, StreamMessage, paths};
use assay_types::{Amount, Call, Height};
use futures::{Stream, StreamExt as _};

async fn take(
    stream: impl Stream<Item = StreamMessage>,
    until: Height,
) -> Vec<(EventCursor, StreamMessage)> {
    let mut stream = std::pin::pin!(stream);
    let mut messages = Vec::new();
    let collect = async {
        while let Some(message) = stream.next().await {
            let cursor = message.cursor();
            let is_end = matches!(message, StreamMessage::Block(_)) && cursor.height >= until;
            messages.push((cursor, message));
            if is_end {
                return;
            }
        }
        panic!("the stream ended");
    };
    tokio::time::timeout(PATIENCE, collect).await.unwrap();
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumes_anywhere_without_gap_or_double() {
    let world = World::start().await;
    let mut buyer = world.account("buyer");
    let to = world.account("author").id();
    // Live from here on, across the blocks that follow.
    let live = world.events("").await;
    let mut last = Height::ZERO;
    for _ in 0..3 {
        // Several in one block, so that a block can be left in its middle.
        for grains in 1..=2 {
            let amount = Amount::new(grains);
            world
                .submit(&mut buyer, Call::Transfer { to, amount })
                .await;
        }
        let amount = Amount::new(9);
        last = world
            .perform(&mut buyer, Call::Transfer { to, amount })
            .await;
    }
    let all = take(world.events("?from=0").await, last).await;
    assert!(
        all.windows(2).all(|pair| pair[0].0 < pair[1].0),
        "ascending, no doubles"
    );
    let heights: Vec<u64> = all
        .iter()
        .filter_map(|(cursor, message)| {
            matches!(message, StreamMessage::Block(_)).then_some(cursor.height.get())
        })
        .collect();
    assert_eq!(
        heights,
        (1..=last.get()).collect::<Vec<_>>(),
        "every block, from the first"
    );
    let market = all
        .iter()
        .filter(|(_, message)| matches!(message, StreamMessage::Market(_)));
    assert_eq!(market.count(), 9);

    // Live and history tell the same.
    let live = take(live, last).await;
    assert_eq!(live[..], all[all.len() - live.len()..]);

    // Left after any message, it goes on with the next.
    for (index, (cursor, _)) in all.iter().enumerate() {
        let request = world
            .get(paths::EVENTS)
            .header("Last-Event-ID", cursor.to_string());
        let resumed = stream(request.send().await.unwrap());
        if index + 1 == all.len() {
            break;
        }
        assert_eq!(
            take(resumed, last).await[..],
            all[index + 1..],
            "after {cursor}"
        );
    }
    // The header is newer than the address, as a browser that reconnects sends both.
    let request = world.get(&format!("{}?from=1", paths::EVENTS));
    let end = EventCursor::end_of(Height::new(last.get() - 1));
    let resumed = stream(
        request
            .header("Last-Event-ID", end.to_string())
            .send()
            .await
            .unwrap(),
    );
    let resumed = take(resumed, last).await;
    assert!(resumed.iter().all(|(cursor, _)| cursor.height == last));

    // A stream ends when the node stops, and goes on after its restart.
    let open = world.events("").await;
    let world = world.restart().await;
    let left: Vec<_> = tokio::time::timeout(PATIENCE, open.collect::<Vec<_>>())
        .await
        .unwrap();
    let seen = left
        .last()
        .map_or(all[all.len() - 1].0, StreamMessage::cursor);
    let after = format!("?after={seen}");
    let next = take(world.events(&after).await, seen.height.next()).await;
    assert_eq!(next[0].0.height, seen.height.next());
    assert_eq!(
        take(world.events("?from=0").await, last).await,
        all,
        "history is kept"
    );
    world.node.shutdown().await;
}
