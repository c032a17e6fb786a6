//! The command line's grammar: every command, flag and example, parsed into types.
//!
//! One module a command. A flag with an `ASSAY_*` variable is also a key of the configuration file.

mod bench;
mod completions;
mod demo;
mod infer;
mod model;
mod node;
mod order;
mod provide;
mod receipt;
mod values;
mod wallet;

pub(crate) use bench::{Bench, Suite};
pub(crate) use completions::Completions;
pub(crate) use demo::Demo;
pub(crate) use infer::{CheckChoice, Infer};
pub(crate) use model::{ImageSize, Model, ModelImport, ModelInspect, ModelRegister, ModelRun};
pub(crate) use node::Node;
pub(crate) use order::{Order, OrderList};
pub(crate) use provide::{Misbehave, Provide};
pub(crate) use receipt::{Receipt, ReceiptVerify};
pub(crate) use values::ModelName;
pub(crate) use wallet::{Transfer, Wallet, WalletChoice, WalletShow};

use crate::{home::NODE_DEFAULT, output::Format};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// An open market for AI work: anyone sells, anyone buys, nothing is paid until its check has passed.
#[derive(Debug, Parser)]
#[command(
    name = "assay",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(after_help = "\
Examples:
  assay demo                         a whole market on this machine, offline
  assay node --dev                   a development chain with funded wallets
  assay provide --wallet seller-1    sell inferences
  assay infer --wallet buyer --model digits-lenet --input digit-7.png

Exit codes: 0 as asked; 1 the work was done and the answer is no (a refused
receipt, a refunded order); 2 wrong usage or an error.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Answers as JSON objects, one a line, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour; `auto` is on a terminal and without NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Folder of wallets, receipts and data [default: the platform's, e.g. ~/.local/share/assay]
    #[arg(long, global = true, env = "ASSAY_HOME", value_name = "HOME", value_hint = ValueHint::DirPath)]
    pub(crate) home: Option<PathBuf>,
    /// Address of the node to talk to
    #[arg(long, global = true, env = "ASSAY_NODE", value_name = "URL", default_value = NODE_DEFAULT)]
    pub(crate) node: String,
}

impl Globals {
    /// Who reads the answers.
    pub(crate) fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Text
        }
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole market on this machine: an order, its check, the payment, a receipt
    Demo(Demo),
    /// Run a node: a validator with its HTTP interface
    Node(Node),
    /// Sell inferences: publish an offer and serve what is drawn
    Provide(Provide),
    /// Buy an inference and wait for its receipt
    Infer(Infer),
    /// Import, inspect, run and register models
    #[command(subcommand)]
    Model(Model),
    /// Make and show wallets
    #[command(subcommand)]
    Wallet(Wallet),
    /// Send money to an account
    Transfer(Transfer),
    /// Look at orders
    #[command(subcommand)]
    Order(Order),
    /// Read and check receipts
    #[command(subcommand)]
    Receipt(Receipt),
    /// Measure this machine
    Bench(Bench),
    /// Write a shell's completions to standard output
    Completions(Completions),
}

#[cfg(test)]
mod tests;
