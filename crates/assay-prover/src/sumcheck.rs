//! The prover's side of the two sums: products of a layer's folded weights with its input, and roundings.
//!
//! Vectors are folded from their first variable, the most significant bit of an index, so that a sumcheck's
//! challenges are the point in order.

use assay_proof::field::Extension;
use p3_field::PrimeCharacteristicRing as _;
use p3_sumcheck::generic_degree::RoundProver;

/// A vector of evaluations, bound variable by variable.
#[derive(Debug, Clone)]
struct Column(Vec<Extension>);

impl Column {
    fn fold(&mut self, challenge: Extension) {
        let half = self.0.len() / 2;
        let (low, high) = self.0.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low += challenge * (*high - *low);
        }
        self.0.truncate(half);
    }

    /// Each element where the first variable is 0, and its step to where it is 1.
    fn lines(&self) -> impl Iterator<Item = (Extension, Extension)> {
        let (low, high) = self.0.split_at(self.0.len() / 2);
        low.iter().zip(high).map(|(low, high)| (*low, *high - *low))
    }

    fn last(&self) -> Extension {
        self.0[0]
    }
}

/// Σ_k left(k) · right(k).
pub(crate) struct Product {
    left: Column,
    right: Column,
}

impl Product {
    pub(crate) fn new(left: Vec<Extension>, right: Vec<Extension>) -> Self {
        Self {
            left: Column(left),
            right: Column(right),
        }
    }

    /// The sum over all of both.
    pub(crate) fn sum(&self) -> Extension {
        let pairs = self.left.0.iter().zip(&self.right.0);
        pairs.map(|(left, right)| *left * *right).sum()
    }

    /// What is left of `left` when every variable is bound.
    pub(crate) fn left(&self) -> Extension {
        self.left.last()
    }

    /// What is left of `right` when every variable is bound.
    pub(crate) fn right(&self) -> Extension {
        self.right.last()
    }
}

impl RoundProver<Extension> for Product {
    fn fold(&mut self, challenge: Extension) {
        self.left.fold(challenge);
        self.right.fold(challenge);
    }

    fn round_poly(&self) -> Vec<Extension> {
        let mut at = [Extension::ZERO; 2];
        for ((left, left_step), (right, right_step)) in self.left.lines().zip(self.right.lines()) {
            at[0] += left * right;
            at[1] += (left + left_step.double()) * (right + right_step.double());
        }
        at.to_vec()
    }
}

/// Σ_x weight(x) · (inside(x) · middle(x) + top · above(x)).
pub(crate) struct Rounding {
    pub(crate) weight: Vec<Extension>,
    pub(crate) inside: Vec<Extension>,
    pub(crate) middle: Vec<Extension>,
    /// `above`, times `top`.
    pub(crate) above: Vec<Extension>,
}

/// The same while its variables are bound: weight, inside, middle, above.
pub(crate) struct RoundingProver([Column; 4]);

impl Rounding {
    pub(crate) fn prover(self) -> RoundingProver {
        let Self {
            weight,
            inside,
            middle,
            above,
        } = self;
        RoundingProver([weight, inside, middle, above].map(Column))
    }
}

impl RoundProver<Extension> for RoundingProver {
    fn fold(&mut self, challenge: Extension) {
        for column in &mut self.0 {
            column.fold(challenge);
        }
    }

    fn round_poly(&self) -> Vec<Extension> {
        let [weight, inside, middle, above] = &self.0;
        let mut at = [Extension::ZERO; 3];
        let lines = weight.lines().zip(inside.lines());
        let lines = lines.zip(middle.lines().zip(above.lines()));
        for ((mut weight, mut inside), (mut middle, mut above)) in lines {
            let term = |weight: &(Extension, Extension),
                        inside: &(Extension, Extension),
                        middle: &(Extension, Extension),
                        above: &(Extension, Extension)| {
                weight.0 * (inside.0 * middle.0 + above.0)
            };
            at[0] += term(&weight, &inside, &middle, &above);
            for line in [&mut weight, &mut inside, &mut middle, &mut above] {
                line.0 += line.1;
            }
            for sum in &mut at[1..] {
                for line in [&mut weight, &mut inside, &mut middle, &mut above] {
                    line.0 += line.1;
                }
                *sum += term(&weight, &inside, &middle, &above);
            }
        }
        at.to_vec()
    }
}
