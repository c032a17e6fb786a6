//! The command line's grammar: every command, flag and example, parsed into types.

use crate::{home::NODE_DEFAULT, output::Format};
use assay_types::{Amount, ModelId, OrderId};
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

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

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay demo           runs for a few seconds, keeps only the receipt
  assay demo --keep    leaves the chain, wallets and content for a look

It listens on free loopback ports only, needs no network and no configuration.")]
pub(crate) struct Demo {
    /// Keep the whole folder, not only the receipt and its anchor
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay node --dev                              a development chain in <home>/dev
  assay node --dev --data /tmp/x --listen 127.0.0.1:0

The development chain has the bundled models registered and writes funded
wallets (buyer, seller-1 …) to <data>/wallets. Their passphrase is `assay-dev`.
They are for development only.")]
pub(crate) struct Node {
    /// Start a development chain with funded wallets, or continue it
    #[arg(long)]
    pub(crate) dev: bool,
    /// Folder of the chain [default: HOME/dev with --dev, else HOME/node]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// Address of the HTTP interface; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = LISTEN_DEFAULT)]
    pub(crate) listen: SocketAddr,
}

/// Where a node listens unless told otherwise; [`NODE_DEFAULT`] is the same as a URL.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:2790";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay provide --wallet seller-1 --bond 100
  assay provide --wallet seller-2 --model digits-lenet --ask 0.002 --capacity 8
  assay provide --wallet seller-3 --misbehave wrong    loses its lock")]
pub(crate) struct Provide {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Bond at least this much (ASY); jobs lock ten times the buyer's maximum of it
    #[arg(long, value_name = "ASY", value_parser = amount, default_value = "100")]
    pub(crate) bond: Amount,
    /// A model to serve, by name or id; repeat for more [default: all registered models]
    #[arg(long = "model", value_name = "NAME|ID")]
    pub(crate) models: Vec<String>,
    /// Price of one inference (ASY)
    #[arg(long, value_name = "ASY", value_parser = amount, default_value = "0.001")]
    pub(crate) ask: Amount,
    /// Jobs at the same time
    #[arg(long, value_name = "JOBS", default_value_t = 64)]
    pub(crate) capacity: u32,
    /// Folder of the seller's journal [default: HOME/providers/ACCOUNT]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// Cheat, to show what the market does about it
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) misbehave: Option<Misbehave>,
}

/// Ways to cheat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Misbehave {
    /// Commit to and reveal a wrong answer
    Wrong,
    /// Accept, then do nothing
    Silent,
    /// Commit and reveal after the deadline
    Late,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay infer --model digits-lenet --input models/digits/digit-7.png
  assay infer --model digits-mlp --input x.json --check approval
  assay infer --model digits-lenet --batch models/digits/test.npz --count 1000

Inputs are PNG images, .npy or .npz arrays, or JSON tensors. They are public:
anyone can read them.")]
pub(crate) struct Infer {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The model, by name or id
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) model: String,
    /// The input: .png, .npy, .npz or .json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath,
          required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) input: Option<PathBuf>,
    /// Who decides: `quorum:2of3` (two of three sellers must agree) or `approval` (you do: it asks on a
    /// terminal; without one, or with --json, it approves, as silence would)
    #[arg(long, value_name = "CHECK", default_value = "quorum:2of3")]
    pub(crate) check: CheckChoice,
    /// Most you pay each seller (ASY)
    #[arg(long, value_name = "ASY", value_parser = amount, default_value = "0.01")]
    pub(crate) max_price: Amount,
    /// Time until an order has ended at the latest, in seconds [default: 28; 60 in a batch]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) within: Option<Duration>,
    /// Place one order for each row of `x` of this .npz archive
    #[arg(long, value_name = "FILE.npz", value_hint = ValueHint::FilePath)]
    pub(crate) batch: Option<PathBuf>,
    /// Rows of the batch to buy [default: all]
    #[arg(long, value_name = "N", conflicts_with = "input")]
    pub(crate) count: Option<usize>,
    /// Array of the batch that holds the true labels [default: `y` where there is one]
    #[arg(long, value_name = "ARRAY", conflicts_with = "input")]
    pub(crate) labels: Option<String>,
}

/// How an order is checked, without its deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckChoice {
    /// `agree` of `of` sellers give the same answer.
    Quorum { agree: u8, of: u8 },
    /// The buyer approves.
    Approval,
}

impl FromStr for CheckChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed =
            || format!("`{text}` is no check; use `quorum:2of3`, `quorum:3of4` … or `approval`");
        if text == "approval" {
            return Ok(Self::Approval);
        }
        let (agree, of) = text
            .strip_prefix("quorum:")
            .and_then(|numbers| numbers.split_once("of"))
            .ok_or_else(malformed)?;
        let (agree, of): (u8, u8) = (
            agree.parse().map_err(|_| malformed())?,
            of.parse().map_err(|_| malformed())?,
        );
        if agree > of || u16::from(agree) * 2 <= u16::from(of) {
            return Err(format!(
                "a quorum of {agree} of {of} decides nothing; more than half of the sellers must \
                 agree, for instance `quorum:2of3`"
            ));
        }
        Ok(Self::Quorum { agree, of })
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Model {
    /// Turn a float ONNX model into an integer program and its manifest
    #[command(after_help = "\
Example:
  assay model import model.onnx --calibration samples.npz -o my-model/

Writes program.bin, manifest.bin and manifest.json, and reports what the
integers cost in accuracy. The calibration archive holds sample inputs as `x`
and, optionally, their labels as `y`.")]
    Import(ModelImport),
    /// Show a model's layers, shapes and bounds
    #[command(after_help = "\
Examples:
  assay model inspect digits-lenet              a bundled model
  assay model inspect models/digits-lenet       a folder of `model import`
  assay model inspect model.onnx                a float graph, before its import")]
    Inspect(ModelInspect),
    /// Run a model on this machine, without a market
    #[command(after_help = "\
Example:
  assay model run digits-lenet --input models/digits/digit-7.png")]
    Run(ModelRun),
    /// Register a model on the chain, so that sellers can offer it
    #[command(after_help = "\
Example:
  assay model register models/digits-lenet --royalty asy1…=250

A royalty is a share in basis points (1/100 %) of what each settled inference
costs.")]
    Register(ModelRegister),
}

#[derive(Debug, Args)]
pub(crate) struct ModelImport {
    /// The float model
    #[arg(value_name = "ONNX", value_hint = ValueHint::FilePath)]
    pub(crate) onnx: PathBuf,
    /// Sample inputs that choose the scales; never the ones accuracy is measured on later
    #[arg(long, value_name = "NPZ", value_hint = ValueHint::FilePath)]
    pub(crate) calibration: PathBuf,
    /// Folder to write to
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) out: PathBuf,
    /// The model's name [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The model's version
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub(crate) model_version: String,
    /// SPDX licence expression of the weights
    #[arg(long, value_name = "SPDX", default_value = "MIT")]
    pub(crate) licence: String,
    /// What the model is, in a sentence
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// The input is a picture of this size, e.g. `28x28`, or `32x32:rgb` in colour
    /// [default: a picture where the input has one or three maps]
    #[arg(long, value_name = "SIZE")]
    pub(crate) image: Option<ImageSize>,
    /// Black and white change places first; for models trained on dark digits on paper
    #[arg(long, requires = "image")]
    pub(crate) invert: bool,
    /// Names of the classes, in order, separated by commas [default: 0, 1, 2 …]
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub(crate) labels: Vec<String>,
}

/// The picture that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: bool,
}

impl FromStr for ImageSize {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (size, rgb) = match text.strip_suffix(":rgb") {
            Some(size) => (size, true),
            None => (text, false),
        };
        size.split_once('x')
            .and_then(|(width, height)| {
                Some(Self {
                    width: width.parse().ok()?,
                    height: height.parse().ok()?,
                    rgb,
                })
            })
            .ok_or_else(|| format!("`{text}` is no picture size; write `28x28` or `32x32:rgb`"))
    }
}

#[derive(Debug, Args)]
pub(crate) struct ModelInspect {
    /// A bundled model's name, a folder, or an ONNX file
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
}

#[derive(Debug, Args)]
pub(crate) struct ModelRun {
    /// A bundled model's name or a folder
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    /// The input: .png, .npy, .npz or .json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) input: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ModelRegister {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Folder with program.bin and manifest.bin
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: PathBuf,
    /// A share of the income: ACCOUNT=BASIS_POINTS; repeat for more
    #[arg(long = "royalty", value_name = "ACCOUNT=POINTS")]
    pub(crate) royalties: Vec<RoyaltyChoice>,
}

/// One `--royalty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoyaltyChoice(pub(crate) assay_types::RoyaltySplit);

impl FromStr for RoyaltyChoice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (account, share) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}` is no share; write ACCOUNT=POINTS, e.g. asy1…=250"))?;
        let account = account.parse().map_err(|error| format!("{error}"))?;
        let share = share
            .parse()
            .map_err(|_| format!("`{share}` is no number of basis points; 250 is 2.5 %"))?;
        Ok(Self(assay_types::RoyaltySplit {
            account,
            share: assay_types::BasisPoints::new(share),
        }))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Wallet {
    /// Make a key and keep it, encrypted, in a file
    #[command(after_help = "\
Examples:
  assay wallet new                       <home>/wallets/default.wallet
  ASSAY_PASSPHRASE=… assay wallet new --wallet shop

The file is encrypted with the passphrase (age, scrypt) and readable by you
alone. There is no way back to the key without the passphrase.")]
    New(WalletChoice),
    /// Show a wallet's address and, if the node answers, its balance
    #[command(after_help = "\
Examples:
  assay wallet show --wallet buyer
  assay wallet show --wallet ./some.wallet --unlock    tries the passphrase")]
    Show(WalletShow),
}

#[derive(Debug, Args)]
pub(crate) struct WalletShow {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Do not ask the node for the balance
    #[arg(long)]
    pub(crate) offline: bool,
    /// Open it with its passphrase, to see that the passphrase is right
    #[arg(long)]
    pub(crate) unlock: bool,
}

/// Which wallet signs.
#[derive(Debug, Clone, Args)]
pub(crate) struct WalletChoice {
    /// A wallet's name or file
    #[arg(long, env = "ASSAY_WALLET", value_name = "NAME|FILE", default_value = "default",
          value_hint = ValueHint::FilePath)]
    pub(crate) wallet: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  assay transfer --wallet buyer asy1… 12.5")]
pub(crate) struct Transfer {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The receiver's address
    #[arg(value_name = "TO")]
    pub(crate) to: assay_types::AccountId,
    /// How much (ASY)
    #[arg(value_name = "ASY", value_parser = amount)]
    pub(crate) amount: Amount,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Show one order: its terms, sellers and end
    #[command(after_help = "Example:\n  assay order show 6e0b11aa…")]
    Show {
        /// The order's id
        order: OrderId,
    },
    /// List an account's orders, the newest first
    #[command(after_help = "\
Examples:
  assay order list --wallet buyer
  assay order list --account asy1… --limit 100")]
    List(OrderList),
}

#[derive(Debug, Args)]
pub(crate) struct OrderList {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Whose, instead of the wallet's: orders that the account bought or was drawn for
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) account: Option<assay_types::AccountId>,
    /// Most to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Receipt {
    /// Show what a receipt says, without checking it
    #[command(after_help = "Example:\n  assay receipt show 6e0b11aa.receipt")]
    Show {
        /// The receipt
        #[arg(value_name = "RECEIPT", value_hint = ValueHint::FilePath)]
        receipt: PathBuf,
    },
    /// Check a receipt against an anchor, offline
    #[command(after_help = "\
Example:
  assay receipt verify --anchor anchor.json 6e0b11aa.receipt

The anchor names the chain and its validators. Get it from somebody you trust,
not from whoever gave you the receipt. Exit code 0 means verified, 1 refused.")]
    Verify(ReceiptVerify),
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptVerify {
    /// The chain's id and validators
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) anchor: PathBuf,
    /// The receipt
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay bench model
  assay bench market --json    an object a line: suite, case, value, unit")]
pub(crate) struct Bench {
    /// What to measure
    #[arg(value_enum, value_name = "SUITE")]
    pub(crate) suite: Suite,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Time of one inference, per bundled model
    Model,
    /// Transfers a second through the ledger's rules
    Ledger,
    /// Settled orders a second of a whole market in this process
    Market,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  assay completions bash > ~/.local/share/bash-completion/completions/assay"
)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

fn amount(text: &str) -> Result<Amount, assay_types::AmountError> {
    Amount::parse_asy(text)
}

/// Longest `--within`: a week, the longest an order may live.
const WITHIN_SECONDS_MAX: u64 = 7 * 24 * 3_600;

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=WITHIN_SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "`{text}` is no whole number of seconds from 1 to {WITHIN_SECONDS_MAX}"
        )),
    }
}

/// A model as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelName {
    /// Its id.
    Id(ModelId),
    /// What its manifest calls it.
    Name(String),
}

impl From<&str> for ModelName {
    fn from(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Id)
    }
}

#[cfg(test)]
mod tests;
