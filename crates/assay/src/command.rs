//! The commands, one module each.

mod bench;
mod completions;
mod model;
mod receipt;

use crate::{
    cli::{Command, Globals},
    failure::Done,
    output::Output,
};

/// Runs the chosen command.
///
/// # Errors
/// What the command could not do.
pub(crate) async fn run(command: &Command, globals: &Globals, output: &Output) -> Done {
    match command {
        Command::Model(command) => model::run(command, globals, output).await,
        Command::Receipt(command) => receipt::run(command, output),
        Command::Bench(args) => bench::run(args, output).await,
        Command::Completions(args) => completions::run(args, output),
        _ => Ok(crate::failure::Ended::Well),
    }
}
