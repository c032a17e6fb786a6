//! Edges, each by the sentence that defines it; and runs of random epochs in which nothing may break.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

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

/// A random epoch of slots below `count`, from a tame one to one at every limit.
fn random_epoch(
    rng: &mut StdRng,
    state: &State,
    count: u32,
) -> (Inferred, (State, Settlement, Outcome)) {
    let wild = rng.random_bool(0.3);
    let number = |tame: f64, limit: f64, rng: &mut StdRng| {
        if !wild {
            return rng.random_range(-tame..tame);
        }
        [0.0, -0.0, limit, -limit, 1e-300, tame, -tame][rng.random_range(0..7)]
    };
    let some =
        |rng: &mut StdRng| -> Vec<u32> { (0..count).filter(|_| rng.random_bool(0.6)).collect() };
    let inferers = some(rng);
    let inferences = inferers
        .iter()
        .map(|slot| (*slot, vec![number(9.0, LABEL_MAX, rng); 2]));
    let inferences: Vec<_> = inferences.collect();
    let forecasts = some(rng).into_iter().map(|slot| {
        let losses = some(rng)
            .into_iter()
            .map(|inferer| (inferer, number(3.0, LOSS_MAX, rng)));
        (slot, losses.collect())
    });
    let forecasts: Vec<_> = forecasts.collect();
    let inputs = Inputs::new(2, inferences, forecasts).expect("within limits");
    let inferred = mechanism().infer(state, &inputs);
    let reports = some(rng).into_iter().map(|slot| {
        let mut report = report(
            slot,
            rng.random_range(0..3) * (u64::MAX / 2),
            &inferred,
            None,
        );
        for loss in report.losses.iter_mut() {
            *loss = rng.random_bool(0.9).then(|| number(3.0, LOSS_MAX, rng));
        }
        report
    });
    let reports = reports.collect();
    let settled = settle(state, &inferred, reports);
    (inferred, settled)
}

/// Every number of an epoch, in a fixed order.
fn numbers(
    inferred: &Inferred,
    (state, settlement, outcome): &(State, Settlement, Outcome),
) -> Vec<f64> {
    let mut all: Vec<f64> = inferred
        .aggregates
        .iter()
        .flatten()
        .flatten()
        .copied()
        .collect();
    all.extend(
        inferred
            .inferer_weights
            .iter()
            .chain(&inferred.forecaster_weights),
    );
    all.extend(inferred.intervals.iter().flatten());
    all.push(inferred.scale);
    all.extend(settlement.shares.iter().map(|share| share.fraction));
    all.extend(outcome.losses.iter().flatten());
    for earned in [&outcome.inferers, &outcome.forecasters, &outcome.reputers] {
        all.extend(earned.iter().flat_map(|e| [e.score, e.fraction, e.smooth]));
    }
    all.extend(
        outcome
            .judged
            .iter()
            .flat_map(|j| [j.listening, j.adjusted_stake, j.score]),
    );
    let split = &outcome.split;
    all.extend([
        split.inferers_entropy,
        split.forecasters_entropy,
        split.reputers_entropy,
    ]);
    all.extend([split.inferers, split.forecasters, split.reputers]);
    all.extend([split.forecasting_score, split.score_ratio, split.utility]);
    let tables = [
        &state.oneout_inferers,
        &state.oneout_forecasters,
        &state.onein_forecasters,
    ];
    let regrets = tables.into_iter().flat_map(|tables| tables.values());
    for regrets in regrets.chain([&state.combined]) {
        all.extend(
            regrets
                .inferers
                .iter()
                .chain(regrets.forecasters.iter())
                .map(|e| e.1),
        );
    }
    all.extend([state.initial_regret, state.score_ratio]);
    all.extend(state.network_loss);
    all
}

#[test]
fn whatever_is_sent_numbers_stay_finite_and_shares_sum_to_one_or_none() {
    for seed in 0..200 {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = rng.random_range(1..12);
        let mut state = State::default();
        for epoch in 0..6 {
            let (inferred, settled) = random_epoch(&mut rng, &state, count);
            let numbers = numbers(&inferred, &settled);
            assert!(
                numbers.iter().all(|x| x.is_finite()),
                "seed {seed}, epoch {epoch}"
            );
            let shares = &settled.1.shares;
            assert!(
                shares
                    .iter()
                    .all(|share| (0.0..=1.0).contains(&share.fraction))
            );
            let total: f64 = shares.iter().map(|share| share.fraction).sum();
            assert!(
                total == 0.0 || (total - 1.0).abs() < 1e-9,
                "seed {seed}: {total}"
            );
            state = settled.0;
            if rng.random_bool(0.2) {
                (0..rng.random_range(0..=count)).for_each(|slot| state.forget(slot));
            }
        }
        (0..count).for_each(|slot| state.forget(slot));
        let bare = State {
            network_loss: state.network_loss,
            initial_regret: state.initial_regret,
            inferer_scores: state.inferer_scores.clone(),
            forecaster_scores: state.forecaster_scores.clone(),
            score_ratio: state.score_ratio,
            ..State::default()
        };
        assert_eq!(state, bare, "seed {seed}: a slot left something behind");
        random_epoch(&mut rng, &state, count);
    }
}

/// Numbers that no version of a library changes: SplitMix64.
struct Fixed(u64);

impl Fixed {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// From −2 to 2.
    fn number(&mut self) -> f64 {
        (self.next() >> 12) as f64 / (1_u64 << 50) as f64 - 2.0
    }

    fn is_one_in(&mut self, count: u64) -> bool {
        self.next().is_multiple_of(count)
    }
}

const FROZEN: &str = "23496e2591600d9a805426fa5ea3056b39e1d9937aa08b7a74fd40757e51f4ea";

/// Twelve epochs of a fixed topic, every bit of every number: the same on every platform, or this fails on some.
#[test]
fn bits_are_frozen() {
    let mut fixed = Fixed(7);
    let mut state = State::default();
    let mut hasher = blake3::Hasher::new();
    for _ in 0..12 {
        let mut inferences = Vec::new();
        for slot in 0..12 {
            if !fixed.is_one_in(20) {
                inferences.push((slot, vec![fixed.number(), fixed.number()]));
            }
        }
        let forecasts = (12..16).map(|slot| {
            let losses = (0..12).map(|inferer| (inferer, fixed.number()));
            (slot, losses.collect())
        });
        let forecasts = forecasts.collect();
        let inputs = Inputs::new(2, inferences, forecasts).expect("valid inputs");
        let inferred = mechanism().infer(&state, &inputs);
        let truths: Vec<f64> = inferred.aggregates.iter().map(|_| fixed.number()).collect();
        let reports = (16..21).map(|slot| {
            let mut report = report(slot, fixed.next() >> 30, &inferred, None);
            for (loss, truth) in report.losses.iter_mut().zip(&truths) {
                let own = truth + fixed.number() / 10.0;
                *loss = (!fixed.is_one_in(50)).then_some(own);
            }
            report
        });
        let reports = reports.collect();
        let settled = settle(&state, &inferred, reports);
        for number in numbers(&inferred, &settled) {
            hasher.update(&number.to_bits().to_le_bytes());
        }
        state = settled.0;
    }
    assert!(state.initial_regret < 0.0, "nobody became experienced");
    assert_eq!(hasher.finalize().to_hex().as_str(), FROZEN);
}
