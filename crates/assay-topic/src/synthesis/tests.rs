//! Edges, each by the sentence that defines it.

mod runs;

use super::*;
use crate::{Mechanism, Role, Settlement};

/// An epoch of one label: inferences and forecasts by slot.
fn infer(state: &State, inferences: &[(u32, f64)], forecasts: &[(u32, &[(u32, f64)])]) -> Inferred {
    let inferences = inferences.iter().map(|&(slot, value)| (slot, vec![value]));
    let forecasts = forecasts
        .iter()
        .map(|&(slot, losses)| (slot, losses.to_vec()));
    let inputs = Inputs::new(1, inferences.collect(), forecasts.collect()).expect("valid inputs");
    mechanism().infer(state, &inputs)
}

fn mechanism() -> Synthesis {
    Synthesis::new(Parameters::default()).expect("upstream's parameters")
}

/// A reputer's report in which every loss is the same.
fn report(slot: u32, stake: u64, inferred: &Inferred, loss: Option<f64>) -> Report {
    let (inferers, forecasters) = (inferred.inferers.len(), inferred.forecasters.len());
    Report {
        slot,
        stake,
        losses: Aggregates::of(&loss, inferers, forecasters),
    }
}

fn settle(
    state: &State,
    inferred: &Inferred,
    reports: Vec<Report>,
) -> (State, Settlement, Outcome) {
    let submissions = Submissions::new(inferred, reports).expect("valid reports");
    mechanism().settle(state, &submissions)
}

fn known(network_loss: f64) -> State {
    State {
        network_loss: Some(network_loss),
        ..State::default()
    }
}

fn columns(entries: &[(u32, f64)]) -> Column<f64> {
    entries.iter().copied().collect()
}

#[test]
fn nobody_infers_nothing_and_is_paid_nothing() {
    let state = known(-1.0);
    let inferred = infer(&state, &[], &[(9, &[(0, 0.5)])]);
    assert_eq!(inferred.aggregates.network, None);
    assert_eq!(inferred.aggregates.naive, None);
    assert!(inferred.forecasters.is_empty() && inferred.intervals.is_empty());

    let report = report(7, 100, &inferred, Some(-1.0));
    let (next, settlement, outcome) = settle(&state, &inferred, vec![report]);
    assert_eq!((next, settlement), (state, Settlement::default()));
    assert_eq!(outcome.losses.network, None, "a loss of nothing is dropped");
}

#[test]
fn one_inferer_is_the_network_and_has_its_tasks_whole_pay() {
    let inferred = infer(&State::default(), &[(3, 42.0)], &[]);
    assert_eq!(inferred.aggregates.network, Some(vec![42.0]));
    assert_eq!(inferred.aggregates.oneout_inferers, [None]);
    assert_eq!(inferred.intervals, [[42.0; 5]]);

    let report = report(3, 100, &inferred, Some(-1.0));
    let (next, settlement, outcome) = settle(&State::default(), &inferred, vec![report]);
    assert_eq!(outcome.inferers[0].score, 0.0);
    assert_eq!(outcome.inferers[0].fraction, 1.0);
    assert_eq!(next.network_loss, Some(-1.0));
    // Two lone participants count alike; inference keeps what forecasting has no one to take.
    let shares: Vec<_> = settlement
        .shares
        .iter()
        .map(|share| (share.slot, share.role))
        .collect();
    assert_eq!(shares, [(3, Role::Worker), (3, Role::Validator)]);
    for share in &settlement.shares {
        assert!((share.fraction - 0.5).abs() < 1e-15);
    }
}

#[test]
fn newcomers_alone_are_a_mean_without_forecasters() {
    let state = known(-1.0);
    let forecast: &[(u32, f64)] = &[(0, -5.0), (1, 0.0)];
    let inferred = infer(&state, &[(0, 1.0), (1, 3.0)], &[(2, forecast)]);
    assert_eq!(inferred.aggregates.network, Some(vec![2.0]));
    assert_eq!(inferred.inferer_weights, [1.0, 1.0]);
    assert_eq!(inferred.forecaster_weights, [0.0]);
    assert_eq!(inferred.aggregates.onein_forecasters, [Some(vec![2.0])]);

    // With one who is known, forecasters weigh; without it, again they do not.
    let mut state = state;
    state.combined.inferers.insert(0, 0.0);
    let inferred = infer(&state, &[(0, 1.0), (1, 3.0)], &[(2, forecast)]);
    assert!(inferred.forecaster_weights[0] > 0.0);
    assert_eq!(inferred.aggregates.oneout_inferers[0], Some(vec![3.0]));
}

#[test]
fn newcomers_begin_below_the_experienced() {
    let slots: Vec<u32> = (0..12).collect();
    let inferences: Vec<(u32, f64)> = slots.iter().map(|slot| (*slot, 1.0)).collect();
    let mut state = State::default();
    for epoch in 0..10 {
        assert_eq!(state.initial_regret, 0.0, "epoch {epoch}");
        let inferred = infer(&state, &inferences, &[]);
        let report = report(20, 1, &inferred, Some(0.0));
        state = settle(&state, &inferred, vec![report]).0;
    }
    // All regrets are zero, so are their quantile and spread: c − 8.25/p spreads of ε.
    assert!((state.initial_regret + 2.0 * 0.01).abs() < 1e-15);

    // Nine experienced ones are too few.
    let mut few = state;
    (0..3).for_each(|slot| few.forget(slot));
    few.initial_regret = 0.5;
    let inferred = infer(&few, &inferences, &[]);
    let report = report(20, 1, &inferred, Some(0.0));
    assert_eq!(settle(&few, &inferred, vec![report]).0.initial_regret, 0.5);
}

#[test]
fn a_forecaster_of_nobody_present_is_absent() {
    let inferred = infer(
        &known(0.0),
        &[(0, 1.0)],
        &[(1, &[(8, 0.5)]), (2, &[(0, 0.5), (8, 0.1)])],
    );
    assert_eq!(inferred.forecasters, [2]);
    assert_eq!(inferred.aggregates.implied, [Some(vec![1.0])]);
    assert_eq!(inferred.aggregates.implied_oneouts, [None]);
}

#[test]
fn forecasts_mean_nothing_before_the_first_loss() {
    let inferred = infer(&State::default(), &[(0, 1.0)], &[(1, &[(0, 0.5)])]);
    assert!(inferred.forecasters.is_empty());
    assert!(inferred.aggregates.implied.is_empty());
}

#[test]
fn followers_of_the_best_are_weighed_anew_without_it() {
    // Relative to the best, both others weigh less than a double can hold.
    let state = known(0.0);
    let forecast: &[(u32, f64)] = &[(0, -900.0), (1, 500.0), (2, 500.0)];
    let inferred = infer(&state, &[(0, 1.0), (1, 2.0), (2, 4.0)], &[(3, forecast)]);
    assert_eq!(inferred.aggregates.implied, [Some(vec![1.0])]);
    assert_eq!(
        inferred.aggregates.implied_oneouts,
        [Some(vec![3.0]), Some(vec![1.0]), Some(vec![1.0])]
    );
}

#[test]
fn intervals_are_quantiles_by_weight() {
    let check = |values: &[f64], weights: &[f64], expect: [f64; 5]| {
        for (got, expect) in interval::percentiles(values, weights)
            .into_iter()
            .zip(expect)
        {
            assert!((got - expect).abs() < 1e-12, "{got}, not {expect}");
        }
    };
    check(&[], &[], [0.0; 5]);
    check(&[7.0], &[0.3], [7.0; 5]);
    check(&[2.0, 1.0], &[0.0, 1.0], [1.0; 5]);
    // Halves stand at a quarter and three quarters.
    let quarter = |part: f64| (part - 0.25) / 0.5;
    check(&[1.0, 0.0], &[1.0, 1.0], [0.0, 0.0, quarter(0.5), 1.0, 1.0]);
    check(&[5.0, 5.0, 5.0], &[1.0, 2.0, 3.0], [5.0; 5]);
}

#[test]
fn without_stake_nothing_is_measured() {
    let state = known(-1.0);
    let inferred = infer(&state, &[(0, 1.0), (1, 2.0)], &[]);
    let reports = vec![
        report(5, 0, &inferred, Some(0.3)),
        report(6, 0, &inferred, Some(0.4)),
    ];
    let (next, settlement, outcome) = settle(&state, &inferred, reports);
    assert_eq!((next, settlement), (state.clone(), Settlement::default()));
    assert_eq!(outcome.losses.network, None);
    assert_eq!(settle(&state, &inferred, vec![]).0, state);
}

#[test]
fn what_nobody_measured_is_skipped() {
    let state = State {
        naive: columns(&[(0, 0.25)]),
        ..known(-1.0)
    };
    let inferred = infer(&state, &[(0, 1.0), (1, 2.0)], &[(2, &[(0, 0.0), (1, 0.0)])]);
    let mut first = report(5, 3, &inferred, None);
    first.losses.network = Some(-2.0);
    first.losses.inferers[0] = Some(-1.0);
    first.losses.implied[0] = Some(-4.0);
    first.losses.oneout_inferers[0] = Some(-3.0);
    first.losses.implied_oneouts.clear();
    let (next, settlement, outcome) = settle(&state, &inferred, vec![first]);
    assert_eq!(next.combined.inferers, columns(&[(0, -0.1)]));
    assert_eq!(next.combined.forecasters, columns(&[(2, 0.2)]));
    assert_eq!(next.naive, state.naive);
    assert_eq!(next.inferer_epochs.get(0), Some(1));
    assert_eq!(next.inferer_epochs.get(1), None);
    // Without inferer 0 no implied loss is known: that with everyone stands in.
    assert_eq!(next.oneout_inferers[&0].forecasters, columns(&[(2, 0.1)]));
    assert_eq!(outcome.inferers[0].score, -1.0);
    assert_eq!(outcome.inferers[1].score, 0.0);
    assert_eq!(outcome.forecasters[0].score, 0.0);
    assert_eq!(outcome.split.forecasting_score, 0.0);
    assert!(settlement.shares.iter().any(|share| share.slot == 1));
}

#[test]
fn one_reputer_is_consensus() {
    let inferred = infer(&State::default(), &[(0, 1.0)], &[]);
    for loss in [-2.0, 0.0] {
        let one = report(5, 1, &inferred, Some(loss));
        let (_, _, outcome) = settle(&State::default(), &inferred, vec![one]);
        let judged = Judged {
            slot: 5,
            listening: 1.0,
            adjusted_stake: 1.0,
            score: 100.0,
        };
        assert_eq!(outcome.judged, [judged]);
        assert_eq!(outcome.reputers[0].fraction, 1.0);
        assert_eq!(outcome.split.reputers_entropy, 0.173_286_795_139_986);
    }
}

#[test]
fn what_a_reputer_left_out_counts_as_the_most_distant() {
    let inferred = infer(&State::default(), &[(0, 1.0)], &[]);
    let all = |losses: [Option<f64>; 3]| -> Vec<f64> {
        let reports = (0..).zip(losses).map(|(slot, naive)| {
            let mut report = report(slot, 10, &inferred, Some(-1.0));
            report.losses.naive = naive;
            report
        });
        let (_, _, outcome) = settle(&State::default(), &inferred, reports.collect());
        outcome.judged.iter().map(|judged| judged.score).collect()
    };
    let scores = all([Some(-1.0), Some(-2.0), None]);
    assert_eq!(scores[0], scores[1], "both are as far from the middle");
    assert_eq!(scores[2], scores[1]);
    assert!(all([Some(-1.0), Some(-1.0), None])[2] >= scores[2]);
}

#[test]
fn listened_stake_never_falls_below_half() {
    let inferred = infer(&State::default(), &[(0, 1.0)], &[]);
    let reports = |honest: f64| {
        vec![
            report(5, 1, &inferred, Some(honest)),
            report(6, 1, &inferred, Some(-3.0)),
        ]
    };
    let listened = |state: &State| {
        let of = |slot| state.listening.get(slot).expect("a coefficient");
        (of(5) + of(6)) / 2.0
    };
    // Nobody was listened to enough: all are raised, to half together.
    let state = State {
        listening: columns(&[(5, 0.0), (6, 0.0)]),
        ..State::default()
    };
    let next = settle(&state, &inferred, reports(-3.0)).0;
    assert!((listened(&next) - 0.5).abs() < 1e-12);

    let state = State {
        listening: columns(&[(5, 0.0), (6, 1.0)]),
        ..State::default()
    };
    let mut next = state;
    for _ in 0..20 {
        next = settle(&next, &inferred, reports(3.0)).0;
        assert!(listened(&next) >= 0.5 - 1e-12);
    }
}

#[test]
fn scores_of_no_spread_are_paid_alike() {
    let inferred = infer(&State::default(), &[(0, 1.0), (1, 2.0), (2, 3.0)], &[]);
    let report = report(5, 1, &inferred, Some(-1.0));
    let (next, _, outcome) = settle(&State::default(), &inferred, vec![report]);
    assert!(
        outcome
            .inferers
            .iter()
            .all(|earned| earned.fraction == 1.0 / 3.0)
    );
    assert_eq!(next.inferer_scores, [0.0; 3]);
    assert_eq!(next.score_ratio, 0.0, "the best score is zero");
}

#[test]
fn forecasting_is_worth_from_a_tenth_to_half() {
    let split = |ratio: f64| {
        let state = State {
            score_ratio: ratio,
            ..known(0.0)
        };
        let inferred = infer(&state, &[(0, 1.0), (1, 2.0)], &[(2, &[(0, 0.0)])]);
        let report = report(5, 1, &inferred, Some(-1.0));
        settle(&state, &inferred, vec![report]).2.split
    };
    assert_eq!(split(-5.0).utility, 0.1);
    assert_eq!(split(0.0).utility, 0.1);
    assert_eq!(split(50.0).utility, 0.5);
    assert!((split(0.5).utility - (0.1 + 0.4 * 0.45)).abs() < 1e-15);
    assert_eq!(split(0.5).score_ratio, 0.9 * 0.5);
}

#[test]
fn parameters_beyond_their_limits_are_refused() {
    let refused = |change: fn(&mut Parameters)| {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        let ParametersError::Outside { name, .. } =
            Synthesis::new(parameters).expect_err("beyond a limit");
        name
    };
    assert_eq!(refused(|q| q.p = 0.0), "p");
    assert_eq!(refused(|q| q.epsilon = 0.0), "epsilon");
    assert_eq!(refused(|q| q.regret_alpha = f64::NAN), "regret_alpha");
    assert_eq!(refused(|q| q.gradient_steps_max = 0), "gradient_steps_max");
    assert_eq!(refused(|q| q.scores_kept = 1_000_000), "scores_kept");
}

#[test]
fn inputs_and_reports_beyond_their_limits_are_refused() {
    let inputs = |inferences: &[(u32, f64)], forecasts: &[(u32, Vec<(u32, f64)>)]| {
        let inferences = inferences.iter().map(|&(slot, value)| (slot, vec![value]));
        Inputs::new(1, inferences.collect(), forecasts.to_vec()).expect_err("not valid")
    };
    assert_eq!(
        inputs(&[(1, 0.0), (1, 2.0)], &[]),
        InputsError::TwoInferences { slot: 1 }
    );
    let label = f64::INFINITY;
    assert_eq!(
        inputs(&[(1, label)], &[]),
        InputsError::Label { slot: 1, label }
    );
    let twice = [(2, vec![]), (2, vec![])];
    assert_eq!(inputs(&[], &twice), InputsError::TwoForecasts { slot: 2 });
    let (slot, inferer, loss) = (2, 0, -1001.0);
    let far = [(2, vec![(0, loss)])];
    assert_eq!(
        inputs(&[], &far),
        InputsError::Loss {
            slot,
            inferer,
            loss
        }
    );
    let twice = [(2, vec![(0, 0.0), (0, 1.0)])];
    assert_eq!(
        inputs(&[], &twice),
        InputsError::TwoLosses { slot, inferer }
    );
    let (expected, got) = (2, 1);
    let short = Inputs::new(2, vec![(2, vec![1.0])], vec![]);
    assert_eq!(
        short,
        Err(InputsError::Labels {
            slot,
            expected,
            got
        })
    );
    assert!(Inputs::new(0, vec![(2, vec![])], vec![]).is_err());
    assert!(Inputs::new(1, vec![(2, vec![f64::NAN])], vec![]).is_err());

    let inferred = infer(&State::default(), &[(0, 1.0)], &[]);
    let good = report(4, 1, &inferred, Some(0.0));
    let twice = Submissions::new(&inferred, vec![good.clone(), good.clone()]);
    assert_eq!(twice, Err(SubmissionsError::TwoReports { slot: 4 }));
    let mut long = good.clone();
    long.losses.inferers.push(None);
    let error = Submissions::new(&inferred, vec![long]).expect_err("too many losses");
    let message = "report of slot 4 has 2 losses of inferers where the epoch has 1";
    assert_eq!(error.to_string(), message);
    let mut far = good;
    far.losses.naive = Some(f64::NAN);
    assert!(Submissions::new(&inferred, vec![far]).is_err());
}

#[test]
fn columns_keep_their_order() {
    let mut column = columns(&[(5, 1.0), (2, 2.0), (5, 3.0)]);
    assert_eq!(column, columns(&[(2, 2.0), (5, 3.0)]), "the later counts");
    column.insert(3, 4.0);
    column.insert(2, 5.0);
    column.remove(5);
    column.remove(6);
    assert_eq!(column.iter().collect::<Vec<_>>(), [(2, 5.0), (3, 4.0)]);
    let gathered: Vec<_> = column.gather(&[0, 2, 9]).collect();
    assert_eq!(gathered, [None, Some(5.0), None]);
    let merged = column.merged([(1, 0.0), (3, 6.0), (8, 7.0)]);
    assert_eq!(merged, columns(&[(1, 0.0), (2, 5.0), (3, 6.0), (8, 7.0)]));
}

#[test]
fn where_nobody_agrees_reputers_are_paid_by_stake() {
    // A consensus of zeros, from which both are infinitely far.
    let inferred = infer(&State::default(), &[(0, 1.0)], &[]);
    let reports = vec![
        report(5, 4, &inferred, Some(1.0)),
        report(6, 4, &inferred, Some(-1.0)),
    ];
    let (_, settlement, outcome) = settle(&State::default(), &inferred, reports);
    assert_eq!(outcome.judged[0].score, 0.0);
    assert_eq!(outcome.reputers[0].fraction, 0.5);
    assert_eq!(settlement.shares.len(), 3);
}
