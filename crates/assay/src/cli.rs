//! The command line's grammar: every command, flag and example, parsed into types.
//!
//! One module a command. A flag with an `ASSAY_*` variable is also a key of the configuration file.

mod bench;
mod demo;
mod infer;
mod model;
mod name;
mod network;
mod node;
mod order;
mod prove;
mod provide;
mod receipt;
mod settings;
mod state;
mod topic;
mod values;
mod wallet;

pub(crate) use bench::{Bench, Point, Suite};
pub(crate) use demo::Demo;
pub(crate) use infer::{CheckChoice, Infer};
pub(crate) use model::{
    ImageSize, Model, ModelImport, ModelInspect, ModelRegister, ModelRegisterKey, ModelRun, Pixels,
    RoyaltyChoice,
};
pub(crate) use name::{Name, NameLease, NameShow, NameTransfer};
pub(crate) use network::{Network, NetworkNew, NetworkPlace};
pub(crate) use node::{KEEP_BLOCKS_MIN, LISTEN_DEFAULT, Node, NodeAction, NodeExport, NodeRun};
pub(crate) use order::{Order, OrderList};
pub(crate) use prove::{Prove, Verify, WeightsChoice};
pub(crate) use provide::{Misbehave, Provide};
pub(crate) use receipt::{Receipt, ReceiptVerify};
pub(crate) use settings::{Completions, Config, ConfigSet, ConfigUnset, Doctor, Man};
pub(crate) use state::{State, StateProve, StateVerify};
pub(crate) use topic::{
    ModelSource, NamedModel, ProgramChoice, SeriesChoice, Topic, TopicAsk, TopicBacktest,
    TopicCreate, TopicForecast, TopicFund, TopicList, TopicMine, TopicRegister, TopicRepute,
    TopicShow, TopicSimulate, TopicStake, TopicValidate, TopicWork,
};
pub(crate) use values::ModelName;
pub(crate) use wallet::{
    Transfer, Wallet, WalletChoice, WalletExport, WalletImport, WalletList, WalletNew,
    WalletRemove, WalletShow,
};

use crate::{
    config,
    home::NODE_DEFAULT,
    log,
    output::{Format, Loudness},
};
use clap::{
    ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint,
    builder::{Styles, styling::AnsiColor},
};
use std::path::PathBuf;

/// An open market for AI work: anyone sells, anyone buys, nothing is paid until its check has passed.
#[derive(Debug, Parser)]
#[command(
    name = "assay",
    version,
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

Settings come from flags, ASSAY_* variables and a file, in this order; `assay
config show` lists them all.

Exit codes: 0 as asked; 1 the work was done and the answer is no (a refused
receipt or proof, a refunded order); 2 wrong usage or an error.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Commands under what they are for, in the order of a newcomer's questions.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Markets",
        &[
            "demo", "infer", "provide", "order", "receipt", "model", "topic",
        ],
    ),
    ("Proofs", &["prove", "verify"]),
    ("Accounts", &["wallet", "transfer", "account", "name"]),
    ("Chains", &["node", "network", "state", "supply"]),
    ("This machine", &["doctor", "config", "bench"]),
    ("Shell", &["completions", "man", "help"]),
];

/// The grammar with its commands in groups, as `assay --help` shows them.
pub(crate) fn grammar() -> clap::Command {
    let command = Cli::command();
    let groups = groups(&command);
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{}\n{{options}}{{after-help}}",
        heading("Options"),
    ))
}

fn heading(text: &str) -> String {
    let style = STYLES.get_header();
    format!("{style}{text}:{style:#}")
}

fn groups(command: &clap::Command) -> String {
    let literal = STYLES.get_literal();
    let known: Vec<(&str, String)> = command
        .get_subcommands()
        .map(|command| {
            (
                command.get_name(),
                command.get_about().map(ToString::to_string),
            )
        })
        .map(|(name, about)| (name, about.unwrap_or_default()))
        .chain([("help", "Show the help of a command".to_owned())])
        .collect();
    let widest = known
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let line = |(name, about): &(&str, String)| {
        format!(
            "  {literal}{name}{literal:#}{:1$}  {about}\n",
            "",
            widest - name.len()
        )
    };
    let grouped = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let mut text = String::new();
    let mut group = |title: &str, members: Vec<&(&str, String)>| {
        if !members.is_empty() {
            text.push_str(&heading(title));
            text.push('\n');
            text.extend(members.into_iter().map(line));
            text.push('\n');
        }
    };
    for (title, names) in GROUPS {
        let members = names
            .iter()
            .filter_map(|name| known.iter().find(|(known, _)| known == name));
        group(title, members.collect());
    }
    group(
        "More",
        known.iter().filter(|(name, _)| !grouped(name)).collect(),
    );
    text
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
    /// Answers as JSON objects, one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log more: -v steps, -vv details, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Answers and errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// The node to talk to
    #[arg(long, global = true, env = "ASSAY_NODE", hide_env = true, value_name = "URL", default_value = NODE_DEFAULT)]
    pub(crate) node: String,
    /// Folder of wallets, receipts and data
    #[arg(long, global = true, env = "ASSAY_HOME", hide_env = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) home: Option<PathBuf>,
    /// Configuration file instead of the usual one
    #[arg(long, global = true, env = config::FILE_VARIABLE, hide_env = true, value_name = "FILE",
          value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Colour: auto, always or never
    #[arg(
        long,
        global = true,
        env = "ASSAY_COLOR",
        hide_env = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    pub(crate) color: Color,
    /// Log filter, for instance `assay_worker=debug`
    #[arg(long, global = true, env = "ASSAY_LOG", hide_env = true, value_name = "FILTER", value_parser = log::filter)]
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
        matches!(
            self,
            Self::Config(_) | Self::Doctor(_) | Self::Completions(_) | Self::Man(_)
        )
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
    /// For what prints help and wrong usage.
    pub(crate) fn of_usage(self) -> clap::ColorChoice {
        match self {
            Self::Auto => clap::ColorChoice::Auto,
            Self::Always => clap::ColorChoice::Always,
            Self::Never => clap::ColorChoice::Never,
        }
    }

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
    /// Run a whole market on this machine, offline
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
    /// Create topics, work, stake and judge in them
    #[command(subcommand)]
    Topic(Topic),
    /// Run a model and prove what it answers, offline
    Prove(Prove),
    /// Check a proof of inference, offline
    Verify(Verify),
    /// Keep wallets: make, list, import, export, choose
    #[command(subcommand)]
    Wallet(Wallet),
    /// Send money to an account
    Transfer(Transfer),
    /// Lease names that stand for addresses, and look them up
    #[command(subcommand)]
    Name(Name),
    /// Show how much money there is and how new money comes
    #[command(after_help = "Example:\n  assay supply --json | jq .epoch")]
    Supply,
    /// Look at orders
    #[command(subcommand)]
    Order(Order),
    /// Read and check receipts
    #[command(subcommand)]
    Receipt(Receipt),
    /// Prove what the ledger holds, and check such proofs
    #[command(subcommand)]
    State(State),
    /// Measure this machine
    Bench(Bench),
    /// Show and change settings, and where each comes from
    #[command(subcommand)]
    Config(Config),
    /// Check this machine, its folders and its node
    Doctor(Doctor),
    /// Write manual pages
    Man(Man),
    /// Write a shell's completions to standard output
    Completions(Completions),
}

#[cfg(test)]
mod tests;
