//! Words of `assay bench`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay bench model
  assay bench market --json    an object a line: suite, case, value, unit, and
                               where they exist limit or peer, and ratio")]
pub(crate) struct Bench {
    /// What to measure
    #[arg(value_enum, value_name = "SUITE")]
    pub(crate) suite: Suite,
    /// Run every body once on little input, to see that it runs; the numbers mean nothing
    #[arg(long)]
    pub(crate) smoke: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Time of one inference, per bundled model
    Model,
    /// Transfers a second through signatures, rules and state on disk, on one core
    Ledger,
    /// Transfers a second through a node's interface, and the time of one, all cores
    Chain,
    /// Time to settle an order and settled orders a second, with one validator and with four
    Market,
}
