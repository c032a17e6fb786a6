//! Topics' requests: what is offered, ordered and delivered.

use super::{INPUT, Named, ORDER, blob, named, time, topic::TOPIC};
use crate::*;

pub(super) const SCORE: Check = Check::Score {
    deliver_by: LedgerTime::new(1_700_000_009_000),
};

pub(super) const fn work() -> Work {
    Work::Topic {
        topic: TOPIC,
        input: Input::Public { content: INPUT },
    }
}

pub(super) const fn good() -> Good {
    Good::Topic { topic: TOPIC }
}

pub(super) fn terms() -> Terms {
    Terms {
        work: work(),
        check: SCORE,
        price_max: Amount::new(5_000_000),
        accept_by: time(4_000),
        seller: None,
    }
}

pub(super) fn calls() -> Vec<Named<Call>> {
    named([
        (
            "publish_offer_topic",
            Call::PublishOffer {
                good: good(),
                ask: Amount::new(4_000_000),
                capacity: 8,
            },
        ),
        ("place_order_score", Call::PlaceOrder { terms: terms() }),
        (
            "score_deliver",
            ScoreCall::Deliver(blob(b"seven")).on(ORDER),
        ),
    ])
}
