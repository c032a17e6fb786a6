//! What participants of topics send, and the inferences of an epoch, as people and programs read them.

use crate::{
    WeightCellView,
    json::{Address, Id},
};
use assay_types::{AccountId, Real, Submission, TopicId};
use serde::{Deserialize, Serialize};

/// What a slot sent in an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SubmissionView {
    /// What a validator thinks of others.
    Weights {
        /// Ascending by slot.
        cells: Vec<WeightCellView>,
    },
    /// What an inferer infers.
    Inference {
        /// As many as the topic has labels.
        labels: Vec<f64>,
    },
    /// What a forecaster foretells of an epoch's inferences.
    Forecast {
        /// Ascending by slot.
        losses: Vec<SlotLossView>,
    },
    /// What a reputer measured.
    Losses {
        /// Of the inferences of this epoch.
        epoch: u64,
        /// Decimal logarithms, one for each aggregate; `null` where it was not measured.
        losses: Vec<Option<f64>>,
    },
    /// A submission that this program does not know yet.
    #[serde(other)]
    Unknown,
}

impl From<&Submission> for SubmissionView {
    fn from(submission: &Submission) -> Self {
        match submission {
            Submission::Weights { cells } => Self::Weights {
                cells: cells.iter().map(Into::into).collect(),
            },
            Submission::Inference { labels } => Self::Inference {
                labels: labels.iter().map(|label| label.get()).collect(),
            },
            Submission::Forecast { losses } => Self::Forecast {
                losses: losses
                    .iter()
                    .map(|loss| SlotLossView {
                        slot: loss.slot,
                        loss: loss.loss.get(),
                    })
                    .collect(),
            },
            Submission::Losses { epoch, losses } => Self::Losses {
                epoch: *epoch,
                losses: losses.iter().map(|loss| loss.map(Real::get)).collect(),
            },
        }
    }
}

/// A loss of a slot's inference, as a decimal logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlotLossView {
    /// Whose inference.
    pub slot: u16,
    /// Its loss.
    pub loss: f64,
}

/// A topic's inferences that became one and wait to be measured, and what is known of those who make them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RoundView {
    /// The topic.
    #[serde(with = "Id")]
    pub topic: TopicId,
    /// The epoch in which the inferences were made; `null` where none wait, and the lists are empty.
    #[serde(default)]
    pub epoch: Option<u64>,
    /// What the topic infers, one number for each label.
    pub inference: Vec<f64>,
    /// For each label, the values that 2.28, 15.87, 50, 84.13 and 97.72 % of the weight lie below.
    pub intervals: Vec<Vec<f64>>,
    /// The inferences, ascending by slot.
    pub inferers: Vec<InfererView>,
    /// The forecasters that were counted, ascending by slot.
    pub forecasters: Vec<ForecasterView>,
    /// What reputers measure, in the order in which they send losses; `null` where there is nothing to measure.
    pub aggregates: Vec<Option<Vec<f64>>>,
    /// The network's latest loss, a decimal logarithm; `null` before the first.
    #[serde(default)]
    pub network_loss: Option<f64>,
    /// Losses of the inferences of the last epoch that was measured.
    pub losses: Vec<SlotLossView>,
}

/// An inference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct InfererView {
    /// The slot.
    pub slot: u16,
    /// Its key then.
    #[serde(with = "Address")]
    pub key: AccountId,
    /// What it infers.
    pub labels: Vec<f64>,
    /// Its weight in the topic's inference; the greatest of all is one.
    pub weight: f64,
}

/// A forecaster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ForecasterView {
    /// The slot.
    pub slot: u16,
    /// Its key then.
    #[serde(with = "Address")]
    pub key: AccountId,
    /// What it foretold.
    pub losses: Vec<SlotLossView>,
    /// The inference that this implies.
    pub labels: Vec<f64>,
    /// Its weight in the topic's inference.
    pub weight: f64,
}
