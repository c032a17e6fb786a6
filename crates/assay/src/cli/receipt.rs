//! Words of `assay receipt`.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

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
