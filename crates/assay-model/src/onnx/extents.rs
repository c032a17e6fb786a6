//! Extents: what operators do to shapes, in ONNX's terms with the batch dimension.

use super::{
    attributes::{Padding, Sliding, Usage},
    constant::Weights,
};
use crate::{program::Window, shape::RANK_MAX};

/// A `[inner, outputs]` matrix as `[outputs, inner]`.
pub(super) fn transpose(matrix: &[f32], outputs: usize) -> Vec<f32> {
    let mut transposed = Vec::with_capacity(matrix.len());
    for output in 0..outputs {
        transposed.extend(matrix.iter().skip(output).step_by(outputs));
    }
    transposed
}

/// A constant that broadcasts to one number per channel, where `trailing` dimensions follow the
/// channel's. `None` if it varies along another dimension.
pub(super) fn per_channel(addend: &Weights, channels: usize, trailing: usize) -> Option<Vec<f32>> {
    if let [value] = addend.data[..] {
        return Some(vec![value; channels]);
    }
    let axis = addend.dims.len().checked_sub(trailing + 1)?;
    let only_channels = addend
        .dims
        .iter()
        .enumerate()
        .all(|(position, &dim)| dim == if position == axis { channels } else { 1 });
    only_channels.then(|| addend.data.clone())
}

/// The window over an input whose extents are known.
pub(super) fn placed(sliding: &Sliding, kernel: [u16; 2], height: u32, width: u32) -> Window {
    let mut window = Window {
        kernel,
        stride: sliding.stride,
        padding: [0; 4],
        dilation: sliding.dilation,
    };
    match sliding.padding {
        Padding::Explicit(padding) => window.padding = padding,
        Padding::Same { extra_at_end } => {
            let span = window.span();
            for (axis, extent) in [height, width].into_iter().enumerate() {
                let (extent, span) = (u64::from(extent), u64::from(span[axis]));
                let stride = u64::from(sliding.stride[axis]).max(1);
                let covered = (extent.div_ceil(stride) - 1) * stride + span;
                let total = covered.saturating_sub(extent);
                let (less, more) = (total / 2, total.div_ceil(2));
                let (start, end) = if extra_at_end {
                    (less, more)
                } else {
                    (more, less)
                };
                // A dilated kernel beyond 65535 then fails as too large for its input.
                window.padding[axis] = u16::try_from(start).unwrap_or(0);
                window.padding[axis + 2] = u16::try_from(end).unwrap_or(0);
            }
        }
    }
    window
}

/// Extents after Flatten: everything before `axis`, everything from it on.
pub(super) fn flattened(dims: &[u32], axis: i64) -> Result<Vec<u32>, Usage> {
    let rank = dims.len() as i64;
    let axis = if axis < 0 { axis + rank } else { axis };
    let axis = usize::try_from(axis)
        .ok()
        .filter(|&axis| axis <= dims.len());
    let Some(axis) = axis else {
        return Err("its axis is outside its operand".to_owned());
    };
    // The product of all extents is a shape's element count.
    Ok(vec![
        dims[..axis].iter().product(),
        dims[axis..].iter().product(),
    ])
}

/// The dimension that `axis` names; negative ones count from the end.
pub(super) fn axis_of(dims: &[u32], axis: i64) -> Option<usize> {
    let rank = dims.len() as i64;
    let axis = if axis < 0 {
        axis.saturating_add(rank)
    } else {
        axis
    };
    usize::try_from(axis).ok().filter(|&axis| axis < dims.len())
}

/// Extents after Squeeze: without the named dimensions of 1, or without all of them.
pub(super) fn squeezed(dims: &[u32], axes: Option<&[i64]>) -> Result<Vec<u32>, Usage> {
    let Some(axes) = axes else {
        return Ok(dims.iter().copied().filter(|&dim| dim != 1).collect());
    };
    let axes: Option<Vec<usize>> = axes
        .iter()
        .map(|&axis| axis_of(dims, axis).filter(|&axis| dims[axis] == 1))
        .collect();
    let axes = axes.ok_or_else(|| format!("the axes name no dimensions of 1 of {dims:?}"))?;
    let kept = dims.iter().enumerate();
    Ok(kept
        .filter(|(axis, _)| !axes.contains(axis))
        .map(|(_, &dim)| dim)
        .collect())
}

/// Extents after Unsqueeze: with dimensions of 1 at `axes` of the result.
pub(super) fn unsqueezed(dims: &[u32], axes: &[i64]) -> Result<Vec<u32>, Usage> {
    let refused = || format!("the axes are no places for dimensions of 1 in {dims:?}");
    let rank = dims.len() + axes.len();
    if rank > RANK_MAX + 2 {
        return Err(refused());
    }
    let mut result = vec![0; rank];
    for &axis in axes {
        let axis = axis_of(&result, axis).ok_or_else(refused)?;
        if result[axis] == 1 {
            return Err(refused());
        }
        result[axis] = 1;
    }
    let free = result.iter_mut().filter(|dim| **dim == 0);
    for (place, &dim) in free.zip(dims) {
        *place = dim;
    }
    Ok(result)
}

/// Extents after Reshape: 0 copies a dimension (unless `allow_zero`), one −1 takes what is left.
pub(super) fn reshaped(dims: &[u32], wanted: &[i64], allow_zero: bool) -> Result<Vec<u32>, Usage> {
    let refused = || {
        let shown = &wanted[..wanted.len().min(RANK_MAX + 2)];
        format!("{dims:?} cannot be reshaped to {shown:?}")
    };
    let elements: u64 = dims.iter().map(|&dim| u64::from(dim)).product();
    let mut known = 1u64;
    let mut result = Vec::new();
    let mut inferred = None;
    for (axis, &dim) in wanted.iter().enumerate().take(RANK_MAX + 2) {
        let dim = match dim {
            -1 if inferred.is_none() => {
                inferred = Some(axis);
                1
            }
            0 if !allow_zero => *dims.get(axis).ok_or_else(refused)?,
            dim => u32::try_from(dim).map_err(|_| refused())?,
        };
        known = known.saturating_mul(u64::from(dim));
        result.push(dim);
    }
    if known == 0 || !elements.is_multiple_of(known) {
        return Err(refused());
    }
    match inferred {
        // A quotient of the element count, which fits 32 bits.
        Some(axis) => result[axis] = (elements / known) as u32,
        None if known != elements => return Err(refused()),
        None => {}
    }
    Ok(result)
}
