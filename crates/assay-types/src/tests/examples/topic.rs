//! Calls and events of topics.

use super::{HASH, MANIFEST, Named, account, list, named, time};
use crate::*;

pub(super) const TOPIC: TopicId = TopicId::new([0x30; 32]);

fn topic_terms() -> Vec<Named<TopicTerms>> {
    let terms = |bonds| TopicTerms {
        description: MANIFEST,
        mechanism: TopicMechanism::Yuma {
            kappa: 32_767,
            bonds,
            moving_average_ppm: 900_000,
            bonds_penalty: 65_535,
        },
        slots: 256,
        validators: 64,
        epoch_ms: 3_600_000,
        immunity_epochs: 4,
        activity_epochs: 12,
        owner_share: BasisPoints::new(1_000),
        stake_min: Amount::new(GRAINS_PER_ASY),
    };
    let liquid = YumaBonds::Liquid {
        low: 45_875,
        high: 58_982,
        steepness: 1_000,
    };
    named([
        ("classic", terms(YumaBonds::Classic)),
        ("yuma3", terms(YumaBonds::Yuma3)),
        ("liquid", terms(liquid)),
    ])
}

fn weights() -> WeightRow {
    let cell = |slot, weight| WeightCell { slot, weight };
    list(vec![cell(0, 1), cell(7, u16::MAX)])
}

pub(super) fn topic_calls() -> Vec<Named<Call>> {
    let (topic, key, amount) = (TOPIC, account(4), Amount::new(2_000_000_000));
    let create = |(name, terms): Named<TopicTerms>| {
        (format!("create_topic_{name}"), Call::CreateTopic { terms })
    };
    let mut calls: Vec<_> = topic_terms().into_iter().map(create).collect();
    calls.extend(named([
        (
            "register_slot",
            Call::RegisterSlot {
                topic,
                owner: key,
                take: BasisPoints::new(900),
                price_max: amount,
            },
        ),
        ("stake", Call::Stake { topic, key, amount }),
        ("unstake", Call::Unstake { topic, key, amount }),
        (
            "commit_weights",
            Call::CommitWeights {
                topic,
                commitment: HASH,
            },
        ),
        (
            "reveal_weights",
            Call::RevealWeights {
                topic,
                weights: weights(),
                salt: HASH,
            },
        ),
        ("fund_topic", Call::FundTopic { topic, amount }),
    ]));
    calls
}

pub(super) fn topic_events() -> Vec<Named<Event>> {
    let (topic, key, amount) = (TOPIC, account(4), Amount::new(3_000_000));
    let (owner, staker, slot, epoch) = (account(1), account(2), 7, 12);
    let registered = |replaced| Event::SlotRegistered {
        topic,
        slot,
        key,
        owner,
        price: amount,
        replaced,
    };
    let paid = |role| Event::TopicPaid {
        topic,
        epoch,
        to: key,
        role,
        amount,
    };
    named([
        ("topic_created", Event::TopicCreated { topic, owner }),
        ("slot_registered", registered(None)),
        ("slot_replaced", registered(Some(account(5)))),
        (
            "staked",
            Event::Staked {
                topic,
                key,
                staker,
                amount,
            },
        ),
        (
            "unstaking_started",
            Event::UnstakingStarted {
                topic,
                key,
                staker,
                amount,
                release_at: time(9),
            },
        ),
        (
            "weights_committed",
            Event::WeightsCommitted {
                topic,
                slot,
                key,
                commitment: HASH,
            },
        ),
        (
            "weights_revealed",
            Event::WeightsRevealed {
                topic,
                slot,
                key,
                cells: 2,
            },
        ),
        ("reveal_missed", Event::RevealMissed { topic, slot, key }),
        (
            "topic_funded",
            Event::TopicFunded {
                topic,
                from: staker,
                amount,
            },
        ),
        ("topic_paid_owner", paid(TopicRole::Owner)),
        ("topic_paid_worker", paid(TopicRole::Worker)),
        ("topic_paid_validator", paid(TopicRole::Validator)),
        ("topic_paid_stakers", paid(TopicRole::Stakers)),
        (
            "topic_settled",
            Event::TopicSettled {
                topic,
                epoch,
                minted: amount,
                fees: Amount::ZERO,
            },
        ),
    ])
}
