//! Links: claims about windows and views, as sums over the values that hold their elements.
//!
//! A claim `Σ_q weight(q) · source(prefix, q)`, where the weights follow from public points: those of a window that
//! slides over an image, those of a view's point placed where its elements lie, those of a grouped kernel's folding,
//! or those of several claims behind each other. One batch of sumchecks reduces all to claims on sources at one point each.

use crate::{
    field::Extension,
    frame::Frame,
    layout::{Axis, weights},
    outline::{Part, Place},
};
use p3_field::{PrimeCharacteristicRing as _, dot_product};
use p3_multilinear_util::{point::Point, poly::Poly};

/// A claim on a value at a point.
#[derive(Debug, Clone)]
pub struct PointClaim {
    /// Which value; it may be a view.
    pub value: usize,
    /// Where.
    pub point: Vec<Extension>,
    /// What it is there.
    pub claim: Extension,
}

/// A claim on what a window's taps read of an image, `Σ_t factor_t · Σ_{y, x} eq · image(prefix, source(t, y, x))`.
#[derive(Debug, Clone)]
pub struct WindowClaim {
    /// The image; it may be a view.
    pub value: usize,
    /// Coordinates of inference and channel.
    pub prefix: Vec<Extension>,
    /// The window's positions.
    pub window: WindowWeight,
    /// The sum.
    pub claim: Extension,
}

/// See [`WindowClaim`].
#[derive(Debug, Clone)]
pub struct WindowWeight {
    /// How it moves, down and to the right.
    pub axes: [Axis; 2],
    /// eq for each position down, and for each to the right.
    pub positions: [Vec<Extension>; 2],
    /// One a tap, row by row.
    pub factors: Vec<Extension>,
}

/// What holds the elements that a link reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A computed value, or the input.
    Value(usize),
    /// A value's committed weights.
    Weights(usize),
    /// All biases and gathered weights, behind each other.
    Gathered,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Link {
    /// What is read.
    pub source: Source,
    /// The first coordinates of where.
    pub prefix: Vec<Extension>,
    /// The weights of the others.
    pub weight: Weight,
}

/// The weights of a link.
#[derive(Debug, Clone)]
pub enum Weight {
    /// Of a window over an image of so many variables down and to the right.
    Window(WindowWeight, [usize; 2]),
    /// One by one.
    Dense(Vec<Extension>),
    /// Those of pieces behind each other, none larger than the one before, on a cube of so many variables.
    Pieces(Vec<Piece>, usize),
}

/// A piece of a link's weights: `factor` times those of one claim.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Variables of the cube that it fills.
    pub variables: usize,
    /// See there.
    pub factor: Extension,
    /// The claim's weights.
    pub weight: PieceWeight,
}

/// See [`Piece`].
#[derive(Debug, Clone)]
pub enum PieceWeight {
    /// eq with a point.
    Point(Vec<Extension>),
    /// One by one; zeros follow where the cube is larger.
    Dense(Vec<Extension>),
}

/// Links whose sums together are one claim.
#[derive(Debug, Clone)]
pub struct Group {
    /// The links, at least one.
    pub links: Vec<Link>,
    /// The sum of their sums.
    pub claim: Extension,
}

impl WindowWeight {
    /// For each tap row, Σ_j factor · weight of its taps along the horizontal axis.
    fn rows<'a>(&'a self, along: &'a [Extension]) -> impl Iterator<Item = Extension> + 'a {
        let rows = self.factors.chunks(self.axes[1].kernel as usize);
        rows.map(|row| dot_product(row.iter().copied(), along.iter().copied()))
    }

    /// The weight at a point of the image.
    fn at(&self, down: &[Extension], right: &[Extension]) -> Extension {
        let [vertical, horizontal] = &self.axes;
        let down = vertical.gather(&self.positions[0], &weights(down));
        let right = horizontal.gather(&self.positions[1], &weights(right));
        self.rows(&right)
            .zip(down)
            .map(|(row, down)| row * down)
            .sum()
    }

    /// The weight of each place of an image of so many variables.
    fn dense(&self, [down, right]: [usize; 2]) -> Vec<Extension> {
        let [vertical, horizontal] = &self.axes;
        let width = 1usize << right;
        let mut all = vec![Extension::ZERO; width << down];
        let mut line = vec![Extension::ZERO; width];
        for (tap, factors) in self.factors.chunks(horizontal.kernel as usize).enumerate() {
            line.fill(Extension::ZERO);
            for (tap, factor) in factors.iter().enumerate() {
                for (position, source) in horizontal.reads(tap as u32) {
                    line[source] += *factor * self.positions[1][position];
                }
            }
            for (position, source) in vertical.reads(tap as u32) {
                let weight = self.positions[0][position];
                let row = &mut all[source * width..][..horizontal.input as usize];
                for (place, line) in row.iter_mut().zip(&line) {
                    *place += weight * *line;
                }
            }
        }
        all
    }
}

impl Piece {
    /// The weight at a point of a cube, on which its own begins at `start`.
    fn at(&self, start: usize, point: &[Extension]) -> Extension {
        let (high, low) = point.split_at(point.len() - self.variables);
        let place = Point::new(high).equality_at_vertex(start >> self.variables);
        let place = place.expect("a piece lies on the cube");
        let weight = match &self.weight {
            PieceWeight::Point(own) => Point::eval_eq(own, low),
            PieceWeight::Dense(dense) => {
                dot_product(dense.iter().copied(), weights(low).into_iter())
            }
        };
        self.factor * place * weight
    }

    /// Its weights.
    fn dense(&self) -> Vec<Extension> {
        let mut dense = match &self.weight {
            PieceWeight::Point(point) => Poly::new_from_point(point, self.factor).into_evals(),
            PieceWeight::Dense(dense) => dense.iter().map(|own| self.factor * *own).collect(),
        };
        dense.resize(1 << self.variables, Extension::ZERO);
        dense
    }
}

impl Link {
    /// Variables of its sum.
    pub fn variables(&self) -> usize {
        match &self.weight {
            Weight::Window(_, [down, right]) => down + right,
            Weight::Dense(weights) => weights.len().ilog2() as usize,
            Weight::Pieces(_, variables) => *variables,
        }
    }

    /// All weights.
    pub fn dense(&self) -> Vec<Extension> {
        match &self.weight {
            Weight::Window(window, variables) => window.dense(*variables),
            Weight::Dense(weights) => weights.clone(),
            Weight::Pieces(pieces, variables) => {
                let mut dense = Vec::with_capacity(1 << variables);
                for piece in pieces {
                    dense.extend(piece.dense());
                }
                dense.resize(1 << variables, Extension::ZERO);
                dense
            }
        }
    }

    /// The weights' polynomial at a point. Cost: that of all weights that are given one by one, or of a window's steps
    /// along its axes.
    pub fn at(&self, point: &[Extension]) -> Extension {
        match &self.weight {
            Weight::Window(window, [down, _]) => {
                let (down, right) = point.split_at(*down);
                window.at(down, right)
            }
            Weight::Dense(dense) => dot_product(dense.iter().copied(), weights(point).into_iter()),
            Weight::Pieces(pieces, _) => {
                let starts = pieces.iter().scan(0, |next, piece| {
                    let start = *next;
                    *next += 1usize << piece.variables;
                    Some(start)
                });
                let pieces = pieces.iter().zip(starts);
                pieces.map(|(piece, start)| piece.at(start, point)).sum()
            }
        }
    }

    /// Where the source is read when the sum ended at `point`.
    pub fn end(&self, point: &[Extension]) -> Vec<Extension> {
        self.prefix.iter().chain(point).copied().collect()
    }
}

/// The links of claims on views; claims on computed values stay as they are.
pub fn of_points(frame: &Frame<'_>, claims: Vec<PointClaim>) -> (Vec<PointClaim>, Vec<Group>) {
    let (mut direct, mut groups) = (Vec::new(), Vec::new());
    for PointClaim {
        value,
        point,
        claim,
    } in claims
    {
        match frame.outline.place(value) {
            Place::Cube(source) => direct.push(PointClaim {
                value: *source,
                point,
                claim,
            }),
            Place::Parts(parts) => {
                let (sample, element) = frame.split(&point);
                let links = scattered(frame, parts, sample, &weights(element));
                groups.push(Group { links, claim });
            }
        }
    }
    (direct, groups)
}

/// The links of claims on windows.
pub fn of_windows(frame: &Frame<'_>, claims: Vec<WindowClaim>) -> Vec<Group> {
    let groups = claims.into_iter().map(|window_claim| {
        let WindowClaim {
            value,
            prefix,
            window,
            claim,
        } = window_claim;
        let layout = frame.outline.layout(value);
        let dims = layout.dims();
        let sides = [1, 2].map(|axis: usize| crate::layout::bits(dims[axis]));
        let links = match frame.outline.place(value) {
            Place::Cube(source) => vec![Link {
                source: Source::Value(*source),
                prefix,
                weight: Weight::Window(window, sides),
            }],
            Place::Parts(parts) => {
                let (sample, channel) = frame.split(&prefix);
                let image = window.dense(sides);
                let channels = weights(channel);
                let all = channels
                    .iter()
                    .flat_map(|channel| image.iter().map(|weight| *channel * *weight));
                scattered(frame, parts, sample, &all.collect::<Vec<_>>())
            }
        };
        Group { links, claim }
    });
    groups.collect()
}

/// A view's weights, placed where its elements lie.
fn scattered(
    frame: &Frame<'_>,
    parts: &[Part],
    sample: &[Extension],
    view: &[Extension],
) -> Vec<Link> {
    let links = parts.iter().map(|Part { source, places }| {
        let variables = frame.outline.layout(*source).variables();
        let mut dense = vec![Extension::ZERO; 1 << variables];
        for (here, there) in places {
            dense[*there as usize] += view[*here as usize];
        }
        Link {
            source: Source::Value(*source),
            prefix: sample.to_vec(),
            weight: Weight::Dense(dense),
        }
    });
    links.collect()
}
