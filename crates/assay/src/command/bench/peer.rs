//! What another program takes for the same work: onnxruntime, through the script in `bench/peers/`.

use anyhow::{Context, anyhow};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Measures onnxruntime; compiled in, so that a binary alone can be compared.
const SCRIPT: &str = include_str!("../../../../../bench/peers/onnxruntime_latency.py");

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
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", python.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it said nothing");
        return Err(anyhow!("{}: {last}", python.display()));
    }
    let lines = String::from_utf8(output.stdout).context("the peer's answer is no text")?;
    let found = lines.lines().map(|line| {
        let found: Found =
            serde_json::from_str(line).with_context(|| format!("the peer answered `{line}`"))?;
        Ok((found.name, found.median_us))
    });
    found.collect()
}
