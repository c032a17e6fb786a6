//! Constants that a file computes from constants and shapes, as exporters spell `reshape(x, (n, -1))`.

use super::{Builder, Stop, Value};
use crate::onnx::{
    attributes::Attributes,
    constant::{Elements, Folded},
    extents::{axis_of, reshaped, squeezed, unsqueezed},
    schema::{NodeProto, data_type},
};

/// Longest list that arithmetic on shapes makes.
const LIST_MAX: usize = 64;

impl<'a> Builder<'a> {
    /// The constant that `node` computes; `None` if it is not one of these operators or reads a value
    /// that depends on the input.
    pub(super) fn folded(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Value<'a>>, Stop> {
        if node.op_type == "Shape" {
            return self.shape(node, attributes).map(Some);
        }
        let constant = |name: &String| {
            matches!(
                self.values.get(name.as_str()),
                Some(Value::Constant(_) | Value::Folded(_))
            )
        };
        let mut named = node.input.iter().filter(|name| !name.is_empty()).peekable();
        if named.peek().is_none() || !named.all(constant) {
            return Ok(None);
        }
        let folded = match node.op_type.as_str() {
            "Identity" => return Ok(self.values.get(node.input[0].as_str()).cloned()),
            "Cast" => self.cast(node, attributes)?,
            "Reshape" | "Squeeze" | "Unsqueeze" => self.reshaped_constant(node, attributes)?,
            "Concat" => self.joined(node)?,
            "Slice" => self.sliced(node, attributes)?,
            "Gather" => self.gathered(node, attributes)?,
            "Add" | "Sub" | "Mul" | "Div" => self.calculated(node)?,
            _ => return Ok(None),
        };
        Ok(Some(Value::Folded(folded)))
    }

    fn shape(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
    ) -> Result<Value<'a>, Stop> {
        if attributes.int("start", 0) != 0 || attributes.has("end") {
            return Err(Stop::Unsupported(
                "a part of a shape is supported through Slice only".to_owned(),
            ));
        }
        let name = node.input.first().map(String::as_str).unwrap_or("");
        let dims: Vec<i64> = match self.values.get(name) {
            Some(Value::Computed { dims, .. } | Value::Softmax { dims, .. }) => {
                dims.iter().map(|&dim| i64::from(dim)).collect()
            }
            Some(Value::Unknown) => return Err(Stop::Unknown),
            _ => {
                let constant = self.constant(node, 0, "the operand")?;
                constant.dims.iter().map(|&dim| dim as i64).collect()
            }
        };
        Ok(Value::Folded(Folded::list(dims)))
    }

    fn cast(&mut self, node: &NodeProto, attributes: &Attributes<'_>) -> Result<Folded, Stop> {
        let constant = self.constant(node, 0, "the operand")?;
        let to = attributes.int("to", 0);
        let data = match (constant.data, to) {
            (data @ Elements::Floats(_), to) if to == i64::from(data_type::FLOAT) => data,
            (data @ Elements::Integers(_), to) if is_integer(to) => data,
            (Elements::Integers(data), to) if to == i64::from(data_type::FLOAT) => {
                Elements::Floats(data.iter().map(|&value| value as f32).collect())
            }
            // Casts of floats saturate and drop the fraction, as ONNX does within range.
            (Elements::Floats(data), to) if is_integer(to) => {
                Elements::Integers(data.iter().map(|&value| value as i64).collect())
            }
            _ => {
                return Err(Stop::Unsupported(
                    "constants are cast to float32, int32 and int64 only".to_owned(),
                ));
            }
        };
        Ok(Folded {
            dims: constant.dims,
            data,
        })
    }

    fn reshaped_constant(
        &mut self,
        node: &NodeProto,
        attributes: &Attributes<'_>,
    ) -> Result<Folded, Stop> {
        let constant = self.constant(node, 0, "the operand")?;
        // The extents of constants make a shape, whose extents fit.
        let dims: Vec<u32> = constant.dims.iter().map(|&dim| dim as u32).collect();
        let dims = match node.op_type.as_str() {
            "Reshape" => {
                let wanted = self.integers(node, 1, "the shape")?;
                reshaped(&dims, &wanted, attributes.int("allowzero", 0) != 0)
            }
            "Squeeze" => squeezed(&dims, self.axes(node, attributes)?.as_deref()),
            _ => unsqueezed(&dims, &self.axes(node, attributes)?.unwrap_or_default()),
        }
        .map_err(Stop::Unsupported)?;
        Ok(Folded {
            dims: dims.into_iter().map(|dim| dim as usize).collect(),
            data: constant.data,
        })
    }

    fn joined(&mut self, node: &NodeProto) -> Result<Folded, Stop> {
        let mut list = Vec::new();
        for position in 0..node.input.len() {
            list.extend(self.list(node, position)?);
            checked_length(list.len())?;
        }
        Ok(Folded::list(list))
    }

    fn sliced(&mut self, node: &NodeProto, attributes: &Attributes<'_>) -> Result<Folded, Stop> {
        let list = self.list(node, 0)?;
        // An attribute in older operator sets, an operand in newer.
        let mut one = |position: usize, name: &str, default: Option<i64>| {
            let given = if super::has_input(node, position) {
                self.list(node, position)?
            } else {
                attributes
                    .ints(name)
                    .map(<[i64]>::to_vec)
                    .unwrap_or_default()
            };
            match (&given[..], default) {
                (&[value], _) => Ok(value),
                ([], Some(default)) => Ok(default),
                _ => Err(Stop::Unsupported(
                    "only lists are sliced, along their one dimension".to_owned(),
                )),
            }
        };
        let (start, end) = (one(1, "starts", None)?, one(2, "ends", None)?);
        let (axis, step) = (one(3, "axes", Some(0))?, one(4, "steps", Some(1))?);
        if !matches!(axis, 0 | -1) || step != 1 {
            return Err(Stop::Unsupported(
                "only lists are sliced, in steps of 1".to_owned(),
            ));
        }
        let length = list.len() as i64;
        let at = |end: i64| {
            let end = if end < 0 {
                end.saturating_add(length)
            } else {
                end
            };
            end.clamp(0, length) as usize
        };
        let (start, end) = (at(start), at(end));
        Ok(Folded::list(list[start..end.max(start)].to_vec()))
    }

    fn gathered(&mut self, node: &NodeProto, attributes: &Attributes<'_>) -> Result<Folded, Stop> {
        if !matches!(attributes.int("axis", 0), 0 | -1) {
            return Err(Stop::Unsupported(
                "only elements of lists are gathered".to_owned(),
            ));
        }
        let list = self.list(node, 0)?;
        let which = self.constant(node, 1, "the positions")?;
        let positions = which.integers(&node.input[1])?;
        checked_length(positions.len())?;
        let length = [list.len() as u32];
        let picked: Option<Vec<i64>> = positions
            .iter()
            .map(|&position| axis_of(&length, position).map(|at| list[at]))
            .collect();
        let Some(picked) = picked else {
            return Err(Stop::Unsupported(
                "a position is outside its list".to_owned(),
            ));
        };
        Ok(Folded {
            dims: which.dims.clone(),
            data: Elements::Integers(picked.into()),
        })
    }

    /// Sums, differences, products and quotients of lists, or of a list and a number.
    fn calculated(&mut self, node: &NodeProto) -> Result<Folded, Stop> {
        let (left, right) = (
            self.constant(node, 0, "the operand")?,
            self.constant(node, 1, "the operand")?,
        );
        let dims = match (left.count(), right.count()) {
            (a, b) if a == b => left.dims.clone(),
            (_, 1) => left.dims.clone(),
            (1, _) => right.dims.clone(),
            _ => {
                return Err(Stop::Unsupported(
                    "only constants of equal size are calculated with".to_owned(),
                ));
            }
        };
        let count = left.count().max(right.count());
        checked_length(count)?;
        let operator = node.op_type.as_str();
        let data = match (&left.data, &right.data) {
            (Elements::Integers(left), Elements::Integers(right)) => {
                let results: Option<Vec<i64>> = (0..count)
                    .map(|at| {
                        let (left, right) = (left[at % left.len()], right[at % right.len()]);
                        match operator {
                            "Add" => left.checked_add(right),
                            "Sub" => left.checked_sub(right),
                            "Mul" => left.checked_mul(right),
                            _ => left.checked_div(right),
                        }
                    })
                    .collect();
                let results = results.ok_or_else(|| {
                    Stop::Unsupported("its integers overflow or are divided by zero".to_owned())
                })?;
                Elements::Integers(results.into())
            }
            (Elements::Floats(left), Elements::Floats(right)) => {
                let results = (0..count).map(|at| {
                    let (left, right) = (left[at % left.len()], right[at % right.len()]);
                    match operator {
                        "Add" => left + right,
                        "Sub" => left - right,
                        "Mul" => left * right,
                        _ => left / right,
                    }
                });
                let results: Vec<f32> = results.collect();
                super::check_finite(&results, &node.op_type)?;
                Elements::Floats(results.into())
            }
            _ => {
                return Err(Stop::Unsupported(
                    "integers and floats are not mixed".to_owned(),
                ));
            }
        };
        Ok(Folded { dims, data })
    }

    /// Operand `position` as a list of integers; a single number is a list of one.
    fn list(&mut self, node: &NodeProto, position: usize) -> Result<Vec<i64>, Stop> {
        let constant = self.constant(node, position, "the operand")?;
        let list = constant.integers(&node.input[position])?;
        checked_length(list.len())?;
        if constant.dims.len() > 1 {
            return Err(Stop::Unsupported(
                "only lists of integers are calculated with".to_owned(),
            ));
        }
        Ok(list.to_vec())
    }
}

fn is_integer(data_type_number: i64) -> bool {
    [data_type::INT32, data_type::INT64]
        .map(i64::from)
        .contains(&data_type_number)
}

fn checked_length(length: usize) -> Result<(), Stop> {
    if length <= LIST_MAX {
        Ok(())
    } else {
        Err(Stop::Unsupported(format!(
            "constants of more than {LIST_MAX} elements are not calculated with"
        )))
    }
}
