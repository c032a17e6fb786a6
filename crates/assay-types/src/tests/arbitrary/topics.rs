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
    let yuma = (any::<(u16, u32, u16)>(), bonds).prop_map(
        |((kappa, moving_average_ppm, bonds_penalty), bonds)| TopicMechanism::Yuma {
            kappa,
            bonds,
            moving_average_ppm,
            bonds_penalty,
        },
    );
    let loss = select(vec![LossFunction::Squared, LossFunction::Absolute]);
    let synthesis = (any::<(u16, u16, u32, u32, u32, u32)>(), loss).prop_map(|(numbers, loss)| {
        let (labels, forecasters, p_milli, c_milli, epsilon_ppm, regret_alpha_ppm) = numbers;
        TopicMechanism::Synthesis {
            labels,
            loss,
            forecasters,
            p_milli,
            c_milli,
            epsilon_ppm,
            regret_alpha_ppm,
        }
    });
    let mechanism = prop_oneof![yuma, synthesis];
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

fn few<T: std::fmt::Debug, const MAX: usize>(
    items: impl Strategy<Value = T>,
) -> impl Strategy<Value = List<T, MAX>> {
    proptest::collection::vec(items, 0..9).prop_map(|items| List::new(items).expect("a few"))
}

fn real() -> impl Strategy<Value = Real> {
    any::<f64>().prop_filter_map("infinite or no number", Real::new)
}

fn submission() -> impl Strategy<Value = Submission> {
    let cell = any::<(u16, u16)>().prop_map(|(slot, weight)| WeightCell { slot, weight });
    let loss = (any::<u16>(), real()).prop_map(|(slot, loss)| SlotLoss { slot, loss });
    prop_oneof![
        few(cell).prop_map(|cells| Submission::Weights { cells }),
        few(real()).prop_map(|labels| Submission::Inference { labels }),
        few(loss).prop_map(|losses| Submission::Forecast { losses }),
        (any::<u64>(), few(proptest::option::of(real())))
            .prop_map(|(epoch, losses)| Submission::Losses { epoch, losses }),
    ]
}

fn address() -> impl Strategy<Value = Option<MinerAddress>> {
    let text = "https?://[a-z]{1,9}(\\.[a-z]{1,9}){0,2}:[1-9][0-9]{0,3}";
    proptest::option::of(text.prop_map(|text| text.parse().expect("an address")))
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
        (topic(), hash())
            .prop_map(|(topic, commitment)| Call::CommitSubmission { topic, commitment }),
        (topic(), submission(), hash()).prop_map(|(topic, submission, salt)| {
            Call::RevealSubmission {
                topic,
                submission,
                salt,
            }
        }),
        (topic(), address()).prop_map(|(topic, address)| Call::AnnounceSlot { topic, address }),
        (topic(), amount()).prop_map(|(topic, amount)| Call::FundTopic { topic, amount }),
    ]
}

pub(super) fn of_slots() -> impl Strategy<Value = Event> {
    let kind = select(vec![
        SubmissionKind::Weights,
        SubmissionKind::Inference,
        SubmissionKind::Forecast,
        SubmissionKind::Losses,
    ]);
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
            Event::SubmissionCommitted {
                topic,
                slot,
                key,
                commitment,
            }
        }),
        (topic(), any::<u16>(), account(), kind, any::<u16>()).prop_map(
            |(topic, slot, key, kind, numbers)| Event::SubmissionRevealed {
                topic,
                slot,
                key,
                kind,
                numbers,
            }
        ),
        (topic(), any::<u16>(), account(), address()).prop_map(|(topic, slot, key, address)| {
            Event::SlotAnnounced {
                topic,
                slot,
                key,
                address,
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
        TopicRole::Forecaster,
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
        (topic(), any::<u64>(), few(real()), any::<u16>()).prop_map(
            |(topic, epoch, inference, inferers)| Event::TopicInferred {
                topic,
                epoch,
                inference,
                inferers,
            }
        ),
    ]
}
