//! `fuzz [SECONDS] [TARGET...]`: every decoder of foreign bytes, for a while each.
//!
//! The targets live in `fuzz/`, a workspace of its own, because they need a sanitizer and a build of their own.
use std::{path::Path, process::Command};

use crate::{
    Failure, output,
    step::{Step, cargo},
};

/// Seconds per target when none are given.
const SECONDS_DEFAULT: u32 = 60;
/// Memory a target may take; a decoder that needs more for an input of [`INPUT_BYTES_MAX`] lacks a limit.
const MEMORY_MIB_MAX: u32 = 2_048;
/// Longest input: above the longest seed, a proof of 76 kB, small enough to stay fast.
const INPUT_BYTES_MAX: u32 = 131_072;
/// Longest single input; one that takes longer is reported like a crash.
const INPUT_SECONDS_MAX: u32 = 10;

/// Fuzzes each target in turn and stops at the first crash.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let (seconds, wanted) = parse(arguments)?;
    let mut probe = cargo();
    probe.args(["fuzz", "--version"]).current_dir(root);
    if !probe.output().is_ok_and(|output| output.status.success()) {
        return Err(Failure::broken(
            "cargo-fuzz is not installed; install it with `cargo install cargo-fuzz --locked`, then repeat the command",
        ));
    }
    let targets = targets(root)?;
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !targets.iter().any(|target| target == *name))
    {
        return Err(Failure::usage(format!(
            "no fuzz target {unknown:?}; there are: {}",
            targets.join(", ")
        )));
    }
    // The sanitizer's flags are unstable; a stable compiler accepts them when it is told to.
    let bootstrap = !rustc_is_nightly(root);
    let limits = [
        format!("-max_total_time={seconds}"),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
    ];
    let bootstrapped = |step: Step| {
        if bootstrap {
            step.env("RUSTC_BOOTSTRAP", "1")
        } else {
            step
        }
    };
    // Built first, so that a target that fails afterwards has found something.
    bootstrapped(Step::cargo(root, &["fuzz", "build", "--fuzz-dir", "fuzz"])).run()?;
    for target in targets
        .iter()
        .filter(|target| wanted.is_empty() || wanted.contains(&target.as_str()))
    {
        // New finds go into the first folder; the seeds are read only.
        let corpus = format!("fuzz/corpus/{target}");
        let seeds = format!("fuzz/seeds/{target}");
        std::fs::create_dir_all(root.join(&corpus))
            .map_err(|error| Failure::broken(format!("cannot create {corpus}: {error}")))?;
        let mut command = vec!["fuzz", "run", "--fuzz-dir", "fuzz", target, &corpus];
        command.extend(root.join(&seeds).is_dir().then_some(seeds.as_str()));
        command.push("--");
        command.extend(limits.iter().map(String::as_str));
        bootstrapped(Step::cargo(root, &command)).run().inspect_err(|_| {
            output::error(&format!(
                "the input is in fuzz/artifacts/{target}; turn it into a unit test of its decoder"
            ));
        })?;
    }
    Ok(())
}

fn parse<'a>(arguments: &[&'a str]) -> Result<(u32, Vec<&'a str>), Failure> {
    let Some((first, rest)) = arguments.split_first() else {
        return Ok((SECONDS_DEFAULT, Vec::new()));
    };
    match first.parse() {
        Ok(seconds) if seconds > 0 => Ok((seconds, rest.to_vec())),
        // Zero would mean "for ever" to the fuzzer.
        Ok(_) => Err(Failure::usage("fuzz runs for at least one second")),
        Err(_) => Ok((SECONDS_DEFAULT, arguments.to_vec())),
    }
}

/// The target names, read from the files themselves.
fn targets(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| Failure::broken(format!("cannot list {}: {error}", folder.display())))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            entry
                .file_name()
                .to_str()?
                .strip_suffix(".rs")
                .map(str::to_owned)
        })
        .collect();
    names.sort();
    Ok(names)
}

fn rustc_is_nightly(root: &Path) -> bool {
    let output = Command::new("rustc")
        .arg("--version")
        .current_dir(root)
        .output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("nightly"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_targets() {
        assert_eq!(parse(&[]), Ok((SECONDS_DEFAULT, vec![])));
        assert_eq!(parse(&["5"]), Ok((5, vec![])));
        assert_eq!(parse(&["5", "onnx"]), Ok((5, vec!["onnx"])));
        assert_eq!(
            parse(&["onnx", "npy"]),
            Ok((SECONDS_DEFAULT, vec!["onnx", "npy"]))
        );
        assert_eq!(parse(&["0"]).map_err(|failure| failure.code), Err(2));
    }

    #[test]
    fn every_target_has_a_manifest_entry() {
        let root = crate::workspace_root();
        let manifest =
            std::fs::read_to_string(root.join("fuzz/Cargo.toml")).expect("fuzz/Cargo.toml");
        let targets = targets(&root).expect("fuzz/fuzz_targets");
        assert_eq!(manifest.matches("[[bin]]").count(), targets.len());
        for target in targets {
            assert!(
                manifest.contains(&format!("fuzz_targets/{target}.rs")),
                "{target} is not in fuzz/Cargo.toml"
            );
        }
    }
}
