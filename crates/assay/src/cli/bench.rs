//! Words of `assay bench`.

use clap::{Args, ValueEnum};

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
    /// Time to settle an order and settled orders a second, with one validator and with four
    Market,
}
