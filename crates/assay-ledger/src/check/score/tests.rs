//! The rules alone: money by merit, and a topic that is late or is never settled.

use super::*;
use crate::check::{Facts, SeatView, WorkerView};
use assay_types::{
    AccountId, Blob, ChainId, Hash32, Input, OrderId, Params, TOPIC_EPOCH_MS_MAX,
    TOPIC_EPOCH_MS_MIN, TopicId, Work,
};
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

/// Most looks at a topic that is late for two of the longest epochs: 2³¹ ms have passed after 21 doublings of a second.
const LOOKS_MAX: usize = 24;

#[test]
fn an_ask_is_paid_by_merit() {
    let check = |ask: u64, own: u64, all: u64, workers: u16, paid: u64| {
        let amount = Amount::new;
        let by = by_merit(amount(ask), amount(own), amount(all), workers);
        assert_eq!(by, amount(paid), "{ask} for {own} of {all} by {workers}");
    };
    check(100, 0, 0, 0, 0);
    check(100, 0, 10, 1, 0);
    check(100, 10, 10, 1, 100);
    check(100, 5, 20, 2, 50);
    check(100, 15, 20, 2, 100);
    check(101, 5, 20, 2, 50);
    check(1, 9, 20, 2, 0);
    check(u64::MAX, u64::MAX, u64::MAX, u16::MAX, u64::MAX);
    check(u64::MAX, 1, u64::MAX, u16::MAX, u64::from(u16::MAX));
    check(u64::MAX, u64::MAX / 2, u64::MAX, 1, u64::MAX / 2);
}

/// What a check sees of one order while time passes.
struct View {
    now: LedgerTime,
    topic: TopicView,
}

const DELIVER_BY: LedgerTime = LedgerTime::new(u64::MAX / 4);

impl View {
    fn new(epoch_ms: u64, now: u64, epoch_ends_at: u64) -> Self {
        let miner = WorkerView {
            slot: 2,
            registered_at: LedgerTime::new(1),
            worked: Amount::new(1),
        };
        let topic = TopicView {
            epoch: 7,
            epoch_ends_at: LedgerTime::new(epoch_ends_at),
            epoch_ms,
            worked: Amount::new(1),
            workers: 1,
            miner: Some(miner),
        };
        let now = LedgerTime::new(now);
        Self { now, topic }
    }

    fn ask<T>(&self, ask: impl FnOnce(&Score, &mut Context<'_>) -> T) -> T {
        let input = Input::Public {
            content: ContentId::default(),
        };
        let topic = TopicId::default();
        let check = Check::Score {
            deliver_by: DELIVER_BY,
        };
        let seat = SeatView {
            seller: AccountId::new([2; 32]),
            ask: Amount::new(100),
            paid: Amount::ZERO,
            lock: Amount::new(1_000),
        };
        let mut context = Context {
            chain: ChainId::default(),
            order: OrderId::default(),
            work: &Work::Topic { topic, input },
            check: &check,
            now: self.now,
            randomness: Hash32::default(),
            params: &Params::default(),
            seats: &[seat],
            facts: &Facts::default(),
            topic: Some(self.topic),
            events: Vec::new(),
            answer: None,
        };
        ask(&Score, &mut context)
    }

    fn deliver(&self) -> (Vec<u8>, LedgerTime) {
        let mut state = encode(&None::<ScoreState>);
        let output = Blob::new(*b"rain").expect("short");
        let call = ScoreCall::Deliver(output).on(OrderId::default());
        let assay_types::Call::CheckCall { tag, bytes, .. } = call else {
            unreachable!("a check call")
        };
        let step = self
            .ask(|rule, context| rule.call(context, &mut state, Caller::Seller(SEAT), tag, &bytes));
        let Ok(Step::Pending { until }) = step else {
            panic!("{step:?}")
        };
        (state, until)
    }

    fn wake(&self, state: &mut Vec<u8>) -> Step {
        self.ask(|rule, context| rule.wake(context, state))
    }

    /// Time settles the epoch that is over, and those of which the end has passed as well.
    fn settle(&mut self) {
        let late = self.now.since(self.topic.epoch_ends_at);
        let passed = late / self.topic.epoch_ms + 1;
        self.topic.epoch += 1;
        self.topic.epoch_ends_at = self.topic.epoch_ends_at.after(passed * self.topic.epoch_ms);
    }
}

/// A length of an epoch, and a moment in it.
fn moment() -> impl Strategy<Value = (u64, u64)> {
    (TOPIC_EPOCH_MS_MIN..=TOPIC_EPOCH_MS_MAX, any::<u64>())
        .prop_map(|(epoch_ms, moment)| (epoch_ms, moment % epoch_ms))
}

#[test]
fn what_comes_after_the_end_of_an_epoch_belongs_to_the_next() {
    for (now, epoch) in [(20_000, 7), (20_001, 8)] {
        let view = View::new(10_000, now, 20_000);
        let (state, until) = view.deliver();
        let delivered = ScoreState::read(&state).expect("delivered");
        assert_eq!(delivered.epoch, epoch);
        let judged = 20_000 + (epoch + 2 - 7) * 10_000;
        assert_eq!(until.get(), judged + 1, "a moment after the settlement");
    }
}

proptest! {
    #[test]
    fn a_topic_that_is_settled_in_time_is_looked_at_once((epoch_ms, elapsed) in moment()) {
        let start = 1_000_000;
        let mut view = View::new(epoch_ms, start + elapsed, start + epoch_ms);
        let (mut state, until) = view.deliver();
        view.now = until.after(1);
        for _ in 0..3 {
            view.settle();
        }
        let Step::Final { verdict, .. } = view.wake(&mut state) else {
            panic!("it is settled")
        };
        prop_assert_eq!(verdict, Verdict::Scored);
        prop_assert_eq!(until.get(), start + 3 * epoch_ms + 1);
    }

    /// Whatever a topic settles and when, the order ends, after few looks and at its time.
    #[test]
    fn an_order_ends_whatever_its_topic_does(
        (epoch_ms, elapsed) in moment(),
        settles in 0..3_usize,
        late_ms in 0..1_000_000_u64,
    ) {
        let start = 1_000_000;
        let mut view = View::new(epoch_ms, start + elapsed, start + epoch_ms);
        let (mut state, mut until) = view.deliver();
        let delivered_at = view.now;
        let mut left = settles;
        for look in 1.. {
            prop_assert!(look <= LOOKS_MAX);
            prop_assert!(until >= view.now, "it waits for what is to come");
            view.now = until.after(1);
            while left > 0 && view.topic.epoch_ends_at.after(late_ms) < view.now {
                view.settle();
                left -= 1;
            }
            match view.wake(&mut state) {
                Step::Pending { until: next } => until = next,
                Step::Final { verdict, rulings, .. } => {
                    let reason = RefundReason::TopicUnsettled;
                    prop_assert_eq!(verdict, Verdict::Refunded { reason });
                    prop_assert!(rulings.is_empty(), "no fault is proven");
                    let waited = view.now.since(delivered_at);
                    prop_assert_eq!(waited, SCORE_EPOCHS_MAX * epoch_ms + 1);
                    break;
                }
                step @ Step::Partial { .. } => panic!("{step:?}"),
            }
        }
    }

    /// A topic that is settled at last is found so while the order waits.
    #[test]
    fn a_late_settlement_is_found((epoch_ms, elapsed) in moment(), part in 0..100_u64) {
        let start = 1_000_000;
        let mut view = View::new(epoch_ms, start + elapsed, start + epoch_ms);
        let (mut state, mut until) = view.deliver();
        let late_ms = epoch_ms / 4 * part / 100;
        let settled_at = start + 3 * epoch_ms + late_ms;
        loop {
            view.now = until.after(1);
            if view.now.get() > settled_at && view.topic.epoch == 7 {
                view.topic.epoch = 10;
            }
            match view.wake(&mut state) {
                Step::Pending { until: next } => until = next,
                Step::Final { verdict, .. } => {
                    prop_assert_eq!(verdict, Verdict::Scored);
                    let after = view.now.get() - settled_at;
                    prop_assert!(after <= late_ms + LOOK_AGAIN_MS + 4, "{} ms later", after);
                    break;
                }
                step @ Step::Partial { .. } => panic!("{step:?}"),
            }
        }
    }
}
