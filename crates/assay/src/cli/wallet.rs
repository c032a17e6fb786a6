//! Words of `assay wallet` and `assay transfer`, and the choice of a wallet that other commands share.

use super::values::amount;
use assay_types::Amount;
use clap::{Args, Subcommand, ValueHint};

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
    #[arg(long, env = "ASSAY_WALLET", hide_env_values = true, value_name = "NAME|FILE", default_value = "default",
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
