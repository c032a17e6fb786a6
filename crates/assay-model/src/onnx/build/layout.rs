//! Operators that only move or rename elements.

use super::{AFTER_SOFTMAX, Builder, Stop, Value, has_input, misfit};
use crate::{
    float::FloatOp,
    onnx::{
        attributes::Attributes,
        extents::{axis_of, flattened, reshaped, squeezed, unsqueezed},
        schema::{NodeProto, data_type},
    },
    program::CONCAT_MAX,
};

impl<'a> Builder<'a> {
    /// Flatten, Reshape, Squeeze and Unsqueeze.
    pub(super) fn reshape(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, dims) = self.computed(node, 0)?;
        let dims = match node.op_type.as_str() {
            "Flatten" => flattened(&dims, attributes.int("axis", 1)),
            "Reshape" => {
                let wanted = self.integers(node, 1, "the shape")?;
                reshaped(&dims, &wanted, attributes.int("allowzero", 0) != 0)
            }
            "Squeeze" => squeezed(&dims, self.axes(node, attributes)?.as_deref()),
            _ => unsqueezed(&dims, &self.axes(node, attributes)?.unwrap_or_default()),
        }
        .map_err(Stop::Unsupported)?;
        self.add_node(label, FloatOp::Reshape { input }, dims, 1)
    }

    /// The axes of Squeeze and Unsqueeze: an attribute in older operator sets, an operand in newer.
    pub(super) fn axes(
        &mut self,
        node: &NodeProto,
        attributes: &Attributes<'_>,
    ) -> Result<Option<Vec<i64>>, Stop> {
        if has_input(node, 1) {
            return self.integers(node, 1, "the axes").map(Some);
        }
        Ok(attributes.ints("axes").map(<[i64]>::to_vec))
    }

    pub(super) fn transpose(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (input, dims) = self.computed(node, 0)?;
        let reversed: Vec<i64> = (0..dims.len() as i64).rev().collect();
        let order = attributes.ints("perm").unwrap_or(&reversed);
        let order: Option<Vec<usize>> = order.iter().map(|&axis| axis_of(&dims, axis)).collect();
        let mut seen: Vec<usize> = order.iter().flatten().copied().collect();
        seen.sort_unstable();
        let Some(order) = order.filter(|_| seen.into_iter().eq(0..dims.len())) else {
            return Err(misfit(&label, "perm does not name each dimension once"));
        };
        let moved: Vec<u32> = order.iter().map(|&axis| dims[axis]).collect();
        let batch = batch(&dims);
        if batch == 1 && order[0] != 0 {
            return Err(Stop::Unsupported(
                "the batch dimension must stay the first".to_owned(),
            ));
        }
        let axes = order[batch..]
            .iter()
            .map(|&axis| (axis - batch) as u8)
            .collect();
        if batch == 0 && moved[0] == 1 && moved.len() > 1 {
            return Err(Stop::Unsupported(
                "no dimension may take the place of the batch".to_owned(),
            ));
        }
        self.add_node(label, FloatOp::Transpose { input, axes }, moved, 1)
    }

    pub(super) fn concat(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        if !(1..=CONCAT_MAX).contains(&node.input.len()) {
            return Err(Stop::Unsupported(format!(
                "{} operands are not supported, only 1 to {CONCAT_MAX}",
                node.input.len()
            )));
        }
        let mut inputs = Vec::with_capacity(node.input.len());
        let (first, mut dims) = self.computed(node, 0)?;
        inputs.push(first);
        let Some(axis) = axis_of(&dims, attributes.int("axis", 0)) else {
            return Err(misfit(&label, "its axis is outside its operands"));
        };
        for position in 1..node.input.len() {
            let (input, other) = self.computed(node, position)?;
            let fits = other.len() == dims.len()
                && (other.iter().zip(&dims).enumerate())
                    .all(|(at, (other, dim))| at == axis || other == dim);
            if !fits {
                let reason = format!("{dims:?} and {other:?} differ beside dimension {axis}");
                return Err(misfit(&label, &reason));
            }
            // A sum beyond the largest shape is refused with the node.
            dims[axis] = dims[axis].saturating_add(other[axis]);
            inputs.push(input);
        }
        let batch = batch(&dims);
        if axis < batch || (axis == 0 && inputs.len() > 1 && dims.len() > 1) {
            return Err(Stop::Unsupported(
                "values are concatenated behind the batch dimension only".to_owned(),
            ));
        }
        let axis = (axis - batch) as u8;
        self.add_node(label, FloatOp::Concat { inputs, axis }, dims, 1)
    }

    /// Identity, Dropout and Cast: the operand under another name.
    pub(super) fn same(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
    ) -> Result<Value<'a>, Stop> {
        if node.op_type == "Cast" && attributes.int("to", 0) != i64::from(data_type::FLOAT) {
            return Err(Stop::Unsupported(
                "computed values are float32 and stay so".to_owned(),
            ));
        }
        let name = node.input.first().map(String::as_str).unwrap_or("");
        if let Some(value @ Value::Softmax { .. }) = self.values.get(name) {
            return Ok(value.clone());
        }
        let (id, dims) = self.computed(node, 0)?;
        self.aliased.insert(id);
        Ok(Value::Computed { id, dims })
    }

    /// A softmax, which keeps the order of the scores: as the last operator it is left out.
    pub(super) fn softmax(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
    ) -> Result<Value<'a>, Stop> {
        let (id, dims) = self.computed(node, 0)?;
        let axis = axis_of(&dims, attributes.int("axis", -1));
        let others = |axis: usize| {
            let others = dims.iter().enumerate().filter(|&(at, _)| at != axis);
            others.map(|(_, &dim)| u64::from(dim)).product::<u64>()
        };
        if axis.map(others) != Some(1) {
            return Err(Stop::Unsupported(format!(
                "{AFTER_SOFTMAX}, over all outputs at once"
            )));
        }
        self.aliased.insert(id);
        Ok(Value::Softmax { id, dims })
    }
}

/// How many leading dimensions the graph's shapes leave out.
fn batch(dims: &[u32]) -> usize {
    usize::from(dims.len() > 1 && dims[0] == 1)
}
