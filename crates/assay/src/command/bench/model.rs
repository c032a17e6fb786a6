//! Suite `model`: microseconds of one inference, on one core, against onnxruntime.
//!
//! A run goes from the numbers that the model was trained on to its scores: quantisation of the input is
//! part of it. Cases without a suffix use the fastest kernels of this processor, one input at a time;
//! `kernels=` names others, `batch=` is the time of one item among so many.

use super::{Measurement, median, peer};
use crate::{
    cli::Bench,
    command::model::{Loaded, PROGRAM_FILE, load_folder},
    output::Output,
};
use anyhow::Context;
use assay_model::{
    Executor, Manifest, Program, bundled,
    execute::{KernelSet, Plan},
};
use std::{
    hint,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

/// The models that come with the binary.
const BUNDLED: [&str; 3] = ["digits-mlp", "digits-smallcnn", "digits-lenet"];
/// A vision model that does not: `cargo xtask fixtures` fetches its original, `assay model import` writes
/// its program beside it.
const FETCHED: &str = "rapidocr-cls";
/// Inferences of which the median is taken.
const RUNS: usize = 10_000;
/// The same of [`FETCHED`], which takes a hundred times as long.
const RUNS_FETCHED: usize = 500;
/// Items of a batch.
const BATCH: usize = 32;

/// A model to measure.
struct Subject {
    name: &'static str,
    program: Arc<Program>,
    manifest: Manifest,
    /// Numbers of [`BATCH`] inputs.
    inputs: Vec<f32>,
    /// Inferences of which the median is taken.
    runs: usize,
    /// The original, where it is at hand.
    onnx: Option<PathBuf>,
}

pub(super) fn run(
    args: &Bench,
    output: &Output,
    mut show: impl FnMut(Measurement),
) -> anyhow::Result<()> {
    let runs = if args.smoke { 1 } else { RUNS };
    let root = repository();
    let mut subjects = Vec::new();
    for name in BUNDLED {
        subjects.push(bundled_subject(name, root.as_deref())?);
    }
    match fetched_subject(root.as_deref())? {
        Some(subject) => subjects.push(subject),
        None => output.note(format_args!(
            "{FETCHED} is skipped: run `cargo xtask fixtures` and the `assay model import` of \
             models/README.md, then `assay bench model`, all in the repository"
        )),
    }

    let cases = subjects.iter().filter_map(Subject::peer_case);
    let cases: Vec<peer::PeerCase> = cases.collect();
    let peers = if cases.is_empty() {
        output.note("onnxruntime is skipped: run `assay bench model` in the repository");
        Default::default()
    } else {
        peer::medians_us(&args.python, runs, &cases).unwrap_or_else(|error| {
            output.note(format_args!(
                "onnxruntime is skipped: {error:#}; install onnxruntime and numpy and name their \
                 Python with --python"
            ));
            Default::default()
        })
    };

    output.note(format_args!("kernels: {}", KernelSet::best().name()));
    for subject in &subjects {
        let bits = subject.manifest.fields().input.fraction_bits;
        let time = |kernels, items| -> anyhow::Result<f64> {
            let plan = Plan::with_kernels(Arc::clone(&subject.program), kernels);
            let executor = Executor::of_plan(Arc::new(plan), items);
            subject.median_us(executor, bits, items, runs.min(subject.runs))
        };
        let best = KernelSet::best();
        let measured = |case: String, us| Measurement::new("model", case, us, "µs");
        let single = measured(subject.name.to_owned(), time(best, 1)?);
        show(match peers.get(subject.name) {
            Some(&peer) => single.against_peer(peer),
            None => single,
        });
        let batch = format!("{}/batch={BATCH}", subject.name);
        show(measured(batch, time(best, BATCH)?));
        for kernels in KernelSet::available() {
            let case = format!("{}/kernels={}", subject.name, kernels.name());
            show(measured(case, time(kernels, 1)?));
        }
    }
    Ok(())
}

impl Subject {
    fn per_item(&self) -> usize {
        self.program.input().shape.elements()
    }

    /// Median time of one item among `items` in one call.
    fn median_us(
        &self,
        mut executor: Executor,
        fraction_bits: i8,
        items: usize,
        runs: usize,
    ) -> anyhow::Result<f64> {
        let calls = runs.div_ceil(items);
        // A tenth before them, unmeasured.
        let warm = calls.div_ceil(10);
        let mut micros = Vec::with_capacity(calls);
        let inputs = self.inputs.chunks_exact(items * self.per_item()).cycle();
        for (call, inputs) in inputs.take(warm + calls).enumerate() {
            let before = Instant::now();
            hint::black_box(executor.infer_numbers(hint::black_box(inputs), fraction_bits)?);
            let elapsed = before.elapsed();
            if call >= warm {
                micros.push(elapsed.as_secs_f64() * 1e6 / items as f64);
            }
        }
        Ok(median(&mut micros))
    }

    fn peer_case(&self) -> Option<peer::PeerCase> {
        let onnx = self.onnx.clone()?;
        let dims = self.program.input().shape.dims();
        Some(peer::PeerCase {
            name: self.name,
            onnx,
            extents: [1].iter().chain(dims).copied().collect(),
        })
    }
}

fn bundled_subject(name: &'static str, root: Option<&Path>) -> anyhow::Result<Subject> {
    let model = bundled::find(name).with_context(|| format!("{name} is not bundled"))?;
    let program = Arc::new(model.program());
    let digits = bundled::digits_test_set();
    let count = BATCH * program.input().shape.elements();
    let pixels = &digits.images.data()[..count];
    let onnx = root.map(|root| root.join("models").join(name).join("model.onnx"));
    Ok(Subject {
        name,
        program,
        manifest: model.manifest(),
        inputs: pixels.iter().map(|&pixel| pixel as f32).collect(),
        runs: RUNS,
        onnx: onnx.filter(|path| path.is_file()),
    })
}

/// The fetched model, if the fixtures hold its original and its program.
fn fetched_subject(root: Option<&Path>) -> anyhow::Result<Option<Subject>> {
    let Some(folder) = fetched_folder(root) else {
        return Ok(None);
    };
    let Loaded { program, manifest } = load_folder(&folder)?;
    let program = Arc::new(program);
    // A gradient between black and white; how long an inference takes does not depend on the picture.
    let per_item = program.input().shape.elements();
    let inputs = (0..BATCH * per_item).map(|index| (index % 511) as f32 / 255.0 - 1.0);
    Ok(Some(Subject {
        name: FETCHED,
        manifest,
        inputs: inputs.collect(),
        runs: RUNS_FETCHED,
        onnx: Some(folder.join("model.onnx")),
        program,
    }))
}

/// The fetched model's program, if the fixtures hold it.
pub(super) fn fetched() -> anyhow::Result<Option<Loaded>> {
    let folder = fetched_folder(repository().as_deref());
    folder.map(|folder| load_folder(&folder)).transpose()
}

/// Where the fixtures hold the fetched model's original and its program.
fn fetched_folder(root: Option<&Path>) -> Option<PathBuf> {
    let fixtures = std::env::var_os("ASSAY_FIXTURES").map(PathBuf::from);
    let fixtures = fixtures.or_else(|| root.map(|root| root.join("fixtures")))?;
    let folder = fixtures.join(FETCHED);
    let whole = folder.join(PROGRAM_FILE).is_file() && folder.join("model.onnx").is_file();
    whole.then_some(folder)
}

/// Where the repository holds a bundled model's original.
pub(super) fn original(name: &str) -> Option<PathBuf> {
    let onnx = repository()?.join("models").join(name).join("model.onnx");
    onnx.is_file().then_some(onnx)
}

/// The nearest folder from here upwards that holds the models.
fn repository() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let holds = |folder: &&Path| folder.join("models").join(BUNDLED[0]).is_dir();
    here.ancestors().find(holds).map(Path::to_path_buf)
}
