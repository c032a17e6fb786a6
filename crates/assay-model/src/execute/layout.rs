//! Where the elements of a value lie in a buffer.
//!
//! Values of three dimensions are feature maps and lie with channels innermost, inside a border of zeros
//! as wide as the windows over them reach. All other values lie row-major, which is the same form: the
//! innermost dimension counts as channels, the rest as the columns of one row.

use crate::{
    kernels::dense::Walk,
    shape::{RANK_MAX, Shape},
};

/// Rows above, columns left, rows below and columns right of a map, all zero.
pub(super) type Border = [usize; 4];

/// The place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) shape: Shape,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) border: Border,
    /// Whether the dimensions are channels, height and width in this order.
    maps: bool,
}

/// Extents and distances of a value's dimensions, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub(super) origin: usize,
    pub(super) dims: Dims,
    /// Elements from one position to the next, by dimension.
    pub(super) strides: Dims,
}

/// One number per dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dims {
    values: [usize; RANK_MAX],
    rank: usize,
}

impl Layout {
    /// The usual layout of a value; a border is for maps only.
    pub(super) fn new(shape: &Shape, border: Border) -> Self {
        match shape.channels_height_width() {
            Some((channels, height, width)) => Self {
                shape: shape.clone(),
                channels: channels as usize,
                height: height as usize,
                width: width as usize,
                border,
                maps: true,
            },
            None => Self::row_major(shape),
        }
    }

    /// The elements in their order, whatever the dimensions.
    pub(super) fn row_major(shape: &Shape) -> Self {
        let channels = shape.last() as usize;
        Self {
            channels,
            height: 1,
            width: shape.elements() / channels,
            border: [0; 4],
            maps: false,
            shape: shape.clone(),
        }
    }

    /// Elements of one row with its border.
    pub(super) fn row(&self) -> usize {
        let [_, left, _, right] = self.border;
        (left + self.width + right) * self.channels
    }

    /// Elements with the border.
    pub(super) fn len(&self) -> usize {
        let [top, _, bottom, _] = self.border;
        (top + self.height + bottom) * self.row()
    }

    /// Whether the elements lie in their order, without a border.
    pub(super) fn is_row_major(&self) -> bool {
        self.border == [0; 4] && (!self.maps || self.channels == 1 || self.height * self.width == 1)
    }

    /// Whether there is one row and no border, so that several values side by side are one of more columns.
    pub(super) fn is_line(&self) -> bool {
        self.border == [0; 4] && self.height == 1
    }

    /// Its pixels.
    pub(super) fn walk(&self) -> Walk {
        let [top, left, ..] = self.border;
        Walk {
            origin: top * self.row() + left * self.channels,
            row: self.row(),
            pixel: self.channels,
        }
    }

    /// Its dimensions.
    pub(super) fn view(&self) -> View {
        if !self.maps {
            return View::row_major(&self.shape);
        }
        let walk = self.walk();
        View {
            origin: walk.origin,
            dims: Dims::of_shape(&self.shape),
            strides: Dims::new(&[1, walk.row, walk.pixel]),
        }
    }

    /// Fills the border with zeros.
    pub(super) fn clear_border<T: Copy + Default>(&self, buffer: &mut [T]) {
        let [top, left, bottom, right] = self.border;
        if self.border == [0; 4] {
            return;
        }
        let zero = T::default();
        let row = self.row();
        buffer[..top * row].fill(zero);
        let end = (top + self.height) * row;
        buffer[end..end + bottom * row].fill(zero);
        if left + right > 0 {
            for row in buffer[top * row..end].chunks_exact_mut(row) {
                row[..left * self.channels].fill(zero);
                let inner = (left + self.width) * self.channels;
                row[inner..].fill(zero);
            }
        }
    }
}

impl View {
    /// The elements of a shape in their order.
    pub(super) fn row_major(shape: &Shape) -> Self {
        let dims = Dims::of_shape(shape);
        let mut strides = dims;
        let mut distance = 1;
        for axis in (0..dims.rank).rev() {
            strides.values[axis] = distance;
            distance *= dims.values[axis];
        }
        Self {
            origin: 0,
            dims,
            strides,
        }
    }

    /// The dimensions in another order.
    pub(super) fn transposed(&self, axes: &[u8]) -> Self {
        let (mut dims, mut strides) = (self.dims, self.strides);
        for (to, &axis) in axes.iter().enumerate() {
            dims.values[to] = self.dims.values[usize::from(axis)];
            strides.values[to] = self.strides.values[usize::from(axis)];
        }
        Self {
            origin: self.origin,
            dims,
            strides,
        }
    }

    /// The positions from `start` on along one dimension, as far as `extent`.
    pub(super) fn part(&self, axis: usize, start: usize, extent: usize) -> Self {
        let mut part = self.clone();
        part.origin += start * part.strides.values[axis];
        part.dims.values[axis] = extent;
        part
    }

    /// Copies what `self` sees of `from` to what `other`, a view of the same extents, sees of `to`.
    pub(super) fn copy<T: Copy>(&self, from: &[T], other: &Self, to: &mut [T]) {
        assert_eq!(self.dims, other.dims);
        copy_axis(
            self.dims.as_slice(),
            (&from[self.origin..], self.strides.as_slice()),
            (&mut to[other.origin..], other.strides.as_slice()),
        );
    }
}

impl Dims {
    fn new(dims: &[usize]) -> Self {
        let mut values = [1; RANK_MAX];
        values[..dims.len()].copy_from_slice(dims);
        Self {
            values,
            rank: dims.len(),
        }
    }

    fn of_shape(shape: &Shape) -> Self {
        let mut values = [1; RANK_MAX];
        for (value, &dim) in values.iter_mut().zip(shape.dims()) {
            *value = dim as usize;
        }
        Self {
            values,
            rank: shape.rank(),
        }
    }

    fn as_slice(&self) -> &[usize] {
        &self.values[..self.rank]
    }
}

fn copy_axis<T: Copy>(
    dims: &[usize],
    (from, from_strides): (&[T], &[usize]),
    (to, to_strides): (&mut [T], &[usize]),
) {
    let (&[extent, ref dims @ ..], &[step_from, ref from_strides @ ..]) = (dims, from_strides)
    else {
        to[0] = from[0];
        return;
    };
    let &[step_to, ref to_strides @ ..] = to_strides else {
        unreachable!("both views have the same rank");
    };
    if !dims.is_empty() {
        for at in 0..extent {
            copy_axis(
                dims,
                (&from[at * step_from..], from_strides),
                (&mut to[at * step_to..], to_strides),
            );
        }
    } else if step_from == 1 && step_to == 1 {
        to[..extent].copy_from_slice(&from[..extent]);
    } else {
        let from = from.iter().step_by(step_from);
        for (to, &from) in to.iter_mut().step_by(step_to).zip(from).take(extent) {
            *to = from;
        }
    }
}
