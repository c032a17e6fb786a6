//! Settling: all claims on a computed value, and its relation, as one sum over its columns.
//!
//! ```text
//! Σ_x eq(r, x) · relation(x) + Σ_x (Σ_k γ_k · eq(p_k, x)) · result(x)
//! ```
//!
//! where `relation` is linear in the value's columns and in what they read from tables, and so is `result`, save
//! that a rounded value's is `inside · middle + top · above`. One batch over all values ends at one point, where the
//! columns are looked up and opened.

use crate::{
    field::{Extension, of_integer},
    frame::{Frame, lifted},
    links::PointClaim,
    outline::{Columns, DIFFERENCE_ZERO, LEAST},
    relations::{Relation, largest_offsets},
    sums::Batch,
};
use p3_field::{PrimeCharacteristicRing as _, dot_product};
use p3_multilinear_util::point::Point;

/// Everything claimed of one computed value.
#[derive(Debug, Clone)]
pub struct Settled<'a> {
    /// The value.
    pub value: usize,
    /// What it commits to.
    pub columns: Columns<'a>,
    /// Where its relation is claimed, with zeros before it where columns have a smallest size.
    pub relation_point: Vec<Extension>,
    /// The relation's factor of each column, then of each number read.
    pub relation: Vec<Extension>,
    /// Where its result is claimed, as the relation's point, with a factor.
    pub claims: Vec<(Vec<Extension>, Extension)>,
    /// The sum.
    pub sum: Extension,
}

/// What a value's columns hold, and what they read, at a point.
#[derive(Debug, Clone)]
pub struct ColumnClaims {
    /// The point.
    pub point: Vec<Extension>,
    /// Each column there.
    pub columns: Vec<Extension>,
    /// What they read there, beside themselves.
    pub read: Vec<Extension>,
}

/// The batch of settled values.
pub fn batch(frame: &Frame<'_>) -> Batch {
    let committed = frame.outline.committed();
    let (variables, rounded): (Vec<_>, Vec<_>) = committed
        .map(|(value, columns)| {
            let rounded = matches!(columns, Columns::Rounded(_));
            (frame.column_variables(value), rounded)
        })
        .unzip();
    let degree = if rounded.contains(&true) { 3 } else { 2 };
    Batch::new(variables, degree)
}

/// How many factors settling takes: one for each relation's claim and each claim on a result.
pub fn factor_count(frame: &Frame<'_>, claims: &[PointClaim]) -> usize {
    let committed = frame.outline.committed();
    let relations: usize = committed.map(|(_, columns)| relation_claims(columns)).sum();
    relations + claims.len()
}

fn relation_claims(columns: Columns<'_>) -> usize {
    match columns {
        Columns::Largest { taps } => taps,
        _ => 1,
    }
}

/// What is claimed of each value with columns. `claims` are on computed values that the verifier does not know.
pub fn settle<'a>(
    frame: &Frame<'a>,
    relations: &[Relation],
    claims: &[PointClaim],
    factors: &[Extension],
) -> Vec<Settled<'a>> {
    let mut of_value = vec![Vec::new(); frame.outline.values().len()];
    for claim in claims {
        of_value[claim.value].push(claim);
    }
    let mut factors = factors.iter().copied();
    let mut take = |count: usize| -> Vec<Extension> { factors.by_ref().take(count).collect() };
    let mut relations = relations.iter();
    let committed = frame.outline.committed().map(|(value, columns)| {
        let relation = relations
            .find(|relation| relation.value == value)
            .expect("a relation of every computed value, in order");
        let own = take(relation_claims(columns));
        let claims: Vec<_> = of_value[value]
            .iter()
            .zip(take(of_value[value].len()))
            .collect();
        let mut sum = Extension::ZERO;
        let mut form = vec![Extension::ZERO; columns.count() + columns.read()];
        let constant = match columns {
            Columns::Raw => {
                form[0] = own[0];
                sum += own[0] * relation.accumulators(frame.outline.made(value));
                None
            }
            Columns::Rounded(rounding) => {
                for (factor, power) in form.iter_mut().zip(rounding.powers()) {
                    *factor = own[0] * power;
                }
                let accumulators = relation.accumulators(frame.outline.made(value));
                sum += own[0] * (accumulators - rounding.offset());
                Some(of_integer(i64::from(rounding.low)))
            }
            Columns::Function { .. } => {
                form[0] = own[0];
                sum += own[0] * (relation.claims[0] + of_integer(128));
                None
            }
            Columns::Largest { taps } => {
                let offsets = largest_offsets(frame, relation);
                let said = relation.claims.iter().zip(offsets).zip(&own);
                sum += said
                    .map(|((claim, offset), factor)| *factor * (*claim + offset))
                    .sum::<Extension>();
                // What tap i reads is what the taps before left, less column i.
                let mut later = Extension::ZERO;
                for tap in (0..taps).rev() {
                    form[taps + tap] = later;
                    form[tap] = -own[tap];
                    later += own[tap];
                }
                Some(of_integer(i64::from(LEAST)))
            }
        };
        for (claim, factor) in &claims {
            let offset = match columns {
                // Padding is zero, whatever the function of zero is.
                Columns::Function { table, own } => {
                    let zero = of_integer(i64::from(table[own][128]));
                    frame.real(value, &claim.point) * zero
                }
                _ => constant.map(Extension::from).unwrap_or_default(),
            };
            sum += *factor * (claim.claim - offset);
        }
        let claims = claims.into_iter();
        let variables = frame.column_variables(value);
        Settled {
            value,
            columns,
            relation_point: lifted(&relation.point, variables),
            relation: form,
            claims: claims
                .map(|(claim, factor)| (lifted(&claim.point, variables), factor))
                .collect(),
            sum,
        }
    });
    committed.collect()
}

impl Settled<'_> {
    /// The summand at a point, from what the columns hold and read there.
    pub fn at(&self, point: &[Extension], columns: &[Extension], read: &[Extension]) -> Extension {
        let numbers = columns.iter().chain(read).copied();
        let relation: Extension = dot_product(self.relation.iter().copied(), numbers);
        let claims = self.claims.iter();
        let weight: Extension = claims
            .map(|(claim, factor)| *factor * Point::eval_eq(claim, point))
            .sum();
        let result = match self.columns {
            Columns::Raw => columns[0],
            Columns::Rounded(rounding) => rounding.result(columns, [read[0], read[1]]),
            Columns::Function { own, .. } => read[own],
            Columns::Largest { .. } => read.iter().copied().sum(),
        };
        Point::eval_eq(&self.relation_point, point) * relation + weight * result
    }
}

/// The table of a function, less what it gives for zero: entry of a position.
pub fn function_entry(entries: &[i16], position: usize) -> i64 {
    i64::from(entries[position]) - i64::from(entries[128])
}

/// How much larger a tap's element is than the largest before it; the position is how far that lies beyond it.
pub fn difference_entry(position: usize) -> i64 {
    (i64::from(DIFFERENCE_ZERO) - position as i64).max(0)
}
