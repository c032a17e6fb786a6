//! Inference synthesis written a second time, from the formulas alone: dense tables by slot, every aggregate summed anew,
//! one consensus at a time. It shares nothing with the crate but `libm`, and must agree with it on random topics: with
//! newcomers, missing losses, lone participants, slots of several parts, no stake and low listened stake.

mod formulas;

use assay_topic::synthesis::{
    Aggregates, Inferred, Inputs, Outcome, Parameters, Report, State, Submissions, Synthesis,
};
use assay_topic::{Mechanism, Role, Settlement};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use formulas::{Plain, Said, Sent, Values, present, tables};

const SLOTS: usize = 64;

/// Largest deviation, relative to the plain value or, below one, absolute.
const TOLERANCE: f64 = 1e-9;

#[test]
fn random_topics_settle_as_the_formulas_say() {
    let count = crate::topics();
    let mut seen = Seen::default();
    for seed in 0..count {
        topic(seed, &mut seen);
    }
    if count < 300 {
        return;
    }
    // A check of what never happens would check nothing.
    assert!(seen.newcomer_regrets > 0 && seen.forgotten > 0 && seen.unmeasured > 0);
    assert!(seen.raised > 0 && seen.kept > 0 && seen.lone > 0 && seen.equal > 0);
}

/// How often an edge was met.
#[derive(Default)]
struct Seen {
    newcomer_regrets: u32,
    forgotten: u32,
    unmeasured: u32,
    raised: u32,
    kept: u32,
    lone: u32,
    equal: u32,
}

/// A random topic of up to 64 participants over some epochs, by both.
fn topic(seed: u64, seen: &mut Seen) {
    let mut rng = StdRng::seed_from_u64(seed);
    let parameters = random_parameters(&mut rng);
    let mechanism = Synthesis::new(parameters.clone()).expect("parameters within limits");
    let mut plain = Plain::new(parameters);
    let mut state = State::default();
    let count = rng.random_range(1..=SLOTS);
    let chances: [f64; 3] = std::array::from_fn(|_| [0.0, 0.1, 0.5, 0.9][rng.random_range(0..4)]);
    let labels = rng.random_range(1..=3);
    for epoch in 0..rng.random_range(2..=6) {
        let at = format!("seed {seed}, epoch {epoch}");
        let sent = random_sent(&mut rng, count, labels, chances);
        let inputs = inputs_of(&sent);
        let inferred = mechanism.infer(&state, &inputs);
        let (scale, said) = plain.infer(&sent);
        compare_inferences(&at, &inferred, scale, &said);

        let (stakes, reports) = random_reports(&mut rng, count, labels);
        let submissions = submissions_of(&inferred, &stakes, &reports);
        let (next, settlement, outcome) = mechanism.settle(&state, &submissions);
        let reports: Vec<Values<f64>> = reports.iter().map(|all| heard(all, &said)).collect();
        match plain.settle(&sent, &stakes, &reports, seen) {
            Some(said) => compare_outcomes(&at, &settlement, &outcome, &said),
            None => {
                seen.unmeasured += 1;
                assert_eq!(next, state, "{at}: an unmeasured epoch changed the state");
                assert!(settlement.shares.is_empty(), "{at}");
            }
        }
        state = next;
        compare_states(&at, &state, &plain);
        if rng.random_bool(0.3) {
            let slot = rng.random_range(0..count);
            seen.forgotten += 1;
            state.forget(slot as u32);
            plain.forget(slot);
        }
    }
}

fn random_parameters(rng: &mut StdRng) -> Parameters {
    let plain = Parameters::default();
    if rng.random_bool(0.3) {
        return plain;
    }
    Parameters {
        p: rng.random_range(1.0..5.0),
        c: rng.random_range(0.0..1.0),
        epsilon: rng.random_range(0.01..0.2),
        regret_alpha: rng.random_range(0.05..1.0),
        experienced_epochs: rng.random_range(1..4),
        experienced_workers_min: rng.random_range(1..6),
        newcomer_quantile: rng.random_range(0.0..1.0),
        fraction_alpha: rng.random_range(0.05..1.0),
        // A faster ascent multiplies roundings beyond what can be compared.
        learning_rate: rng.random_range(0.01..0.1),
        listened_stake_min: rng.random_range(0.3..0.97),
        reputer_exponent: rng.random_range(0.5..2.0),
        scores_kept: rng.random_range(2..20),
        ..plain
    }
}

/// Absences by chance: of a worker, of a foretold loss; the third is for whoever asks.
fn random_sent(rng: &mut StdRng, count: usize, labels: usize, chances: [f64; 3]) -> Sent {
    let mut sent = Sent {
        labels,
        inferences: vec![None; SLOTS],
        forecasts: tables(),
    };
    for slot in 0..count {
        if !rng.random_bool(chances[0]) {
            let labels = (0..labels).map(|_| rng.random_range(-5.0..5.0));
            sent.inferences[slot] = Some(labels.collect());
        }
        // A slot may infer and forecast; few do.
        if rng.random_bool(3.0 / (count as f64).max(6.0)) {
            for inferer in 0..count {
                if !rng.random_bool(chances[1]) {
                    sent.forecasts[slot][inferer] = Some(rng.random_range(-2.0..2.0));
                }
            }
        }
    }
    sent
}

fn inputs_of(sent: &Sent) -> Inputs {
    let inferences = present(&sent.inferences).into_iter().rev();
    let inferences = inferences.map(|j| (j as u32, sent.inferences[j].clone().unwrap()));
    let forecasts = (0..SLOTS).map(|k| {
        let losses = present(&sent.forecasts[k]).into_iter();
        (
            k as u32,
            losses
                .map(|j| (j as u32, sent.forecasts[k][j].unwrap()))
                .collect(),
        )
    });
    Inputs::new(sent.labels, inferences.collect(), forecasts.collect()).expect("valid inputs")
}

/// Stakes by slot, and losses of everything there could be; some lack, some agree, some are of no stake.
fn random_reports(
    rng: &mut StdRng,
    count: usize,
    kind: usize,
) -> (Vec<Option<u64>>, Vec<Values<f64>>) {
    let missing = [0.0, 0.0, 0.1, 0.6][rng.random_range(0..4)];
    let spread = [0.0, 0.05, 1.0][rng.random_range(0..3)];
    let broke = if rng.random_bool(0.05) {
        1.0
    } else {
        0.1 * kind as f64 - 0.1
    };
    let mut truth = Values::none();
    fill(&mut truth, count, &mut || Some(rng.random_range(-3.0..2.0)));
    let mut stakes = vec![None; SLOTS];
    let mut reports = vec![Values::none(); SLOTS];
    let silent = 1.0 - rng.random_range(0.5..8.0) / (count as f64).max(8.0);
    for slot in 0..count {
        if rng.random_bool(silent) {
            continue;
        }
        let stake = if rng.random_bool(broke) {
            0
        } else {
            rng.random_range(1..1_000_000_000)
        };
        stakes[slot] = Some(stake);
        let bias = rng.random_range(-1.0..1.0) * spread;
        reports[slot] = truth.clone();
        let report = &mut reports[slot];
        let mut noise = |loss: &mut Option<f64>| {
            *loss = match loss {
                Some(loss) if !rng.random_bool(missing) => {
                    Some(*loss + bias + rng.random_range(-0.1..0.1))
                }
                _ => None,
            };
        };
        each(report, &mut noise);
    }
    (stakes, reports)
}

fn fill(values: &mut Values<f64>, count: usize, next: &mut dyn FnMut() -> Option<f64>) {
    values.network = next();
    values.naive = next();
    for slot in 0..count {
        values.inferers[slot] = next();
        values.implied[slot] = next();
        values.without_inferer[slot] = next();
        values.without_forecaster[slot] = next();
        values.with_forecaster[slot] = next();
        for inferer in 0..count {
            values.implied_without[slot][inferer] = next();
        }
    }
}

fn each(values: &mut Values<f64>, change: &mut dyn FnMut(&mut Option<f64>)) {
    change(&mut values.network);
    change(&mut values.naive);
    for column in [
        &mut values.inferers,
        &mut values.implied,
        &mut values.without_inferer,
        &mut values.without_forecaster,
        &mut values.with_forecaster,
    ] {
        column.iter_mut().for_each(&mut *change);
    }
    for row in &mut values.implied_without {
        row.iter_mut().for_each(&mut *change);
    }
}

/// Losses of what there was.
fn heard(report: &Values<f64>, said: &Values<Vec<f64>>) -> Values<f64> {
    let only = |losses: &[Option<f64>], there: &[Option<Vec<f64>>]| -> Vec<Option<f64>> {
        losses
            .iter()
            .zip(there)
            .map(|(loss, there)| loss.filter(|_| there.is_some()))
            .collect()
    };
    let rows = report.implied_without.iter().zip(&said.implied_without);
    Values {
        network: report.network.filter(|_| said.network.is_some()),
        naive: report.naive.filter(|_| said.naive.is_some()),
        inferers: only(&report.inferers, &said.inferers),
        implied: only(&report.implied, &said.implied),
        without_inferer: only(&report.without_inferer, &said.without_inferer),
        without_forecaster: only(&report.without_forecaster, &said.without_forecaster),
        with_forecaster: only(&report.with_forecaster, &said.with_forecaster),
        implied_without: rows.map(|(losses, there)| only(losses, there)).collect(),
    }
}

fn slots(slots: &[u32]) -> Vec<usize> {
    slots.iter().map(|slot| *slot as usize).collect()
}

fn submissions_of(
    inferred: &Inferred,
    stakes: &[Option<u64>],
    reports: &[Values<f64>],
) -> Submissions {
    let (inferers, forecasters) = (slots(&inferred.inferers), slots(&inferred.forecasters));
    let reports = present(stakes).into_iter().rev().map(|slot| {
        let mut losses = Aggregates::of(&None, inferers.len(), forecasters.len());
        let values = reports[slot].of(&inferers, &forecasters);
        for (loss, value) in losses.iter_mut().zip(values) {
            *loss = value;
        }
        Report {
            slot: slot as u32,
            stake: stakes[slot].unwrap(),
            losses,
        }
    });
    Submissions::new(inferred, reports.collect()).expect("valid reports")
}

#[track_caller]
fn near(at: &str, got: f64, plain: f64) {
    let far = (got - plain).abs() / plain.abs().max(1.0);
    assert!(
        far <= TOLERANCE,
        "{at}: {got} where the formulas say {plain}"
    );
}

#[track_caller]
fn near_some(at: &str, got: Option<f64>, plain: Option<f64>) {
    match (got, plain) {
        (Some(got), Some(plain)) => near(at, got, plain),
        (None, None) => (),
        _ => panic!("{at}: {got:?} where the formulas say {plain:?}"),
    }
}

fn compare_inferences(at: &str, inferred: &Inferred, scale: f64, said: &Values<Vec<f64>>) {
    let (inferers, forecasters) = (slots(&inferred.inferers), slots(&inferred.forecasters));
    assert_eq!(inferers, present(&said.inferers), "{at}");
    assert_eq!(forecasters, present(&said.implied), "{at}");
    near(at, inferred.scale, scale);
    let said = said.of(&inferers, &forecasters);
    assert_eq!(inferred.aggregates.iter().count(), said.len());
    for (got, plain) in inferred.aggregates.iter().zip(said) {
        assert_eq!(got.is_some(), plain.is_some(), "{at}");
        for (got, plain) in got.iter().flatten().zip(plain.iter().flatten()) {
            near(at, *got, *plain);
        }
    }
}

fn compare_outcomes(at: &str, settlement: &Settlement, outcome: &Outcome, said: &Said) {
    let inferers: Vec<usize> = present(&said.scores[0]);
    let forecasters: Vec<usize> = present(&said.scores[1]);
    for (got, plain) in outcome
        .losses
        .iter()
        .zip(said.losses.of(&inferers, &forecasters))
    {
        assert_eq!(*got, plain, "{at}: losses are summed in the same order");
    }
    for (task, earned) in [&outcome.inferers, &outcome.forecasters, &outcome.reputers]
        .into_iter()
        .enumerate()
    {
        assert_eq!(earned.len(), present(&said.scores[task]).len(), "{at}");
        for earned in earned {
            near_some(
                at,
                Some(earned.score),
                said.scores[task][earned.slot as usize],
            );
            near_some(
                at,
                Some(earned.fraction),
                said.fractions[task][earned.slot as usize],
            );
        }
    }
    for judged in &outcome.judged {
        near_some(
            at,
            Some(judged.adjusted_stake),
            said.adjusted[judged.slot as usize],
        );
    }
    let split = &outcome.split;
    for (got, plain) in [
        (split.inferers_entropy, said.entropies[0]),
        (split.forecasters_entropy, said.entropies[1]),
        (split.reputers_entropy, said.entropies[2]),
        (split.forecasting_score, said.gain),
        (split.utility, said.chi),
        (split.inferers, said.tasks[0]),
        (split.forecasters, said.tasks[1]),
        (split.reputers, said.tasks[2]),
    ] {
        near(at, got, plain);
    }
    for share in &settlement.shares {
        let task = match share.role {
            Role::Worker => 0,
            Role::Forecaster => 1,
            Role::Validator => 2,
        };
        let fraction = said.fractions[task][share.slot as usize].expect("a fraction");
        near(at, share.fraction, said.tasks[task] * fraction);
    }
    let total: f64 = settlement.shares.iter().map(|share| share.fraction).sum();
    near(at, total, said.tasks.iter().sum());
    assert!(
        total == 0.0 || (total - 1.0).abs() < TOLERANCE,
        "{at}: shares sum to {total}"
    );
}

fn compare_states(at: &str, state: &State, plain: &Plain) {
    near_some(at, state.network_loss, plain.loss);
    near(at, state.initial_regret, plain.initial);
    near(at, state.score_ratio, plain.tau);
    for slot in 0..SLOTS {
        let id = slot as u32;
        near_some(at, state.combined.inferers.get(id), plain.regret_i[slot]);
        near_some(at, state.combined.forecasters.get(id), plain.regret_k[slot]);
        near_some(at, state.naive.get(id), plain.naive[slot]);
        near_some(at, state.listening.get(id), plain.listening[slot]);
        near_some(at, state.smooth_inferers.get(id), plain.smooth[0][slot]);
        near_some(at, state.smooth_forecasters.get(id), plain.smooth[1][slot]);
        near_some(at, state.smooth_reputers.get(id), plain.smooth[2][slot]);
        for (got, plain) in [
            (&state.oneout_inferers, &plain.no_i),
            (&state.oneout_forecasters, &plain.no_k),
            (&state.onein_forecasters, &plain.only_k),
        ] {
            let none = assay_topic::synthesis::Regrets::default();
            let got = got.get(&id).unwrap_or(&none);
            for other in 0..SLOTS {
                near_some(at, got.inferers.get(other as u32), plain.0[slot][other]);
                near_some(at, got.forecasters.get(other as u32), plain.1[slot][other]);
            }
        }
    }
}
