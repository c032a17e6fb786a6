//! Suite `model`: microseconds of one inference, per bundled model, on one core.

use super::{Measurement, median};
use assay_model::{Executor, bundled, bundled::digit_images, input};
use std::time::{Duration, Instant};

/// Time spent on each model.
const BUDGET: Duration = Duration::from_millis(800);
/// Fewest inferences of which the median is taken.
const RUNS_MIN: usize = 25;

pub(super) fn run(mut show: impl FnMut(Measurement)) -> anyhow::Result<()> {
    let images: Vec<_> = digit_images()
        .iter()
        .map(|image| input::decode(image.png))
        .collect::<Result<_, _>>()?;
    for model in bundled() {
        let manifest = model.manifest();
        let mut tensors = Vec::new();
        for image in &images {
            tensors.extend(manifest.quantize_input(image)?);
        }
        let mut executor = Executor::new(model.program());
        let mut micros = Vec::new();
        let start = Instant::now();
        while start.elapsed() < BUDGET || micros.len() < RUNS_MIN {
            for tensor in &tensors {
                let before = Instant::now();
                std::hint::black_box(executor.run(tensor)?);
                micros.push(before.elapsed().as_secs_f64() * 1e6);
            }
        }
        show(Measurement::new(
            "model",
            format!("infer/model={}", model.name()),
            median(&mut micros),
            "µs",
        ));
    }
    Ok(())
}
