//! The ladders of topics' requests.

use super::{Seen, expect};
use crate::tests::{
    score::{offer_call, score_call},
    topics::{self, Scene, key},
    world::*,
};
use assay_types::{
    Amount, Blob, Call, Check, ContentId, Good, Input, Params, Rejection, SCORE_DELIVER, Terms,
    TopicId, Work,
};

pub(super) fn offering_answers(seen: &mut Seen) {
    let mut scene = Scene::new(topics::terms());
    let zero = Amount::ZERO;
    let unknown = Call::PublishOffer {
        good: Good::Topic {
            topic: TopicId::default(),
        },
        ask: zero,
        capacity: 0,
    };
    let mut rung = |scene: &mut Scene, call, rejection| {
        expect(&mut scene.world, seen, key(2), call, rejection);
    };
    rung(&mut scene, unknown, Rejection::UnknownTopic);
    let call = offer_call(&scene, zero, 0);
    rung(&mut scene, call, Rejection::UnknownSlot);
    scene.register(2);
    scene.fund_key(2);
    let call = offer_call(&scene, zero, 0);
    rung(&mut scene, call, Rejection::PriceZero);
    let call = offer_call(&scene, Amount::new(u64::MAX), 0);
    rung(&mut scene, call, Rejection::PriceTooHigh);
    let call = offer_call(&scene, asy(1), 0);
    rung(&mut scene, call, Rejection::CapacityZero);
    let call = offer_call(&scene, asy(1), 1);
    for _ in 0..4 {
        scene.world.ok(key(2), call.clone());
    }
    rung(&mut scene, call.clone(), Rejection::TooManyOffers);
    scene.register(1);
    for _ in 0..4 {
        scene.world.ok(key(1), call.clone());
    }
    scene.register(0);
    expect(&mut scene.world, seen, key(0), call, Rejection::BookFull);
}

pub(super) fn asking(seen: &mut Seen) {
    let mut scene = Scene::with_miners();
    let now = scene.world.ledger.time();
    let input = Input::Public {
        content: ContentId::default(),
    };
    let score = Check::Score { deliver_by: now };
    let unknown = Work::Topic {
        topic: TopicId::default(),
        input,
    };
    let mut terms = Terms {
        work: unknown,
        check: Check::Quorum {
            agree: 1,
            of: 2,
            commit_by: now,
            deliver_by: now,
        },
        price_max: Amount::ZERO,
        accept_by: now,
        seller: None,
    };
    let mut rung = |scene: &mut Scene, terms: &Terms, rejection| {
        let terms = terms.clone();
        let call = Call::PlaceOrder { terms };
        expect(&mut scene.world, seen, BUYER, call, rejection);
    };
    rung(&mut scene, &terms, Rejection::PriceZero);
    terms.price_max = Amount::new(u64::MAX / 2);
    rung(&mut scene, &terms, Rejection::CheckMalformed);
    for check in [scene.world.quorum(2, 3), scene.world.proof()] {
        terms.check = check;
        rung(&mut scene, &terms, Rejection::CheckOfOtherWork);
    }
    terms.check = score;
    terms.work = work();
    rung(&mut scene, &terms, Rejection::CheckOfOtherWork);
    terms.work = unknown;
    rung(&mut scene, &terms, Rejection::UnknownTopic);
    let asked = scene.request(None);
    terms.work = asked.work;
    rung(&mut scene, &terms, Rejection::DeadlinePast);
    let late = |ms| Check::Score {
        deliver_by: now.after(ms),
    };
    terms.accept_by = now.after(200_000);
    terms.check = late(200_000);
    rung(&mut scene, &terms, Rejection::DeadlinesOutOfOrder);
    terms.check = late(300_000);
    rung(&mut scene, &terms, Rejection::DeadlineTooFar);
    terms.accept_by = asked.accept_by;
    terms.check = asked.check;
    rung(&mut scene, &terms, Rejection::PriceTooHigh);
    terms.price_max = asy(200);
    rung(&mut scene, &terms, Rejection::TooFewSellers);
    let poor = Call::Transfer {
        to: CREATOR,
        amount: asy(9_995),
    };
    scene.world.ok(BUYER, poor);
    terms.price_max = asy(20);
    rung(&mut scene, &terms, Rejection::InsufficientFunds);
    terms.price_max = asy(2);
    scene.world.ok(BUYER, Call::PlaceOrder { terms });
}

pub(super) fn score_calls(seen: &mut Seen) {
    let mut scene = Scene::with_miners();
    let miner = key(2);
    let (order, _) = scene.world.start(scene.request(Some(2)));
    let raw = |tag, bytes: &[u8]| Call::CheckCall {
        order,
        tag,
        bytes: Blob::new(bytes).unwrap(),
    };
    let mut rung = |scene: &mut Scene, sender, call, rejection| {
        expect(&mut scene.world, seen, sender, call, rejection);
    };
    for tag in [0, 1, 2, 16, 255] {
        rung(&mut scene, CREATOR, raw(tag, b"x"), Rejection::UnknownTag);
    }
    let unread = raw(SCORE_DELIVER, b"x");
    rung(&mut scene, CREATOR, unread, Rejection::MalformedBody);
    for other in [CREATOR, BUYER, key(3)] {
        let call = score_call(order, b"rain");
        rung(&mut scene, other, call, Rejection::NotAssigned);
    }
    scene.world.ok(miner, score_call(order, b"rain"));
    let again = score_call(order, b"sun");
    rung(&mut scene, miner, again, Rejection::AlreadyDelivered);

    // A block moves on one thing: the second order is still open when its miner delivers late.
    let mut scene = Scene::with_miners_in(Params {
        expiries_per_block_max: 1,
        ..topics::emitting()
    });
    scene.world.start(scene.request(Some(2)));
    let (late, _) = scene.world.start(scene.request(Some(2)));
    let call = score_call(late, b"rain");
    let executed = scene.world.block(9_000, &[(miner, call)]);
    assert_eq!(executed.outcomes[0].rejection, Some(Rejection::TooLate));
}
