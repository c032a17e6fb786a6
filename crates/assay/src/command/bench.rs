//! `assay bench`: what this machine can do, one measurement a line.

mod ledger;
mod market;
mod model;

use crate::{
    cli::{Bench, Suite},
    failure::{Done, Ended},
    output::Output,
};
use serde::Serialize;

/// One measured number. Fields are for ever; programs read them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measurement {
    /// Which suite.
    pub(crate) suite: &'static str,
    /// What was measured, e.g. `infer/model=digits-lenet`.
    pub(crate) case: String,
    /// The number.
    pub(crate) value: f64,
    /// What it counts.
    pub(crate) unit: &'static str,
}

impl Measurement {
    /// A number that stands alone.
    pub(crate) fn new(
        suite: &'static str,
        case: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) -> Self {
        Self {
            suite,
            case: case.into(),
            value,
            unit,
        }
    }
}

/// Runs a suite.
///
/// # Errors
/// When what is measured fails.
pub(crate) async fn run(args: &Bench, output: &Output) -> Done {
    let show = |measurement: Measurement| show(output, &measurement);
    match args.suite {
        Suite::Model => model::run(show)?,
        Suite::Ledger => ledger::run(show)?,
        Suite::Market => market::run(false, output, show).await?,
    }
    Ok(Ended::Well)
}

fn show(output: &Output, measurement: &Measurement) {
    output.json(measurement);
    let Measurement {
        case, value, unit, ..
    } = measurement;
    let digits = if *value < 100.0 { 2 } else { 0 };
    output.line(format_args!("{case:<36}  {value:>12.digits$}  {unit}"));
}

/// The middle one of `samples`, which is less moved by a busy machine than their mean.
fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}
