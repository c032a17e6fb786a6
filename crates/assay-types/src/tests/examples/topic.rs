//! Calls and events of topics.

use super::{HASH, MANIFEST, Named, account, list, named, time};
use crate::*;

pub(super) const TOPIC: TopicId = TopicId::new([0x30; 32]);

fn topic_terms() -> Vec<Named<TopicTerms>> {
    let terms = |mechanism| TopicTerms {
        description: MANIFEST,
        mechanism,
        slots: 256,
        validators: 64,
        epoch_ms: 3_600_000,
        immunity_epochs: 4,
        activity_epochs: 12,
        owner_share: BasisPoints::new(1_000),
        stake_min: Amount::new(GRAINS_PER_ASY),
    };
    let yuma = |bonds| {
        terms(TopicMechanism::Yuma {
            kappa: 32_767,
            bonds,
            moving_average_ppm: 900_000,
            bonds_penalty: 65_535,
        })
    };
    let synthesis = |loss| {
        terms(TopicMechanism::Synthesis {
            labels: 2,
            loss,
            forecasters: 6,
            p_milli: 3_000,
            c_milli: 750,
            epsilon_ppm: 10_000,
            regret_alpha_ppm: 100_000,
        })
    };
    let liquid = YumaBonds::Liquid {
        low: 45_875,
        high: 58_982,
        steepness: 1_000,
    };
    named([
        ("classic", yuma(YumaBonds::Classic)),
        ("yuma3", yuma(YumaBonds::Yuma3)),
        ("liquid", yuma(liquid)),
        ("synthesis_squared", synthesis(LossFunction::Squared)),
        ("synthesis_absolute", synthesis(LossFunction::Absolute)),
    ])
}

fn real(number: f64) -> Real {
    Real::new(number).expect("a finite number")
}

fn submissions() -> Vec<Named<Submission>> {
    let cell = |slot, weight| WeightCell { slot, weight };
    let loss = |slot, loss| SlotLoss {
        slot,
        loss: real(loss),
    };
    named([
        (
            "weights",
            Submission::Weights {
                cells: list(vec![cell(0, 1), cell(7, u16::MAX)]),
            },
        ),
        (
            "inference",
            Submission::Inference {
                labels: list(vec![real(23.5), real(-0.0)]),
            },
        ),
        (
            "forecast",
            Submission::Forecast {
                losses: list(vec![loss(1, -1.25), loss(4, 0.5)]),
            },
        ),
        (
            "losses",
            Submission::Losses {
                epoch: 11,
                losses: list(vec![Some(real(-2.0)), None, Some(real(1e-9))]),
            },
        ),
    ])
}

fn address() -> MinerAddress {
    "http://miner.example:8080".parse().expect("an address")
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
            "commit_submission",
            Call::CommitSubmission {
                topic,
                commitment: HASH,
            },
        ),
        ("fund_topic", Call::FundTopic { topic, amount }),
        (
            "announce_slot",
            Call::AnnounceSlot {
                topic,
                address: Some(address()),
            },
        ),
        (
            "announce_nowhere",
            Call::AnnounceSlot {
                topic,
                address: None,
            },
        ),
    ]));
    calls.extend(submissions().into_iter().map(|(name, submission)| {
        let reveal = Call::RevealSubmission {
            topic,
            submission,
            salt: HASH,
        };
        (format!("reveal_{name}"), reveal)
    }));
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
    let revealed = |kind| Event::SubmissionRevealed {
        topic,
        slot,
        key,
        kind,
        numbers: 2,
    };
    let announced = |address| Event::SlotAnnounced {
        topic,
        slot,
        key,
        address,
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
            "submission_committed",
            Event::SubmissionCommitted {
                topic,
                slot,
                key,
                commitment: HASH,
            },
        ),
        ("revealed_weights", revealed(SubmissionKind::Weights)),
        ("revealed_inference", revealed(SubmissionKind::Inference)),
        ("revealed_forecast", revealed(SubmissionKind::Forecast)),
        ("revealed_losses", revealed(SubmissionKind::Losses)),
        ("slot_announced", announced(Some(address()))),
        ("slot_announced_nowhere", announced(None)),
        (
            "topic_inferred",
            Event::TopicInferred {
                topic,
                epoch,
                inference: list(vec![real(23.25), real(1.0)]),
                inferers: 3,
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
        ("topic_paid_forecaster", paid(TopicRole::Forecaster)),
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
