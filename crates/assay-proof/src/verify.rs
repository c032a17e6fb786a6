//! The verifier: from the claimed output back to the known input, then the columns' lookups and openings.

use crate::{
    commitment::Scheme,
    field::{Base, Extension, Point, of_integer},
    lookup::{LayerClaims, Statement, table_columns},
    outline::{Layer, Outline, Rounding, Unsupported},
    proof::{ColumnsProof, LayerProof, Proof, RoundingProof},
    security::{SECURITY_BITS_MIN, SecurityReport},
    transcript::{absorb_claims, begin, column, draw_point, numbers},
};
use assay_model::{Program, Tensor, program::Op};
use p3_field::{PrimeCharacteristicRing as _, dot_product};
use p3_multi_stark::logup_star::LogupStarOutput;
use p3_multilinear_util::poly::Poly;

/// Degree of a rounding's sum in each variable: the weight, `inside` and `middle`.
pub const ROUNDING_DEGREE: usize = 3;
/// Degree of a product's sum in each variable.
pub const PRODUCT_DEGREE: usize = 2;

/// Why a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The program has no proofs.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// Input or output are not of the program's types.
    #[error("the {what} has not the type and shape that the program says")]
    Statement {
        /// Which of them.
        what: &'static str,
    },
    /// The columns cannot be committed to with enough soundness.
    #[error(
        "proofs of this program would have {bits} bits of soundness; {SECURITY_BITS_MIN} are the least"
    )]
    Soundness {
        /// How many.
        bits: u32,
    },
    /// A part is missing or has another size than the program's outline says.
    #[error("the proof's {part} has not the form that the program's outline says")]
    Form {
        /// Which part.
        part: &'static str,
    },
    /// A sumcheck's messages do not fit each other, or its sum is not the claim.
    #[error("the {step} of layer {layer} does not hold")]
    Layer {
        /// Which layer, from 0.
        layer: usize,
        /// Which of its steps.
        step: &'static str,
    },
    /// The lookup argument does not hold.
    #[error("the lookups do not hold")]
    Lookups,
    /// The opening does not hold, or opens to other values than were claimed.
    #[error("the opening of the columns does not hold")]
    Opening,
}

/// Checks that `output` is what `program` computes from `input`.
///
/// The verifier knows the weights and evaluates them itself: time linear in them, no secrets.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    program: &Program,
    input: &Tensor,
    output: &Tensor,
    proof: &Proof,
) -> Result<(), Refused> {
    let outline = Outline::of(program)?;
    check_types(program, input, output)?;
    let scheme = Scheme::of(&outline).transpose();
    let scheme = scheme.map_err(|_| Refused::Soundness { bits: 0 })?;
    let report = SecurityReport::of(&outline, scheme.as_ref());
    if report.bits() < f64::from(SECURITY_BITS_MIN) {
        return Err(Refused::Soundness {
            bits: report.whole_bits(),
        });
    }

    let (input, output) = (numbers(input), numbers(output));
    let mut transcript = begin(&outline, &input, &output);
    match (&scheme, &proof.commitment) {
        (Some(scheme), Some(commitment)) => scheme.absorb(commitment, &mut transcript),
        (None, None) => {}
        _ => return Err(Refused::Form { part: "commitment" }),
    }
    if proof.layers.len() != outline.layers().len() {
        return Err(Refused::Form {
            part: "list of layers",
        });
    }

    let last = outline.layers().last().ok_or(Unsupported::Empty)?;
    let mut point = draw_point(&mut transcript, last.output_variables());
    let mut claim = column(&output, last.output_variables()).eval_base(&point);
    let mut claims: Vec<Option<LayerClaims>> = vec![None; outline.layers().len()];
    let layers = outline.layers().iter().enumerate().rev();
    for (
        (place, layer),
        LayerProof {
            rounding,
            product,
            input: passed,
        },
    ) in layers.zip(&proof.layers)
    {
        let refused = |step| Refused::Layer { layer: place, step };
        match (&layer.rounding, rounding) {
            (Some(rounding), Some(sent)) => {
                let round = Round {
                    rounding,
                    sent,
                    place,
                };
                let found = round.verify(&point, claim, &mut transcript)?;
                claim = accumulator(rounding, &found.columns);
                point = found.point.clone();
                claims[place] = Some(found);
            }
            (None, None) => {}
            _ => return Err(Refused::Form { part: "rounding" }),
        }
        let (weights, bias) = parameters(program, layer);
        let rows = Poly::new_from_point(point.as_slice(), Extension::ONE);
        let bias = bias.iter().zip(rows.iter());
        let bias = bias.map(|(bias, row)| *row * of_integer(i64::from(*bias)));
        if product.claimed_sum != claim - bias.sum::<Extension>() {
            return Err(refused("sum of products"));
        }
        let reduced = product.verify(&mut transcript, layer.input_variables(), PRODUCT_DEGREE, 0);
        let (end, value) = reduced.map_err(|_| refused("sum of products"))?;
        let known = column(&input, layer.input_variables());
        let element = match (place, passed) {
            (0, None) => known.eval_base(&end),
            (1.., Some(element)) => *element,
            _ => {
                return Err(Refused::Form {
                    part: "input of a layer",
                });
            }
        };
        absorb_claims(&mut transcript, passed.as_slice());
        if value != weights_at(weights, layer, &rows, &end) * element {
            return Err(refused("product"));
        }
        (point, claim) = (end, element);
    }

    match (&scheme, &proof.commitment, &proof.columns) {
        (Some(scheme), Some(commitment), Some(columns)) => {
            let ColumnsProof { lookups, opening } = columns;
            let tables = outline.tables();
            let statement = Statement::new(&tables, &claims);
            let ended = lookups.verify(&statement.lookups(), &mut transcript);
            let ended = ended.map_err(|_| Refused::Lookups)?;
            check_tables(&table_columns(&tables), &ended)?;
            let points = opening_points(&outline, &claims, &ended.position_point);
            let opened = scheme.verify(commitment, opening, &points, &mut transcript);
            let opened = opened.ok_or(Refused::Opening)?;
            if opened != expected_openings(&outline, &claims, &ended) {
                return Err(Refused::Opening);
            }
            Ok(())
        }
        (None, None, None) => Ok(()),
        _ => Err(Refused::Form { part: "columns" }),
    }
}

fn check_types(program: &Program, input: &Tensor, output: &Tensor) -> Result<(), Refused> {
    for (what, tensor, expected) in [
        ("input", input, program.input()),
        ("output", output, program.output()),
    ] {
        if tensor.dtype() != expected.dtype || *tensor.shape() != expected.shape {
            return Err(Refused::Statement { what });
        }
    }
    Ok(())
}

/// The rounding of one layer.
struct Round<'a> {
    rounding: &'a Rounding,
    sent: &'a RoundingProof,
    place: usize,
}

impl Round<'_> {
    /// From the claim that the results have at `point` to claims on the columns.
    fn verify(
        &self,
        point: &Point,
        claim: Extension,
        transcript: &mut crate::field::Challenger,
    ) -> Result<LayerClaims, Refused> {
        let refused = Refused::Layer {
            layer: self.place,
            step: "rounding",
        };
        let RoundingProof {
            sumcheck,
            columns,
            high,
        } = self.sent;
        if columns.len() != self.rounding.columns() {
            return Err(Refused::Form {
                part: "columns of a rounding",
            });
        }
        if sumcheck.claimed_sum != claim - of_integer(self.rounding.low) {
            return Err(refused);
        }
        let reduced = sumcheck.verify(transcript, point.num_variables(), ROUNDING_DEGREE, 0);
        let Ok((end, value)) = reduced else {
            return Err(refused);
        };
        let [inside, above] = *high;
        let middle = columns[self.rounding.limbs.len()];
        let weight = Point::eval_eq(point.as_slice(), end.as_slice());
        if value != weight * (inside * middle + above * of_integer(self.rounding.top())) {
            return Err(refused);
        }
        absorb_claims(transcript, columns);
        absorb_claims(transcript, high);
        Ok(LayerClaims {
            point: end,
            columns: columns.clone(),
            high: *high,
        })
    }
}

/// The accumulators' value where the columns have these.
pub fn accumulator(rounding: &Rounding, columns: &[Extension]) -> Extension {
    let mut sum = Extension::ZERO;
    let mut place = 0;
    let widths = rounding.limbs.iter().chain([&rounding.middle_bits]);
    let places = widths.scan(0u8, |next, bits| {
        let place = *next;
        *next += bits;
        Some(place)
    });
    for (column, power) in columns.iter().zip(places) {
        sum += *column * of_integer(1 << power);
        place += 1;
    }
    let high_power = u32::from(rounding.shift) + u32::from(rounding.middle_bits);
    let high = columns.get(place).copied().unwrap_or_default();
    let below = Extension::from(of_integer(i64::from(rounding.high.below)));
    sum += (high - below) * of_integer(1 << high_power);
    sum + of_integer(rounding.low << rounding.shift) - of_integer(rounding.half())
}

/// Weights and biases of a layer.
///
/// # Panics
/// When the layer is not of this program.
pub fn parameters<'a>(program: &'a Program, layer: &Layer) -> (&'a [i8], &'a [i32]) {
    match &program.nodes()[layer.node] {
        Op::Linear { weights, bias, .. } => (weights, bias),
        other => unreachable!("an outline names linear nodes, this is {}", other.name()),
    }
}

/// Σ_j Σ_k eq(r, j) · weights[j, k] · eq(s, k).
fn weights_at(weights: &[i8], layer: &Layer, rows: &Poly<Extension>, end: &Point) -> Extension {
    let columns = Poly::new_from_point(end.as_slice(), Extension::ONE);
    let matrix = weights.chunks_exact(layer.inputs).zip(rows.iter());
    matrix
        .map(|(weights, row)| {
            let weights = weights.iter().map(|weight| of_integer(i64::from(*weight)));
            *row * dot_product::<Extension, _, _>(columns.iter().copied(), weights)
        })
        .sum()
}

/// That the tables have the values at the argument's end that it says.
fn check_tables(
    tables: &[Vec<Vec<Base>>],
    ended: &LogupStarOutput<Extension>,
) -> Result<(), Refused> {
    for (columns, claimed) in tables.iter().zip(&ended.tables) {
        for (column, claim) in columns.iter().zip(&claimed.column_claims) {
            let column = Poly::new(column.clone());
            let point = tail(&ended.table_point, column.num_variables());
            if column.eval_base(&point) != *claim {
                return Err(Refused::Lookups);
            }
        }
    }
    Ok(())
}

/// The last coordinates of a point.
fn tail(point: &Point, variables: usize) -> Point {
    let all = point.num_variables();
    point.get_subpoint_over_range(all - variables..all)
}

/// Where the commitment is opened, table by table.
pub fn opening_points(
    outline: &Outline,
    claims: &[Option<LayerClaims>],
    positions: &Point,
) -> Vec<Point> {
    let rounded = outline.rounded();
    rounded
        .flat_map(|(layer, _)| {
            let ended = claims[layer].as_ref().map(|claims| claims.point.clone());
            let variables = outline.layers()[layer].output_variables();
            ended.into_iter().chain([tail(positions, variables)])
        })
        .collect()
}

/// What the openings must show.
fn expected_openings(
    outline: &Outline,
    claims: &[Option<LayerClaims>],
    ended: &LogupStarOutput<Extension>,
) -> Vec<Vec<Extension>> {
    let mut positions: Vec<Vec<Extension>> = claims
        .iter()
        .map(|claims| {
            vec![Extension::ZERO; claims.as_ref().map_or(0, |claims| claims.columns.len())]
        })
        .collect();
    let tables = outline.tables();
    let highs = tables.highs.values().map(|layers| {
        let high = |&layer: &usize| crate::outline::Column {
            layer,
            place: positions[layer].len() - 1,
        };
        layers.iter().map(high).collect::<Vec<_>>()
    });
    let readers: Vec<Vec<_>> = tables.ranges.values().cloned().chain(highs).collect();
    for (readers, table) in readers.iter().zip(&ended.tables) {
        for (column, claim) in readers.iter().zip(&table.position_claims) {
            positions[column.layer][column.place] = *claim;
        }
    }
    let rounded = outline.rounded();
    rounded
        .flat_map(|(layer, _)| {
            let ended = claims[layer].as_ref().map(|claims| claims.columns.clone());
            ended
                .into_iter()
                .chain([std::mem::take(&mut positions[layer])])
        })
        .collect()
}
