//! Topics, as people and programs read them.

use crate::json::{Address, Grains, Id, Maybe, Number};
use assay_types::{
    AccountId, Amount, ContentId, Hash32, LedgerTime, LossFunction, SubmissionKind, TopicId,
    TopicMechanism, TopicRole, TopicTerms, WeightCell, YumaBonds,
};
use serde::{Deserialize, Serialize};

/// A page of topics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TopicsPage {
    /// The topics.
    pub topics: Vec<TopicView>,
    /// What to send as `?cursor=` for the page that follows; `null` on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TopicView {
    /// The topic.
    #[serde(with = "Id")]
    pub topic: TopicId,
    /// Who created it.
    #[serde(with = "Address")]
    pub owner: AccountId,
    /// What it is.
    pub terms: TopicTermsView,
    /// Its epoch under way, counted from its creation.
    pub epoch: u64,
    /// Last moment at which commitments are taken in it, in ledger time; reveals are, afterwards.
    #[serde(rename = "commits_end_at_ms", with = "Number")]
    pub commits_end_at: LedgerTime,
    /// Last moment of that epoch, in ledger time.
    #[serde(rename = "epoch_ends_at_ms", with = "Number")]
    pub epoch_ends_at: LedgerTime,
    /// Slots that are held.
    pub slots: u16,
    /// What a slot costs now.
    #[serde(with = "Grains")]
    pub slot_price: Amount,
    /// What it may still mint for those who earn it.
    #[serde(with = "Grains")]
    pub budget: Amount,
    /// What it was funded with and has not paid yet.
    #[serde(with = "Grains")]
    pub fees: Amount,
    /// What stands behind its keys.
    #[serde(with = "Grains")]
    pub stake: Amount,
    /// What its slots earned by work in the last epoch.
    #[serde(with = "Grains")]
    pub worked: Amount,
    /// How many of them earned anything by it: a request is paid by what its miner earned against their mean.
    pub workers: u16,
}

/// A topic with all its slots: who works, who judges, what each weighs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MetagraphView {
    /// The topic.
    pub topic: TopicView,
    /// Its slots, ascending.
    pub slots: Vec<SlotView>,
}

/// A slot of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SlotView {
    /// Which.
    pub slot: u16,
    /// Who works.
    #[serde(with = "Address")]
    pub key: AccountId,
    /// Who earns.
    #[serde(with = "Address")]
    pub owner: AccountId,
    /// What the owner keeps of its stakers' dividends, in hundredths of a percent.
    pub take_basis_points: u16,
    /// When it was taken, in ledger time.
    #[serde(rename = "registered_at_ms", with = "Number")]
    pub registered_at: LedgerTime,
    /// Whether its weights count in this epoch.
    pub permit: bool,
    /// What stands behind its key.
    #[serde(with = "Grains")]
    pub stake: Amount,
    /// What it committed to in this epoch.
    #[serde(default, with = "Maybe::<Id>")]
    pub committed: Option<Hash32>,
    /// What it has to reveal in this epoch.
    #[serde(default, with = "Maybe::<Id>")]
    pub due: Option<Hash32>,
    /// The weights that count.
    pub weights: Vec<WeightCellView>,
    /// When these were committed to, in ledger time.
    #[serde(rename = "updated_at_ms", with = "Number")]
    pub updated_at: LedgerTime,
    /// Its bonds to other slots, in parts of 65 535.
    pub bonds: Vec<WeightCellView>,
    /// What it sent in this epoch, if the topic synthesises inferences: what kind of submission.
    #[serde(default)]
    pub sent: Option<String>,
    /// What it earned in the last epoch.
    #[serde(with = "Grains")]
    pub earned: Amount,
    /// What of that it earned by work.
    #[serde(with = "Grains")]
    pub worked: Amount,
    /// Where its key can be asked.
    #[serde(default)]
    pub address: Option<String>,
}

/// A weight on a slot, or a bond to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct WeightCellView {
    /// The slot.
    pub slot: u16,
    /// How much, against the others.
    pub weight: u16,
}

impl From<&WeightCell> for WeightCellView {
    fn from(cell: &WeightCell) -> Self {
        Self {
            slot: cell.slot,
            weight: cell.weight,
        }
    }
}

/// What a topic's creator decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TopicTermsView {
    /// Content id of what miners are asked, and how they are judged, in words.
    #[serde(with = "Id")]
    pub description: ContentId,
    /// How an epoch is settled.
    pub mechanism: TopicMechanismView,
    /// Most slots.
    pub slots: u16,
    /// Most validators among them.
    pub validators: u16,
    /// Length of an epoch in ledger time.
    pub epoch_ms: u64,
    /// Epochs in which a new slot is not replaced.
    pub immunity_epochs: u16,
    /// Epochs for which weights count.
    pub activity_epochs: u16,
    /// The owner's part of the income, in hundredths of a percent.
    pub owner_share_basis_points: u16,
    /// Stake below it gives no say.
    #[serde(with = "Grains")]
    pub stake_min: Amount,
}

impl From<&TopicTerms> for TopicTermsView {
    fn from(terms: &TopicTerms) -> Self {
        Self {
            description: terms.description,
            mechanism: (&terms.mechanism).into(),
            slots: terms.slots,
            validators: terms.validators,
            epoch_ms: terms.epoch_ms,
            immunity_epochs: terms.immunity_epochs,
            activity_epochs: terms.activity_epochs,
            owner_share_basis_points: terms.owner_share.get(),
            stake_min: terms.stake_min,
        }
    }
}

/// How a topic settles an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TopicMechanismView {
    /// Yuma consensus over validators' weights.
    Yuma {
        /// Majority, in parts of 65 535.
        kappa: u16,
        /// How bonds follow weights.
        bonds: YumaBondsView,
        /// What an epoch keeps of the last one's bonds, in parts per million.
        moving_average_ppm: u32,
        /// How far bonds follow weights as they were clipped, in parts of 65 535.
        bonds_penalty: u16,
    },
    /// Inference synthesis over workers' inferences and reputers' losses.
    Synthesis {
        /// Numbers of an inference.
        labels: u16,
        /// How reputers measure: `squared` or `absolute`.
        loss: String,
        /// Most forecasters that are counted in an epoch.
        forecasters: u16,
        /// Steepness of weights and rewards, in thousandths.
        p_milli: u32,
        /// Where they bend, in thousandths of the spread.
        c_milli: u32,
        /// What keeps a spread from zero, in millionths.
        epsilon_ppm: u32,
        /// What an epoch's regret counts in the smoothed one, in parts per million.
        regret_alpha_ppm: u32,
    },
    /// A mechanism that this program does not know yet.
    #[serde(other)]
    Unknown,
}

/// How validators' bonds follow their weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum YumaBondsView {
    /// Shares of all that is bonded to a slot.
    Classic,
    /// Each validator's own.
    Yuma3,
    /// As `yuma3`, faster where a validator leads the consensus or leaves it.
    Liquid {
        /// Slowest following, in parts of 65 535.
        low: u16,
        /// Fastest following.
        high: u16,
        /// Steepness of the change between both, in hundredths.
        steepness: u16,
    },
}

impl From<&TopicMechanism> for TopicMechanismView {
    fn from(mechanism: &TopicMechanism) -> Self {
        match *mechanism {
            TopicMechanism::Yuma {
                kappa,
                bonds,
                moving_average_ppm,
                bonds_penalty,
            } => Self::Yuma {
                kappa,
                bonds: match bonds {
                    YumaBonds::Classic => YumaBondsView::Classic,
                    YumaBonds::Yuma3 => YumaBondsView::Yuma3,
                    YumaBonds::Liquid {
                        low,
                        high,
                        steepness,
                    } => YumaBondsView::Liquid {
                        low,
                        high,
                        steepness,
                    },
                },
                moving_average_ppm,
                bonds_penalty,
            },
            TopicMechanism::Synthesis {
                labels,
                loss,
                forecasters,
                p_milli,
                c_milli,
                epsilon_ppm,
                regret_alpha_ppm,
            } => Self::Synthesis {
                labels,
                loss: match loss {
                    LossFunction::Squared => "squared".to_owned(),
                    LossFunction::Absolute => "absolute".to_owned(),
                },
                forecasters,
                p_milli,
                c_milli,
                epsilon_ppm,
                regret_alpha_ppm,
            },
        }
    }
}

/// For what a topic pays, as it is spelt.
pub(crate) const fn topic_role(role: TopicRole) -> &'static str {
    match role {
        TopicRole::Owner => "owner",
        TopicRole::Worker => "worker",
        TopicRole::Validator => "validator",
        TopicRole::Stakers => "stakers",
        TopicRole::Forecaster => "forecaster",
    }
}

/// What a slot sent, as it is spelt.
pub const fn submission_kind(kind: SubmissionKind) -> &'static str {
    match kind {
        SubmissionKind::Weights => "weights",
        SubmissionKind::Inference => "inference",
        SubmissionKind::Forecast => "forecast",
        SubmissionKind::Losses => "losses",
    }
}
