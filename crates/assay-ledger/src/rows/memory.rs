//! What a topic of inference synthesis remembers from epoch to epoch: `assay_topic::synthesis::State` in rows.
//!
//! The tables of regrets grow with the square of the slots, so each is a row of its own; no row exceeds what a proof of
//! the state may hold.

use assay_types::{List, Real, SYNTHESIS_SLOTS_MAX, SlotLosses, TopicId, wire_enum, wire_struct};

/// Most scores that are kept of a task, so many as their spread is taken of.
pub const SCORES_KEPT_MAX: usize = 10;

/// A number of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotReal {
    /// The slot.
    pub slot: u16,
    /// The number.
    pub number: Real,
}
wire_struct!(SlotReal { slot, number });

/// Numbers of slots, ascending.
pub type SlotReals = List<SlotReal, { SYNTHESIS_SLOTS_MAX as usize }>;

/// A count of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotCount {
    /// The slot.
    pub slot: u16,
    /// The count.
    pub count: u32,
}
wire_struct!(SlotCount { slot, count });

/// Counts of slots, ascending.
pub type SlotCounts = List<SlotCount, { SYNTHESIS_SLOTS_MAX as usize }>;

/// All but the tables of regrets. What the fields mean stands at `assay_topic::synthesis::State`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// The network's latest loss.
    pub network_loss: Option<Real>,
    /// Losses of the inferences of the last epoch that was measured, for those who foretell the next ones.
    pub losses: SlotLosses,
    /// The regret with which newcomers begin.
    pub initial_regret: Real,
    /// Inferers' regrets against the inference without forecasters.
    pub naive: SlotReals,
    /// Measured epochs of inferers.
    pub inferer_epochs: SlotCounts,
    /// Measured epochs of forecasters.
    pub forecaster_epochs: SlotCounts,
    /// How much each reputer is listened to.
    pub listening: SlotReals,
    /// Smoothed fractions of inferers.
    pub smooth_inferers: SlotReals,
    /// Smoothed fractions of forecasters.
    pub smooth_forecasters: SlotReals,
    /// Smoothed fractions of reputers.
    pub smooth_reputers: SlotReals,
    /// The latest scores of inferers.
    pub inferer_scores: List<Real, SCORES_KEPT_MAX>,
    /// The latest scores of forecasters.
    pub forecaster_scores: List<Real, SCORES_KEPT_MAX>,
    /// Smoothed gain by forecasters.
    pub score_ratio: Real,
}
wire_struct!(Memory {
    network_loss,
    losses,
    initial_regret,
    naive,
    inferer_epochs,
    forecaster_epochs,
    listening,
    smooth_inferers,
    smooth_forecasters,
    smooth_reputers,
    inferer_scores,
    forecaster_scores,
    score_ratio
});

/// Against which inference regrets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    /// The network's.
    Network,
    /// The one without an inferer.
    WithoutInferer {
        /// Its slot.
        slot: u16,
    },
    /// The one without a forecaster.
    WithoutForecaster {
        /// Its slot.
        slot: u16,
    },
    /// The one of inferers and one forecaster.
    WithForecaster {
        /// Its slot.
        slot: u16,
    },
}
wire_enum!(Against {
    0 => Network,
    1 => WithoutInferer { slot },
    2 => WithoutForecaster { slot },
    3 => WithForecaster { slot },
});

/// Key of a table of regrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegretsKey {
    /// The topic.
    pub topic: TopicId,
    /// Against what.
    pub against: Against,
}
wire_struct!(RegretsKey { topic, against });

/// Regrets of workers against one inference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegretsRow {
    /// Of inferers.
    pub inferers: SlotReals,
    /// Of forecasters.
    pub forecasters: SlotReals,
}
wire_struct!(RegretsRow {
    inferers,
    forecasters
});
