//! The gate: every check in order of cost, up to the first failure.
use std::path::Path;

use crate::{
    Failure, output, simulate,
    step::{Step, timed},
    tidy,
};

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
        Step::cargo(root, &["doc", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "-Dwarnings")
            .run()
    })?;
    output::line("every check passed");
    Ok(())
}
