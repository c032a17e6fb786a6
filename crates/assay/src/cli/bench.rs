//! Words of `assay bench`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay bench model
  assay bench model --python venv/bin/python
                               against the onnxruntime of that Python
  assay bench market --json    an object a line: suite, case, value, unit, and
                               where they exist limit or peer, and ratio")]
pub(crate) struct Bench {
    /// What to measure
    #[arg(value_enum, value_name = "SUITE")]
    pub(crate) suite: Suite,
    /// Run every body once on little input, to see that it runs; the numbers mean nothing
    #[arg(long)]
    pub(crate) smoke: bool,
    /// The Python that has the packages onnxruntime and numpy, which `model` is compared with
    #[arg(
        long,
        env = "ASSAY_PYTHON",
        hide_env = true,
        default_value = "python3",
        value_name = "PATH"
    )]
    pub(crate) python: PathBuf,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Time of one inference, against onnxruntime
    Model,
    /// Transfers a second through signatures, rules and state on disk, on one core
    Ledger,
    /// Cost of a transfer, memory and start by number of accounts
    Scale,
    /// Transfers a second through a node's interface, and the time of one, all cores
    Chain,
    /// Time to settle an order and settled orders a second, with one validator and with four
    Market,
}
