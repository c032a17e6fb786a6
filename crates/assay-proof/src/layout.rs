//! Layouts: how a tensor lies on a hypercube, and the sums over boxes in it that a verifier needs.
//!
//! Each dimension is padded with zeros to a power of two of its own, so a point of the cube is a point a
//! dimension, and a window that slides over an image is a product of two that slide over lines. The first
//! coordinate of a point is the most significant bit of an index.

use crate::field::Extension;
use assay_model::program::Window;
use p3_field::PrimeCharacteristicRing as _;
use p3_multilinear_util::poly::Poly;

/// The extents of a tensor, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    dims: Vec<u32>,
}

/// Variables of a dimension of so many elements.
pub fn bits(extent: u32) -> usize {
    extent.max(1).next_power_of_two().trailing_zeros() as usize
}

impl Layout {
    /// The layout of a tensor of these extents.
    pub fn new(dims: &[u32]) -> Self {
        Self {
            dims: dims.to_vec(),
        }
    }

    /// The extents.
    pub fn dims(&self) -> &[u32] {
        &self.dims
    }

    /// Elements of the tensor, without padding.
    pub fn elements(&self) -> usize {
        self.dims.iter().map(|extent| *extent as usize).product()
    }

    /// Coordinates of a point.
    pub fn variables(&self) -> usize {
        self.dims.iter().map(|extent| bits(*extent)).sum()
    }

    /// A point's coordinates, dimension by dimension.
    ///
    /// # Panics
    /// When the point has not as many coordinates as the layout.
    pub fn split<'a>(&self, point: &'a [Extension]) -> Vec<&'a [Extension]> {
        assert_eq!(point.len(), self.variables(), "a point of another layout");
        let mut rest = point;
        let parts = self.dims.iter().map(|extent| {
            let (own, after) = rest.split_at(bits(*extent));
            rest = after;
            own
        });
        parts.collect()
    }

    /// Where each element lies on the cube, in row-major order.
    pub fn places(&self) -> Vec<u32> {
        let mut places = vec![0u32];
        for extent in &self.dims {
            let width = bits(*extent);
            let inner = places
                .iter()
                .flat_map(|place| (0..*extent).map(move |index| (place << width) | index));
            places = inner.collect();
        }
        places
    }

    /// Where the elements of `other` lie on this layout's cube, when every extent is the same or 1 there:
    /// the coordinates of a point that `other` has too.
    pub fn repeated(&self, other: &Self, point: &[Extension]) -> Vec<Extension> {
        let parts = self.split(point).into_iter().zip(&other.dims);
        let kept = parts.filter(|(_, extent)| **extent != 1);
        kept.flat_map(|(part, _)| part.iter().copied()).collect()
    }
}

/// eq(point, i) for all i.
pub fn weights(point: &[Extension]) -> Vec<Extension> {
    Poly::new_from_point(point, Extension::ONE).into_evals()
}

/// Σ eq(point, i) over i below `extent`.
pub fn below(point: &[Extension], extent: u32) -> Extension {
    let mut sum = Extension::ZERO;
    let mut prefix = Extension::ONE;
    if u64::from(extent) == 1u64 << point.len() {
        return Extension::ONE;
    }
    for (place, coordinate) in point.iter().enumerate() {
        if extent >> (point.len() - 1 - place) & 1 == 1 {
            sum += prefix * (Extension::ONE - *coordinate);
            prefix *= *coordinate;
        } else {
            prefix *= Extension::ONE - *coordinate;
        }
    }
    sum
}

/// Σ eq(point, i) over the elements of a tensor, padding left out.
pub fn real(layout: &Layout, point: &[Extension]) -> Extension {
    let parts = layout.split(point).into_iter().zip(&layout.dims);
    parts.map(|(part, extent)| below(part, *extent)).product()
}

/// How a window moves along one axis of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// Extent of the image.
    pub input: u32,
    /// Positions of the window.
    pub output: u32,
    /// Taps.
    pub kernel: u32,
    stride: u32,
    dilation: u32,
    before: u32,
}

impl Axis {
    /// The vertical and the horizontal axis of `window` over an image of `input` with a result of `output`, both
    /// height and width.
    pub fn of(window: &Window, input: [u32; 2], output: [u32; 2]) -> [Self; 2] {
        [0, 1].map(|axis| Self {
            input: input[axis],
            output: output[axis],
            kernel: u32::from(window.kernel[axis]),
            stride: u32::from(window.stride[axis]),
            dilation: u32::from(window.dilation[axis]),
            before: u32::from(window.padding[axis]),
        })
    }

    /// What a tap reads at a position; `None` where that is padding.
    pub fn source(&self, tap: u32, position: u32) -> Option<u32> {
        let place = position * self.stride + tap * self.dilation;
        let place = place.checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }

    /// The positions at which a tap reads the image, each with what it reads.
    pub fn reads(&self, tap: u32) -> impl Iterator<Item = (usize, usize)> {
        let positions = 0..self.output;
        positions.filter_map(move |position| {
            let source = self.source(tap, position)?;
            Some((position as usize, source as usize))
        })
    }

    /// For each tap, Σ weight(position) · value(source) over what it reads.
    pub fn gather(&self, positions: &[Extension], sources: &[Extension]) -> Vec<Extension> {
        let taps = 0..self.kernel;
        taps.map(|tap| {
            self.reads(tap)
                .map(|(position, source)| positions[position] * sources[source])
                .sum()
        })
        .collect()
    }

    /// For each tap, Σ weight(position) over the positions at which it reads the image.
    pub fn inside(&self, positions: &[Extension]) -> Vec<Extension> {
        let taps = 0..self.kernel;
        taps.map(|tap| {
            self.reads(tap)
                .map(|(position, _)| positions[position])
                .sum()
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Base;
    use p3_field::integers::QuotientMap as _;

    fn point(variables: usize) -> Vec<Extension> {
        let coordinates = (0..variables).map(|place| Base::from_int(7 * place + 3));
        coordinates.map(Extension::from).collect()
    }

    #[test]
    fn places_are_padded_dimension_by_dimension() {
        let layout = Layout::new(&[2, 3, 1, 2]);
        assert_eq!(layout.variables(), 4);
        assert_eq!(layout.places(), [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
    }

    #[test]
    fn sums_below_an_extent_are_sums() {
        for extent in 1..=16 {
            let at = point(bits(extent));
            let all = weights(&at);
            let expected: Extension = all.iter().take(extent as usize).copied().sum();
            assert_eq!(below(&at, extent), expected, "{extent}");
        }
        let layout = Layout::new(&[3, 5]);
        let at = point(layout.variables());
        let all = weights(&at);
        let places = layout.places();
        let expected: Extension = places.iter().map(|place| all[*place as usize]).sum();
        assert_eq!(real(&layout, &at), expected);
    }
}
