//! What another program takes for the same work: onnxruntime and EZKL, through the scripts in `bench/peers/`.

use super::model::original;
use anyhow::{Context, anyhow};
use assay_model::{Tensor, bundled};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Measures onnxruntime; compiled in, so that a binary alone can be compared.
const SCRIPT: &str = include_str!("../../../../../bench/peers/onnxruntime_latency.py");

/// Measures EZKL, step by step in processes of their own.
const EZKL: &str = include_str!("../../../../../bench/peers/ezkl/prove.py");

/// A model in floats.
pub(super) struct PeerCase {
    pub(super) name: &'static str,
    pub(super) onnx: PathBuf,
    /// Extents of the input, with the batch dimension.
    pub(super) extents: Vec<u32>,
}

#[derive(Deserialize)]
struct Found {
    name: String,
    median_us: f64,
}

/// Median microseconds of `runs` inferences of each case, by name.
///
/// # Errors
/// When Python or a package is absent, or a model does not run.
pub(super) fn medians_us(
    python: &Path,
    runs: usize,
    cases: &[PeerCase],
) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut command = Command::new(python);
    command.arg("-c").arg(SCRIPT).arg(runs.to_string());
    for case in cases {
        let extents: Vec<String> = case.extents.iter().map(u32::to_string).collect();
        let mut argument = OsString::from(format!("{}=", case.name));
        argument.push(&case.onnx);
        argument.push(format!("={}", extents.join("x")));
        command.arg(argument);
    }
    let lines = answer(python, &mut command)?;
    let found = lines.lines().map(|line| {
        let found: Found =
            serde_json::from_str(line).with_context(|| format!("the peer answered `{line}`"))?;
        Ok((found.name, found.median_us))
    });
    found.collect()
}

/// What EZKL takes.
#[derive(Deserialize)]
pub(super) struct Ezkl {
    pub(super) prove_cpu_s: f64,
    pub(super) prove_peak_mib: f64,
    pub(super) setup_cpu_s: f64,
    pub(super) verify_cpu_s: f64,
    pub(super) proof_bytes: f64,
}

/// EZKL's proof of a bundled model's original, on the numbers that `input` stands for.
///
/// # Errors
/// When the original, Python or a package is absent, or a step fails.
pub(super) fn ezkl(python: &Path, name: &str, input: &Tensor) -> anyhow::Result<Ezkl> {
    let onnx = original(name).context("run `assay bench prove` in the repository")?;
    let model = bundled::find(name).context("the model is not bundled")?;
    let bits = model.manifest().fields().input.fraction_bits;
    let numbers = input.data().to_i32();
    let numbers = numbers
        .iter()
        .map(|number| f64::from(*number) * 2f64.powi(-i32::from(bits)));
    let shown = serde_json::json!({ "input_data": [numbers.collect::<Vec<f64>>()] });
    let folder = tempfile::tempdir().context("no folder for EZKL's files")?;
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("prove.py"), EZKL)?;
    std::fs::write(file("input.json"), shown.to_string())?;
    let line = answer(
        python,
        Command::new(python).args([
            file("prove.py"),
            folder.path().into(),
            onnx,
            file("input.json"),
        ]),
    )?;
    serde_json::from_str(&line).with_context(|| format!("the peer answered `{line}`"))
}

/// What a script prints.
///
/// # Errors
/// When Python cannot be started, or the script fails: then with the last line of what it said.
fn answer(python: &Path, command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", python.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it said nothing");
        return Err(anyhow!("{}: {last}", python.display()));
    }
    String::from_utf8(output.stdout).context("the peer's answer is no text")
}
