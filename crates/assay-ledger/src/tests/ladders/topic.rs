//! The ladders of topics.

use super::{Seen, expect};
use crate::tests::{
    synthesis::{self, forecast, inference, losses},
    topics::{self, Scene},
    world::*,
};
use assay_types::{
    AccountId, Amount, BasisPoints, Call, LossFunction, Params, Rejection,
    SYNTHESIS_FORECASTERS_MAX, SYNTHESIS_REPUTERS_MAX, SYNTHESIS_SLOTS_MAX, Submission,
    TOPIC_EPOCH_MS_MAX, TOPIC_EPOCH_MS_MIN, TOPIC_EPOCHS_MAX, TOPIC_LABELS_MAX,
    TOPIC_OWNER_SHARE_MAX, TOPIC_SLOTS_MAX, TOPIC_STAKE_COUNTED_MAX, TOPICS_MAX, TopicId,
    TopicMechanism, TopicTerms, YumaBonds,
};

pub(super) fn creating_topics(seen: &mut Seen) {
    let mut world = World::new();
    let poor = seller(0);
    let create = |change: &dyn Fn(&mut TopicTerms)| {
        let mut terms = topics::terms();
        change(&mut terms);
        Call::CreateTopic { terms }
    };
    let all = Call::Transfer {
        to: BUYER,
        amount: asy(9_950),
    };
    world.ok(poor, all);
    let impossible: [&dyn Fn(&mut TopicTerms); 13] = [
        &|terms| terms.stake_min = Amount::new(TOPIC_STAKE_COUNTED_MAX.get() + 1),
        &|terms| terms.slots = 1,
        &|terms| terms.slots = TOPIC_SLOTS_MAX + 1,
        &|terms| terms.validators = 0,
        &|terms| terms.validators = terms.slots + 1,
        &|terms| terms.epoch_ms = TOPIC_EPOCH_MS_MIN - 1,
        &|terms| terms.epoch_ms = TOPIC_EPOCH_MS_MAX + 1,
        &|terms| terms.immunity_epochs = TOPIC_EPOCHS_MAX + 1,
        &|terms| terms.activity_epochs = 1,
        &|terms| terms.activity_epochs = TOPIC_EPOCHS_MAX + 1,
        &|terms| terms.owner_share = BasisPoints::new(TOPIC_OWNER_SHARE_MAX.get() + 1),
        &|terms| {
            let TopicMechanism::Yuma {
                moving_average_ppm, ..
            } = &mut terms.mechanism
            else {
                unreachable!()
            };
            *moving_average_ppm = 1_000_001;
        },
        &|terms| {
            let TopicMechanism::Yuma { bonds, .. } = &mut terms.mechanism else {
                unreachable!()
            };
            *bonds = YumaBonds::Liquid {
                low: 2,
                high: 1,
                steepness: 0,
            };
        },
    ];
    for change in impossible {
        let call = create(change);
        expect(
            &mut world,
            seen,
            poor,
            call,
            Rejection::TopicTermsImpossible,
        );
    }
    let possible = create(&|_| {});
    expect(
        &mut world,
        seen,
        poor,
        possible.clone(),
        Rejection::InsufficientFunds,
    );
    // Nobody alone can pay for as many as there may be.
    let payers = [BUYER, CREATOR].into_iter().chain((1..6).map(seller));
    let payers = payers.flat_map(|payer| std::iter::repeat_n(payer, 90));
    for payer in payers.take(TOPICS_MAX) {
        world.ok(payer, possible.clone());
    }
    expect(&mut world, seen, poor, possible, Rejection::TooManyTopics);
}

pub(super) fn holding_slots(seen: &mut Seen) {
    let mut scene = Scene::new(TopicTerms {
        immunity_epochs: 2,
        ..topics::terms()
    });
    let topic = scene.topic;
    let owner = seller(0);
    let register = |take, price_max| Call::RegisterSlot {
        topic,
        owner,
        take: BasisPoints::new(take),
        price_max,
    };
    let mut rung = |scene: &mut Scene, sender, call, rejection| {
        expect(&mut scene.world, seen, sender, call, rejection);
    };
    let unknown = TopicId::default();
    let nowhere = Call::FundTopic {
        topic: unknown,
        amount: Amount::ZERO,
    };
    rung(&mut scene, owner, nowhere, Rejection::UnknownTopic);
    let nothing = Call::FundTopic {
        topic,
        amount: Amount::ZERO,
    };
    rung(&mut scene, owner, nothing, Rejection::AmountZero);
    rung(
        &mut scene,
        topics::key(0),
        register(1_801, Amount::ZERO),
        Rejection::TakeTooLarge,
    );
    rung(
        &mut scene,
        topics::key(0),
        register(0, Amount::new(1)),
        Rejection::PriceAboveMaximum,
    );
    scene.register(0);
    rung(
        &mut scene,
        topics::key(0),
        register(0, asy(1)),
        Rejection::KeyTaken,
    );
    for number in 1..4 {
        scene.register(number);
    }
    let fifth = scene.register_call(4);
    rung(&mut scene, topics::key(4), fifth, Rejection::NoFreeSlot);

    let key = topics::key(0);
    let stake = |key, amount| Call::Stake { topic, key, amount };
    let stranger = AccountId::new([99; 32]);
    let less = Amount::new(asy(1).get() - 1);
    rung(
        &mut scene,
        owner,
        stake(stranger, less),
        Rejection::UnknownSlot,
    );
    rung(
        &mut scene,
        owner,
        stake(key, less),
        Rejection::StakeTooSmall,
    );
    rung(
        &mut scene,
        owner,
        stake(key, Amount::ZERO),
        Rejection::StakeTooSmall,
    );
    rung(
        &mut scene,
        owner,
        stake(key, asy(100_000)),
        Rejection::InsufficientFunds,
    );
    scene.world.ok(owner, stake(key, asy(10)));
    let unstake = |amount| Call::Unstake { topic, key, amount };
    rung(
        &mut scene,
        owner,
        unstake(Amount::ZERO),
        Rejection::AmountZero,
    );
    rung(
        &mut scene,
        owner,
        unstake(asy(11)),
        Rejection::InsufficientStake,
    );
    let almost = Amount::new(asy(10).get() - 1);
    rung(&mut scene, owner, unstake(almost), Rejection::StakeTooSmall);
    scene.world.ok(owner, unstake(asy(1)));
    scene.world.ok(owner, unstake(asy(1)));
    rung(
        &mut scene,
        owner,
        unstake(asy(1)),
        Rejection::TooManyUnbondings,
    );
}

pub(super) fn weighing(seen: &mut Seen) {
    let mut scene = Scene::new(topics::terms());
    for number in 0..4 {
        scene.register(number);
    }
    scene.stake(0, seller(0), 10);
    let key = topics::key(0);
    let weights = [(1, 1), (2, 1)];
    let stranger = topics::key(5);
    let mut rung = |scene: &mut Scene, sender, call, rejection| {
        expect(&mut scene.world, seen, sender, call, rejection);
    };
    let commit = scene.commit_call(0, &weights);
    rung(&mut scene, stranger, commit.clone(), Rejection::UnknownSlot);
    rung(&mut scene, key, commit.clone(), Rejection::NoPermit);
    scene.half();
    rung(&mut scene, stranger, commit, Rejection::RevealsOpen);
    scene.turn();
    let reveal = scene.reveal_call(0, &weights);
    rung(
        &mut scene,
        stranger,
        reveal.clone(),
        Rejection::RevealsNotOpen,
    );
    scene.half();
    rung(&mut scene, stranger, reveal.clone(), Rejection::UnknownSlot);
    rung(&mut scene, key, reveal.clone(), Rejection::NothingToReveal);
    let malformed: [&[(u16, u16)]; 6] = [
        &[],
        &[(1, 0), (2, 0)],
        &[(2, 1), (1, 1)],
        &[(1, 1), (1, 1)],
        &[(0, 1), (1, 1)],
        &[(1, 1), (4, 1)],
    ];
    for weights in malformed {
        // What was not revealed well is due until the epoch ends.
        scene.turn();
        let commit = scene.commit_call(0, weights);
        scene.world.ok(key, commit);
        scene.turn();
        scene.half();
        rung(&mut scene, key, reveal.clone(), Rejection::FalseSubmission);
        let call = scene.reveal_call(0, weights);
        rung(&mut scene, key, call, Rejection::SubmissionMalformed);
    }
}

pub(super) fn synthesising(seen: &mut Seen) {
    let mut world = World::new();
    let impossible: [(u16, u16, [u32; 4]); 11] = [
        (0, 2, [3_000, 750, 10_000, 100_000]),
        (TOPIC_LABELS_MAX + 1, 2, [3_000, 750, 10_000, 100_000]),
        (
            1,
            SYNTHESIS_FORECASTERS_MAX + 1,
            [3_000, 750, 10_000, 100_000],
        ),
        (1, 2, [99, 750, 10_000, 100_000]),
        (1, 2, [100_001, 750, 10_000, 100_000]),
        (1, 2, [3_000, 10_001, 10_000, 100_000]),
        (1, 2, [3_000, 750, 0, 100_000]),
        (1, 2, [3_000, 750, 1_000_001, 100_000]),
        (1, 2, [3_000, 750, 10_000, 999]),
        (1, 2, [3_000, 750, 10_000, 1_000_001]),
        (1, 2, [0, 0, 0, 0]),
    ];
    let mechanism =
        |labels, forecasters, [p_milli, c_milli, epsilon_ppm, regret_alpha_ppm]: [u32; 4]| {
            TopicMechanism::Synthesis {
                labels,
                loss: LossFunction::Squared,
                forecasters,
                p_milli,
                c_milli,
                epsilon_ppm,
                regret_alpha_ppm,
            }
        };
    let impossible = impossible
        .into_iter()
        .map(|(labels, forecasters, numbers)| TopicTerms {
            mechanism: mechanism(labels, forecasters, numbers),
            ..synthesis::terms()
        })
        .chain([
            TopicTerms {
                slots: SYNTHESIS_SLOTS_MAX + 1,
                ..synthesis::terms()
            },
            TopicTerms {
                slots: SYNTHESIS_SLOTS_MAX,
                validators: SYNTHESIS_REPUTERS_MAX + 1,
                ..synthesis::terms()
            },
        ]);
    for terms in impossible {
        let call = Call::CreateTopic { terms };
        expect(
            &mut world,
            seen,
            CREATOR,
            call,
            Rejection::TopicTermsImpossible,
        );
    }

    let mut scene = Scene::with_reputer();
    let mut rung = |scene: &mut Scene, number, submission: &Submission, rejection| {
        let reveal = scene.reveal_of(submission);
        expect(
            &mut scene.world,
            seen,
            topics::key(number),
            reveal,
            rejection,
        );
    };
    let weights = Submission::Weights {
        cells: topics::row(&[(1, 1)]),
    };
    let malformed = [
        weights,
        inference(&[]),
        inference(&[1.0, 2.0]),
        inference(&[2e290]),
        forecast(&[]),
        forecast(&[(2, 0.0)]),
        forecast(&[(4, 0.0)]),
        forecast(&[(1, 0.0), (0, 0.0)]),
        forecast(&[(1, 0.0), (1, 0.0)]),
        forecast(&[(1, 1_001.0)]),
    ];
    for submission in malformed {
        scene.turn();
        scene.commit_to(2, &submission);
        scene.half();
        rung(
            &mut scene,
            2,
            &inference(&[0.5]),
            Rejection::FalseSubmission,
        );
        rung(&mut scene, 2, &submission, Rejection::SubmissionMalformed);
        // Who may not judge measures nothing, and nobody measures what is not there.
        rung(
            &mut scene,
            1,
            &inference(&[0.5]),
            Rejection::NothingToReveal,
        );
    }
    scene.turn();
    let early = scene.reveal_of(&inference(&[0.5]));
    expect(
        &mut scene.world,
        seen,
        topics::key(2),
        early,
        Rejection::RevealsNotOpen,
    );
    let nothing = losses(scene.topic().epoch, &[None]);
    for number in [0, 2] {
        scene.commit_to(number, &nothing);
    }
    scene.half();
    let mut rung = |scene: &mut Scene, number, submission: &Submission, rejection| {
        let reveal = scene.reveal_of(submission);
        expect(
            &mut scene.world,
            seen,
            topics::key(number),
            reveal,
            rejection,
        );
    };
    rung(&mut scene, 2, &nothing, Rejection::NoPermit);
    rung(&mut scene, 0, &nothing, Rejection::NothingToMeasure);
    scene.turn();
    // Two inferences, the network's and the naive one, and each without one of both are six.
    let malformed: [&[Option<f64>]; 4] = [
        &[Some(0.5); 5],
        &[Some(0.5); 7],
        &[None; 6],
        &[Some(-1_000.5); 6],
    ];
    for each in malformed {
        let submission = losses(scene.topic().epoch, each);
        scene.infer(&[(2, 0.5), (3, 0.25)]);
        scene.commit_to(0, &submission);
        scene.half();
        rung(&mut scene, 0, &submission, Rejection::SubmissionMalformed);
        scene.turn();
    }
}

/// Of two topics whose epochs end together, a block that may move on one thing settles one.
pub(super) fn settling(seen: &mut Seen) {
    let mut world = World::with(Params {
        expiries_per_block_max: 1,
        ..topics::emitting()
    });
    let create = |_| {
        let terms = topics::terms();
        (CREATOR, Call::CreateTopic { terms })
    };
    world.block(1, &[0, 1].map(create));
    let topics: Vec<TopicId> = world.ledger.topics().map(|(topic, _)| *topic).collect();
    let amount = Amount::ZERO;
    let calls = topics.iter().map(|topic| {
        (
            BUYER,
            Call::FundTopic {
                topic: *topic,
                amount,
            },
        )
    });
    let calls: Vec<_> = calls.collect();
    let executed = world.block(topics::EPOCH_MS + 1, &calls);
    let rejections = executed.outcomes.iter().map(|outcome| outcome.rejection);
    let expected = [Rejection::AmountZero, Rejection::TopicSettling].map(Some);
    assert_eq!(rejections.collect::<Vec<_>>(), expected);
    seen.insert(Rejection::TopicSettling);
    let executed = world.block(1, &calls);
    let settled = executed.outcomes.iter().map(|outcome| outcome.rejection);
    assert_eq!(
        settled.collect::<Vec<_>>(),
        [Some(Rejection::AmountZero); 2]
    );
}
