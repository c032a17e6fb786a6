//! Runs of epochs: random ones in which nothing may break, and a fixed one whose bits may not change.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

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
