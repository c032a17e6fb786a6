//! How sound a proof is: every way in which a false statement could pass, and the sum of their probabilities.
//!
//! No conjecture enters: WHIR is counted in the regime of unique decoding, in which a commitment stands for one
//! polynomial. Hash and transcript collisions are not in the sum; the sponges have capacities of 248 bits.

use crate::{
    commitment::Schemes,
    field::EXTENSION_BITS,
    outline::Outline,
    verify::{PRODUCT_DEGREE, ROUNDING_DEGREE},
};
use p3_security::ErrorBits;

/// Least bits of soundness, after the union bound, of a proof that is made or accepted.
pub const SECURITY_BITS_MIN: u32 = 100;

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
    /// The terms for proofs of `outline` under its commitments. What cannot be computed counts as zero bits.
    pub fn of(outline: &Outline, schemes: &Schemes) -> Self {
        let layers = outline.layers();
        let last = layers.last().map_or(0, |layer| layer.output_variables());
        let products: usize = layers.iter().map(|layer| layer.input_variables()).sum();
        let rounded = outline.rounded();
        let roundings: usize = rounded
            .map(|(layer, _)| layers[layer].output_variables())
            .sum();
        let mut terms = vec![
            term("point of the output", last),
            term("sums of products", PRODUCT_DEGREE * products),
            term("roundings", ROUNDING_DEGREE * roundings),
        ];
        if schemes.columns.is_some() {
            terms.push(term("lookups", lookup_degree(outline)));
        }
        for (what, scheme) in [
            ("opening of columns", &schemes.columns),
            ("opening of weights", &schemes.weights),
        ] {
            let Some(scheme) = scheme else { continue };
            let bits = scheme
                .security()
                .map_or(0.0, |security| security.error().bits());
            terms.push(Term { what, bits });
        }
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
        bits: EXTENSION_BITS as f64 - (degree as f64).log2(),
    }
}

/// The degree of the lookup argument, summed over its challenges.
///
/// Batching of readers, and of columns, has a polynomial of as many terms. A pole of a leaf, or a root of the
/// sum of fractions, is one of twice as many values as there are leaves. Each layer of the fractional sum has a
/// sumcheck of degree three in as many variables as lie below, a batching and a line: at most four for each
/// variable. Then a sum of products over the largest table.
fn lookup_degree(outline: &Outline) -> usize {
    let tables = outline.tables();
    let variables = |layer: usize| outline.layers()[layer].output_variables();
    let ranges = tables.ranges.iter().map(|(bits, readers)| {
        let rows: usize = readers
            .iter()
            .map(|column| 1 << variables(column.layer))
            .sum();
        (readers.len(), (1 << bits) + rows, usize::from(*bits))
    });
    let highs = tables.highs.iter().map(|(table, layers)| {
        let rows: usize = layers.iter().map(|layer| 1 << variables(*layer)).sum();
        (
            layers.len(),
            table.entries() + rows,
            usize::from(table.bits),
        )
    });
    let (mut readers, mut leaves, mut largest, mut count) = (0, 0usize, 0, 0);
    for (of_table, leaves_of_table, bits) in ranges.chain(highs) {
        readers += of_table;
        leaves += leaves_of_table;
        largest = largest.max(bits);
        count += 1;
    }
    let height = leaves.next_power_of_two().ilog2() as usize + 1;
    let fractions = 2 * leaves + 4 * height * height;
    2 * (readers + 2 * count) + fractions + PRODUCT_DEGREE * largest
}
