//! Words of `assay wallet` and `assay transfer`, and the choice of a wallet that other commands share.

use super::values::amount;
use assay_types::{Amount, Party};
use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Wallet {
    /// List the wallets there are
    #[command(after_help = "\
Examples:
  assay wallet list
  assay wallet list --balances

The one that commands use unless told otherwise has a star.")]
    List(WalletList),
    /// Show a wallet's address and what its account has
    #[command(after_help = "\
Examples:
  assay wallet show buyer
  assay wallet show ./some.wallet --unlock    tries the passphrase")]
    Show(WalletShow),
    /// Make a key and keep it, encrypted, in a file
    #[command(after_help = "\
Examples:
  assay wallet new                       the wallet `default`
  ASSAY_PASSPHRASE=… assay wallet new shop

The file is encrypted with the passphrase (age, scrypt) and readable by you
alone. There is no way back to the key without the passphrase.")]
    New(WalletNew),
    /// Take in a wallet file or a secret key
    #[command(after_help = "\
Examples:
  assay wallet import shop backup.wallet    a file of `assay wallet export`
  assay wallet import shop secret.txt       64 hexadecimal digits
  pass show assay | assay wallet import shop -

The passphrase must open a wallet file, and the new wallet keeps it. A bare
secret gets a new one. No wallet is ever overwritten.")]
    Import(WalletImport),
    /// Write a backup of a wallet; its passphrase is needed
    #[command(after_help = "\
Examples:
  assay wallet export shop -o backup.wallet    still encrypted
  assay wallet export shop --secret            the bare key, on the screen

The passphrase is tried first, so that the backup is known to open. No file is
ever overwritten.")]
    Export(WalletExport),
    /// Choose the wallet that commands use unless told otherwise
    #[command(after_help = "\
Example:
  assay wallet use shop

Writes `wallet = \"shop\"` to the configuration file; `--wallet` and
ASSAY_WALLET go before it.")]
    Use {
        /// The wallet's name or file
        #[arg(value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
        wallet: String,
    },
    /// Delete one of your wallets
    #[command(after_help = "\
Examples:
  assay wallet remove shop          asks for the name once more
  assay wallet remove shop --yes    does not ask

Without a backup, what its account holds is lost for ever.")]
    Remove(WalletRemove),
}

#[derive(Debug, Args)]
pub(crate) struct WalletList {
    /// Ask the node what each account has
    #[arg(long)]
    pub(crate) balances: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WalletShow {
    /// The wallet's name or file, instead of --wallet
    #[arg(value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) named: Option<String>,
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Do not ask the node for the balance
    #[arg(long)]
    pub(crate) offline: bool,
    /// Open it with its passphrase, to see that the passphrase is right
    #[arg(long)]
    pub(crate) unlock: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WalletNew {
    /// Its name, or a file to write
    #[arg(value_name = "NAME|FILE", default_value = WALLET_DEFAULT, value_hint = ValueHint::FilePath)]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct WalletImport {
    /// Its name here, or a file to write
    #[arg(value_name = "NAME|FILE")]
    pub(crate) name: String,
    /// A wallet file, or a secret key in hexadecimal; `-` is standard input
    #[arg(value_name = "FROM", value_hint = ValueHint::FilePath)]
    pub(crate) from: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct WalletExport {
    /// The wallet's name or file
    #[arg(value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub(crate) wallet: String,
    /// File to write [default: standard output]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) out: Option<PathBuf>,
    /// The bare secret key in hexadecimal, which whoever reads it can spend with
    #[arg(long)]
    pub(crate) secret: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WalletRemove {
    /// The wallet's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// The wallet that is used where nobody names one.
const WALLET_DEFAULT: &str = "default";

/// Which wallet signs.
#[derive(Debug, Clone, Args)]
pub(crate) struct WalletChoice {
    /// A wallet's name or file
    #[arg(long, env = "ASSAY_WALLET", hide_env = true, value_name = "NAME|FILE", default_value = WALLET_DEFAULT,
          value_hint = ValueHint::FilePath)]
    pub(crate) wallet: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay transfer --wallet buyer asy1… 12.5
  assay transfer --wallet buyer bright-shop 12.5")]
pub(crate) struct Transfer {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// The receiver's address or name
    #[arg(value_name = "TO")]
    pub(crate) to: Party,
    /// How much (ASY)
    #[arg(value_name = "ASY", value_parser = amount)]
    pub(crate) amount: Amount,
}
