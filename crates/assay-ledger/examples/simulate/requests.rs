//! Topics' requests: their miners offer answers, and buyers ask.

use crate::{
    actors::pick,
    world::{ASY, View},
};
use assay_ledger::{check::ScoreState, rows::Order};
use assay_types::{
    AccountId, Amount, Blob, Call, Check, ContentId, Good, Input, OrderId, ScoreCall, Terms,
    TopicId, Work,
};
use rand::{RngExt as _, rngs::StdRng};

/// An offer of somebody who holds a slot.
pub(crate) fn publish(view: &View<'_>, rng: &mut StdRng) -> Option<(AccountId, Call)> {
    let (topic, _) = pick(&view.topics, rng)?;
    let slots: Vec<_> = view.ledger.topic_slots(*topic).collect();
    let (_, slot) = pick(&slots, rng)?;
    Some((slot.key, offer(*topic, rng)))
}

pub(crate) fn offer(topic: TopicId, rng: &mut StdRng) -> Call {
    Call::PublishOffer {
        good: Good::Topic { topic },
        ask: Amount::new(rng.random_range(1..3 * ASY)),
        capacity: rng.random_range(1..30),
    }
}

/// A request of a topic that is awake.
pub(crate) fn terms(view: &View<'_>, rng: &mut StdRng) -> Option<Terms> {
    let (topic, _) = pick(&view.topics, rng)?;
    Some(of_topic(*topic, view, rng))
}

pub(crate) fn of_topic(topic: TopicId, view: &View<'_>, rng: &mut StdRng) -> Terms {
    let accept_by = view.now.after(rng.random_range(1_500..5_000));
    Terms {
        work: Work::Topic {
            topic,
            input: Input::Public {
                content: ContentId::default(),
            },
        },
        check: Check::Score {
            deliver_by: accept_by.after(rng.random_range(1_000..6_000)),
        },
        price_max: Amount::new(rng.random_range(ASY..4 * ASY)),
        accept_by,
        seller: None,
    }
}

/// Whether the miner has delivered.
pub(crate) fn is_delivered(order: &Order) -> bool {
    ScoreState::read(&order.check_state).is_some()
}

pub(crate) fn deliver(order: OrderId) -> Call {
    ScoreCall::Deliver(Blob::new(b"an answer".to_vec()).expect("short")).on(order)
}
