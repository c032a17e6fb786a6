//! Scores: a topic's miner is paid for an answer by what its slot earns when the answer has been judged.

use super::{
    topics::{Scene, emitting, key, terms},
    world::*,
};
use crate::check::ScoreState;
use assay_types::{
    AccountId, Amount, Blob, BurnReason, Call, Check, ContentId, Event, Good, Input, OrderId,
    Params, PayoutResult, Receipt, RefundReason, Rejection, ScoreCall, Terms, TopicRole, Verdict,
    Work,
};

/// The miners' numbers; they hold the slots of the same numbers.
const MINERS: [u8; 2] = [2, 3];
/// What each asks.
const ASK: Amount = Amount::new(ASY);
const ANSWER: &[u8] = b"rain";

impl Scene {
    /// Two validators in slots 0 and 1, and two miners in 2 and 3 that offer answers.
    pub(super) fn with_miners() -> Self {
        Self::with_miners_in(emitting())
    }

    pub(super) fn with_miners_in(params: Params) -> Self {
        let mut scene = Self::with(params, terms());
        for number in 0..4 {
            scene.register(number);
        }
        scene.stake(0, seller(0), 600);
        scene.stake(1, seller(1), 400);
        for number in MINERS {
            scene.fund_key(number);
            scene.world.ok(key(number), offer_call(&scene, ASK, 100));
        }
        scene.turn();
        scene
    }

    /// Money and a bond for a key.
    pub(super) fn fund_key(&mut self, number: u8) {
        let (to, amount) = (key(number), asy(500));
        self.world.ok(seller(number), Call::Transfer { to, amount });
        let amount = asy(400);
        self.world.ok(to, Call::Bond { amount });
    }

    pub(super) fn request(&self, miner: Option<u8>) -> Terms {
        let work = Work::Topic {
            topic: self.topic,
            input: Input::Public {
                content: ContentId::of(b"{}"),
            },
        };
        let deliver_by = self.world.ledger.time().after(8_000);
        Terms {
            work,
            seller: miner.map(key),
            ..self.world.terms(Check::Score { deliver_by })
        }
    }

    /// An order that this miner has accepted.
    fn ask(&mut self, miner: u8) -> OrderId {
        let (order, sellers) = self.world.start(self.request(Some(miner)));
        assert_eq!(sellers, [key(miner)]);
        order
    }

    fn deliver(&mut self, order: OrderId, miner: u8) -> Vec<Event> {
        self.world.ok(key(miner), score_call(order, ANSWER))
    }

    /// The two epochs in which both validators judge what is delivered in the one under way: commit in the first, reveal
    /// in the second, which ends. What its settlement brought.
    fn judge(&mut self, weights: &[(u16, u16)]) -> Vec<Event> {
        self.turn();
        for number in [0, 1] {
            let call = self.commit_call(number, weights);
            self.world.ok(key(number), call);
        }
        self.turn();
        self.half();
        for number in [0, 1] {
            let call = self.reveal_call(number, weights);
            self.world.ok(key(number), call);
        }
        let (topic, amount) = (self.topic, asy(100));
        self.world.ok(BUYER, Call::FundTopic { topic, amount });
        assert!(
            self.world.ledger.orders().next().is_some(),
            "nothing is decided before the settlement"
        );
        let mut events = self.turn();
        events.extend(self.world.block(1, &[]).events);
        events
    }

    fn state(&self, order: OrderId) -> ScoreState {
        let order = self.world.ledger.order(&order).expect("it is open");
        ScoreState::read(&order.check_state).expect("it was delivered")
    }
}

pub(super) fn offer_call(scene: &Scene, ask: Amount, capacity: u32) -> Call {
    Call::PublishOffer {
        good: Good::Topic { topic: scene.topic },
        ask,
        capacity,
    }
}

pub(super) fn score_call(order: OrderId, answer: &[u8]) -> Call {
    ScoreCall::Deliver(Blob::new(answer).unwrap()).on(order)
}

/// What workers' owners were paid when an epoch ended.
fn worked(events: &[Event], owner: AccountId) -> u64 {
    let amounts = events.iter().filter_map(|event| match event {
        Event::TopicPaid {
            to,
            role: TopicRole::Worker,
            amount,
            ..
        } if *to == owner => Some(amount.get()),
        _ => None,
    });
    amounts.sum()
}

fn refunded(reason: RefundReason) -> Verdict {
    Verdict::Refunded { reason }
}

/// The receipt of an order that pays its seller nothing and costs it nothing.
fn unpaid(scene: &Scene, events: &[Event], miner: u8, reason: RefundReason) {
    let receipt = receipt(events).expect("the order has ended");
    assert_eq!(receipt.verdict, refunded(reason));
    assert_eq!((receipt.price, receipt.refund), (Amount::ZERO, asy(2)));
    assert_eq!(receipt.payouts[0].result, PayoutResult::Unpaid);
    assert_eq!(receipt.output, None);
    let account = scene.world.account(key(miner));
    assert_eq!((account.bond, account.locked), (asy(400), Amount::ZERO));
}

/// Pays `miner` for an answer after the validators have given `weights`; checks the price against the epoch's payments.
fn scored(miner: u8, weights: &[(u16, u16)]) -> Receipt {
    let mut scene = Scene::with_miners();
    let order = scene.ask(miner);
    let events = scene.deliver(order, miner);
    assert!(events.contains(&Event::Delivered {
        order,
        seller: key(miner),
        output: ContentId::of(ANSWER),
    }));
    let events = scene.judge(weights);
    let receipt = receipt(&events).expect("the order has ended").clone();
    assert_eq!(receipt.verdict, Verdict::Scored);
    assert_eq!(receipt.output, Some(ContentId::of(ANSWER)));

    let earned = MINERS.map(|number| u128::from(worked(&events, seller(number))));
    let all: u128 = earned.iter().sum();
    let workers = earned.iter().filter(|amount| **amount > 0).count() as u128;
    let own = u128::from(worked(&events, seller(miner)));
    let price = (u128::from(ASY) * own * workers / all).min(u128::from(ASY)) as u64;
    assert_eq!(receipt.price.get(), price);
    assert_eq!(receipt.refund.get(), 2 * ASY - price);
    let fee = price / 200;
    let PayoutResult::Paid {
        gross, royalties, ..
    } = receipt.payouts[0].result
    else {
        panic!("{:?}", receipt.payouts[0])
    };
    assert_eq!((gross.get(), royalties), (price, Amount::ZERO));
    let account = scene.world.account(key(miner));
    assert_eq!(account.locked, Amount::ZERO);
    assert_eq!(account.seller.get().delivered, 1);
    assert_eq!(account.seller.get().earned.get(), price);
    let net = events.iter().find_map(|event| match event {
        Event::Paid { net, .. } => Some(net.get()),
        _ => None,
    });
    assert_eq!(net, Some(price - fee));
    assert_eq!(scene.world.account(BUYER).buyer.get().settled, 1);
    receipt
}

#[test]
fn who_earns_the_mean_or_more_is_paid_its_ask() {
    for (miner, weights) in [(2, &[(2, 3), (3, 1)][..]), (2, &[(2, 1)]), (3, &[(3, 7)])] {
        assert_eq!(scored(miner, weights).price, ASK);
    }
}

#[test]
fn who_earns_half_of_the_mean_is_paid_half_of_its_ask() {
    let price = scored(3, &[(2, 3), (3, 1)]).price.get();
    // A quarter of what both earn, whose mean is a half; weights and payments are floored.
    assert!((ASY / 2 - 1_000..=ASY / 2).contains(&price), "{price}");
    let price = scored(3, &[(2, 9), (3, 1)]).price.get();
    assert!((ASY / 5 - 1_000..=ASY / 5).contains(&price), "{price}");
}

#[test]
fn who_earns_nothing_by_work_is_paid_nothing() {
    let mut scene = Scene::with_miners();
    let order = scene.ask(3);
    scene.deliver(order, 3);
    let events = scene.judge(&[(2, 1)]);
    unpaid(&scene, &events, 3, RefundReason::NoMerit);
    assert_eq!(scene.world.account(key(3)).seller.get().failed, 1);
    assert_eq!(scene.world.account(BUYER).buyer.get().refunded, 1);
}

#[test]
fn what_a_validator_earns_by_judging_is_no_merit() {
    let mut scene = Scene::with_miners();
    scene.fund_key(0);
    scene.world.ok(key(0), offer_call(&scene, ASK, 1));
    let order = scene.ask(0);
    scene.deliver(order, 0);
    let events = scene.judge(&[(2, 1), (3, 1)]);
    let (_, row) = scene.world.ledger.topic_slots(scene.topic).next().unwrap();
    assert!(!row.earned.is_zero() && row.worked.is_zero());
    unpaid(&scene, &events, 0, RefundReason::NoMerit);
}

#[test]
fn nothing_is_paid_where_nobody_was_judged() {
    let mut scene = Scene::with_miners();
    let order = scene.ask(2);
    scene.deliver(order, 2);
    let mut events = Vec::new();
    for _ in 0..3 {
        assert!(receipt(&events).is_none());
        events = scene.turn();
        events.extend(scene.world.block(1, &[]).events);
    }
    unpaid(&scene, &events, 2, RefundReason::NoMerit);
}

#[test]
fn what_an_epoch_paid_for_work_is_forgotten_after_the_next() {
    let mut scene = Scene::with_miners();
    let first = scene.ask(2);
    scene.deliver(first, 2);
    scene.judge(&[(2, 1)]);
    let worked = |scene: &Scene| {
        let row = scene.topic();
        let slots = scene.world.ledger.topic_slots(scene.topic);
        let each: Vec<u64> = slots.map(|(_, slot)| slot.worked.get()).collect();
        assert_eq!(each.iter().sum::<u64>(), row.worked.get());
        let workers = each.iter().filter(|amount| **amount > 0).count();
        assert_eq!(workers, usize::from(row.workers));
        row.workers
    };
    assert_eq!(worked(&scene), 1);
    // Weights count for three epochs, and then nobody earns.
    for _ in 0..4 {
        scene.turn();
    }
    assert_eq!(worked(&scene), 0);
}

/// Lets the miners' immunity end, and has miner 2 deliver.
fn replaceable() -> (Scene, OrderId) {
    let mut scene = Scene::with_miners();
    scene.world.block(1_000, &[]);
    let order = scene.ask(2);
    (scene, order)
}

/// Has a key take a slot from another.
fn replace(scene: &mut Scene, number: u8, slot: u16, from: u8) {
    let events = scene.register(number);
    let expected = (slot, Some(key(from)));
    let taken = events.iter().find_map(|event| match event {
        Event::SlotRegistered { slot, replaced, .. } => Some((*slot, *replaced)),
        _ => None,
    });
    assert_eq!(taken, Some(expected));
}

/// The epoch under way and the two that judge; what came after the last.
fn three_epochs(scene: &mut Scene) -> Vec<Event> {
    for _ in 0..2 {
        scene.turn();
        assert!(scene.world.ledger.orders().next().is_some());
    }
    let mut events = scene.turn();
    events.extend(scene.world.block(1, &[]).events);
    events
}

#[test]
fn a_slot_that_another_key_took_pays_neither() {
    let (mut scene, order) = replaceable();
    scene.deliver(order, 2);
    assert_eq!(scene.state(order).slot, 2);
    replace(&mut scene, 4, 2, 2);
    let before = scene.world.account(key(4)).balance;
    let events = three_epochs(&mut scene);
    unpaid(&scene, &events, 2, RefundReason::SlotLost);
    assert_eq!(scene.world.account(key(4)).balance, before);
}

#[test]
fn a_key_that_took_its_slot_or_another_again_is_not_paid_for_before() {
    for again in [2, 3] {
        let (mut scene, order) = replaceable();
        scene.deliver(order, 2);
        replace(&mut scene, 4, 2, 2);
        if again == 3 {
            replace(&mut scene, 2, 3, 3);
        } else {
            replace(&mut scene, 5, 3, 3);
            scene.turn();
            scene.world.block(2_000, &[]);
            replace(&mut scene, 2, 2, 4);
        }
        let mut events = Vec::new();
        while events
            .iter()
            .all(|event| receipt(std::slice::from_ref(event)).is_none())
        {
            events = scene.turn();
            events.extend(scene.world.block(1, &[]).events);
        }
        assert_eq!(
            scene.topic().epoch,
            4,
            "three epochs after that of the delivery"
        );
        unpaid(&scene, &events, 2, RefundReason::SlotLost);
    }
}

#[test]
fn who_delivers_without_its_slot_ends_the_order() {
    let (mut scene, order) = replaceable();
    replace(&mut scene, 4, 2, 2);
    let events = scene.deliver(order, 2);
    let delivered = |event: &Event| matches!(event, Event::Delivered { .. });
    assert!(events.iter().any(delivered), "the answer is public");
    unpaid(&scene, &events, 2, RefundReason::SlotLost);
}

#[test]
fn who_holds_no_slot_is_not_drawn() {
    let (mut scene, order) = replaceable();
    scene.deliver(order, 2);
    // Placed while miner 2 holds its slot, drawn when it does not.
    let terms = scene.request(Some(2));
    let place = (BUYER, Call::PlaceOrder { terms });
    let take = (key(4), scene.register_call(4));
    let executed = scene.world.block(1, &[place, take]);
    assert!(
        executed
            .outcomes
            .iter()
            .all(|outcome| outcome.rejection.is_none())
    );
    let assigned = |event: &Event| matches!(event, Event::Assigned { .. });
    assert!(!scene.world.block(1, &[]).events.iter().any(assigned));
    let place = |scene: &mut Scene, miner| {
        let terms = scene.request(miner);
        let placed = scene.world.call(BUYER, Call::PlaceOrder { terms });
        placed.map(|_| ())
    };
    assert_eq!(place(&mut scene, Some(2)), Err(Rejection::TooFewSellers));
    assert_eq!(place(&mut scene, None), Ok(()));
    let drawn = scene.world.block(1, &[]).events;
    let sellers = drawn.iter().filter_map(|event| match event {
        Event::Assigned { seller, .. } => Some(*seller),
        _ => None,
    });
    assert_eq!(sellers.collect::<Vec<_>>(), [key(3)]);
}

#[test]
fn a_full_book_gives_the_place_of_who_holds_no_slot() {
    let (mut scene, _) = replaceable();
    for _ in 0..3 {
        for number in MINERS {
            let call = offer_call(&scene, ASK, 1);
            scene.world.ok(key(number), call);
        }
    }
    let call = offer_call(&scene, ASK, 1);
    let full = scene.world.call(key(0), call.clone());
    assert_eq!(full.map(|_| ()), Err(Rejection::BookFull));
    replace(&mut scene, 4, 2, 2);
    for left in [3, 2, 1, 0] {
        let events = scene.world.ok(key(4), call.clone());
        let gone = events.iter().filter_map(|event| match event {
            Event::OfferWithdrawn { seller, .. } => Some(*seller),
            _ => None,
        });
        assert_eq!(gone.collect::<Vec<_>>(), [key(2)]);
        assert_eq!(scene.world.account(key(2)).offers, left);
    }
    let full = scene.world.call(key(0), call);
    assert_eq!(full.map(|_| ()), Err(Rejection::BookFull));
}

#[test]
fn silence_after_accepting_burns_the_lock() {
    let mut scene = Scene::with_miners();
    scene.ask(2);
    let events = scene.world.pass(8_001);
    let receipt = receipt(&events).expect("the order has ended");
    assert_eq!(receipt.verdict, refunded(RefundReason::NothingDelivered));
    assert_eq!(receipt.refund, asy(2));
    let amount = asy(20);
    let reason = BurnReason::Silence;
    assert_eq!(
        receipt.payouts[0].result,
        PayoutResult::Burnt { amount, reason }
    );
    assert_eq!(scene.world.account(key(2)).bond, asy(380));
}

#[test]
fn a_buyer_may_decide_about_an_answer_itself() {
    let mut scene = Scene::with_miners();
    let check = scene.world.approval();
    let terms = Terms {
        check,
        ..scene.request(Some(2))
    };
    let (order, _) = scene.world.start(terms);
    scene.world.ok(key(2), deliver_call(order, ANSWER));
    let events = scene
        .world
        .ok(BUYER, assay_types::ApprovalCall::Approve.on(order));
    let receipt = receipt(&events).unwrap();
    assert_eq!((receipt.verdict, receipt.price), (Verdict::Approved, ASK));
}
