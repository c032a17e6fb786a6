//! What an epoch leaves for the next.

use std::collections::BTreeMap;

use super::Column;

/// What a topic remembers. It begins with nothing: `State::default()`.
///
/// Tables name only who took part; whoever is in none is a newcomer. The fields are public for whoever stores them, who
/// gives back what `settle` left: numbers that are finite, and slots forgotten by [`State::forget`] alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The network's latest loss, as a decimal logarithm.
    pub network_loss: Option<f64>,
    /// The regret with which newcomers begin.
    pub initial_regret: f64,
    /// Regrets against the network's inference. An inferer without one is new.
    pub combined: Regrets,
    /// Inferers' regrets against the inference without forecasters.
    pub naive: Column<f64>,
    /// Regrets against the inference without an inferer, by that inferer.
    pub oneout_inferers: BTreeMap<u32, Regrets>,
    /// Regrets against the inference without a forecaster, by that forecaster.
    pub oneout_forecasters: BTreeMap<u32, Regrets>,
    /// Regrets against the inference with one forecaster, by that forecaster: the inferers' and its own.
    pub onein_forecasters: BTreeMap<u32, Regrets>,
    /// Measured epochs in which an inferer took part.
    pub inferer_epochs: Column<u32>,
    /// Measured epochs in which a forecaster took part.
    pub forecaster_epochs: Column<u32>,
    /// How much each reputer is listened to, from zero to one; newcomers fully.
    pub listening: Column<f64>,
    /// Smoothed fractions of inferers.
    pub smooth_inferers: Column<f64>,
    /// Smoothed fractions of forecasters.
    pub smooth_forecasters: Column<f64>,
    /// Smoothed fractions of reputers.
    pub smooth_reputers: Column<f64>,
    /// The latest scores of inferers: newest epoch first, ascending by slot within one.
    pub inferer_scores: Vec<f64>,
    /// The latest scores of forecasters.
    pub forecaster_scores: Vec<f64>,
    /// τ: smoothed gain by forecasters, in units of the best inferer's score.
    pub score_ratio: f64,
}

/// Regrets of workers against one aggregate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Regrets {
    /// Of inferers.
    pub inferers: Column<f64>,
    /// Of forecasters.
    pub forecasters: Column<f64>,
}

impl State {
    /// Forgets a slot in each of its parts, as if it had never come; the topic's latest scores keep theirs.
    ///
    /// Takes time in proportion to the state.
    pub fn forget(&mut self, slot: u32) {
        self.combined.forget(slot);
        self.naive.remove(slot);
        for tables in [
            &mut self.oneout_inferers,
            &mut self.oneout_forecasters,
            &mut self.onein_forecasters,
        ] {
            tables.remove(&slot);
            for regrets in tables.values_mut() {
                regrets.forget(slot);
            }
        }
        self.inferer_epochs.remove(slot);
        self.forecaster_epochs.remove(slot);
        for column in [
            &mut self.listening,
            &mut self.smooth_inferers,
            &mut self.smooth_forecasters,
            &mut self.smooth_reputers,
        ] {
            column.remove(slot);
        }
    }

    /// The regret that a forecast loss foretells; none where no loss of the network is known yet.
    pub fn forecast_regret(&self, forecast_loss: f64) -> Option<f64> {
        self.network_loss.map(|loss| loss - forecast_loss)
    }

    /// Whether an inferer has never been measured.
    pub fn is_new(&self, inferer: u32) -> bool {
        self.combined.inferers.get(inferer).is_none()
    }

    /// The regrets of inferers and forecasters against one aggregate, newcomers' filled in.
    pub(super) fn regrets(
        &self,
        table: Option<&Regrets>,
        inferers: &[u32],
        forecasters: &[u32],
    ) -> (Vec<f64>, Vec<f64>) {
        let Some(table) = table else {
            let initial = |slots: &[u32]| vec![self.initial_regret; slots.len()];
            return (initial(inferers), initial(forecasters));
        };
        (
            self.filled(&table.inferers, inferers),
            self.filled(&table.forecasters, forecasters),
        )
    }

    /// Regrets of slots, newcomers' filled in.
    pub(super) fn filled(&self, column: &Column<f64>, slots: &[u32]) -> Vec<f64> {
        column
            .gather(slots)
            .map(|regret| regret.unwrap_or(self.initial_regret))
            .collect()
    }
}

impl Regrets {
    fn forget(&mut self, slot: u32) {
        self.inferers.remove(slot);
        self.forecasters.remove(slot);
    }
}
