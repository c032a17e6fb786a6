//! Words of `assay demo`.

use clap::Args;

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
