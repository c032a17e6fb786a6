//! How sound a proof is: every way in which a false statement could pass, and the sum of their probabilities.
//!
//! No conjecture enters: WHIR is counted up to the Johnson bound, where a commitment stands for a short list of
//! polynomials. A prover may choose among them after it saw challenges, so each step of ours counts once for every
//! choice, over all commitments of a proof. (A root over weights that was made honestly stands for these weights only:
//! another codeword is farther from it than the bound.) Hash and transcript collisions are
//! not in the sum; the sponges have capacities of 248 bits.

use crate::{
    commitment::Schemes,
    field::EXTENSION_BITS,
    frame::Frame,
    lookup,
    outline::Place,
    relations::{self, claim_count},
    settle,
    sums::Batch,
};
use p3_security::ErrorBits;

/// Least bits of soundness, after the union bound, of a proof that is made or accepted.
pub const SECURITY_BITS_MIN: u32 = 100;

/// How commitments are counted, in words.
pub const REGIME: &str = "up to the Johnson bound, no conjecture";

/// One way in which a false statement could pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it is.
    pub what: &'static str,
    /// −log₂ of its probability.
    pub bits: f64,
}

/// The terms of an outline's proofs.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityReport {
    terms: Vec<Term>,
}

impl SecurityReport {
    /// The terms for proofs in `frame` under its commitments. What cannot be computed counts as zero bits.
    pub fn of(frame: &Frame<'_>, schemes: &Schemes) -> Self {
        let outline = frame.outline;
        // Each relation, and the output, is a polynomial that a random point shows not to be zero; those of a
        // window's taps are separate.
        let relations = outline.computed().map(|(value, made)| {
            let taps = claim_count(made);
            taps * frame.variables(value)
        });
        let points = relations.sum::<usize>() + frame.variables(outline.output_value());
        let products = relations::products(frame);
        let links = link_bounds(frame);
        let values = settle::batch(frame);
        let claims = settled_claims_max(frame);
        let mut terms = vec![
            term("random point", points),
            term("products", sumcheck_degree(&products, products.len())),
            term("links", links),
            term("values", sumcheck_degree(&values, claims)),
        ];
        if schemes.columns.is_some() {
            terms.push(term("lookups", lookup_degree(frame)));
        }
        let columns = schemes.columns.iter();
        let columns = columns.map(|scheme| ("opening of columns", scheme));
        let weights = schemes.weights.iter();
        let weights = weights.map(|scheme| ("opening of weights", scheme));
        let mut candidates = 0.0;
        let mut openings = Vec::new();
        for (what, scheme) in columns.chain(weights) {
            let security = scheme.security();
            let bits = security.as_ref().map_or(0.0, |own| own.error().bits());
            let own = security.map_or(f64::INFINITY, |own| own.log2_max_candidates);
            candidates += own.max(0.0);
            openings.push(Term { what, bits });
        }
        for term in &mut terms {
            term.bits = (term.bits - candidates).max(0.0);
        }
        terms.extend(openings);
        Self { terms }
    }

    /// Every term.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// −log₂ of the sum of all probabilities.
    pub fn bits(&self) -> f64 {
        let terms = self
            .terms
            .iter()
            .map(|term| ErrorBits::from_log2(term.bits));
        ErrorBits::sum(&terms.collect::<Vec<_>>()).bits()
    }

    /// The same in whole bits.
    pub fn whole_bits(&self) -> u32 {
        (0..=256)
            .rev()
            .find(|bits| f64::from(*bits) <= self.bits())
            .unwrap_or_default()
    }
}

/// A term whose bad challenges are at most `degree` of the field's elements.
fn term(what: &'static str, degree: usize) -> Term {
    let degree = degree.max(1);
    Term {
        what,
        bits: EXTENSION_BITS - (degree as f64).log2(),
    }
}

/// Of a batch: the powers that combine its sums, and the rounds of its sumcheck.
fn sumcheck_degree(batch: &Batch, combined: usize) -> usize {
    combined + batch.degree() * batch.rounds()
}

/// Claims on values with columns, at most: one for each operand or part of one, two for a product of values, the
/// output, and each relation's own.
fn settled_claims_max(frame: &Frame<'_>) -> usize {
    let outline = frame.outline;
    let operands = outline.computed().flat_map(|(_, made)| made.operands());
    let claims = operands.chain([outline.output_value() as u32]);
    let parts = claims.map(|value| match outline.place(value as usize) {
        Place::Cube(_) => 1,
        Place::Parts(parts) => parts.len(),
    });
    let relations = outline.computed().map(|(_, made)| claim_count(made));
    parts.sum::<usize>() + relations.sum::<usize>()
}

/// Of the links: the powers that combine them and a window's taps, and two for each variable of the largest.
fn link_bounds(frame: &Frame<'_>) -> usize {
    let outline = frame.outline;
    let taps = outline.computed().map(|(_, made)| claim_count(made));
    let values = 0..outline.values().len();
    let largest = values.map(|value| outline.layout(value).variables()).max();
    let parametrized = outline.parametrized();
    let kernels = parametrized
        .map(|value| outline.weights(value).variables())
        .max();
    let gathered = Some(outline.gathered_variables());
    let rounds = largest.max(kernels).max(gathered).unwrap_or_default();
    // One link each, at most, of a grouped kernel, and powers for biases and gathered weights.
    let parameters = 3 * outline.parametrized().count();
    taps.sum::<usize>() + settled_claims_max(frame) + parameters + 2 * rounds
}

/// The degree of the lookup arguments, summed over their challenges.
///
/// Batching of readers, and of columns, has a polynomial of as many terms. The sum of fractions, once its
/// denominators are cleared, is a polynomial of a lower degree than there are leaves, and is refused where a
/// denominator is zero. A wrong number that was read shows at a random point of its reader. Each layer of the
/// fractional sum has a sumcheck of degree three in as many variables as lie below, a batching and a line: at most
/// four for each variable. Then a sum of products over the largest table.
fn lookup_degree(frame: &Frame<'_>) -> usize {
    let arguments = lookup::arguments(frame);
    arguments
        .iter()
        .map(|tables| argument_degree(frame, tables))
        .sum()
}

fn argument_degree(frame: &Frame<'_>, tables: &[lookup::Table]) -> usize {
    let (mut readers, mut points, mut leaves, mut largest) = (0, 0, 0usize, 0);
    for table in tables {
        let variables = table.readers.iter();
        points += variables
            .map(|column| frame.column_variables(column.value))
            .sum::<usize>();
        readers += table.readers.len() * table.columns.len();
        leaves += table.leaves(frame);
        largest = largest.max(table.variables);
    }
    let height = leaves.next_power_of_two().ilog2() as usize + 1;
    let fractions = leaves + 4 * height * height;
    2 * (readers + 2 * tables.len()) + points + fractions + 2 * largest
}
