//! The gate: every check in order of cost, up to the first failure.
use std::path::Path;

use crate::{
    Failure, coverage, output, simulate,
    step::{Step, timed},
    tidy,
};

/// Suites of `assay bench` whose bodies run once, so that a benchmark that no longer works is found before
/// somebody needs its numbers.
const BENCH_SUITES: &[&str] = &[
    "model", "ledger", "scale", "chain", "prove", "market", "topic",
];

/// Runs every step and stops at the first that fails.
pub(crate) fn run(root: &Path) -> Result<(), Failure> {
    timed("cargo xtask ci", || {
        Step::cargo(root, &["fmt", "--all", "--check"]).run()?;
        timed("cargo xtask tidy", || tidy::run(root))?;
        // Flags go after `--`: a changed RUSTFLAGS would rebuild every dependency.
        Step::cargo(
            root,
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
        )
        .run()?;
        Step::cargo(root, &["test", "--workspace", "--locked"]).run()?;
        for seed in [simulate::SEED_FIXED, simulate::seed_fresh()] {
            simulate::step(root, seed, simulate::STEPS_CI)?;
        }
        // The binary that the tests have built; `cargo run --package` would resolve other features and build
        // it again.
        for suite in BENCH_SUITES {
            Step::sibling(root, "assay", &["bench", suite, "--smoke", "--json"])?.run()?;
        }
        // A figure, not a check: the same tests have passed above.
        if let Err(failure) = coverage::run(root) {
            output::line(&format!("coverage was not measured: {}", failure.message));
        }
        Step::cargo(root, &["doc", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "-Dwarnings")
            .run()
    })?;
    output::line("every check passed");
    Ok(())
}
