//! What reputers sent for an epoch, checked.

use super::inputs::{LOSS_MAX, is_within};
use super::{Aggregates, Inferred};

/// A reputer's measurement of an epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its slot.
    pub slot: u32,
    /// What it has at stake.
    pub stake: u64,
    /// Losses of the epoch's inferences, as decimal logarithms; none where it did not measure one.
    ///
    /// [`Aggregates::implied_oneouts`] may be empty where it measured none of those.
    pub losses: Aggregates<Option<f64>>,
}

/// Reports of an epoch, ascending by slot, about the inferences that there were.
#[derive(Debug, Clone, PartialEq)]
pub struct Submissions {
    pub(super) inferers: Vec<u32>,
    pub(super) forecasters: Vec<u32>,
    pub(super) reputers: Vec<u32>,
    pub(super) stakes: Vec<f64>,
    pub(super) losses: Vec<Aggregates<Option<f64>>>,
}

/// Reports that no epoch may have.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SubmissionsError {
    /// A slot reported twice.
    #[error("slot {slot} sent two reports")]
    TwoReports {
        /// Whose.
        slot: u32,
    },
    /// A report is of another shape than the epoch.
    #[error("report of slot {slot} has {got} losses of {what} where the epoch has {expected}")]
    Shape {
        /// Whose.
        slot: u32,
        /// Which losses.
        what: &'static str,
        /// How many inferences there are.
        expected: usize,
        /// How many losses it has.
        got: usize,
    },
    /// A loss is no number, or too large.
    #[error("report of slot {slot} holds loss {loss}, beyond ±{LOSS_MAX}")]
    Loss {
        /// Whose.
        slot: u32,
        /// The loss.
        loss: f64,
    },
}

impl Submissions {
    /// Checks and sorts reports about an epoch's inferences. Losses of inferences that there were none of are dropped:
    /// nobody could have measured them.
    ///
    /// # Errors
    /// [`SubmissionsError`] for a slot that reported twice, a report of another shape than the epoch, or a loss beyond
    /// its limit.
    pub fn new(inferred: &Inferred, mut reports: Vec<Report>) -> Result<Self, SubmissionsError> {
        reports.sort_by_key(|report| report.slot);
        if let Some(pair) = reports.windows(2).find(|pair| pair[0].slot == pair[1].slot) {
            return Err(SubmissionsError::TwoReports { slot: pair[0].slot });
        }
        let mut submissions = Self {
            inferers: inferred.inferers.clone(),
            forecasters: inferred.forecasters.clone(),
            reputers: Vec::with_capacity(reports.len()),
            stakes: Vec::with_capacity(reports.len()),
            losses: Vec::with_capacity(reports.len()),
        };
        for mut report in reports {
            submissions.check(&report)?;
            let inferences = inferred.aggregates.iter();
            for (loss, inference) in report.losses.iter_mut().zip(inferences) {
                if inference.is_none() {
                    *loss = None;
                }
            }
            submissions.reputers.push(report.slot);
            submissions.stakes.push(report.stake as f64);
            submissions.losses.push(report.losses);
        }
        Ok(submissions)
    }

    /// How many losses a report may have.
    pub(super) fn loss_count(&self) -> usize {
        let (inferers, forecasters) = (self.inferers.len(), self.forecasters.len());
        2 + 2 * inferers + 3 * forecasters + inferers * forecasters
    }

    fn check(&self, report: &Report) -> Result<(), SubmissionsError> {
        let (slot, losses) = (report.slot, &report.losses);
        let (inferers, forecasters) = (self.inferers.len(), self.forecasters.len());
        let oneouts = match losses.implied_oneouts.len() {
            0 => 0,
            _ => inferers * forecasters,
        };
        let shapes = [
            ("inferers", losses.inferers.len(), inferers),
            ("implied inferences", losses.implied.len(), forecasters),
            ("one-out inferers", losses.oneout_inferers.len(), inferers),
            (
                "one-out forecasters",
                losses.oneout_forecasters.len(),
                forecasters,
            ),
            (
                "one-in forecasters",
                losses.onein_forecasters.len(),
                forecasters,
            ),
            ("implied one-outs", losses.implied_oneouts.len(), oneouts),
        ];
        for (what, got, expected) in shapes {
            if got != expected {
                return Err(SubmissionsError::Shape {
                    slot,
                    what,
                    expected,
                    got,
                });
            }
        }
        match losses
            .iter()
            .flatten()
            .find(|loss| !is_within(**loss, LOSS_MAX))
        {
            Some(&loss) => Err(SubmissionsError::Loss { slot, loss }),
            None => Ok(()),
        }
    }
}
