//! Epochs of inference synthesis: three quarters of the workers infer, the others forecast the loss of each, and a tenth
//! as many reputers measure every aggregate, those without one inferer apart.

use super::super::{Measurement, median, meter::Spent};
use assay_topic::{
    Mechanism as _,
    synthesis::{Aggregates, Inputs, Parameters, Report, State, Submissions, Synthesis},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Inferers and forecasters together.
const WORKERS: [u32; 3] = [10, 100, 1_000];
/// Epochs that are settled, of which the median counts.
const EPOCHS: usize = 5;

pub(super) fn run(smoke: bool, mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let (sizes, epochs) = if smoke {
        (&WORKERS[..1], 1)
    } else {
        (&WORKERS[..], EPOCHS)
    };
    let synthesis = Synthesis::new(Parameters::default())?;
    for workers in sizes {
        let mut rng = StdRng::seed_from_u64(1);
        let mut state = State::default();
        let (mut inferring, mut settling) = (Vec::new(), Vec::new());
        for _ in 0..epochs {
            let inputs = inputs(&mut rng, *workers)?;
            let (inferred, spent) = Spent::on(|| synthesis.infer(&state, &inputs));
            inferring.push(spent.cpu.as_secs_f64() * 1e3);
            let (inferers, forecasters) = (inferred.inferers.len(), inferred.forecasters.len());
            let reputers = (workers / 10).max(3);
            let reports = (0..reputers).map(|reputer| {
                let mut losses = Aggregates::of(&None, inferers, forecasters);
                losses.implied_oneouts.clear();
                for loss in losses.iter_mut() {
                    *loss = Some(rng.random_range(-2.0..1.0));
                }
                Report {
                    slot: 2 * workers + reputer,
                    stake: rng.random_range(1..1 << 50),
                    losses,
                }
            });
            let submissions = Submissions::new(&inferred, reports.collect())?;
            let ((next, ..), spent) = Spent::on(|| synthesis.settle(&state, &submissions));
            settling.push(spent.cpu.as_secs_f64() * 1e3);
            state = next;
        }
        for (what, mut times) in [("infer", inferring), ("settle", settling)] {
            let case = format!("synthesis/{what}/workers={workers}");
            show(Measurement::new("topic", case, median(&mut times), "ms"));
        }
    }
    Ok(())
}

fn inputs(rng: &mut StdRng, workers: u32) -> anyhow::Result<Inputs> {
    let inferers = workers * 3 / 4;
    let inferences = (0..inferers).map(|slot| (slot, vec![rng.random_range(-1.0..1.0)]));
    let inferences = inferences.collect();
    let forecasts = (inferers..workers).map(|slot| {
        let losses = (0..inferers).map(|inferer| (inferer, rng.random_range(-2.0..1.0)));
        (slot, losses.collect())
    });
    Ok(Inputs::new(1, inferences, forecasts.collect())?)
}
