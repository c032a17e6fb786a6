//! The verifier: from the claimed output back to the known input, then the columns' lookups and openings.

use crate::{
    commitment::{Commitment, Schemes},
    field::{Base, Challenger, Extension, Point, of_integer},
    lookup::{LayerClaims, Statement, table_columns},
    outline::{Layer, Outline, Rounding, Unsupported},
    proof::{ColumnsProof, Proof, RoundingProof},
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
    /// No commitment has the sizes of this program.
    #[error("the program's columns or weights cannot be committed to: {reason}")]
    Commitment {
        /// What the commitment scheme said.
        reason: String,
    },
    /// Its proofs are not sound enough.
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
    /// An opening does not hold, or opens to other values than were claimed.
    #[error("the opening of the {what} does not hold")]
    Opening {
        /// Of what.
        what: &'static str,
    },
}

/// How a verifier knows a model's weights.
#[derive(Clone, Copy)]
enum Weights<'a> {
    /// It has them, and evaluates them itself: time linear in them.
    Public(&'a Program),
    /// It has a commitment to them.
    Committed(&'a Commitment),
}

/// A model whose weights stay with their owner: its outline, and the commitment to its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofKey {
    /// What the proofs look like.
    pub outline: Outline,
    /// Root over weights and biases, see [`Scheme::of_weights`](crate::commitment::Scheme::of_weights).
    pub weights: Commitment,
}

/// Checks that `output` is what `program` computes from `input`. The verifier knows the weights.
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
    verify_with(&outline, Weights::Public(program), input, output, proof)
}

/// Checks that `output` is what the model of `key` computes from `input`, without its weights.
///
/// # Errors
/// [`Refused`].
pub fn verify_committed(
    key: &ProofKey,
    input: &Tensor,
    output: &Tensor,
    proof: &Proof,
) -> Result<(), Refused> {
    let weights = Weights::Committed(&key.weights);
    verify_with(&key.outline, weights, input, output, proof)
}

fn verify_with(
    outline: &Outline,
    weights: Weights<'_>,
    input: &Tensor,
    output: &Tensor,
    proof: &Proof,
) -> Result<(), Refused> {
    check_types(outline, input, output)?;
    let root = match weights {
        Weights::Public(_) => None,
        Weights::Committed(root) => Some(root),
    };
    let schemes = Schemes::of(outline, root.is_some());
    let schemes = schemes.map_err(|error| Refused::Commitment {
        reason: error.to_string(),
    })?;
    let report = SecurityReport::of(outline, &schemes);
    if report.bits() < f64::from(SECURITY_BITS_MIN) {
        let bits = report.whole_bits();
        return Err(Refused::Soundness { bits });
    }

    let (input, output) = (numbers(input), numbers(output));
    let mut transcript = begin(outline, root, &input, &output);
    match (&schemes.columns, &proof.commitment) {
        (Some(scheme), Some(commitment)) => scheme.absorb(commitment, &mut transcript),
        (None, None) => {}
        _ => return Err(Refused::Form { part: "commitment" }),
    }
    let found = verify_layers(outline, weights, (&input, &output), proof, &mut transcript)?;

    match (&schemes.columns, &proof.commitment, &proof.columns) {
        (Some(scheme), Some(commitment), Some(columns)) => {
            let ColumnsProof { lookups, opening } = columns;
            let tables = outline.tables();
            let statement = Statement::new(&tables, &found.rounded);
            let ended = lookups.verify(&statement.lookups(), &mut transcript);
            let ended = ended.map_err(|_| Refused::Lookups)?;
            check_tables(&table_columns(&tables), &ended)?;
            let points = opening_points(outline, &found.rounded, &ended.position_point);
            let opened = scheme.verify(commitment, opening, &points, &mut transcript);
            if opened != Some(expected_openings(outline, &found.rounded, &ended)) {
                return Err(Refused::Opening { what: "columns" });
            }
        }
        (None, None, None) => {}
        _ => return Err(Refused::Form { part: "columns" }),
    }
    match (&schemes.weights, root, &proof.weights) {
        (Some(scheme), Some(root), Some(opening)) => {
            let (points, values) = weight_openings(found.weights);
            let opened = scheme.verify(root, opening, &points, &mut transcript);
            if opened != Some(values) {
                return Err(Refused::Opening { what: "weights" });
            }
            Ok(())
        }
        (None, None, None) => Ok(()),
        _ => Err(Refused::Form {
            part: "opening of weights",
        }),
    }
}

/// What the walk over the layers leaves to be shown.
struct Found {
    /// Claims on the columns, where a layer is rounded.
    rounded: Vec<Option<LayerClaims>>,
    /// Claims on committed weights, the first layer first.
    weights: Vec<WeightClaims>,
}

/// What is claimed of one layer's weights and bias.
#[derive(Debug, Clone)]
pub struct WeightClaims {
    /// Where the product began: coordinates of an output.
    pub output: Point,
    /// Where it ended: coordinates of an input.
    pub input: Point,
    /// The weights there.
    pub weights: Extension,
    /// The bias where it began.
    pub bias: Extension,
}

/// Where the weights are opened, and what must be there.
pub fn weight_openings(claims: Vec<WeightClaims>) -> (Vec<Point>, Vec<Vec<Extension>>) {
    let openings = claims.into_iter().flat_map(|claim| {
        let WeightClaims {
            output,
            input,
            weights,
            bias,
        } = claim;
        let both = output.as_slice().iter().chain(input.as_slice());
        let both = Point::new(both.copied().collect());
        [(both, vec![weights]), (output, vec![bias])]
    });
    openings.unzip()
}

/// From the output back to the input.
fn verify_layers(
    outline: &Outline,
    weights: Weights<'_>,
    (input, output): (&[i32], &[i32]),
    proof: &Proof,
    transcript: &mut Challenger,
) -> Result<Found, Refused> {
    if proof.layers.len() != outline.layers().len() {
        return Err(Refused::Form {
            part: "list of layers",
        });
    }
    let last = outline.layers().last().ok_or(Unsupported::Empty)?;
    let mut point = draw_point(transcript, last.output_variables());
    let mut claim = column(output, last.output_variables()).eval_base(&point);
    let mut found = Found {
        rounded: vec![None; outline.layers().len()],
        weights: Vec::new(),
    };
    let layers = outline.layers().iter().enumerate().rev();
    for ((place, layer), sent) in layers.zip(&proof.layers) {
        let refused = |step| Refused::Layer { layer: place, step };
        match (&layer.rounding, &sent.rounding) {
            (Some(rounding), Some(sent)) => {
                let round = Round {
                    rounding,
                    sent,
                    place,
                };
                let claims = round.verify(&point, claim, transcript)?;
                claim = accumulator(rounding, &claims.columns);
                point = claims.point.clone();
                found.rounded[place] = Some(claims);
            }
            (None, None) => {}
            _ => return Err(Refused::Form { part: "rounding" }),
        }
        let rows = Poly::new_from_point(point.as_slice(), Extension::ONE);
        let bias = match (weights, sent.bias) {
            (Weights::Public(program), None) => bias_at(parameters(program, layer).1, &rows),
            (Weights::Committed(_), Some(bias)) => bias,
            _ => return Err(Refused::Form { part: "bias" }),
        };
        absorb_claims(transcript, sent.bias.as_slice());
        if sent.product.claimed_sum != claim - bias {
            return Err(refused("sum of products"));
        }
        let rounds = layer.input_variables();
        let reduced = sent.product.verify(transcript, rounds, PRODUCT_DEGREE, 0);
        let (end, value) = reduced.map_err(|_| refused("sum of products"))?;
        let element = match (place, sent.input) {
            (0, None) => column(input, layer.input_variables()).eval_base(&end),
            (1.., Some(element)) => element,
            _ => {
                return Err(Refused::Form {
                    part: "input of a layer",
                });
            }
        };
        let weight = match (weights, sent.weights) {
            (Weights::Public(program), None) => {
                weights_at(parameters(program, layer).0, layer, &rows, &end)
            }
            (Weights::Committed(_), Some(weight)) => weight,
            _ => return Err(Refused::Form { part: "weights" }),
        };
        absorb_claims(transcript, sent.weights.as_slice());
        absorb_claims(transcript, sent.input.as_slice());
        if value != weight * element {
            return Err(refused("product"));
        }
        let output = std::mem::replace(&mut point, end.clone());
        found.weights.push(WeightClaims {
            output,
            input: end,
            weights: weight,
            bias,
        });
        claim = element;
    }
    found.weights.reverse();
    Ok(found)
}

fn bias_at(bias: &[i32], rows: &Poly<Extension>) -> Extension {
    let bias = bias.iter().zip(rows.iter());
    bias.map(|(bias, row)| *row * of_integer(i64::from(*bias)))
        .sum()
}

fn check_types(outline: &Outline, input: &Tensor, output: &Tensor) -> Result<(), Refused> {
    for (what, tensor, expected) in [
        ("input", input, outline.input()),
        ("output", output, outline.output()),
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
        transcript: &mut Challenger,
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
