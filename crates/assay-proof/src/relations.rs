//! Relations: what ties each computed value to its operands, at one random point.
//!
//! At its own coordinates of a point drawn after the commitment, each computed value's accumulators must be what
//! its operands give. The prover says what they are there (for a sum: what each term is; for a largest element:
//! what each tap reads), and one batch of sumchecks reduces products with weights, and of values, to claims on
//! operands. Sums, averages and tables need none.

use crate::{
    field::{Extension, of_integer},
    frame::Frame,
    layout::{Axis, bits, weights},
    links::{
        Group, Link, Piece, PieceWeight, PointClaim, Source, Weight, WindowClaim, WindowWeight,
    },
    outline::{DIFFERENCE_ZERO, LEAST, Made, Outline, ParameterTable},
    sums::{Batch, tail},
};
use assay_model::program::Window;
use p3_field::PrimeCharacteristicRing as _;
use p3_multilinear_util::{point::Point, poly::Poly};

/// What is claimed of one computed value's accumulators.
#[derive(Debug, Clone)]
pub struct Relation {
    /// The value.
    pub value: usize,
    /// Where: its own coordinates of the random point.
    pub point: Vec<Extension>,
    /// The accumulators there; for a sum or a table its terms, for a largest element what each tap reads.
    pub claims: Vec<Extension>,
    /// The bias at the output's coordinates; zero where there is none.
    pub bias: Extension,
}

/// What is claimed of committed parameters.
#[derive(Debug, Clone)]
pub struct ParameterClaim {
    /// Whose weights; `None` for all that is gathered.
    pub weights_of: Option<usize>,
    /// Where they are claimed.
    pub point: Vec<Extension>,
    /// What they are there.
    pub claim: Extension,
}

/// One product of the batch: the values of its factors where it ended.
#[derive(Debug, Clone, Copy)]
pub struct Factors {
    /// The folded weights, or the left value.
    pub left: Extension,
    /// The operand, or the right value.
    pub right: Extension,
}

/// How many numbers a relation claims.
pub fn claim_count(made: &Made) -> usize {
    match made {
        Made::Linear { .. }
        | Made::Convolution { .. }
        | Made::Average { .. }
        | Made::Product { .. }
        | Made::Function { .. } => 1,
        Made::Sum { terms, .. } => terms.len(),
        Made::Largest { window, .. } => window.taps(),
        Made::Input | Made::Reshape { .. } | Made::Transpose { .. } | Made::Concat { .. } => 0,
    }
}

/// The axes of a window that makes `value` of `input`.
pub fn axes(frame: &Frame<'_>, value: usize, input: u32, window: &Window) -> [Axis; 2] {
    let sides = |value: usize| {
        let dims = frame.outline.layout(value).dims();
        [dims[1], dims[2]]
    };
    Axis::of(window, sides(input as usize), sides(value))
}

impl Relation {
    /// The coordinates of inference, and of each dimension.
    pub fn split<'p>(&'p self, frame: &Frame<'_>) -> (&'p [Extension], Vec<&'p [Extension]>) {
        let (sample, element) = frame.split(&self.point);
        (sample, frame.outline.layout(self.value).split(element))
    }

    /// The coordinates of an output: those that choose weights and bias.
    pub fn output_point<'p>(&'p self, frame: &Frame<'_>) -> &'p [Extension] {
        let (_, dims) = self.split(frame);
        match frame.outline.made(self.value) {
            Made::Linear { .. } => dims[dims.len() - 1],
            _ => dims[0],
        }
    }

    /// The accumulators where they are claimed.
    pub fn accumulators(&self, made: &Made) -> Extension {
        match made {
            Made::Sum { terms, .. } => {
                let terms = terms.iter().zip(&self.claims);
                terms
                    .map(|(term, claim)| *claim * of_integer(1 << term.shift))
                    .sum()
            }
            _ => self.claims[0],
        }
    }

    /// The part of the accumulators that is a product's sum.
    fn product_sum(&self, frame: &Frame<'_>) -> Option<Extension> {
        let made = frame.outline.made(self.value);
        let (sample, dims) = self.split(frame);
        let output = frame.outline.layout(self.value).dims();
        // Padding has no bias.
        let real = |axes: std::ops::Range<usize>| -> Extension {
            let each = axes.map(|axis| crate::layout::below(dims[axis], output[axis]));
            frame.real_sample(sample) * each.product::<Extension>()
        };
        match made {
            Made::Linear { .. } => Some(self.claims[0] - self.bias * real(0..dims.len() - 1)),
            Made::Convolution { .. } => Some(self.claims[0] - self.bias * real(1..3)),
            Made::Product { .. } => Some(self.claims[0]),
            _ => None,
        }
    }
}

/// The relations with a product, in order.
pub fn with_products<'r>(
    frame: &Frame<'_>,
    relations: &'r [Relation],
) -> Vec<(&'r Relation, usize)> {
    let outline = frame.outline;
    let with = relations.iter().filter_map(|relation| {
        let variables = match outline.made(relation.value) {
            Made::Linear { input, .. } => {
                let dims = outline.layout(*input as usize).dims();
                bits(dims[dims.len() - 1])
            }
            Made::Convolution { input, window, .. } => {
                let channels = outline.layout(*input as usize).dims()[0];
                bits(channels) + bits(window.taps() as u32)
            }
            Made::Product { .. } => frame.variables(relation.value),
            _ => return None,
        };
        Some((relation, variables))
    });
    with.collect()
}

/// The batch of products.
pub fn products(frame: &Frame<'_>) -> Batch {
    let relations: Vec<Relation> = frame
        .outline
        .computed()
        .map(|(value, _)| Relation {
            value,
            point: Vec::new(),
            claims: Vec::new(),
            bias: Extension::ZERO,
        })
        .collect();
    let with = with_products(frame, &relations);
    let weighs = |value: usize| matches!(frame.outline.made(value), Made::Product { .. });
    let degree = if with.iter().any(|(relation, _)| weighs(relation.value)) {
        3
    } else {
        2
    };
    Batch::new(
        with.into_iter().map(|(_, variables)| variables).collect(),
        degree,
    )
}

/// The sums of the batch of products.
pub fn product_sums(frame: &Frame<'_>, relations: &[Relation]) -> Vec<Extension> {
    relations
        .iter()
        .filter_map(|relation| relation.product_sum(frame))
        .collect()
}

/// The combined polynomial of the products where their batch ended.
pub fn products_at(
    frame: &Frame<'_>,
    batch: &Batch,
    relations: &[Relation],
    powers: &[Extension],
    point: &[Extension],
    factors: &[Factors],
) -> Extension {
    let products = with_products(frame, relations).into_iter();
    let terms = products.zip(powers).zip(factors);
    terms
        .map(
            |(((relation, variables), power), Factors { left, right })| {
                let weight = match frame.outline.made(relation.value) {
                    Made::Product { .. } => Point::eval_eq(&relation.point, tail(point, variables)),
                    _ => Extension::ONE,
                };
                *power * batch.share(variables) * weight * *left * *right
            },
        )
        .sum()
}

/// What the relations and their products leave to be shown.
#[derive(Debug, Default)]
pub struct Left {
    /// Claims on values at points.
    pub points: Vec<PointClaim>,
    /// Claims on windows.
    pub windows: Vec<WindowClaim>,
    /// Claims on weights of grouped kernels, where weights are committed.
    pub groups: Vec<Group>,
    /// Claims on other weights.
    pub parameters: Vec<ParameterClaim>,
}

/// What is left where the products ended at `point` with these factors; `tap` combines what windows read.
pub fn left(
    frame: &Frame<'_>,
    relations: &[Relation],
    point: &[Extension],
    factors: &[Factors],
    tap: Extension,
) -> Left {
    let mut left = Left::default();
    let mut products = with_products(frame, relations).into_iter().zip(factors);
    let mut next = || {
        let product = products.next();
        let ((_, variables), factors) = product.expect("as many factors as products");
        (tail(point, variables), *factors)
    };
    for relation in relations {
        let Relation {
            value,
            point: at,
            claims,
            ..
        } = relation;
        let (sample, dims) = relation.split(frame);
        let joined = |parts: &[&[Extension]]| -> Vec<Extension> { parts.concat() };
        let window = |input: u32, window: &Window, factors| WindowWeight {
            axes: axes(frame, *value, input, window),
            positions: [weights(dims[1]), weights(dims[2])],
            factors,
        };
        match frame.outline.made(*value) {
            Made::Linear { input, .. } => {
                let (end, Factors { left: w, right }) = next();
                let rows = at.len() - relation.output_point(frame).len();
                left.points.push(PointClaim {
                    value: *input as usize,
                    point: joined(&[&at[..rows], end]),
                    claim: right,
                });
                left.parameters.push(ParameterClaim {
                    weights_of: Some(*value),
                    point: joined(&[relation.output_point(frame), end]),
                    claim: w,
                });
            }
            Made::Convolution {
                input,
                window: moves,
                groups,
                ..
            } => {
                let (end, Factors { left: w, right }) = next();
                let taps = bits(moves.taps() as u32);
                let (channel, tap) = end.split_at(end.len() - taps);
                left.windows.push(WindowClaim {
                    value: *input as usize,
                    prefix: joined(&[sample, channel]),
                    window: window(*input, moves, weights(tap)[..moves.taps()].to_vec()),
                    claim: right,
                });
                if *groups > 1 {
                    left.groups
                        .push(grouped(frame, *value, dims[0], channel, tap, w));
                } else {
                    left.parameters.push(ParameterClaim {
                        weights_of: Some(*value),
                        point: joined(&[dims[0], end]),
                        claim: w,
                    });
                }
            }
            Made::Product {
                left: one,
                right: other,
                ..
            } => {
                let (end, factors) = next();
                left.points.push(PointClaim {
                    value: *one as usize,
                    point: end.to_vec(),
                    claim: factors.left,
                });
                let (sample, element) = frame.split(end);
                let [one, two] = [*value, *other as usize].map(|value| frame.outline.layout(value));
                left.points.push(PointClaim {
                    value: *other as usize,
                    point: joined(&[sample, &one.repeated(two, element)]),
                    claim: factors.right,
                });
            }
            Made::Average {
                input,
                window: moves,
                multiplier,
                ..
            } => {
                let factor = Extension::from(of_integer(i64::from(*multiplier)));
                left.windows.push(WindowClaim {
                    value: *input as usize,
                    prefix: joined(&[sample, dims[0]]),
                    window: window(*input, moves, vec![factor; moves.taps()]),
                    claim: claims[0],
                });
            }
            Made::Largest {
                input,
                window: moves,
            } => {
                let powers: Vec<Extension> = tap.powers().take(moves.taps()).collect();
                let claim = powers
                    .iter()
                    .zip(claims)
                    .map(|(power, claim)| *power * *claim);
                left.windows.push(WindowClaim {
                    value: *input as usize,
                    prefix: joined(&[sample, dims[0]]),
                    claim: claim.sum(),
                    window: window(*input, moves, powers),
                });
            }
            Made::Sum { terms, .. } => {
                let terms = terms.iter().zip(claims);
                left.points.extend(terms.map(|(term, claim)| PointClaim {
                    value: term.value as usize,
                    point: at.clone(),
                    claim: *claim,
                }));
            }
            Made::Function { input, .. } => left.points.push(PointClaim {
                value: *input as usize,
                point: at.clone(),
                claim: claims[0],
            }),
            Made::Input | Made::Reshape { .. } | Made::Transpose { .. } | Made::Concat { .. } => {
                unreachable!("views have no relation")
            }
        }
    }
    left
}

/// Gathers the claims on committed biases, and on gathered weights, which are taken out of `left`: combined by powers of
/// `challenge`, they are one sum over all of these behind each other.
pub fn gather(frame: &Frame<'_>, relations: &[Relation], left: &mut Left, challenge: Extension) {
    let outline = frame.outline;
    let tables = outline.gathered();
    if tables.is_empty() {
        return;
    }
    let mut powers = challenge.powers();
    let mut next = || powers.next().expect("powers do not end");
    let mut sum = Extension::ZERO;
    let mut pieces = Vec::with_capacity(tables.len());
    for ParameterTable {
        weights_of,
        variables,
    } in tables
    {
        let Some(value) = weights_of else {
            let mut dense = Vec::with_capacity(outline.biases());
            for relation in relations {
                if !has_parameters(outline, relation.value) {
                    continue;
                }
                let power = next();
                sum += power * relation.bias;
                let outputs = outline.weights(relation.value).dims()[0] as usize;
                let point = Poly::new_from_point(relation.output_point(frame), power);
                dense.extend(point.iter().copied().take(outputs));
            }
            pieces.push(Piece {
                variables,
                factor: Extension::ONE,
                weight: PieceWeight::Dense(dense),
            });
            continue;
        };
        let own = |claim: &ParameterClaim| claim.weights_of == Some(value);
        let (claim, weight) = if let Some(place) = left.parameters.iter().position(own) {
            let ParameterClaim { point, claim, .. } = left.parameters.remove(place);
            (claim, PieceWeight::Point(point))
        } else {
            let own = |group: &Group| group.links[0].source == Source::Weights(value);
            let place = left.groups.iter().position(own);
            let group = left.groups.remove(place.expect("a claim on all weights"));
            (group.claim, PieceWeight::Dense(group.links[0].dense()))
        };
        let factor = next();
        sum += factor * claim;
        pieces.push(Piece {
            variables,
            factor,
            weight,
        });
    }
    let link = Link {
        source: Source::Gathered,
        prefix: Vec::new(),
        weight: Weight::Pieces(pieces, outline.gathered_variables()),
    };
    left.groups.push(Group {
        links: vec![link],
        claim: sum,
    });
}

/// The claim that is left of a link whose sum ended at `own` with its source being `claim` there.
pub fn ended(
    link: &Link,
    own: &[Extension],
    claim: Extension,
    points: &mut Vec<PointClaim>,
    parameters: &mut Vec<ParameterClaim>,
) {
    let point = link.end(own);
    let weights_of = match link.source {
        Source::Value(value) => {
            points.push(PointClaim {
                value,
                point,
                claim,
            });
            return;
        }
        Source::Weights(value) => Some(value),
        Source::Gathered => None,
    };
    parameters.push(ParameterClaim {
        weights_of,
        point,
        claim,
    });
}

/// Whether a value has weights and biases.
pub fn has_parameters(outline: &Outline, value: usize) -> bool {
    matches!(
        outline.made(value),
        Made::Linear { .. } | Made::Convolution { .. }
    )
}

/// Committed weights of a grouped kernel, which are fewer than its channels times its outputs: the folded kernel at
/// (channel, tap) as a sum over them.
fn grouped(
    frame: &Frame<'_>,
    value: usize,
    output: &[Extension],
    channel: &[Extension],
    tap: &[Extension],
    claim: Extension,
) -> Group {
    let Made::Convolution {
        input,
        outputs,
        groups,
        ..
    } = frame.outline.made(value)
    else {
        unreachable!("only convolutions have groups")
    };
    let layout = frame.outline.weights(value);
    let channels = frame.outline.layout(*input as usize).dims()[0];
    let [output, channel, tap] = [output, channel, tap].map(weights);
    let (per_group, outputs_per_group) = (channels / groups, outputs / groups);
    let mut dense = vec![Extension::ZERO; 1 << layout.variables()];
    let taps = layout.dims()[2];
    let place = |output: u32, channel: u32, tap: u32| {
        let row = (output << bits(per_group)) | channel;
        ((row << bits(taps)) | tap) as usize
    };
    for (index, weight) in output.iter().enumerate().take(*outputs as usize) {
        let index = index as u32;
        let first = index / outputs_per_group * per_group;
        for own in 0..per_group {
            let weight = *weight * channel[(first + own) as usize];
            for (at, tap) in tap.iter().enumerate().take(taps as usize) {
                dense[place(index, own, at as u32)] = weight * *tap;
            }
        }
    }
    let link = Link {
        source: Source::Weights(value),
        prefix: Vec::new(),
        weight: Weight::Dense(dense),
    };
    Group {
        links: vec![link],
        claim,
    }
}

/// For each tap of a window that looks for the largest: what it adds to what it reads, so that padding never wins,
/// less what its relation has beyond its columns.
pub fn largest_offsets(frame: &Frame<'_>, relation: &Relation) -> Vec<Extension> {
    let Made::Largest { input, window } = frame.outline.made(relation.value) else {
        unreachable!("only a largest element has these")
    };
    let (sample, dims) = relation.split(frame);
    let layout = frame.outline.layout(relation.value);
    let axes = axes(frame, relation.value, *input, window);
    let down = axes[0].inside(&weights(dims[1]));
    let right = axes[1].inside(&weights(dims[2]));
    let channels = frame.real_sample(sample) * crate::layout::below(dims[0], layout.dims()[0]);
    let windows = frame.real(relation.value, &relation.point);
    let least = Extension::from(of_integer(i64::from(LEAST)));
    let constant = least + Extension::from(of_integer(i64::from(DIFFERENCE_ZERO)));
    let taps = down.iter().flat_map(|down| {
        right.iter().map(move |right| {
            let outside = windows - channels * *down * *right;
            least * outside - constant
        })
    });
    taps.collect()
}
