//! Regrets: how much better each worker did than an aggregate, smoothed over epochs.

use super::{Aggregates, Column, Parameters, Regrets, State, Submissions};
use crate::number::{quantile, standard_deviation};

/// What an epoch's losses teach about regrets: those of one aggregate after the other.
struct Lesson<'a> {
    alpha: f64,
    initial_regret: f64,
    inferers: &'a [u32],
    forecasters: &'a [u32],
    losses: &'a Aggregates<Option<f64>>,
}

/// The state after an epoch, as far as regrets go; the network's loss is measured.
pub(super) fn learn(
    parameters: &Parameters,
    state: &State,
    submissions: &Submissions,
    losses: &Aggregates<Option<f64>>,
) -> State {
    let lesson = Lesson {
        alpha: parameters.regret_alpha,
        initial_regret: state.initial_regret,
        inferers: &submissions.inferers,
        forecasters: &submissions.forecasters,
        losses,
    };
    let mut next = state.clone();
    next.network_loss = losses.network;
    next.combined = lesson.both(
        &state.combined,
        losses.network,
        losses.implied.iter().copied(),
    );
    next.naive = lesson.of_inferers(&state.naive, losses.naive);
    for (place, slot) in lesson.inferers.iter().enumerate() {
        let regrets = next.oneout_inferers.entry(*slot).or_default();
        let implied = lesson.implied_without(place);
        *regrets = lesson.both(regrets, losses.oneout_inferers[place], implied);
    }
    for (place, slot) in lesson.forecasters.iter().enumerate() {
        let regrets = next.oneout_forecasters.entry(*slot).or_default();
        let implied = losses.implied.iter().copied();
        *regrets = lesson.both(regrets, losses.oneout_forecasters[place], implied);

        let regrets = next.onein_forecasters.entry(*slot).or_default();
        let aggregate = losses.onein_forecasters[place];
        let own = [losses.implied[place]].into_iter();
        *regrets = Regrets {
            inferers: lesson.of_inferers(&regrets.inferers, aggregate),
            forecasters: lesson.update(&regrets.forecasters, &[*slot], aggregate, own),
        };
    }
    next.inferer_epochs = counted(&state.inferer_epochs, lesson.inferers, &losses.inferers);
    next.forecaster_epochs = counted(
        &state.forecaster_epochs,
        lesson.forecasters,
        &losses.implied,
    );
    if let Some(regret) = initial_regret(parameters, &next, &lesson) {
        next.initial_regret = regret;
    }
    next
}

impl Lesson<'_> {
    /// Regrets against an aggregate, of inferers and of forecasters with these losses.
    fn both(
        &self,
        regrets: &Regrets,
        aggregate: Option<f64>,
        implied: impl Iterator<Item = Option<f64>>,
    ) -> Regrets {
        Regrets {
            inferers: self.of_inferers(&regrets.inferers, aggregate),
            forecasters: self.update(&regrets.forecasters, self.forecasters, aggregate, implied),
        }
    }

    fn of_inferers(&self, column: &Column<f64>, aggregate: Option<f64>) -> Column<f64> {
        let losses = self.losses.inferers.iter().copied();
        self.update(column, self.inferers, aggregate, losses)
    }

    /// Losses of implied inferences without an inferer; where one is missing, with it.
    fn implied_without(&self, inferer: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        let implied = self.losses.implied.iter().enumerate();
        implied.map(move |(place, with)| {
            let without = self.losses.implied_oneouts[place * self.inferers.len() + inferer];
            without.or(*with)
        })
    }

    /// `α (aggregate − loss) + (1 − α) old`; as it was where either loss is missing.
    fn update(
        &self,
        column: &Column<f64>,
        slots: &[u32],
        aggregate: Option<f64>,
        losses: impl Iterator<Item = Option<f64>>,
    ) -> Column<f64> {
        let entries = slots.iter().zip(column.gather(slots)).zip(losses);
        column.merged(entries.filter_map(|((slot, old), loss)| {
            let regret = aggregate? - loss?;
            let old = old.unwrap_or(self.initial_regret);
            Some((*slot, self.alpha * regret + (1.0 - self.alpha) * old))
        }))
    }
}

/// Epochs, one more for each slot whose loss was measured.
fn counted(epochs: &Column<u32>, slots: &[u32], losses: &[Option<f64>]) -> Column<u32> {
    let entries = slots.iter().zip(epochs.gather(slots)).zip(losses);
    epochs.merged(entries.filter_map(|((slot, epochs), loss)| {
        loss.map(|_| (*slot, epochs.unwrap_or(0).saturating_add(1)))
    }))
}

/// Where newcomers begin: below a low quantile of the experienced who took part; none where those are too few.
fn initial_regret(parameters: &Parameters, next: &State, lesson: &Lesson<'_>) -> Option<f64> {
    let of = |regrets: &Column<f64>, epochs: &Column<u32>, slots: &[u32]| -> Vec<f64> {
        let experience = epochs.gather(slots).map(Option::unwrap_or_default);
        regrets
            .gather(slots)
            .zip(experience)
            .filter(|(_, epochs)| *epochs >= parameters.experienced_epochs)
            .filter_map(|(regret, _)| regret)
            .collect()
    };
    let combined = &next.combined;
    let mut regrets = of(&combined.inferers, &next.inferer_epochs, lesson.inferers);
    regrets.extend(of(
        &combined.forecasters,
        &next.forecaster_epochs,
        lesson.forecasters,
    ));
    if regrets.len() < parameters.experienced_workers_min as usize {
        return None;
    }
    let spread = standard_deviation(&regrets) + parameters.epsilon;
    let offset = parameters.c - parameters.newcomer_offset / parameters.p;
    Some(quantile(&regrets, parameters.newcomer_quantile) + offset * spread)
}
