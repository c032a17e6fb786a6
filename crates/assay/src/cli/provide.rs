//! Words of `assay provide`.

use super::{WalletChoice, values::amount};
use assay_types::Amount;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay provide --wallet seller-1 --bond 100
  assay provide --wallet seller-2 --model digits-lenet --ask 0.002 --capacity 8
  assay provide --wallet seller-1 --bench-only         measures, offers nothing
  assay provide --wallet seller-3 --misbehave wrong    loses its lock

The first start on a machine measures it for a second and keeps the record as
hardware.json in the seller's folder.")]
pub(crate) struct Provide {
    #[command(flatten)]
    pub(crate) wallet: WalletChoice,
    /// Bond at least this much (ASY); jobs lock ten times the buyer's maximum of it
    #[arg(long, env = "ASSAY_PROVIDE_BOND", hide_env = true, value_name = "ASY", value_parser = amount,
          default_value = "100")]
    pub(crate) bond: Amount,
    /// Models to serve, by name or id; several with commas [default: all registered models]
    #[arg(
        long = "model",
        env = "ASSAY_PROVIDE_MODEL",
        hide_env = true,
        value_name = "NAME|ID",
        value_delimiter = ','
    )]
    pub(crate) models: Vec<String>,
    /// Price of one inference (ASY)
    #[arg(long, env = "ASSAY_PROVIDE_ASK", hide_env = true, value_name = "ASY", value_parser = amount,
          default_value = "0.001")]
    pub(crate) ask: Amount,
    /// Jobs at the same time
    #[arg(
        long,
        env = "ASSAY_PROVIDE_CAPACITY",
        hide_env = true,
        value_name = "JOBS",
        default_value_t = 64
    )]
    pub(crate) capacity: u32,
    /// Folder of the seller's journal [default: HOME/providers/ACCOUNT]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) data: Option<PathBuf>,
    /// Measure the machine with the models, keep the record, and end
    #[arg(long)]
    pub(crate) bench_only: bool,
    /// Cheat, to show what happens: `wrong` answers, `silent`, or `late`
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true)]
    pub(crate) misbehave: Option<Misbehave>,
}

/// Ways to cheat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Misbehave {
    /// Commit to and reveal a wrong answer, or forge a proof of one
    Wrong,
    /// Accept, then do nothing
    Silent,
    /// Commit and reveal after the deadline
    Late,
}
