//! The command line's grammar: every command, flag and example, parsed into types.
//!
//! One module a command. A flag with an `ASSAY_*` variable is also a key of the configuration file.

mod bench;
mod completions;

mod demo;
mod infer;
mod model;
mod network;
mod node;
mod order;
mod provide;
mod receipt;
mod settings;
mod values;
mod wallet;

pub(crate) use bench::{Bench, Suite};
pub(crate) use completions::Completions;
pub(crate) use demo::Demo;
pub(crate) use infer::{CheckChoice, Infer};
pub(crate) use model::{ImageSize, Model, ModelImport, ModelInspect, ModelRegister, ModelRun};
pub(crate) use network::{Network, NetworkNew, NetworkPlace};
pub(crate) use node::{KEEP_BLOCKS_MIN, LISTEN_DEFAULT, Node, NodeAction, NodeExport, NodeRun};
pub(crate) use order::{Order, OrderList};
pub(crate) use provide::{Misbehave, Provide};
pub(crate) use receipt::{Receipt, ReceiptVerify};
pub(crate) use settings::{Config, ConfigSet, ConfigUnset};
pub(crate) use values::ModelName;
pub(crate) use wallet::{Transfer, Wallet, WalletChoice, WalletShow};

use crate::{
    config,
    home::NODE_DEFAULT,
    log,
    output::{Format, Loudness},
};
use clap::{
    ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint,
    builder::{Styles, styling::AnsiColor},
};
use std::path::PathBuf;

/// An open market for AI work: anyone sells, anyone buys, nothing is paid until its check has passed.
#[derive(Debug, Parser)]
#[command(
    name = "assay",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    styles = STYLES,
    max_term_width = 100
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

/// Headings, commands and flags stand out; the rest is plain.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default())
    .error(AnsiColor::Red.on_default().bold())
    .valid(AnsiColor::Green.on_default())
    .invalid(AnsiColor::Yellow.on_default());

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Answers as JSON objects, one a line, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// More about the work on standard error: -v steps, -vv details, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Answers and errors only: no progress, no notes
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Address of the node to talk to
    #[arg(long, global = true, env = "ASSAY_NODE", hide_env_values = true, value_name = "URL", default_value = NODE_DEFAULT)]
    pub(crate) node: String,
    /// Folder of wallets, receipts and data [default: the platform's]
    #[arg(long, global = true, env = "ASSAY_HOME", hide_env_values = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) home: Option<PathBuf>,
    /// Configuration file to read instead of the usual one
    #[arg(long, global = true, env = config::FILE_VARIABLE, hide_env_values = true, value_name = "FILE",
          value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// When to use colour; `auto` is on a terminal and without NO_COLOR
    #[arg(
        long,
        global = true,
        env = "ASSAY_COLOR",
        hide_env_values = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    pub(crate) color: Color,
    /// What to log, by part: `error`, `assay_worker=debug` [default: error]
    #[arg(long, global = true, env = "ASSAY_LOG", hide_env_values = true, value_name = "FILTER", value_parser = log::filter)]
    pub(crate) log: Option<String>,
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

    /// How much is said about the work.
    pub(crate) fn loudness(&self) -> Loudness {
        if self.quiet {
            Loudness::Quiet
        } else {
            Loudness::Usual
        }
    }
}

impl Command {
    /// Whether it runs without the configuration file, so that a wrong one can be looked at and mended.
    pub(crate) const fn bears_wrong_config(&self) -> bool {
        matches!(self, Self::Config(_) | Self::Completions(_))
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal and without NO_COLOR
    #[default]
    Auto,
    /// Even into files and pipes
    Always,
    /// Not at all
    Never,
}

impl Color {
    /// For what prints answers.
    pub(crate) fn of_stream(self) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole market on this machine: an order, its check, the payment, a receipt
    Demo(Demo),
    /// Run a node: a validator with its HTTP interface
    Node(Node),
    /// Make and run a network of several validators on this machine
    #[command(subcommand)]
    Network(Network),
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
    /// Show and change settings, and where each comes from
    #[command(subcommand)]
    Config(Config),
    /// Write a shell's completions to standard output
    Completions(Completions),
}

#[cfg(test)]
mod tests;
