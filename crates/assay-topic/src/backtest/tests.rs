//! Series made up so that what must come out is known.

use super::*;
use crate::synthesis::{LossFunction, Parameters, Synthesis};

/// Enough rounds to learn from.
const ROUNDS: usize = 120;

fn synthesis() -> Synthesis {
    Synthesis::new(Parameters::default()).expect("upstream's parameters")
}

/// What a wave is in a round.
fn truth(round: usize) -> f64 {
    libm::sin(round as f64 * 0.7) * 3.0
}

/// A miner that misses by `miss` up or down, by turns of its own length.
fn miner(miss: f64, turn: usize) -> Vec<Option<f64>> {
    (0..ROUNDS)
        .map(|round| {
            let side = if (round / turn).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            };
            // Misses of one size would make every round alike.
            let size = 0.5 + (round * turn % 7) as f64 / 7.0;
            Some(truth(round) + side * size * miss)
        })
        .collect()
}

fn recording(inferences: Vec<Vec<Option<f64>>>) -> Recording {
    Recording::new((0..ROUNDS).map(truth).collect(), inferences, Vec::new()).expect("a recording")
}

fn figures(recording: &Recording, arrivals: &[usize]) -> Figures {
    Figures::of(&run(
        &synthesis(),
        recording,
        LossFunction::Squared,
        Order::new(arrivals.to_vec()),
    ))
}

#[test]
fn the_network_follows_the_one_that_is_far_better() {
    let recording = recording(vec![miner(2.0, 1), miner(0.1, 2), miner(2.0, 3)]);
    let found = figures(&recording, &[0, 0, 0]);
    assert!(
        found.mean.ratio().is_some_and(|ratio| ratio < 0.4),
        "{found:?}"
    );
    assert_eq!(
        (found.best_present, found.best_all_along),
        (Some(1), Some(1))
    );
    assert!(found.miners[1].paid > found.miners[0].paid, "{found:?}");
    assert!(found.miners[1].paid > found.miners[2].paid, "{found:?}");
    let paid: f64 = found.miners.iter().map(|miner| miner.paid).sum();
    assert!(
        paid > 0.3 && paid < 1.0,
        "the reputer has a part of it: {paid}"
    );
}

#[test]
fn equals_that_miss_apart_are_worth_more_together() {
    let recording = recording(vec![miner(1.0, 1), miner(1.0, 2), miner(1.0, 5)]);
    let found = figures(&recording, &[0, 0, 0]);
    let best = found.best_present.expect("all answered");
    assert!(
        found.miners[best]
            .present
            .ratio()
            .is_some_and(|ratio| ratio < 0.9),
        "{found:?}"
    );
}

#[test]
fn who_comes_late_is_compared_since_then_and_paid_since_then() {
    let recording = recording(vec![miner(1.0, 1), miner(0.1, 2)]);
    let found = figures(&recording, &[0, 40]);
    let late = &found.miners[1];
    assert_eq!((late.present.rounds, late.all_along.rounds), (80, ROUNDS));
    assert_eq!(found.mean.rounds, ROUNDS);
    assert!(late.all_along.network > late.present.network, "{late:?}");
    let early = figures(&recording, &[0, 0]);
    assert!(early.miners[1].paid > late.paid);
}

#[test]
fn nothing_before_an_arrival_matters_but_to_hindsight() {
    let whole = vec![miner(1.0, 1), miner(0.5, 2)];
    let mut other = whole.clone();
    for answer in &mut other[1][..40] {
        *answer = Some(1e6);
    }
    let arrivals = || Order::new(vec![0, 40]);
    let one = run(
        &synthesis(),
        &recording(whole),
        LossFunction::Squared,
        arrivals(),
    );
    let two = run(
        &synthesis(),
        &recording(other),
        LossFunction::Squared,
        arrivals(),
    );
    assert_eq!(one.miners_paid, two.miners_paid);
    let seen = |run: &Run| {
        run.rounds
            .iter()
            .map(|round| (round.network, round.mean))
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(&one), seen(&two));
    let (one, two) = (Figures::of(&one), Figures::of(&two));
    assert_eq!(one.miners[1].present, two.miners[1].present);
    assert!(one.miners[1].all_along.own < two.miners[1].all_along.own);
}

#[test]
fn a_round_without_an_answer_is_one_without_it() {
    let mut inferences = vec![miner(1.0, 1), miner(1.0, 2)];
    inferences[0][10] = None;
    inferences[0][20] = None;
    inferences[1][20] = None;
    let recording = recording(inferences.clone());
    let run = run(
        &synthesis(),
        &recording,
        LossFunction::Absolute,
        Order::new(vec![0, 0]),
    );
    assert_eq!(
        run.rounds[20],
        Round {
            network: None,
            mean: None,
            miners: vec![None, None]
        }
    );
    assert_eq!(run.rounds[10].network, run.rounds[10].miners[1]);
    let found = Figures::of(&run);
    assert_eq!(
        (found.mean.rounds, found.miners[0].present.rounds),
        (ROUNDS - 1, ROUNDS - 2)
    );

    // A few lucky rounds are no hindsight.
    let mut seldom = inferences;
    for answer in &mut seldom[1][50..] {
        *answer = None;
    }
    let found = figures(&self::recording(seldom), &[0, 0]);
    assert_eq!(found.best_present, Some(0));
}

#[test]
fn forecasters_that_know_who_will_be_right_are_worth_their_pay() {
    // Two miners are right by turns of ten rounds: their smoothed regrets are alike, and only a forecaster knows.
    let by_turns = |first: usize| -> Vec<Option<f64>> {
        let miss = |round: usize| if round / 10 % 2 == first { 0.01 } else { 1.0 };
        (0..ROUNDS)
            .map(|round| Some(truth(round) + miss(round)))
            .collect()
    };
    let foretold: Vec<Vec<(usize, f64)>> = (0..ROUNDS)
        .map(|round| {
            (0..2)
                .map(|miner| (miner, if round / 10 % 2 == miner { -4.0 } else { 0.0 }))
                .collect()
        })
        .collect();
    let truths: Vec<f64> = (0..ROUNDS).map(truth).collect();
    let miners = vec![by_turns(0), by_turns(1)];
    let with = Recording::new(truths, miners.clone(), vec![foretold]).expect("a recording");
    let order = || Order::new(vec![0, 0]);
    let with = run(&synthesis(), &with, LossFunction::Squared, order());
    let without = run(
        &synthesis(),
        &recording(miners),
        LossFunction::Squared,
        order(),
    );
    assert!(Figures::of(&with).mean.network < 0.7 * Figures::of(&without).mean.network);
    assert!(
        with.forecasters_paid[0] > 0.05,
        "{:?}",
        with.forecasters_paid
    );
}

#[test]
fn orders_are_drawn_up_to_the_last_arrival_and_differ_by_seed() {
    let orders: Vec<Order> = (0..20).map(|seed| Order::random(seed, 4, 30)).collect();
    for order in &orders {
        let arrivals: Vec<usize> = (0..4).map(|miner| order.arrival(miner)).collect();
        assert!(arrivals.contains(&0), "{arrivals:?}");
        assert!(
            arrivals.iter().all(|arrival| *arrival <= 30),
            "{arrivals:?}"
        );
        let mut slots: Vec<u32> = (0..4).map(|miner| order.slot(miner)).collect();
        let mut by_slot: Vec<usize> = (0..4).collect();
        by_slot.sort_by_key(|miner| slots[*miner]);
        assert!(
            by_slot.is_sorted_by_key(|miner| arrivals[*miner]),
            "{order:?}"
        );
        slots.sort_unstable();
        assert_eq!(slots, [0, 1, 2, 3]);
    }
    assert!(
        (0..4).all(|miner| orders.iter().any(|order| order.slot(miner) == 0)),
        "anybody may be the first"
    );
    assert_eq!(orders[3], Order::random(3, 4, 30));
    assert_eq!(Order::random(1, 0, 10).miners(), 0);
    assert_eq!(Order::random(1, 2, 0).arrival(1), 0);
}

#[test]
fn what_is_no_recording_is_refused() {
    let check = |truths: &[f64],
                 inferences: &[Vec<Option<f64>>],
                 forecast: &[(usize, f64)],
                 expected: &str| {
        let forecasts = vec![vec![forecast.to_vec()]];
        let error =
            Recording::new(truths.to_vec(), inferences.to_vec(), forecasts).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    };
    let one = vec![vec![Some(1.0)]];
    check(&[1.0], &[], &[], "not 0 and 1");
    check(&[1.0], &[vec![]], &[], "miner 0 answered for 0 rounds of 1");
    check(
        &[1.0, 2.0],
        &[vec![None, None]],
        &[],
        "forecaster 0 answered for 1 rounds of 2",
    );
    check(&[f64::NAN], &one, &[], "the truth of round 0 is NaN");
    check(
        &[1.0],
        &[vec![Some(-2e100)]],
        &[],
        "an inference of round 0 is -2e100",
    );
    check(
        &[1.0],
        &one,
        &[(1, 0.0)],
        "forecaster 0's losses of round 0",
    );
    check(&[1.0], &one, &[(0, 0.0), (0, 0.0)], "name a miner twice");
    check(&[1.0], &one, &[(0, f64::INFINITY)], "none that is a loss");
}

#[test]
fn the_picture_has_a_line_for_everyone_whatever_they_are_called() {
    let recording = recording(vec![miner(1.0, 1), miner(0.5, 2)]);
    let run = run(
        &synthesis(),
        &recording,
        LossFunction::Squared,
        Order::new(vec![0, 40]),
    );
    let picture = plot(&run, &["a<b".to_owned(), "c&d".to_owned()]);
    assert_eq!(picture.matches("<polyline").count(), 4);
    assert!(
        picture.contains("a&lt;b")
            && picture.contains("c&amp;d")
            && picture.contains("the network")
    );
    assert!(!picture.contains("NaN") && !picture.contains("inf"));
    // The one that comes late begins where a half of a window has passed.
    let late = picture.split("<polyline").nth(2).expect("its line");
    assert!(late.split(' ').count() < 90, "{late}");

    let silent = self::recording(vec![vec![None; ROUNDS]]);
    let run = self::run(
        &synthesis(),
        &silent,
        LossFunction::Squared,
        Order::new(vec![0]),
    );
    assert!(!plot(&run, &["silent".to_owned()]).contains("NaN"));
}
