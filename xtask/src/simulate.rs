//! `simulate [SEED] [STEPS]`: the ledger's own simulation, with a seed that replays a failure.
use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
    process::Command,
};

use crate::{Failure, output, step::Step};

/// The seed that every run of the gate repeats.
pub(crate) const SEED_FIXED: u64 = 1;
/// Steps of one seed in the gate: long enough to reach every kind of call, short enough to run twice on each change.
pub(crate) const STEPS_CI: u64 = 1_000_000;
/// Steps of a run by hand: the length at which every call and rejection has occurred a thousand times.
const STEPS_DEFAULT: u64 = 5_000_000;

/// Simulates with the seed and the number of steps given, or a fresh seed and the full length.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let (seed, steps) = parse(arguments)?;
    step(root, seed.unwrap_or_else(seed_fresh), steps)
}

/// One simulation; a failure prints the one command that repeats it.
pub(crate) fn step(root: &Path, seed: u64, steps: u64) -> Result<(), Failure> {
    let (seed, steps) = (seed.to_string(), steps.to_string());
    let arguments = [
        &[
            "run",
            "--locked",
            "--profile",
            "dev",
            "-p",
            "assay-ledger",
            "--example",
            "simulate",
            "--",
        ][..],
        &["--seed", &seed, "--steps", &steps],
    ]
    .concat();
    Step::cargo(root, &arguments).run().inspect_err(|_| {
        output::error(&format!("SEED={seed} COMMIT={}", commit(root)));
        output::error(&format!("to repeat: cargo xtask simulate {seed} {steps}"));
    })
}

/// A seed that differs from run to run.
pub(crate) fn seed_fresh() -> u64 {
    // The standard library seeds each `RandomState` from the operating system.
    RandomState::new().hash_one("seed")
}

fn parse(arguments: &[&str]) -> Result<(Option<u64>, u64), Failure> {
    let number = |text: &str| {
        text.replace('_', "")
            .parse()
            .map_err(|_| Failure::usage(format!("simulate takes whole numbers, not {text:?}")))
    };
    match arguments {
        [] => Ok((None, STEPS_DEFAULT)),
        [seed] => Ok((Some(number(seed)?), STEPS_DEFAULT)),
        [seed, steps] => Ok((Some(number(seed)?), number(steps)?)),
        _ => Err(Failure::usage(
            "simulate takes a seed and a number of steps",
        )),
    }
}

/// The commit at hand, or a word that says why there is none.
fn commit(root: &Path) -> String {
    let output = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .current_dir(root)
        .output();
    match output {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seed_and_steps() {
        assert_eq!(parse(&[]), Ok((None, STEPS_DEFAULT)));
        assert_eq!(parse(&["7"]), Ok((Some(7), STEPS_DEFAULT)));
        assert_eq!(parse(&["7", "1_000"]), Ok((Some(7), 1_000)));
        for wrong in [&["x"][..], &["1", "-2"], &["1", "2", "3"]] {
            assert_eq!(
                parse(wrong).map_err(|failure| failure.code),
                Err(2),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn fresh_seeds_differ() {
        assert_ne!(seed_fresh(), seed_fresh());
    }
}
