//! The one door to the checks of this repository: `cargo xtask ci|tidy|simulate|coverage|fuzz|fixtures`.
//!
//! A person and the gate type the same thing: `.ci/run` only calls `cargo xtask ci`. The crate depends on a JSON
//! parser and nothing else, because it is built before anything can be checked.
//!
//! Exit codes: 0 when all is well, 1 when a check found something, 2 when the command could not be run; a failed
//! step of `ci` passes its own code on.
mod ci;
mod coverage;
mod fixtures;
mod fuzz;
mod metadata;
mod output;
mod simulate;
mod step;
mod tidy;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  ci                             every check a change must pass, in order, up to the first failure
  tidy                           the house rules: arrows, licences, duplicates, words, files, manifests
  simulate [SEED] [STEPS]        random honest and hostile calls on the ledger; a fresh seed when none is given
  coverage                       how much of the pure cores their own tests run
  fuzz [SECONDS] [TARGET...]     each fuzz target (or those named) for SECONDS (default 60)
  fixtures                       fetches models, series and pictures that the repository leaves out, through pip, pinned by SHA-256
";

fn main() -> ExitCode {
    if let Some(code) = coverage::as_compiler() {
        return code;
    }
    // Asked before any build can replace the file; who needs the answer reports its absence.
    let _ = step::this_program();
    let root = workspace_root();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["ci"] => ci::run(&root),
        ["tidy"] => tidy::run(&root),
        ["simulate", rest @ ..] => simulate::run(&root, rest),
        ["coverage"] => coverage::run(&root),
        ["fuzz", rest @ ..] => fuzz::run(&root, rest),
        ["fixtures"] => fixtures::run(&root),
        ["help" | "--help" | "-h"] => {
            output::line(USAGE);
            Ok(())
        }
        other => Err(Failure::usage(format!(
            "no such command: {:?}",
            other.join(" ")
        ))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Why a command did not succeed, and the exit code that says so.
#[derive(Debug, PartialEq, Eq)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A check ran and found something.
    fn found(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 1,
        }
    }

    /// The command could not do its work.
    fn broken(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
        }
    }

    /// The command line was wrong.
    fn usage(message: impl std::fmt::Display) -> Self {
        Self::broken(format!("{message}\n\n{USAGE}"))
    }
}

/// The folder of the root manifest: this crate's parent, as `cargo run` tells it. The compiler knows a folder too,
/// but builds are shared by clones, and it may be another clone's.
fn workspace_root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR")
        .as_deref()
        .and_then(|package| Path::new(package).parent())
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
