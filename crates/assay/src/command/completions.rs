//! `assay completions`: what a shell needs to complete commands, made from the grammar.

use crate::{
    cli::{Cli, Completions},
    failure::{Done, Ended},
    output::Output,
};
use clap::CommandFactory;

/// Writes the completions to standard output.
///
/// # Errors
/// None: a closed pipe is the reader's choice.
pub(crate) fn run(args: &Completions, output: &Output) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "assay", &mut script);
    output.bytes(&script);
    Ok(Ended::Well)
}
