//! Constants of a file: weights and shapes.

use super::{
    OnnxError, printed,
    schema::{LOCATION_EXTERNAL, TensorProto, data_type, data_type_name},
};
use crate::shape::{RANK_MAX, Shape};

/// Float weights with their extents; no extents for a scalar.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    pub(super) dims: Vec<usize>,
    pub(super) data: Vec<f32>,
}

/// Whether the tensor's data lies in another file.
pub(super) fn is_external(tensor: &TensorProto) -> bool {
    tensor.data_location == LOCATION_EXTERNAL || !tensor.external_data.is_empty()
}

/// Reads float weights.
pub(super) fn weights(tensor: &TensorProto, name: &str) -> Result<Weights, OnnxError> {
    if tensor.data_type != data_type::FLOAT {
        return Err(element_type(tensor, name, "float32"));
    }
    let dims = extents(tensor, name)?;
    let data = if tensor.raw_data.is_empty() {
        tensor.float_data.clone()
    } else {
        raw(tensor, name, &dims, f32::from_le_bytes)?
    };
    check_count(tensor, name, &dims, data.len())?;
    if let Some(index) = data.iter().position(|value| !value.is_finite()) {
        return Err(OnnxError::NotFinite {
            name: printed(name),
            index,
            value: data[index],
        });
    }
    Ok(Weights { dims, data })
}

/// Reads a list of integers, as Reshape takes it.
pub(super) fn integers(tensor: &TensorProto, name: &str) -> Result<Vec<i64>, OnnxError> {
    if tensor.data_type != data_type::INT64 {
        return Err(element_type(tensor, name, "int64"));
    }
    let dims = extents(tensor, name)?;
    let data = if tensor.raw_data.is_empty() {
        tensor.int64_data.clone()
    } else {
        raw(tensor, name, &dims, i64::from_le_bytes)?
    };
    check_count(tensor, name, &dims, data.len())?;
    Ok(data)
}

fn element_type(tensor: &TensorProto, name: &str, expected: &'static str) -> OnnxError {
    OnnxError::ElementType {
        name: printed(name),
        found: data_type_name(tensor.data_type),
        expected,
    }
}

/// The extents, which make a shape or none for a scalar.
fn extents(tensor: &TensorProto, name: &str) -> Result<Vec<usize>, OnnxError> {
    let refused = |source| OnnxError::TensorShape {
        name: printed(name),
        dims: dims_printed(tensor),
        source,
    };
    if tensor.dims.is_empty() {
        return Ok(Vec::new());
    }
    let dims: Option<Vec<u32>> = tensor
        .dims
        .iter()
        .map(|&dim| u32::try_from(dim).ok())
        .collect();
    let shape =
        Shape::new(&dims.ok_or_else(|| refused(None))?).map_err(|source| refused(Some(source)))?;
    Ok(shape.dims().iter().map(|&dim| dim as usize).collect())
}

/// The extents as a message shows them.
fn dims_printed(tensor: &TensorProto) -> Vec<i64> {
    tensor.dims.iter().copied().take(RANK_MAX + 2).collect()
}

fn raw<T, const N: usize>(
    tensor: &TensorProto,
    name: &str,
    dims: &[usize],
    element: fn([u8; N]) -> T,
) -> Result<Vec<T>, OnnxError> {
    let (elements, rest) = tensor.raw_data.as_chunks::<N>();
    if rest.is_empty() {
        Ok(elements.iter().map(|&bytes| element(bytes)).collect())
    } else {
        check_count(tensor, name, dims, elements.len())?;
        Err(wrong_count(tensor, name, dims, elements.len() + 1))
    }
}

fn check_count(
    tensor: &TensorProto,
    name: &str,
    dims: &[usize],
    found: usize,
) -> Result<(), OnnxError> {
    if found == dims.iter().product::<usize>() {
        Ok(())
    } else {
        Err(wrong_count(tensor, name, dims, found))
    }
}

fn wrong_count(tensor: &TensorProto, name: &str, dims: &[usize], found: usize) -> OnnxError {
    OnnxError::TensorData {
        name: printed(name),
        dims: dims_printed(tensor),
        expected: dims.iter().product(),
        found,
    }
}
