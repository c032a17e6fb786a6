//! Constants of a file: weights and shapes.

use std::rc::Rc;

use super::{
    OnnxError,
    attributes::Attributes,
    build::{Stop, Value},
    printed,
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

/// A constant, read.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    /// Its extents; none for a scalar.
    pub(super) dims: Vec<usize>,
    pub(super) data: Elements,
}

/// Elements, shared among the names that a file gives them.
#[derive(Debug, Clone)]
pub(super) enum Elements {
    Floats(Rc<[f32]>),
    /// int32 and int64.
    Integers(Rc<[i64]>),
}

impl Folded {
    /// A list of integers.
    pub(super) fn list(list: Vec<i64>) -> Self {
        Self {
            dims: vec![list.len()],
            data: Elements::Integers(list.into()),
        }
    }

    pub(super) fn count(&self) -> usize {
        match &self.data {
            Elements::Floats(data) => data.len(),
            Elements::Integers(data) => data.len(),
        }
    }

    pub(super) fn floats(&self, name: &str) -> Result<Weights, OnnxError> {
        match &self.data {
            Elements::Floats(data) => Ok(Weights {
                dims: self.dims.clone(),
                data: data.to_vec(),
            }),
            Elements::Integers(_) => Err(OnnxError::ElementType {
                name: printed(name),
                found: data_type_name(data_type::INT64),
                expected: "float32",
            }),
        }
    }

    pub(super) fn integers(&self, name: &str) -> Result<&[i64], OnnxError> {
        match &self.data {
            Elements::Integers(data) => Ok(data),
            Elements::Floats(_) => Err(OnnxError::ElementType {
                name: printed(name),
                found: data_type_name(data_type::FLOAT),
                expected: "int64",
            }),
        }
    }
}

/// Reads a tensor of floats or integers.
pub(super) fn read(tensor: &TensorProto, name: &str) -> Result<Folded, OnnxError> {
    let integers = |data: Vec<i64>| Elements::Integers(data.into());
    let dims = extents(tensor, name)?;
    let data = match tensor.data_type {
        data_type::FLOAT => Elements::Floats(weights(tensor, name, &dims)?.into()),
        data_type::INT64 if tensor.raw_data.is_empty() => integers(tensor.int64_data.clone()),
        data_type::INT64 => integers(raw(tensor, name, &dims, i64::from_le_bytes)?),
        data_type::INT32 if tensor.raw_data.is_empty() => {
            integers(tensor.int32_data.iter().map(|&x| x.into()).collect())
        }
        data_type::INT32 => {
            let data = raw(tensor, name, &dims, i32::from_le_bytes)?;
            integers(data.into_iter().map(i64::from).collect())
        }
        _ => return Err(element_type(tensor, name)),
    };
    let folded = Folded { dims, data };
    check_count(tensor, name, &folded.dims, folded.count())?;
    Ok(folded)
}

/// The constant of a Constant node.
pub(super) fn of_attributes<'a>(
    attributes: &Attributes<'a>,
    label: &str,
) -> Result<Value<'a>, Stop> {
    if let Some(tensor) = attributes.tensor("value") {
        return Ok(Value::Constant(tensor));
    }
    let finite = |data: Vec<f32>| match data.iter().position(|value| !value.is_finite()) {
        None => Ok(Elements::Floats(data.into())),
        Some(index) => Err(OnnxError::NotFinite {
            name: label.to_owned(),
            index,
            value: data[index],
        }),
    };
    let scalar = |data| Folded { dims: vec![], data };
    let folded = if attributes.has("value_int") {
        scalar(Elements::Integers([attributes.int("value_int", 0)].into()))
    } else if attributes.has("value_float") {
        scalar(finite(vec![attributes.float("value_float", 0.0)])?)
    } else if let Some(list) = attributes.ints("value_ints") {
        Folded::list(list.to_vec())
    } else if let Some(list) = attributes.floats("value_floats") {
        Folded {
            dims: vec![list.len()],
            data: finite(list.to_vec())?,
        }
    } else {
        return Err(Stop::Unsupported(
            "only constants of numbers are supported".to_owned(),
        ));
    };
    Ok(Value::Folded(folded))
}

/// The finite floats of a tensor.
fn weights(tensor: &TensorProto, name: &str, dims: &[usize]) -> Result<Vec<f32>, OnnxError> {
    let data = if tensor.raw_data.is_empty() {
        tensor.float_data.clone()
    } else {
        raw(tensor, name, dims, f32::from_le_bytes)?
    };
    check_count(tensor, name, dims, data.len())?;
    match data.iter().position(|value| !value.is_finite()) {
        None => Ok(data),
        Some(index) => Err(OnnxError::NotFinite {
            name: printed(name),
            index,
            value: data[index],
        }),
    }
}

fn element_type(tensor: &TensorProto, name: &str) -> OnnxError {
    OnnxError::ElementType {
        name: printed(name),
        found: data_type_name(tensor.data_type),
        expected: "float32, int32 or int64",
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
