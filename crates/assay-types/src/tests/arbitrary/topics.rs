//! Calls and events of topics.

use super::*;

fn topic_terms() -> impl Strategy<Value = TopicTerms> {
    let bonds = prop_oneof![
        Just(YumaBonds::Classic),
        Just(YumaBonds::Yuma3),
        any::<(u16, u16, u16)>().prop_map(|(low, high, steepness)| YumaBonds::Liquid {
            low,
            high,
            steepness
        }),
    ];
    let mechanism = (any::<(u16, u32, u16)>(), bonds).prop_map(
        |((kappa, moving_average_ppm, bonds_penalty), bonds)| TopicMechanism::Yuma {
            kappa,
            bonds,
            moving_average_ppm,
            bonds_penalty,
        },
    );
    let sizes = any::<(u16, u16, u64, u16, u16)>();
    (content(), mechanism, sizes, basis_points(), amount()).prop_map(
        |(description, mechanism, sizes, owner_share, stake_min)| {
            let (slots, validators, epoch_ms, immunity_epochs, activity_epochs) = sizes;
            TopicTerms {
                description,
                mechanism,
                slots,
                validators,
                epoch_ms,
                immunity_epochs,
                activity_epochs,
                owner_share,
                stake_min,
            }
        },
    )
}

fn weights() -> impl Strategy<Value = WeightRow> {
    let cell = any::<(u16, u16)>().prop_map(|(slot, weight)| WeightCell { slot, weight });
    proptest::collection::vec(cell, 0..9).prop_map(|cells| List::new(cells).expect("a few cells"))
}

pub(super) fn topic_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        topic_terms().prop_map(|terms| Call::CreateTopic { terms }),
        (topic(), account(), basis_points(), amount()).prop_map(
            |(topic, owner, take, price_max)| {
                Call::RegisterSlot {
                    topic,
                    owner,
                    take,
                    price_max,
                }
            }
        ),
        (topic(), account(), amount()).prop_map(|(topic, key, amount)| Call::Stake {
            topic,
            key,
            amount
        }),
        (topic(), account(), amount()).prop_map(|(topic, key, amount)| Call::Unstake {
            topic,
            key,
            amount
        }),
        (topic(), hash()).prop_map(|(topic, commitment)| Call::CommitWeights { topic, commitment }),
        (topic(), weights(), hash()).prop_map(|(topic, weights, salt)| Call::RevealWeights {
            topic,
            weights,
            salt
        }),
        (topic(), amount()).prop_map(|(topic, amount)| Call::FundTopic { topic, amount }),
    ]
}

pub(super) fn of_slots() -> impl Strategy<Value = Event> {
    prop_oneof![
        (
            topic(),
            any::<u16>(),
            account(),
            account(),
            amount(),
            proptest::option::of(account())
        )
            .prop_map(
                |(topic, slot, key, owner, price, replaced)| Event::SlotRegistered {
                    topic,
                    slot,
                    key,
                    owner,
                    price,
                    replaced,
                }
            ),
        (topic(), any::<u16>(), account(), hash()).prop_map(|(topic, slot, key, commitment)| {
            Event::WeightsCommitted {
                topic,
                slot,
                key,
                commitment,
            }
        }),
        (topic(), any::<u16>(), account(), any::<u16>()).prop_map(|(topic, slot, key, cells)| {
            Event::WeightsRevealed {
                topic,
                slot,
                key,
                cells,
            }
        }),
        (topic(), any::<u16>(), account()).prop_map(|(topic, slot, key)| Event::RevealMissed {
            topic,
            slot,
            key
        }),
    ]
}

pub(super) fn of_topics() -> impl Strategy<Value = Event> {
    let role = select(vec![
        TopicRole::Owner,
        TopicRole::Worker,
        TopicRole::Validator,
        TopicRole::Stakers,
    ]);
    prop_oneof![
        (topic(), account()).prop_map(|(topic, owner)| Event::TopicCreated { topic, owner }),
        (topic(), account(), account(), amount()).prop_map(|(topic, key, staker, amount)| {
            Event::Staked {
                topic,
                key,
                staker,
                amount,
            }
        }),
        (topic(), account(), account(), amount(), time()).prop_map(
            |(topic, key, staker, amount, release_at)| Event::UnstakingStarted {
                topic,
                key,
                staker,
                amount,
                release_at,
            }
        ),
        (topic(), account(), amount()).prop_map(|(topic, from, amount)| Event::TopicFunded {
            topic,
            from,
            amount
        }),
        (topic(), any::<u64>(), account(), role, amount()).prop_map(
            |(topic, epoch, to, role, amount)| Event::TopicPaid {
                topic,
                epoch,
                to,
                role,
                amount,
            }
        ),
        (topic(), any::<u64>(), amount(), amount()).prop_map(|(topic, epoch, minted, fees)| {
            Event::TopicSettled {
                topic,
                epoch,
                minted,
                fees,
            }
        }),
    ]
}
