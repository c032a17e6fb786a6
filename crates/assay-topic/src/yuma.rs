//! Yuma consensus, as Bittensor defines it: validators weigh miners, and what most of the stake agrees on is paid.
//!
//! ```text
//!  weights ─► masked, rows normalised ─► consensus C: what more than κ of the stake gives at least
//!                                        │
//!             clipped W̄ = min(W, C) ◄────┘
//!  incentive  I = norm(Σᵢ Sᵢ·W̄ᵢ)            the miners' part
//!  bonds      B' = α·W_b + (1 − α)·B         W_b = W + penalty·(W̄ − W)
//!  dividends  D = norm(B'·I)                 the validators' part: who gave weight early, and was followed
//! ```
//! Source: opentensor/subtensor, `pallets/subtensor/src/epoch/{run_epoch.rs, math.rs}` of June 2026, the sparse path.
//!
//! Deviations from it:
//! - Numbers are doubles, not fixed point, and sums of stake are integers: the weighted median is exact.
//! - A cell that is absent is a zero in every step. Upstream's liquid alpha forgets a bond at once where its row has no
//!   cell, but lets it decay where the cell is an explicit zero; here both decay.
//! - Moments are numbers without a unit; a row's moment is that of its commitment, so weights that were made before a
//!   slot changed hands never reach its new holder, and no second mask for commitments is needed.
//!
//! Cost: linear in the cells that carry a weight or a bond, and in the slots; so is memory.

mod bonds;
mod consensus;
mod matrix;
mod weights;

pub use matrix::{Matrix, MatrixError};

use crate::{
    mechanism::{Mechanism, Role, Settlement, Share, permits},
    number::{normalize, ratio},
};

/// Most slots of a topic: a weight names its slot in 16 bits.
pub const SLOTS_MAX: usize = 1 << 16;
/// The whole of a number that is stored in 16 bits.
const WHOLE: f64 = 65535.0;

/// How a topic rewards. Fractions in 16 bits are parts of 65 535.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yuma {
    /// Majority: the consensus on a slot is the largest weight that more than this part of the stake gives at least.
    pub kappa: u16,
    /// What becomes of validators' bonds.
    pub bonds: BondsRule,
    /// What an epoch keeps of the last one's bonds, in parts per million.
    pub bonds_moving_average_ppm: u32,
    /// How far bonds follow weights as they were clipped: 0 not at all, 65 535 entirely.
    pub bonds_penalty: u16,
    /// Most validators.
    pub validators_max: usize,
    /// Stake below it counts as none.
    pub stake_min: u64,
}

/// How bonds follow weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BondsRule {
    /// A slot's bonds are shares of it: a validator's part of all that is bonded to it, which follow what its stake adds.
    Classic,
    /// A bond is a validator's own, whatever others do; stake counts when dividends are paid.
    Yuma3,
    /// As [`Self::Yuma3`], faster where a validator leaves the consensus and where it leads it.
    Liquid(LiquidAlpha),
}

/// See [`BondsRule::Liquid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiquidAlpha {
    /// Slowest following.
    pub low: u16,
    /// Fastest following, at least `low`.
    pub high: u16,
    /// Steepness of the change from slow to fast, in hundredths.
    pub steepness: u16,
}

impl LiquidAlpha {
    /// Upstream's parameters.
    pub const UPSTREAM: Self = Self {
        low: 45_875,
        high: 58_982,
        steepness: 1_000,
    };
}

impl Yuma {
    /// Upstream's parameters.
    pub const UPSTREAM: Self = Self {
        kappa: 32_767,
        bonds: BondsRule::Classic,
        bonds_moving_average_ppm: 900_000,
        bonds_penalty: 65_535,
        validators_max: 128,
        stake_min: 0,
    };
}

/// A participant's slot in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Stake that stands behind it, its own and delegated.
    pub stake: u64,
    /// When its holder took it.
    pub registered_at: u64,
    /// When the weights that it holds were committed to; with none, when its holder took it.
    pub updated_at: u64,
}

/// What an epoch settles.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    /// All slots.
    pub slots: Vec<Slot>,
    /// Weights, a row a slot. Diagonal cells do not count, save the owner's.
    pub weights: Matrix<u16>,
    /// Which slot is the topic owner's: it always has a permit.
    pub owner: Option<usize>,
    /// A slot that was updated before counts as inactive: its stake has no say.
    pub active_since: u64,
    /// Bonds to a slot that was registered then or later are not its holder's.
    pub bonds_since: u64,
}

/// What an epoch leaves for the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Who may weigh. Slots beyond it may not.
    pub permits: Vec<bool>,
    /// Bonds, a row a validator.
    pub bonds: Matrix<u16>,
}

impl State {
    /// Forgets what concerned a slot's last holder.
    pub fn forget(&mut self, slot: usize) {
        if let Some(permit) = self.permits.get_mut(slot) {
            *permit = false;
        }
        self.bonds.clear_row(slot);
        self.bonds.clear_column(slot);
    }
}

/// What is known after an epoch, slot by slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What most of the stake agrees on.
    pub consensus: Vec<f64>,
    /// How much of a validator's weights lies within the consensus.
    pub validator_trust: Vec<f64>,
    /// The miners' part, summing to one or zero.
    pub incentive: Vec<f64>,
    /// The validators' part, summing to one or zero.
    pub dividends: Vec<f64>,
    /// Stake that had a say, summing to one or zero.
    pub active_stake: Vec<f64>,
}

impl Mechanism for Yuma {
    type State = State;
    type Submissions = Epoch;
    type Outcome = Outcome;

    fn settle(&self, state: &State, epoch: &Epoch) -> (State, Settlement, Outcome) {
        let stakes = Stakes::of(self, state, epoch);
        let weights = weights::masked(epoch, state);
        let consensus = consensus::consensus(&weights, &stakes.active, self.kappa);
        let clipped = |row: usize| {
            let (columns, values) = weights.row(row);
            let cells = columns.iter().zip(values);
            cells
                .map(|(column, weight)| (*column as usize, weight.min(consensus[*column as usize])))
        };
        let slots = epoch.slots.len();
        let (mut validator_trust, mut incentive) = (vec![0.0; slots], vec![0.0; slots]);
        for (row, (trust, stake)) in (validator_trust.iter_mut().zip(&stakes.fractions)).enumerate()
        {
            for (column, weight) in clipped(row) {
                *trust += weight;
                incentive[column] += stake * weight;
            }
        }
        normalize(&mut incentive);
        let rule = bonds::Rule {
            yuma: self,
            consensus: &consensus,
            stakes: &stakes.fractions,
        };
        let old = bonds::masked(epoch, &state.bonds);
        let (mut bonds, dividends) = rule.follow(&weights, &old, &incentive);
        bonds.retain(|row, _| stakes.permits[row]);
        let settlement = shares(&incentive, &dividends, &stakes);
        let outcome = Outcome {
            consensus,
            validator_trust,
            incentive,
            dividends,
            active_stake: stakes.fractions,
        };
        let permits = stakes.permits;
        (State { permits, bonds }, settlement, outcome)
    }
}

/// Who has a say, and how much.
struct Stakes {
    /// Stake of each slot that has a say, zero for others.
    active: Vec<u64>,
    /// The same as parts of one.
    fractions: Vec<f64>,
    /// All stake as parts of one.
    all: Vec<f64>,
    /// Who may weigh in the next epoch.
    permits: Vec<bool>,
}

impl Stakes {
    fn of(yuma: &Yuma, state: &State, epoch: &Epoch) -> Self {
        let slots = epoch.slots.iter().enumerate();
        let counted: Vec<u64> = slots
            .map(|(slot, own)| {
                let counts = own.stake >= yuma.stake_min || epoch.owner == Some(slot);
                if counts { own.stake } else { 0 }
            })
            .collect();
        let slots = epoch.slots.iter().zip(&counted).enumerate();
        let active: Vec<u64> = slots
            .map(|(slot, (own, stake))| {
                let permitted = is_permitted(state, epoch, slot);
                let active = own.updated_at >= epoch.active_since;
                if permitted && active { *stake } else { 0 }
            })
            .collect();
        Self {
            fractions: fractions(&active),
            all: fractions(&counted),
            permits: with_owner(permits(&counted, yuma.validators_max), epoch.owner),
            active,
        }
    }
}

/// Whether a slot may weigh in this epoch.
fn is_permitted(state: &State, epoch: &Epoch, slot: usize) -> bool {
    epoch.owner == Some(slot) || state.permits.get(slot).copied().unwrap_or(false)
}

fn fractions(stakes: &[u64]) -> Vec<f64> {
    let sum: u128 = stakes.iter().map(|stake| u128::from(*stake)).sum();
    stakes
        .iter()
        .map(|stake| ratio(*stake as f64, sum as f64))
        .collect()
}

/// The owner always has a permit.
fn with_owner(mut permits: Vec<bool>, owner: Option<usize>) -> Vec<bool> {
    if let Some(permit) = owner.and_then(|slot| permits.get_mut(slot)) {
        *permit = true;
    }
    permits
}

/// Incentive and dividends as shares of one whole; where there are neither, validators are paid by stake.
fn shares(incentive: &[f64], dividends: &[f64], stakes: &Stakes) -> Settlement {
    let total = |numbers: &[f64]| numbers.iter().sum::<f64>();
    let whole = total(incentive) + total(dividends);
    let (workers, validators, whole): (&[f64], &[f64], f64) = if whole > 0.0 {
        (incentive, dividends, whole)
    } else if total(&stakes.fractions) > 0.0 {
        (&[], &stakes.fractions, total(&stakes.fractions))
    } else {
        (&[], &stakes.all, total(&stakes.all))
    };
    let share = |role: Role| {
        move |(slot, number): (u32, &f64)| Share {
            slot,
            role,
            fraction: ratio(*number, whole),
        }
    };
    let workers = (0..).zip(workers).map(share(Role::Worker));
    let validators = (0..).zip(validators).map(share(Role::Validator));
    Settlement::new(workers.chain(validators).collect())
}

#[cfg(test)]
mod tests;
