//! Inference synthesis on the ledger: from inferences to one, from losses to pay, and what is remembered between.

use super::{
    topics::{self, Scene, key, paid, salt, settled},
    world::*,
};
use assay_topic::{
    Mechanism as _,
    synthesis::{Aggregates, Inputs, Parameters, Report, State, Submissions, Synthesis},
};
use assay_types::{
    Amount, Call, Event, Hash32, Labels, List, LossFunction, Real, Rejection, SlotLoss, Submission,
    TopicMechanism, TopicRole, TopicTerms,
};
use std::collections::BTreeMap;

pub(super) fn terms() -> TopicTerms {
    TopicTerms {
        mechanism: TopicMechanism::Synthesis {
            labels: 1,
            loss: LossFunction::Squared,
            forecasters: 2,
            p_milli: 3_000,
            c_milli: 750,
            epsilon_ppm: 10_000,
            regret_alpha_ppm: 100_000,
        },
        immunity_epochs: 0,
        ..topics::terms()
    }
}

fn real(number: f64) -> Real {
    Real::new(number).unwrap()
}

pub(super) fn inference(labels: &[f64]) -> Submission {
    let labels = labels.iter().map(|label| real(*label));
    Submission::Inference {
        labels: Labels::new(labels.collect()).unwrap(),
    }
}

pub(super) fn forecast(losses: &[(u16, f64)]) -> Submission {
    let losses = losses.iter().map(|(slot, loss)| SlotLoss {
        slot: *slot,
        loss: real(*loss),
    });
    Submission::Forecast {
        losses: List::new(losses.collect()).unwrap(),
    }
}

pub(super) fn losses(epoch: u64, losses: &[Option<f64>]) -> Submission {
    let losses = losses.iter().map(|loss| loss.map(real));
    Submission::Losses {
        epoch,
        losses: List::new(losses.collect()).unwrap(),
    }
}

impl Scene {
    /// One reputer in slot 0, whose permit holds from now on, and three others.
    pub(super) fn with_reputer() -> Self {
        Self::synthesising(terms(), 4)
    }

    fn synthesising(terms: TopicTerms, slots: u8) -> Self {
        let mut scene = Self::new(terms);
        for number in 0..slots {
            let (to, amount) = (key(number), asy(5));
            scene.world.ok(BUYER, Call::Transfer { to, amount });
            scene.register(number);
        }
        scene.stake(0, seller(0), 600);
        scene.turn();
        scene
    }

    pub(super) fn commit_to(&mut self, number: u8, submission: &Submission) {
        let chain = self.world.ledger.chain_id();
        let commitment = submission.commitment(chain, self.topic, key(number), &salt(7));
        let topic = self.topic;
        let call = Call::CommitSubmission { topic, commitment };
        self.world.ok(key(number), call);
    }

    pub(super) fn reveal_of(&self, submission: &Submission) -> Call {
        Call::RevealSubmission {
            topic: self.topic,
            submission: submission.clone(),
            salt: salt(7),
        }
    }

    /// An epoch in which keys send these; what its end brought.
    fn epoch(&mut self, sent: &[(u8, Submission)]) -> Vec<Event> {
        for (number, submission) in sent {
            self.commit_to(*number, submission);
        }
        self.half();
        for (number, submission) in sent {
            let call = self.reveal_of(submission);
            self.world.ok(key(*number), call);
        }
        self.turn()
    }

    pub(super) fn infer(&mut self, inferences: &[(u8, f64)]) -> Vec<Event> {
        let sent = inferences
            .iter()
            .map(|(number, label)| (*number, inference(&[*label])));
        self.epoch(&sent.collect::<Vec<_>>())
    }

    /// What an honest reputer sends, who knows the truth of the last epoch.
    fn measured(&self, truth: f64) -> Submission {
        let inferred = self.world.ledger.inferred(self.topic).expect("a round");
        let round = self.world.ledger.round(&self.topic).expect("a round");
        let each = inferred.aggregates.iter().map(|labels| {
            let error = labels.as_ref()?[0] - truth;
            Some((error * error).max(1e-9).log10())
        });
        losses(round.epoch, &each.collect::<Vec<_>>())
    }
}

fn inferred(events: &[Event]) -> Option<(u64, f64, u16)> {
    events.iter().find_map(|event| match event {
        Event::TopicInferred {
            epoch,
            inference,
            inferers,
            ..
        } => Some((*epoch, inference[0].get(), *inferers)),
        _ => None,
    })
}

#[test]
fn inferences_become_one_and_are_paid_by_their_losses() {
    let mut scene = Scene::with_reputer();
    let events = scene.infer(&[(1, 10.0), (2, 12.0), (3, 20.0)]);
    assert_eq!(inferred(&events), Some((1, 14.0, 3)), "newcomers' mean");
    assert!(paid(&events).is_empty(), "nothing was measured yet");

    for _ in 0..4 {
        let measured = scene.measured(10.5);
        scene.fund(100);
        let sent = [
            (0, measured),
            (1, inference(&[10.0])),
            (2, inference(&[12.0])),
            (3, inference(&[20.0])),
        ];
        let events = scene.epoch(&sent);
        let (_, minted, fees) = settled(&events).expect("an epoch ended");
        let paid = paid(&events);
        assert_eq!(paid.values().sum::<u64>(), minted.get() + fees.get());
        assert!(fees > Amount::ZERO);
        let worker = |number| paid.get(&(seller(number), TopicRole::Worker)).copied();
        assert!(worker(1) > worker(2) && worker(1) > worker(3), "{paid:?}");
        assert!(paid[&(seller(0), TopicRole::Validator)] > 0);
        assert_eq!(scene.slot(0).sent, None);
    }
    let events = scene.infer(&[(1, 10.0), (2, 12.0), (3, 20.0)]);
    let (_, network, _) = inferred(&events).expect("an inference");
    assert!(network < 11.0, "{network}: who was best counts most");
    let missing = scene.world.call(BUYER, scene.reveal_of(&inference(&[1.0])));
    assert!(missing.is_err());
}

/// The ledger remembers what the mechanism leaves, to the bit: beside it, the mechanism runs alone over many epochs in
/// which keys come, leave and are silent.
#[test]
fn the_ledger_computes_what_the_mechanism_does() {
    let slots = 7;
    let terms = TopicTerms {
        slots: 7,
        validators: 1,
        ..terms()
    };
    let mut scene = Scene::synthesising(terms, slots);
    let mechanism = Synthesis::new(Parameters::default()).unwrap();
    let mut state = State::default();
    for epoch in 0u64..24 {
        let noise = |number: u8| {
            let hash = Hash32::derive("noise", &[&[number], &epoch.to_be_bytes()]);
            f64::from(hash.as_bytes()[0]) / 256.0
        };
        let truth = 5.0 + noise(100);
        let mut sent = Vec::new();
        let (mut inferences, mut forecasts) = (Vec::new(), Vec::new());
        for number in 1..5 {
            if noise(number + 50) < 0.8 {
                let label = truth + noise(number) * f64::from(number);
                sent.push((number, inference(&[label])));
                inferences.push((u32::from(number), vec![label]));
            }
        }
        for number in 5..slots {
            let foretold = [(1, noise(number) - 1.0), (2, noise(number + 9) - 0.5)];
            sent.push((number, forecast(&foretold)));
            let foretold = foretold
                .iter()
                .map(|(slot, loss)| (u32::from(*slot), *loss));
            forecasts.push((u32::from(number), foretold.collect()));
        }
        let waits = scene.world.ledger.round(&scene.topic).is_some();
        if waits && noise(99) < 0.9 {
            let measured = scene.measured(truth);
            let Submission::Losses { losses, .. } = &measured else {
                unreachable!()
            };
            let inferred = scene.world.ledger.inferred(scene.topic).unwrap();
            let counts = (inferred.inferers.len(), inferred.forecasters.len());
            let mut each = Aggregates::of(&None, counts.0, counts.1);
            for (place, loss) in each.iter_mut().zip(losses) {
                *place = loss.map(Real::get);
            }
            let stake = scene.world.ledger.pool(scene.topic, key(0)).total.get();
            let report = Report {
                slot: 0,
                stake,
                losses: each,
            };
            let submissions = Submissions::new(&inferred, vec![report]).unwrap();
            state = mechanism.settle(&state, &submissions).0;
            sent.push((0, measured));
        }
        let inputs = Inputs::new(1, inferences, forecasts).unwrap();
        let expected = mechanism.infer(&state, &inputs).aggregates.network;
        let events = scene.epoch(&sent);
        let network = inferred(&events).map(|(_, network, _)| network.to_bits());
        assert_eq!(
            network,
            expected.map(|labels| labels[0].to_bits()),
            "epoch {epoch}"
        );
    }
    let memory = scene.world.ledger.memory(&scene.topic).unwrap();
    assert_eq!(memory.network_loss.map(Real::get), state.network_loss);
    assert_eq!(memory.score_ratio.get(), state.score_ratio);
}

#[test]
fn who_takes_a_slot_over_is_paid_nothing_of_its_predecessor() {
    let mut scene = Scene::with_reputer();
    scene.fund(100);
    scene.infer(&[(1, 10.0), (2, 12.0), (3, 20.0)]);
    // Slot 1 is the earliest of those that earned nothing.
    let events = scene.register(4);
    let replaced = events.iter().find_map(|event| match event {
        Event::SlotRegistered { slot, replaced, .. } => Some((*slot, *replaced)),
        _ => None,
    });
    assert_eq!(replaced, Some((1, Some(key(1)))));
    let measured = scene.measured(10.0);
    let events = scene.epoch(&[(0, measured), (4, inference(&[11.0]))]);
    let paid = paid(&events);
    assert!(paid.contains_key(&(seller(2), TopicRole::Worker)));
    for number in [1, 4] {
        assert!(!paid.contains_key(&(seller(number), TopicRole::Worker)));
    }
    let (_, minted, fees) = settled(&events).expect("an epoch ended");
    assert_eq!(paid.values().sum::<u64>(), minted.get() + fees.get());
    assert!(scene.topic().fees > Amount::ZERO, "the rest waits");
    let memory = scene.world.ledger.memory(&scene.topic).unwrap();
    let known: Vec<u16> = memory.inferer_epochs.iter().map(|each| each.slot).collect();
    assert_eq!(known, [2, 3], "the new holder is new");
}

#[test]
fn who_is_silent_is_absent_and_what_nobody_measures_pays_nobody() {
    let mut scene = Scene::with_reputer();
    scene.fund(100);
    scene.commit_to(1, &inference(&[10.0]));
    scene.commit_to(2, &inference(&[12.0]));
    scene.half();
    let reveal = scene.reveal_of(&inference(&[12.0]));
    scene.world.ok(key(2), reveal.clone());
    let again = scene.world.call(key(2), reveal);
    assert_eq!(again, Err(Rejection::NothingToReveal));
    let events = scene.turn();
    let missed: Vec<u16> = events
        .iter()
        .filter_map(|event| match event {
            Event::RevealMissed { slot, .. } => Some(*slot),
            _ => None,
        })
        .collect();
    assert_eq!(missed, [1]);
    assert_eq!(inferred(&events), Some((1, 12.0, 1)));

    // The reputer is silent: the round passes, nothing is paid, and what was funded waits.
    let events = scene.infer(&[(1, 10.0), (2, 12.0)]);
    assert!(paid(&events).is_empty());
    assert_eq!(scene.topic().fees.get(), 95 * ASY);
    assert_eq!(
        scene
            .world
            .ledger
            .memory(&scene.topic)
            .unwrap()
            .network_loss,
        None
    );
    // An epoch without inferences leaves nothing to measure.
    scene.turn();
    assert!(scene.world.ledger.round(&scene.topic).is_none());
    assert!(scene.world.ledger.inferred(scene.topic).is_none());
}

#[test]
fn of_many_forecasters_those_that_earned_most_are_counted() {
    let terms = TopicTerms {
        slots: 8,
        mechanism: match terms().mechanism {
            TopicMechanism::Synthesis {
                labels,
                loss,
                p_milli,
                c_milli,
                epsilon_ppm,
                regret_alpha_ppm,
                ..
            } => TopicMechanism::Synthesis {
                labels,
                loss,
                forecasters: 2,
                p_milli,
                c_milli,
                epsilon_ppm,
                regret_alpha_ppm,
            },
            yuma @ TopicMechanism::Yuma { .. } => yuma,
        },
        ..terms()
    };
    let mut scene = Scene::synthesising(terms, 6);
    let mut sent: Vec<(u8, Submission)> = (3..6)
        .map(|number| (number, forecast(&[(1, -1.0)])))
        .collect();
    sent.push((1, inference(&[10.0])));
    sent.push((2, inference(&[11.0])));
    scene.epoch(&sent);
    let counted = |scene: &Scene| -> Vec<u16> {
        let round = scene.world.ledger.round(&scene.topic).expect("a round");
        round.forecasts.iter().map(|sent| sent.slot).collect()
    };
    assert_eq!(counted(&scene), [3, 4], "the earliest of equals");
    scene.fund(100);
    let mut earned = BTreeMap::new();
    for _ in 0..3 {
        let mut sent = sent.clone();
        sent.push((0, scene.measured(10.0)));
        earned = paid(&scene.epoch(&sent));
    }
    assert!(
        earned.contains_key(&(seller(3), TopicRole::Forecaster)),
        "{earned:?}"
    );
    assert_eq!(counted(&scene), [3, 4]);
}
