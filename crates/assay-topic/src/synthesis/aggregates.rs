//! One thing for each aggregate of an epoch: its inference, or its loss.

/// One `T` for each inference that is formed in an epoch, in the order of its inferers and forecasters.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aggregates<T> {
    /// Of everyone.
    pub network: T,
    /// Of inferers alone, by their regrets against it.
    pub naive: T,
    /// Each inferer's own.
    pub inferers: Vec<T>,
    /// Implied by each forecaster's forecasts.
    pub implied: Vec<T>,
    /// Without an inferer.
    pub oneout_inferers: Vec<T>,
    /// Without a forecaster.
    pub oneout_forecasters: Vec<T>,
    /// Of inferers and one forecaster.
    pub onein_forecasters: Vec<T>,
    /// Implied by each forecaster's forecasts without an inferer: a row of inferers for each forecaster.
    pub implied_oneouts: Vec<T>,
}

impl<T> Aggregates<T> {
    /// All of them, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.network, &self.naive]
            .into_iter()
            .chain(&self.inferers)
            .chain(&self.implied)
            .chain(&self.oneout_inferers)
            .chain(&self.oneout_forecasters)
            .chain(&self.onein_forecasters)
            .chain(&self.implied_oneouts)
    }

    /// All of them, to change, in the same order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.network, &mut self.naive]
            .into_iter()
            .chain(&mut self.inferers)
            .chain(&mut self.implied)
            .chain(&mut self.oneout_inferers)
            .chain(&mut self.oneout_forecasters)
            .chain(&mut self.onein_forecasters)
            .chain(&mut self.implied_oneouts)
    }
}

impl<T: Clone> Aggregates<T> {
    /// The same thing for each aggregate of so many inferers and forecasters.
    pub fn of(thing: &T, inferers: usize, forecasters: usize) -> Self {
        let many = |count: usize| vec![thing.clone(); count];
        Self {
            network: thing.clone(),
            naive: thing.clone(),
            inferers: many(inferers),
            implied: many(forecasters),
            oneout_inferers: many(inferers),
            oneout_forecasters: many(forecasters),
            onein_forecasters: many(forecasters),
            implied_oneouts: many(inferers * forecasters),
        }
    }
}
