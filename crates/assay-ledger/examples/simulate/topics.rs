//! Actors of topics.
//!
//! Few topics are awake, and have short epochs. All others are asleep: their epochs outlast the simulation, and they are
//! there to fill the ledger's room for topics.

mod votes;

use crate::{
    actors::{anybody, pick},
    requests,
    world::{ASY, SELLERS, View, seller},
};
use assay_ledger::{
    Ledger,
    rows::{Topic, TopicSlot},
};
use assay_types::{
    AccountId, Amount, BasisPoints, Call, ContentId, Hash32, LossFunction, Rejection, SUPPLY_MAX,
    Submission, TOPIC_EPOCH_MS_MAX, TOPIC_EPOCH_MS_MIN, TOPIC_STAKE_COUNTED_MAX, TOPIC_TAKE_MAX,
    TopicId, TopicMechanism, TopicTerms, WeightRow, YumaBonds,
};
use rand::{RngExt as _, rngs::StdRng};
use std::collections::BTreeSet;
use votes::{Character, Vote, committed_to};

/// Topics that are awake, each by its number: more than the expiries of a block, so that some wait to be settled when
/// deadlines heap up.
const AWAKE: u16 = 9;
/// Numbers of the topics that synthesise inferences.
const SYNTHESISING: [u16; 4] = [2, 4, 5, 8];
/// Number of the topic whose slots are hardly ever free.
const LASTING: u16 = 2;
/// Number of the topic whose epochs pay nobody.
const HOPELESS: u16 = 7;
/// What tells the numbers of topics: each gives its owner so much more than the last.
const OWNER_SHARE_STEP: u16 = 200;
/// Never holds a slot.
const STRANGER: AccountId = AccountId::new([250; 32]);

type Step = Option<(AccountId, Call)>;

/// Topics whose epochs end within the simulation, one of each number: who sees that one is missing may create it beside
/// somebody else.
pub(crate) fn awake(ledger: &Ledger) -> Vec<(TopicId, &Topic)> {
    let mut seen = BTreeSet::new();
    ledger
        .topics()
        .filter(|(_, row)| row.terms.epoch_ms == TOPIC_EPOCH_MS_MIN)
        .filter(|(_, row)| seen.insert(number(row)))
        .map(|(id, row)| (*id, row))
        .collect()
}

fn number(row: &Topic) -> u16 {
    row.terms.owner_share.get() / OWNER_SHARE_STEP
}

/// The first number that no topic has yet.
fn missing(view: &View<'_>) -> Option<u16> {
    let lacks = |wanted: &u16| view.topics.iter().all(|(_, row)| number(row) != *wanted);
    (0..AWAKE).find(lacks)
}

/// Something sensible that somebody could do in a topic now.
pub(crate) fn call(view: &View<'_>, rng: &mut StdRng) -> Step {
    let party = anybody(rng);
    if let Some(number) = missing(view) {
        let terms = terms(number);
        return Some((party, Call::CreateTopic { terms }));
    }
    let (topic, row) = pick(&view.topics, rng)?;
    let (topic, row) = (*topic, *row);
    let slots: Vec<(u16, &TopicSlot)> = view.ledger.topic_slots(topic).collect();
    let full = slots.len() == usize::from(row.terms.slots);
    match rng.random_range(0..100) {
        97.. => {
            let (own, slot) = pick(&slots, rng)?;
            let address = format!("http://slot-{own}.example:8091").parse().ok();
            let address = address.filter(|_| rng.random_bool(0.7));
            Some((slot.key, Call::AnnounceSlot { topic, address }))
        }
        0..30 if !full => register(&slots, topic, rng),
        0..2 => register(&slots, topic, rng),
        2..9 => {
            let (_, slot) = pick(&slots, rng)?;
            let stake = Call::Stake {
                topic,
                key: slot.key,
                amount: Amount::new(rng.random_range(ASY..500 * ASY)),
            };
            Some((party, stake))
        }
        9..16 => unstake(view, topic, rng),
        16..20 => {
            let amount = Amount::new(rng.random_range(1..20 * ASY));
            Some((party, Call::FundTopic { topic, amount }))
        }
        _ if full => vote(view, topic, row, &slots, rng),
        _ => None,
    }
}

/// Small topics, each with another size and mechanism.
fn terms(number: u16) -> TopicTerms {
    TopicTerms {
        description: ContentId::default(),
        mechanism: match SYNTHESISING.contains(&number) {
            true => synthesis(number),
            false => yuma(number),
        },
        slots: match SYNTHESISING.contains(&number) {
            true => 6,
            false => 3 + number % 4,
        },
        validators: 1 + number % 3,
        epoch_ms: TOPIC_EPOCH_MS_MIN,
        immunity_epochs: match number {
            LASTING => 50,
            _ => number % 5,
        },
        activity_epochs: 2 + number,
        owner_share: BasisPoints::new(OWNER_SHARE_STEP * number),
        stake_min: match number {
            // Nobody has as much, so nobody has a say and nobody is paid.
            HOPELESS => TOPIC_STAKE_COUNTED_MAX,
            _ => Amount::new(u64::from(number % 3) * 20 * ASY),
        },
    }
}

fn yuma(number: u16) -> TopicMechanism {
    TopicMechanism::Yuma {
        kappa: 32_767,
        bonds: match number % 3 {
            0 => YumaBonds::Classic,
            1 => YumaBonds::Yuma3,
            _ => YumaBonds::Liquid {
                low: 45_875,
                high: 58_982,
                steepness: 1_000,
            },
        },
        moving_average_ppm: 900_000,
        bonds_penalty: 65_535,
    }
}

fn synthesis(number: u16) -> TopicMechanism {
    TopicMechanism::Synthesis {
        labels: 1 + number % 2,
        loss: LossFunction::Squared,
        forecasters: 2 + number % 2,
        p_milli: 3_000,
        c_milli: 750,
        epsilon_ppm: 10_000,
        regret_alpha_ppm: 100_000,
    }
}

fn asleep() -> TopicTerms {
    TopicTerms {
        epoch_ms: TOPIC_EPOCH_MS_MAX,
        ..terms(0)
    }
}

/// A key that holds no slot of the topic.
fn free_key(slots: &[(u16, &TopicSlot)], rng: &mut StdRng) -> Option<AccountId> {
    let first = rng.random_range(0..SELLERS);
    (0..SELLERS)
        .map(|step| seller((first + step) % SELLERS))
        .find(|key| slots.iter().all(|(_, slot)| slot.key != *key))
}

fn register(slots: &[(u16, &TopicSlot)], topic: TopicId, rng: &mut StdRng) -> Step {
    let key = free_key(slots, rng)?;
    let register = Call::RegisterSlot {
        topic,
        owner: anybody(rng),
        take: BasisPoints::new(rng.random_range(0..=TOPIC_TAKE_MAX.get())),
        price_max: Amount::new(1_000 * ASY),
    };
    Some((key, register))
}

/// Takes back all that an account has behind a key, or a part.
fn unstake(view: &View<'_>, topic: TopicId, rng: &mut StdRng) -> Step {
    let key = seller(rng.random_range(0..SELLERS));
    if view.ledger.pool(topic, key).shares == 0 {
        return None;
    }
    // Most accounts have nothing there.
    let (staker, worth) = (0..32)
        .map(|_| anybody(rng))
        .map(|staker| (staker, view.ledger.stake_of(topic, key, staker)))
        .find(|(_, worth)| !worth.is_zero())?;
    let amount = match rng.random_range(0..4) {
        0 => Amount::new(rng.random_range(1..=worth.get())),
        // As little stays as may: shares get few and dear.
        1 => worth.saturating_sub(Amount::new(ASY + 1)),
        _ => worth,
    };
    let unstake = Call::Unstake { topic, key, amount };
    Some((staker, unstake))
}

/// A validator commits, or reveals what it committed to in the last epoch.
fn vote(
    view: &View<'_>,
    topic: TopicId,
    row: &Topic,
    slots: &[(u16, &TopicSlot)],
    rng: &mut StdRng,
) -> Step {
    let revealing = row.commits_end_at() < view.now;
    let synthesises = votes::synthesises(row);
    let at_work: Vec<_> = slots
        .iter()
        .filter(|(_, slot)| match revealing {
            true => votes::due(row, slot).is_some(),
            false => (slot.permit || synthesises) && slot.committed.is_none(),
        })
        .collect();
    let (own, slot) = pick(&at_work, rng)?;
    let (own, key) = (*own, slot.key);
    if !revealing {
        let vote = Vote::of(view, topic, row, own, slot, row.epoch);
        let commitment = vote.commitment(view, topic, key);
        return Some((key, Call::CommitSubmission { topic, commitment }));
    }
    let mut due = committed_to(view, topic, row, own, slot)?;
    match due.character {
        Character::Silent => return None,
        Character::FalseReveal => due.salt = Hash32::default(),
        Character::Honest | Character::Malformed | Character::Stale => {}
    }
    Some((key, due.reveal(topic)))
}

/// A call aimed at a rejection of topics.
pub(crate) fn aim(target: Rejection, view: &View<'_>, rng: &mut StdRng) -> Step {
    let from = anybody(rng);
    match target {
        Rejection::TopicTermsImpossible => {
            let terms = TopicTerms {
                validators: 0,
                ..asleep()
            };
            return Some((from, Call::CreateTopic { terms }));
        }
        Rejection::TooManyTopics => {
            let terms = asleep();
            let complete = missing(view).is_none();
            return complete.then_some((from, Call::CreateTopic { terms }));
        }
        Rejection::UnknownTopic => {
            let (topic, amount) = (TopicId::default(), Amount::ZERO);
            let call = match rng.random_range(0..3) {
                0 => requests::offer(topic, rng),
                1 => Call::PlaceOrder {
                    terms: requests::of_topic(topic, view, rng),
                },
                _ => Call::FundTopic { topic, amount },
            };
            return Some((from, call));
        }
        Rejection::TopicSettling => return touch_ended(view, from),
        _ => {}
    }
    let (topic, row, slots) = occasion(target, view, rng)?;
    let (own, slot) = pick(&slots, rng)?;
    let key = slot.key;
    let register = |take, price_max| Call::RegisterSlot {
        topic,
        owner: from,
        take,
        price_max,
    };
    let some = Amount::new(1_000 * ASY);
    let (take, too_much) = (TOPIC_TAKE_MAX, TOPIC_TAKE_MAX.get() + 1);
    match target {
        Rejection::KeyTaken => Some((key, register(take, some))),
        Rejection::TakeTooLarge => Some((key, register(BasisPoints::new(too_much), some))),
        Rejection::NoFreeSlot => Some((free_key(&slots, rng)?, register(take, some))),
        Rejection::PriceAboveMaximum => {
            Some((free_key(&slots, rng)?, register(take, Amount::new(1))))
        }
        Rejection::UnknownSlot if rng.random() => {
            Some((free_key(&slots, rng)?, requests::offer(topic, rng)))
        }
        Rejection::UnknownSlot | Rejection::StakeTooSmall => {
            let known = target == Rejection::StakeTooSmall;
            let key = if known { key } else { STRANGER };
            let amount = Amount::ZERO;
            Some((from, Call::Stake { topic, key, amount }))
        }
        Rejection::InsufficientStake => {
            let amount = Amount::new(SUPPLY_MAX.get());
            Some((from, Call::Unstake { topic, key, amount }))
        }
        Rejection::NoPermit => {
            let commitment = Hash32::default();
            Some((key, Call::CommitSubmission { topic, commitment }))
        }
        Rejection::SubmissionMalformed | Rejection::NothingToMeasure => {
            let vote = committed_to(view, topic, row, *own, slot)?;
            Some((key, vote.reveal(topic)))
        }
        Rejection::NothingToReveal | Rejection::FalseSubmission => {
            let cells = WeightRow::default();
            let call = Call::RevealSubmission {
                topic,
                submission: Submission::Weights { cells },
                salt: Hash32::default(),
            };
            Some((key, call))
        }
        _ => None,
    }
}

/// A topic in which a rejection can be had, and the slots that it can be had with.
fn occasion<'a>(
    target: Rejection,
    view: &View<'a>,
    rng: &mut StdRng,
) -> Option<(TopicId, &'a Topic, Vec<(u16, &'a TopicSlot)>)> {
    let first = rng.random_range(0..view.topics.len().max(1));
    let topics = view.topics.iter().cycle().skip(first);
    topics.take(view.topics.len()).find_map(|(topic, row)| {
        let mut slots: Vec<(u16, &TopicSlot)> = view.ledger.topic_slots(*topic).collect();
        let immune_ms = row.terms.epoch_ms * u64::from(row.terms.immunity_epochs);
        let stays =
            |slot: &TopicSlot| slot.permit || slot.registered_at.after(immune_ms) >= view.now;
        let full = slots.len() == usize::from(row.terms.slots);
        let taken = full && slots.iter().all(|(_, slot)| stays(slot));
        let revealing = row.commits_end_at() < view.now;
        let here = match target {
            Rejection::NoFreeSlot => taken,
            Rejection::PriceAboveMaximum => !taken,
            Rejection::NoPermit => !revealing && !votes::synthesises(row),
            Rejection::NothingToReveal
            | Rejection::NothingToMeasure
            | Rejection::FalseSubmission
            | Rejection::SubmissionMalformed => revealing,
            _ => true,
        };
        slots.retain(|(own, slot)| match target {
            Rejection::NoPermit => !slot.permit,
            Rejection::NothingToReveal => votes::due(row, slot).is_none(),
            Rejection::FalseSubmission => votes::due(row, slot).is_some(),
            Rejection::SubmissionMalformed => committed_to(view, *topic, row, *own, slot)
                .is_some_and(|vote| vote.character == Character::Malformed),
            Rejection::NothingToMeasure => {
                slot.permit
                    && committed_to(view, *topic, row, *own, slot)
                        .is_some_and(|vote| vote.character == Character::Stale)
            }
            _ => true,
        });
        (here && !slots.is_empty()).then_some((*topic, *row, slots))
    })
}

/// A call on the topic that is most likely to have to wait for its settlement: of those that end next, the one that is
/// last in line.
fn touch_ended(view: &View<'_>, from: AccountId) -> Step {
    let soon = view.now.after(250);
    let ended = view
        .topics
        .iter()
        .filter(|(_, row)| row.epoch_ends_at < soon)
        .max_by_key(|(topic, row)| (row.epoch_ends_at, *topic));
    let (topic, _) = ended?;
    let (topic, amount) = (*topic, Amount::new(1));
    Some((from, Call::FundTopic { topic, amount }))
}
