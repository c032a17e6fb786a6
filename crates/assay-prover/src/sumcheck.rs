//! The prover's side of the batches of sums.
//!
//! Vectors are folded from their first variable, the most significant bit of an index, so that a sumcheck's
//! challenges are the point in order. A sum over fewer variables than the largest waits until only its own are left.

use assay_proof::{
    field::{Base, Challenger, Extension},
    proof::Sumcheck,
    sums::{Batch, Ended},
};
use p3_field::PrimeCharacteristicRing as _;
use p3_sumcheck::generic_degree::RoundProver;

/// A vector of evaluations, bound variable by variable.
type Column = Vec<Extension>;

/// One sum of a batch.
#[derive(Debug, Clone)]
pub(crate) enum Sum {
    /// Σ left · right.
    Product([Column; 2]),
    /// Σ weight · left · right.
    Weighted([Column; 3]),
    /// Σ first · second + third · fourth.
    Pair([Column; 4]),
    /// Σ first · second + weight · (inside · middle + above).
    Rounded([Column; 6]),
}

/// A sum, what it counts, and what it is.
pub(crate) struct Item {
    pub(crate) sum: Sum,
    /// Its factor in the batch.
    pub(crate) factor: Extension,
    pub(crate) claim: Extension,
}

impl Sum {
    fn columns(&self) -> &[Column] {
        match self {
            Self::Product(columns) => columns,
            Self::Weighted(columns) => columns,
            Self::Pair(columns) => columns,
            Self::Rounded(columns) => columns,
        }
    }

    fn columns_mut(&mut self) -> &mut [Column] {
        match self {
            Self::Product(columns) => columns,
            Self::Weighted(columns) => columns,
            Self::Pair(columns) => columns,
            Self::Rounded(columns) => columns,
        }
    }

    fn variables(&self) -> usize {
        self.columns()[0].len().ilog2() as usize
    }

    /// What is left of each column when every variable is bound.
    pub(crate) fn ends(&self) -> Vec<Extension> {
        self.columns().iter().map(|column| column[0]).collect()
    }

    fn term(&self, at: &[Extension]) -> Extension {
        match self {
            Self::Product(_) => at[0] * at[1],
            Self::Weighted(_) => at[0] * at[1] * at[2],
            Self::Pair(_) => at[0] * at[1] + at[2] * at[3],
            Self::Rounded(_) => at[0] * at[1] + at[2] * (at[3] * at[4] + at[5]),
        }
    }

    /// The sum's polynomial in its first variable, at 0, 2 and 3.
    fn round(&self) -> [Extension; 3] {
        match self {
            Self::Product(columns) => self.round_of(columns),
            Self::Weighted(columns) => self.round_of(columns),
            Self::Pair(columns) => self.round_of(columns),
            Self::Rounded(columns) => self.round_of(columns),
        }
    }

    #[inline(always)]
    fn round_of<const N: usize>(&self, columns: &[Column; N]) -> [Extension; 3] {
        let half = columns[0].len() / 2;
        let mut sums = [Extension::ZERO; 3];
        for place in 0..half {
            let mut at: [Extension; N] = std::array::from_fn(|column| columns[column][place]);
            let steps: [Extension; N] =
                std::array::from_fn(|column| columns[column][half + place] - at[column]);
            sums[0] += self.term(&at);
            for (value, step) in at.iter_mut().zip(&steps) {
                *value += step.double();
            }
            sums[1] += self.term(&at);
            for (value, step) in at.iter_mut().zip(&steps) {
                *value += *step;
            }
            sums[2] += self.term(&at);
        }
        sums
    }

    /// Σ over all of it.
    pub(crate) fn total(&self) -> Extension {
        let columns = self.columns();
        let places = 0..columns[0].len();
        places
            .map(|place| {
                let at: Vec<Extension> = columns.iter().map(|column| column[place]).collect();
                self.term(&at)
            })
            .sum()
    }
}

fn fold(column: &mut Column, challenge: Extension) {
    let half = column.len() / 2;
    let (low, high) = column.split_at_mut(half);
    for (low, high) in low.iter_mut().zip(high) {
        *low += challenge * (*high - *low);
    }
    column.truncate(half);
}

/// A batch while its variables are bound.
struct Rounds<'a> {
    items: &'a mut [Item],
    degree: usize,
    /// Variables that are not bound yet.
    remaining: usize,
}

impl RoundProver<Extension> for Rounds<'_> {
    fn fold(&mut self, challenge: Extension) {
        for item in self.items.iter_mut() {
            if item.sum.variables() == self.remaining {
                for column in item.sum.columns_mut() {
                    fold(column, challenge);
                }
            }
        }
        self.remaining -= 1;
    }

    fn round_poly(&self) -> Vec<Extension> {
        let mut at = [Extension::ZERO; 3];
        for item in self.items.iter() {
            let variables = item.sum.variables();
            if variables == self.remaining {
                for (sum, own) in at.iter_mut().zip(item.sum.round()) {
                    *sum += item.factor * own;
                }
            } else {
                // It does not depend on this variable: half of what it is on each side.
                let waits = (self.remaining - 1 - variables) as u64;
                let share = item.factor * item.claim * powers_of_two(waits);
                for sum in &mut at {
                    *sum += share;
                }
            }
        }
        at[..self.degree].to_vec()
    }
}

fn powers_of_two(exponent: u64) -> Base {
    Base::TWO.exp_u64(exponent)
}

/// Proves a batch, whose items' factors do not count their share of it yet; `None` when it is empty.
pub(crate) fn prove(
    batch: &Batch,
    items: &mut [Item],
    transcript: &mut Challenger,
) -> (Option<Sumcheck>, Ended) {
    if batch.is_empty() {
        let ended = Ended {
            point: Vec::new(),
            value: Extension::ZERO,
        };
        return (None, ended);
    }
    let sum = items.iter().map(|item| item.factor * item.claim).sum();
    for item in items.iter_mut() {
        item.factor *= batch.share(item.sum.variables());
    }
    let mut rounds = Rounds {
        items,
        degree: batch.degree(),
        remaining: batch.rounds(),
    };
    let (sent, point) = rounds.prove::<Base, _>(
        transcript,
        batch.rounds(),
        batch.degree(),
        0,
        sum,
    );
    let ended = Ended {
        point: point.as_slice().to_vec(),
        value: Extension::ZERO,
    };
    (Some(sent), ended)
}
