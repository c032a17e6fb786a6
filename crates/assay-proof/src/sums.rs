//! Batches of sums: many sums over cubes of different sizes, shown by one sumcheck.
//!
//! A sum over fewer variables than the largest counts over its own last ones, and is divided by two for each that
//! it lacks, so the batch is one polynomial over the largest cube. The sums are combined by a challenge's powers.

use crate::{
    field::{Base, Challenger, Extension},
    proof::Sumcheck,
};
use p3_challenger::FieldChallenger as _;
use p3_field::{Field as _, PrimeCharacteristicRing as _};

/// The shape of a batch: variables of each of its sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    variables: Vec<usize>,
    degree: usize,
}

/// Where a batch's sumcheck ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The point.
    pub point: Vec<Extension>,
    /// The combined sums' polynomial there.
    pub value: Extension,
}

impl Batch {
    /// A batch of sums of so many variables and at most this degree in each.
    pub fn new(variables: Vec<usize>, degree: usize) -> Self {
        Self { variables, degree }
    }

    /// Sums.
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    /// Variables of each sum.
    pub fn variables(&self) -> &[usize] {
        &self.variables
    }

    /// Rounds of its sumcheck.
    pub fn rounds(&self) -> usize {
        self.variables.iter().copied().max().unwrap_or(0)
    }

    /// Largest degree in a variable.
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// What a sum over so many variables is multiplied by.
    pub fn share(&self, variables: usize) -> Extension {
        let halves = Base::TWO
            .inverse()
            .exp_u64((self.rounds() - variables) as u64);
        Extension::from(halves)
    }

    /// Checks the messages against the combined sum; `None` when they do not fit it or each other.
    pub fn verify(
        &self,
        sent: &Sumcheck,
        sum: Extension,
        transcript: &mut Challenger,
    ) -> Option<Ended> {
        if sent.claimed_sum != sum {
            return None;
        }
        let ended = sent.verify(transcript, self.rounds(), self.degree, 0);
        let (point, value) = ended.ok()?;
        let point = point.as_slice().to_vec();
        Some(Ended { point, value })
    }
}

/// A challenge's powers, from 1 on.
pub fn powers(transcript: &mut Challenger, count: usize) -> Vec<Extension> {
    let challenge: Extension = transcript.sample_algebra_element();
    challenge.powers().take(count).collect()
}

/// The last coordinates of a point.
pub fn tail(point: &[Extension], variables: usize) -> &[Extension] {
    &point[point.len() - variables..]
}
