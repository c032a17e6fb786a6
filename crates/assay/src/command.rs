//! The commands, one module each.

mod bench;
mod completions;
mod config;
mod doctor;
mod infer;
mod man;
pub(crate) mod model;
mod name;
mod network;
mod node;
mod order;
mod prove;
mod provide;
pub(crate) mod receipt;
mod state;
mod supply;
mod topic;
mod transfer;
mod verify;
pub(crate) mod wallet;

use crate::{
    cli::{Command, Globals},
    config::Config,
    demo,
    failure::Done,
    output::Output,
};
use clap::ArgMatches;

/// Runs the chosen command.
///
/// # Errors
/// What the command could not do.
pub(crate) async fn run(
    command: &Command,
    globals: &Globals,
    config: &Config,
    matches: &ArgMatches,
    output: &Output,
) -> Done {
    match command {
        Command::Doctor(_) => doctor::run(globals, config, output).await,
        Command::Man(args) => man::run(args, output),
        Command::Config(command) => config::run(command, config, matches, output),
        Command::Model(command) => model::run(command, globals, output).await,
        Command::Prove(args) => prove::run(args, output),
        Command::Verify(args) => verify::run(args, output),
        Command::Receipt(command) => receipt::run(command, output),
        Command::State(command) => state::run(command, globals, output).await,
        Command::Bench(args) => bench::run(args, output).await,
        Command::Completions(args) => completions::run(args, output),
        Command::Demo(args) => demo::run(args, output).await,
        Command::Provide(args) => provide::run(args, globals, output).await,
        Command::Network(command) => network::run(command, globals, output).await,
        Command::Node(args) => node::run(args, globals, output).await,
        Command::Infer(args) => infer::run(args, globals, output).await,
        Command::Wallet(command) => wallet::run(command, globals, config, output).await,
        Command::Supply => supply::run(globals, output).await,
        Command::Name(command) => name::run(command, globals, output).await,
        Command::Topic(command) => topic::run(command, globals, output).await,
        Command::Transfer(args) => transfer::run(args, globals, output).await,
        Command::Order(command) => order::run(command, globals, output).await,
    }
}
