//! `assay bench`: what this machine can do, one measurement a line.

mod accounts;
mod chain;
mod ledger;
mod market;
mod meter;
mod model;
mod peer;
mod prove;
mod scale;
mod topic;

use crate::{
    cli::{Bench, Suite},
    failure::{Done, Ended, Hint as _},
    output::Output,
};
use anyhow::anyhow;
use serde::Serialize;

/// One measured number. Fields are for ever; programs read them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measurement {
    /// Which suite.
    pub(crate) suite: &'static str,
    /// What was measured, e.g. `digits-lenet/batch=32`.
    pub(crate) case: String,
    /// The number.
    pub(crate) value: f64,
    /// What it counts.
    pub(crate) unit: &'static str,
    /// What the machine could do at most, measured in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
    /// What another program does, measured in the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<f64>,
    /// How good that is, more is better: a rate over its limit, or a peer's time over ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
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
            limit: None,
            peer: None,
            ratio: None,
        }
    }

    /// A rate, and what it could be at most.
    pub(crate) fn of_limit(self, limit: f64) -> Self {
        Self {
            limit: Some(limit),
            ratio: Some(self.value / limit),
            ..self
        }
    }

    /// A time, and what another program takes for the same.
    pub(crate) fn against_peer(self, peer: f64) -> Self {
        Self {
            peer: Some(peer),
            ratio: Some(peer / self.value),
            ..self
        }
    }
}

/// Runs a suite.
///
/// # Errors
/// When a point of another suite is asked for, or what is measured fails.
pub(crate) async fn run(args: &Bench, output: &Output) -> Done {
    if let Some(point) = args.only
        && args.suite != Suite::Scale
    {
        let unknown = Err(anyhow!("only the suite scale has the point {point}"));
        return unknown.hint(|| format!("assay bench scale --only {point}"));
    }
    let show = |measurement: Measurement| show(output, &measurement);
    match args.suite {
        Suite::Model => model::run(args, output, show)?,
        Suite::Ledger => ledger::run(args.smoke, show)?,
        Suite::Scale => scale::run(args, output, show).await?,
        Suite::Chain => chain::run(args.smoke, show).await?,
        Suite::Prove => prove::run(args, output, show)?,
        Suite::Market => market::run(args.smoke, output, show).await?,
        Suite::Topic => topic::run(args.smoke, show)?,
    }
    Ok(Ended::Well)
}

fn show(output: &Output, measurement: &Measurement) {
    output.json(measurement);
    let Measurement {
        case, value, unit, ..
    } = measurement;
    let digits = if *value < 100.0 { 2 } else { 0 };
    let comparison = match (measurement.limit, measurement.peer, measurement.ratio) {
        (Some(limit), _, Some(ratio)) => format!("  {ratio:.2} of {limit:.0}"),
        (_, Some(peer), Some(ratio)) => format!("  {ratio:.2} × as fast as {peer:.2}"),
        _ => String::new(),
    };
    output.line(format_args!(
        "{case:<36}  {value:>10.digits$} {unit:<12}{comparison}"
    ));
}

/// The middle one of `samples`, which is less moved by a busy machine than their mean.
fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}
