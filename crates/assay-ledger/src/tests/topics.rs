//! Topics: an epoch from commitment to pay, missed reveals, slots that change hands, pools, and every grain of emission.

use super::world::*;
use crate::rows::{Pool, Topic, TopicSlot};
use assay_types::{
    AccountId, Amount, BasisPoints, Call, ContentId, EmissionParams, Event, Hash32, Params,
    Rejection, Submission, TOPIC_PRICE, TopicId, TopicMechanism, TopicRole, TopicTerms, WeightCell,
    WeightRow, YumaBonds,
};
use std::collections::BTreeMap;

pub(super) const EPOCH_MS: u64 = 20_000;
/// Four epochs of a topic.
const EMISSION_EPOCH_MS: u64 = 4 * EPOCH_MS;

/// The key of the owner `seller(number)`.
pub(super) const fn key(number: u8) -> AccountId {
    AccountId::new([number + 60; 32])
}

pub(super) fn terms() -> TopicTerms {
    TopicTerms {
        description: ContentId::new([1; 32]),
        mechanism: TopicMechanism::Yuma {
            kappa: 32_767,
            bonds: YumaBonds::Classic,
            moving_average_ppm: 900_000,
            bonds_penalty: 65_535,
        },
        slots: 4,
        validators: 2,
        epoch_ms: EPOCH_MS,
        immunity_epochs: 1,
        activity_epochs: 3,
        owner_share: BasisPoints::new(1_000),
        stake_min: Amount::ZERO,
    }
}

pub(super) fn emitting() -> Params {
    Params {
        emission: EmissionParams {
            total: asy(1_000_000),
            epoch_ms: EMISSION_EPOCH_MS,
            half_life_epochs: 100,
            ..EmissionParams::default()
        },
        ..params()
    }
}

/// A world whose creator has a topic.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) topic: TopicId,
}

impl Scene {
    pub(super) fn new(terms: TopicTerms) -> Self {
        Self::with(emitting(), terms)
    }

    pub(super) fn with(params: Params, terms: TopicTerms) -> Self {
        let mut world = World::with(params);
        let events = world.ok(CREATOR, Call::CreateTopic { terms });
        let Some(Event::TopicCreated { topic, owner }) = events.last() else {
            panic!("{events:?}")
        };
        assert_eq!(*owner, CREATOR);
        // Keys pay the fees of what they send.
        for number in 0..6 {
            let amount = asy(1);
            let to = key(number);
            world.ok(seller(number), Call::Transfer { to, amount });
        }
        let topic = *topic;
        Self { world, topic }
    }

    /// Two validators, in slots 0 and 1 with 600 and 400 ASY behind them, and two miners in slots 2 and 3.
    fn with_validators() -> Self {
        let mut scene = Self::new(terms());
        for number in 0..4 {
            scene.register(number);
        }
        scene.stake(0, seller(0), 600);
        scene.stake(1, seller(1), 400);
        scene
    }

    pub(super) fn register_call(&self, number: u8) -> Call {
        Call::RegisterSlot {
            topic: self.topic,
            owner: seller(number),
            take: BasisPoints::new(1_000),
            price_max: asy(1),
        }
    }

    pub(super) fn register(&mut self, number: u8) -> Vec<Event> {
        let call = self.register_call(number);
        self.world.ok(key(number), call)
    }

    pub(super) fn stake(&mut self, number: u8, staker: AccountId, amount: u64) {
        let (topic, key, amount) = (self.topic, key(number), asy(amount));
        self.world.ok(staker, Call::Stake { topic, key, amount });
    }

    pub(super) fn commit_call(&self, number: u8, weights: &[(u16, u16)]) -> Call {
        let chain = self.world.ledger.chain_id();
        let commitment =
            weights_of(weights).commitment(chain, self.topic, key(number), &salt(number));
        Call::CommitSubmission {
            topic: self.topic,
            commitment,
        }
    }

    fn commit(&mut self, number: u8, weights: &[(u16, u16)]) {
        let call = self.commit_call(number, weights);
        self.world.ok(key(number), call);
    }

    pub(super) fn reveal_call(&self, number: u8, weights: &[(u16, u16)]) -> Call {
        Call::RevealSubmission {
            topic: self.topic,
            submission: weights_of(weights),
            salt: salt(number),
        }
    }

    /// Lets commitments end.
    pub(super) fn half(&mut self) {
        let now = self.world.ledger.time();
        let left = self.topic().commits_end_at().since(now);
        self.world.block(left + 1, &[]);
    }

    fn reveal(&mut self, number: u8, weights: &[(u16, u16)]) {
        let call = self.reveal_call(number, weights);
        self.world.ok(key(number), call);
    }

    pub(super) fn fund(&mut self, amount: u64) {
        let (topic, amount) = (self.topic, asy(amount));
        self.world.ok(BUYER, Call::FundTopic { topic, amount });
    }

    /// Lets the epoch end and be settled; what came with it.
    pub(super) fn turn(&mut self) -> Vec<Event> {
        let now = self.world.ledger.time();
        let left = self.topic().epoch_ends_at.since(now);
        self.world.block(left + 1, &[]).events
    }

    pub(super) fn topic(&self) -> Topic {
        self.world.ledger.topic(&self.topic).unwrap().clone()
    }

    pub(super) fn slot(&self, slot: u16) -> TopicSlot {
        let mut slots = self.world.ledger.topic_slots(self.topic);
        slots.find(|(own, _)| *own == slot).unwrap().1.clone()
    }

    fn pool(&self, number: u8) -> Pool {
        self.world.ledger.pool(self.topic, key(number))
    }
}

fn weights_of(weights: &[(u16, u16)]) -> Submission {
    Submission::Weights {
        cells: row(weights),
    }
}

pub(super) fn row(weights: &[(u16, u16)]) -> WeightRow {
    let cells = weights.iter();
    let cells = cells.map(|(slot, weight)| WeightCell {
        slot: *slot,
        weight: *weight,
    });
    WeightRow::new(cells.collect()).unwrap()
}

pub(super) fn salt(number: u8) -> Hash32 {
    Hash32::new([number; 32])
}

pub(super) fn paid(events: &[Event]) -> BTreeMap<(AccountId, TopicRole), u64> {
    let mut paid = BTreeMap::new();
    for event in events {
        if let Event::TopicPaid {
            to, role, amount, ..
        } = event
        {
            *paid.entry((*to, *role)).or_default() += amount.get();
        }
    }
    paid
}

pub(super) fn settled(events: &[Event]) -> Option<(u64, Amount, Amount)> {
    events.iter().find_map(|event| match event {
        Event::TopicSettled {
            epoch,
            minted,
            fees,
            ..
        } => Some((*epoch, *minted, *fees)),
        _ => None,
    })
}

#[test]
fn weights_are_committed_revealed_and_paid() {
    let mut scene = Scene::with_validators();
    let refused = scene.commit_call(0, &[(2, 1)]);
    let refused = scene.world.call(key(0), refused);
    assert_eq!(
        refused,
        Err(Rejection::NoPermit),
        "the first epoch gives permits"
    );
    let events = scene.turn();
    assert!(scene.slot(0).permit && scene.slot(1).permit && !scene.slot(2).permit);
    let nothing = Amount::ZERO;
    assert_eq!(
        settled(&events),
        Some((0, nothing, nothing)),
        "no budget yet"
    );

    let weights = [[(2, 3), (3, 1)], [(2, 1), (3, 1)]];
    scene.commit(0, &weights[0]);
    scene.commit(1, &weights[1]);
    scene.turn();
    assert!(scene.slot(0).weights.is_empty() && scene.slot(0).due.is_some());
    scene.half();
    scene.reveal(0, &weights[0]);
    scene.reveal(1, &weights[1]);
    let topic = scene.topic;
    scene.fund(100);
    let before = scene.pool(0).total;
    let events = scene.turn();

    let (_, minted, fees) = settled(&events).expect("an epoch ended");
    let paid = paid(&events);
    let whole = minted.get() + fees.get();
    assert_eq!(paid.values().sum::<u64>(), whole);
    // A twentieth of what it was funded with burnt.
    assert!(fees.get() > 94 * ASY && scene.topic().fees.get() + fees.get() == 95 * ASY);
    assert_eq!(
        paid[&(CREATOR, TopicRole::Owner)],
        (minted.get() + 95 * ASY) / 10
    );
    let rest = (whole - paid[&(CREATOR, TopicRole::Owner)]) as f64;
    // Slot 2 has ¾ and ½ of the weights: most of the stake gives it ¾, so the consensus is ¾ and ¼; clipped,
    // its rank is 0.6 · ¾ + 0.4 · ½, that of slot 3 is ¼.
    let part = |number| paid[&(seller(number), TopicRole::Worker)] as f64 / rest;
    let incentive = 0.65 / 0.9;
    assert!((part(2) - incentive / 2.0).abs() < 1e-6, "{}", part(2));
    assert!((part(3) - (1.0 - incentive) / 2.0).abs() < 1e-6);
    let kept = paid[&(seller(0), TopicRole::Validator)];
    let to_stakers = paid[&(key(0), TopicRole::Stakers)];
    assert!(kept * 9 <= to_stakers && to_stakers <= kept * 9 + 9);
    assert_eq!(scene.pool(0).total.get() - before.get(), to_stakers);
    let worth = scene.world.ledger.stake_of(topic, key(0), seller(0));
    assert_eq!(worth, scene.pool(0).total, "it has all shares");
}

#[test]
fn who_does_not_reveal_has_no_say() {
    let mut scene = Scene::with_validators();
    scene.turn();
    let (honest, other) = ([(2, 1)], [(3, 1)]);
    scene.commit(0, &other);
    scene.commit(1, &honest);
    scene.turn();
    // The larger validator keeps silent: the smaller one alone decides.
    scene.half();
    scene.reveal(1, &honest);
    scene.fund(1);
    let events = scene.turn();
    let topic = scene.topic;
    assert!(events.contains(&Event::RevealMissed {
        topic,
        slot: 0,
        key: key(0)
    }));
    let earned: Vec<bool> = (0..4)
        .map(|slot| scene.slot(slot).earned.get() > 0)
        .collect();
    assert_eq!(earned, [false, true, true, false]);
    // Too late, it opens nothing.
    scene.half();
    let late = scene.reveal_call(0, &other);
    let late = scene.world.call(key(0), late);
    assert_eq!(late, Err(Rejection::NothingToReveal));
}

#[test]
fn a_successor_inherits_no_weight_and_no_bond() {
    let mut scene = Scene::with_validators();
    scene.turn();
    for number in [0, 1] {
        scene.commit(number, &[(2, 1)]);
    }
    scene.turn();
    scene.half();
    for number in [0, 1] {
        scene.reveal(number, &[(2, 1)]);
    }
    scene.fund(1);
    scene.turn();
    assert!(scene.slot(0).bonds.iter().any(|cell| cell.slot == 2));
    // Slot 3 earned nothing, so it is replaced first; then slot 2, which nobody pays yet.
    let events = scene.register(4);
    let replaced = |events: &[Event]| match events.last() {
        Some(Event::SlotRegistered { slot, replaced, .. }) => (*slot, *replaced),
        other => panic!("{other:?}"),
    };
    assert_eq!(replaced(&events), (3, Some(key(3))));
    let next = scene.register(5);
    assert_eq!(replaced(&next), (2, Some(key(2))));
    scene.fund(1);
    let full = Call::RegisterSlot {
        topic: scene.topic,
        owner: BUYER,
        take: BasisPoints::new(0),
        price_max: asy(1),
    };
    let full = scene.world.call(BUYER, full);
    assert_eq!(
        full,
        Err(Rejection::NoFreeSlot),
        "two validate, two are immune"
    );
    let events = scene.turn();
    assert!(
        scene.slot(0).bonds.is_empty(),
        "the bond was to the one before"
    );
    let to_new = paid(&events).contains_key(&(seller(5), TopicRole::Worker));
    assert!(!to_new, "weights of then do not mean it");
}

#[test]
fn pools_are_shared_and_left() {
    let mut scene = Scene::with_validators();
    let topic = scene.topic;
    scene.stake(0, BUYER, 300);
    let of = |scene: &Scene, staker| scene.world.ledger.stake_of(topic, key(0), staker);
    assert_eq!(of(&scene, BUYER), asy(300));
    let unstake = |amount| Call::Unstake {
        topic,
        key: key(0),
        amount,
    };
    let almost = Amount::new(300 * ASY - 5);
    let refused = scene.world.call(BUYER, unstake(almost));
    assert_eq!(
        refused,
        Err(Rejection::StakeTooSmall),
        "all, or leave 1 ASY"
    );
    let refused = scene.world.call(BUYER, unstake(asy(301)));
    assert_eq!(refused, Err(Rejection::InsufficientStake));
    scene.world.ok(BUYER, unstake(asy(100)));
    assert_eq!(of(&scene, BUYER), asy(200));
    assert_eq!(scene.topic().stake, asy(1_200));
    let before = scene.world.account(BUYER).balance;
    scene.world.pass(10_001);
    let after = scene.world.account(BUYER).balance;
    assert_eq!(after, before.saturating_add(asy(100)));
    // Its slot lost, its money is still there to take.
    scene.world.ok(BUYER, unstake(asy(200)));
    assert_eq!(of(&scene, BUYER), Amount::ZERO);
    assert_eq!(of(&scene, seller(0)), asy(600));
}

#[test]
fn dear_shares_are_bought_and_sold_whole() {
    for (total, shares) in [
        (asy(712).get(), 2),
        (7, 3),
        (asy(9).get(), asy(9).get()),
        (10, 9),
    ] {
        let pool = Pool {
            total: Amount::new(total),
            shares,
        };
        for amount in [1, 3, total / 2, total * 199 / 100 / shares, total * 3] {
            let bought = pool.shares_for(Amount::new(amount));
            let paid = pool.cost(bought);
            assert!(paid.get() <= amount, "{amount} buys {bought} of {pool:?}");
            let after = Pool {
                total: pool.total.saturating_add(paid),
                shares: shares + bought,
            };
            assert!(after.worth(bought).get() + 1 >= paid.get(), "{after:?}");
            assert!(after.worth(shares) >= pool.total, "others lose nothing");
        }
    }
    let empty = Pool::default();
    assert_eq!(empty.cost(empty.shares_for(asy(5))), asy(5));
}

#[test]
fn every_grain_of_a_budget_is_paid_dropped_or_left() {
    let mut scene = Scene::with_validators();
    let burnt = scene.world.ledger.burnt();
    assert!(burnt >= TOPIC_PRICE);
    let (mut minted, mut dropped) = (0, 0);
    for epoch in 0..24u64 {
        let schedule = scene.world.ledger.schedule();
        let budget = scene.topic().budget.get();
        let before = schedule.epoch(scene.world.ledger.time());
        let events = scene.turn();
        let after = schedule.epoch(scene.world.ledger.time());
        // One topic has the whole share of the topics.
        let given: u64 = (before..after)
            .map(|epoch| schedule.topics(epoch).get())
            .sum();
        let taken = budget + given - scene.topic().budget.get();
        let (_, paid, _) = settled(&events).expect("an epoch ended");
        match paid.get() {
            0 => dropped += taken,
            // The owner's, two workers' and two validators' parts are floored to a grain.
            paid => assert!(taken - paid < 8, "{paid} of {taken}"),
        }
        minted += paid.get();
        if epoch >= 1 {
            let weights = [(2, 1 + epoch as u16), (3, 1)];
            let last = [(2, epoch as u16), (3, 1)];
            scene.commit(0, &weights);
            scene.commit(1, &weights);
            if epoch >= 2 {
                scene.half();
                scene.reveal(0, &last);
                scene.reveal(1, &last);
            }
        }
    }
    // Nothing is dropped: the first budget comes when weights count already.
    assert!(minted > 100 * ASY, "{minted}");
    assert_eq!(dropped, 0);
}

#[test]
fn an_epoch_that_ended_is_settled_before_it_is_touched() {
    let mut scene = Scene::with_validators();
    // Time passes over five ends at once: one settlement, and the epoch under way ends in the future.
    let now = scene.world.ledger.time();
    let ends = scene.topic().epoch_ends_at;
    let events = scene
        .world
        .block(ends.since(now) + 4 * EPOCH_MS + 1, &[])
        .events;
    let settlements = events
        .iter()
        .filter(|event| matches!(event, Event::TopicSettled { .. }));
    assert_eq!(settlements.count(), 1);
    assert_eq!(scene.topic().epoch_ends_at, ends.after(5 * EPOCH_MS));
    assert_eq!(scene.topic().epoch, 1);
}

#[test]
fn topics_share_by_stake_and_demand() {
    let mut scene = Scene::with_validators();
    let first = scene.topic;
    let events = scene.world.ok(BUYER, Call::CreateTopic { terms: terms() });
    let Some(Event::TopicCreated { topic: second, .. }) = events.last() else {
        panic!("{events:?}")
    };
    let second = *second;
    let number = 4;
    scene.topic = second;
    scene.register(number);
    scene.stake(number, seller(number), 1_000);
    scene.fund(6);
    let schedule = scene.world.ledger.schedule();
    let epoch = schedule.epoch(scene.world.ledger.time());
    let ends = schedule.begins(epoch + 1);
    let now = scene.world.ledger.time();
    scene.world.block(ends.since(now) + 1, &[]);
    let rate = |topic| scene.world.ledger.topic(&topic).unwrap().rate.get() as f64;
    // Equal stake; half of what 6 ASY left, beside what the stake counts as demand.
    let least = 1_000.0 / 1_024.0;
    let expected = ((6.0f64 * 0.95 / 2.0 + least) / least).sqrt();
    assert!((rate(second) / rate(first) - expected).abs() < 1e-6);
    let both = rate(first) + rate(second);
    assert!(schedule.topics(epoch).get() as f64 - both <= 2.0);
}
