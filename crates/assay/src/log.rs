//! What the parts of the program report about themselves, on standard error.
//!
//! The most definite voice wins: `--log`, `-v` and `-q`, `ASSAY_LOG`, `RUST_LOG`, the configuration file,
//! then errors only.

use crate::cli::Globals;
use clap::{ArgMatches, parser::ValueSource};
use std::env;
use tracing_subscriber::EnvFilter;

/// The usual variable of Rust programs; ours goes before it.
const VARIABLE_USUAL: &str = "RUST_LOG";
/// Without a wish: what an operator must know.
const FILTER_DEFAULT: &str = "error";

/// Accepts what the log's filter understands.
///
/// # Errors
/// What it does not.
pub(crate) fn filter(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!(
            "{error}; write a level (error, warn, info, debug, trace), or PART=LEVEL pairs \
             separated by commas"
        )),
    }
}

/// Begins to log as the command line, the environment and the file say.
pub(crate) fn start(globals: &Globals, matches: &ArgMatches, is_colored: bool) {
    let chosen = choose(
        globals.log.as_deref(),
        matches.value_source("log"),
        globals.verbose,
        globals.quiet,
        env::var(VARIABLE_USUAL).ok().as_deref(),
    );
    let filter = EnvFilter::try_new(chosen).unwrap_or_else(|_| EnvFilter::new(FILTER_DEFAULT));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_colored)
        .with_writer(std::io::stderr)
        .init();
}

fn choose(
    log: Option<&str>,
    source: Option<ValueSource>,
    verbose: u8,
    quiet: bool,
    usual: Option<&str>,
) -> String {
    let of_level = match (verbose, quiet) {
        (0, false) => None,
        (0, true) => Some("error"),
        (1, _) => Some("info"),
        (2, _) => Some("debug"),
        (_, _) => Some("trace"),
    };
    let from = |wanted: ValueSource| log.filter(|_| source == Some(wanted));
    from(ValueSource::CommandLine)
        .or(of_level)
        .or(from(ValueSource::EnvVariable))
        .or(usual.filter(|text| !text.is_empty()))
        .or(log)
        .unwrap_or(FILTER_DEFAULT)
        .to_owned()
}

#[cfg(test)]
mod tests;
