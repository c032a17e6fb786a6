//! What a run comes to: mean errors, each comparison over the same rounds.

use super::{Round, Run};
use crate::number::mean;

/// A miner is compared in hindsight if it answered in this part of the rounds in which the network inferred.
pub const HINDSIGHT_ROUNDS_MIN: f64 = 0.5;

/// Mean errors over the same rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// How many rounds; of none, errors are zero.
    pub rounds: usize,
    /// Of the one compared with.
    pub own: f64,
    /// Of the network.
    pub network: f64,
}

/// What a miner came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinerFigures {
    /// Over the rounds in which it had come and answered.
    pub present: Compared,
    /// Over the rounds in which it answered, come or not.
    pub all_along: Compared,
    /// Its part of all that was paid.
    pub paid: f64,
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The network with the simple mean, over all rounds in which it inferred.
    pub mean: Compared,
    /// By miner.
    pub miners: Vec<MinerFigures>,
    /// The best miner in hindsight while present, if one answered often enough.
    pub best_present: Option<usize>,
    /// The same all along.
    pub best_all_along: Option<usize>,
}

impl Compared {
    /// The network's error in units of the other's; none where that is zero.
    pub fn ratio(&self) -> Option<f64> {
        (self.own > 0.0).then(|| self.network / self.own)
    }

    fn over(pairs: impl Iterator<Item = (f64, f64)>) -> Self {
        let (own, network): (Vec<f64>, Vec<f64>) = pairs.unzip();
        Self {
            rounds: own.len(),
            own: mean(&own),
            network: mean(&network),
        }
    }
}

impl Figures {
    /// Figures of a run.
    pub fn of(run: &Run) -> Self {
        let rounds = || run.rounds.iter().enumerate();
        let against = |(_, round): (usize, &Round), own: Option<f64>| Some((own?, round.network?));
        let mean = Compared::over(rounds().filter_map(|at| against(at, at.1.mean)));
        let miners = run.miners_paid.iter().enumerate().map(|(miner, paid)| {
            let own = |at: (usize, &Round)| against(at, at.1.miners[miner]);
            let come = |at: &(usize, &Round)| run.order.arrival(miner) <= at.0;
            MinerFigures {
                present: Compared::over(rounds().filter(come).filter_map(own)),
                all_along: Compared::over(rounds().filter_map(own)),
                paid: *paid,
            }
        });
        let miners: Vec<MinerFigures> = miners.collect();
        Self {
            best_present: best(mean.rounds, miners.iter().map(|miner| miner.present)),
            best_all_along: best(mean.rounds, miners.iter().map(|miner| miner.all_along)),
            mean,
            miners,
        }
    }
}

/// The one against which the network does worst, of those with enough rounds.
fn best(rounds: usize, compared: impl Iterator<Item = Compared>) -> Option<usize> {
    let enough = HINDSIGHT_ROUNDS_MIN * rounds as f64;
    let often = compared
        .enumerate()
        .filter(|(_, compared)| compared.rounds > 0 && compared.rounds as f64 >= enough);
    // Without an error of its own nobody is better.
    let ratios = often.map(|(miner, compared)| (miner, compared.ratio().unwrap_or(f64::INFINITY)));
    let best = ratios.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(miner, _)| miner)
}
