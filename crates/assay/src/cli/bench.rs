//! Words of `assay bench`.

use assay_types::GENESIS_ALLOCATIONS_MAX;
use clap::{Args, ValueEnum};
use std::{fmt, path::PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  assay bench model
  assay bench model --python venv/bin/python
                               against the onnxruntime of that Python
  assay bench prove --python venv/bin/python
                               against the EZKL of that Python: ten minutes
  assay bench scale --only orders=100000
                               one point of a curve
  assay bench market --json    an object a line: suite, case, value, unit, and
                               where they exist limit or peer, and ratio")]
pub(crate) struct Bench {
    /// What to measure
    #[arg(value_enum, value_name = "SUITE")]
    pub(crate) suite: Suite,
    /// Run every body once on little input, to see that it runs; the numbers mean nothing
    #[arg(long)]
    pub(crate) smoke: bool,
    /// The Python that has the packages onnxruntime and numpy, which `model` is compared with, or ezkl, for `prove`
    #[arg(
        long,
        env = "ASSAY_PYTHON",
        hide_env = true,
        default_value = "python3",
        value_name = "PATH"
    )]
    pub(crate) python: PathBuf,
    /// Only this point of `scale`'s curves, `accounts=N` or `orders=N`, for any N
    #[arg(long, value_name = "POINT", value_parser = parse_point)]
    pub(crate) only: Option<Point>,
}

/// A point of a curve of the suite `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// So many accounts.
    Accounts(usize),
    /// So many open orders.
    Orders(usize),
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accounts(count) => write!(f, "accounts={count}"),
            Self::Orders(count) => write!(f, "orders={count}"),
        }
    }
}

/// Most accounts or open orders of a point: what genesis can fund.
const POINT_MAX: usize = GENESIS_ALLOCATIONS_MAX;

fn parse_point(text: &str) -> Result<Point, String> {
    let number = |count: &str| match count.parse() {
        Ok(count) if (1..=POINT_MAX).contains(&count) => Ok(count),
        _ => Err(format!("{count:?} is no number from 1 to {POINT_MAX}")),
    };
    match text.split_once('=') {
        Some(("accounts", count)) => number(count).map(Point::Accounts),
        Some(("orders", count)) => number(count).map(Point::Orders),
        _ => Err("write accounts=N or orders=N".into()),
    }
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Time of one inference, against onnxruntime
    Model,
    /// Transfers a second through signatures, rules and state on disk, on one core
    Ledger,
    /// Cost of a transaction, memory and start by number of accounts and of open orders
    Scale,
    /// Transfers a second through a node's interface, and the time of one, all cores
    Chain,
    /// Cost of a proof of inference, its length, and the time to verify it
    Prove,
    /// Time to settle an order and settled orders a second, with one validator and with four
    Market,
    /// Time and memory of settling an epoch of a topic
    Topic,
}
