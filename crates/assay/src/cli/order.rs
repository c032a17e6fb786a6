//! Words of `assay order`.

use super::WalletChoice;
use assay_types::{OrderId, Party};
use clap::{Args, Subcommand};

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
    #[arg(long, value_name = "NAME|ADDRESS")]
    pub(crate) account: Option<Party>,
    /// Most to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
}
