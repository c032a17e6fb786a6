//! Operators on one element, or one of each operand, at a time.
//!
//! Whatever computes one number from one other becomes part of a [`Function`] of the value it began
//! with, so that a hard swish that a file spells as four operators is one table in the end.

use super::{AFTER_SOFTMAX, Builder, Stop, Value, has_input, linear::Affine};
use crate::{
    float::{FloatNode, FloatOp},
    function::{Function, PARTS_MAX},
    onnx::{attributes::Attributes, constant::Weights, extents::per_channel, schema::NodeProto},
};

/// An operator of two operands.
#[derive(Clone, Copy, PartialEq)]
enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// One of its operands.
enum Operand {
    Computed { id: usize, dims: Vec<u32> },
    Constant,
}

impl Arithmetic {
    fn of(node: &NodeProto) -> Self {
        match node.op_type.as_str() {
            "Sub" => Self::Subtract,
            "Mul" => Self::Multiply,
            "Div" => Self::Divide,
            _ => Self::Add,
        }
    }

    fn apply(self, left: Function, right: Function) -> Function {
        let (left, right) = (Box::new(left), Box::new(right));
        match self {
            Self::Add => Function::Add(left, right),
            Self::Subtract => Function::Subtract(left, right),
            Self::Multiply => Function::Multiply(left, right),
            Self::Divide => Function::Divide(left, right),
        }
    }

    /// With one constant per channel on the right (on the left: `swapped`); `None` where a constant is
    /// divided.
    fn per_channel(self, constants: Vec<f32>, swapped: bool) -> Option<Affine> {
        let all = |value: f32| vec![value; constants.len()];
        Some(match (self, swapped) {
            (Self::Add, _) => Affine {
                factors: all(1.0),
                offsets: constants,
            },
            (Self::Subtract, false) => Affine {
                factors: all(1.0),
                offsets: constants.iter().map(|constant| -constant).collect(),
            },
            (Self::Subtract, true) => Affine {
                factors: all(-1.0),
                offsets: constants,
            },
            (Self::Multiply, _) => Affine {
                offsets: all(0.0),
                factors: constants,
            },
            (Self::Divide, false) => Affine {
                offsets: all(0.0),
                factors: constants.iter().map(|constant| 1.0 / constant).collect(),
            },
            (Self::Divide, true) => return None,
        })
    }
}

impl<'a> Builder<'a> {
    pub(super) fn arithmetic(
        &mut self,
        node: &'a NodeProto,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let operator = Arithmetic::of(node);
        match (self.operand(node, 0)?, self.operand(node, 1)?) {
            (
                Operand::Computed { id: left, dims },
                Operand::Computed {
                    id: right,
                    dims: right_dims,
                },
            ) => self.of_two(operator, (left, dims), (right, right_dims), label),
            (Operand::Computed { id, dims }, Operand::Constant) => {
                let constant = self.weights(node, 1)?;
                let name = &node.input[0];
                self.with_constant(operator, name, (id, dims), &constant, false, label)
            }
            (Operand::Constant, Operand::Computed { id, dims }) => {
                let constant = self.weights(node, 0)?;
                let name = &node.input[1];
                self.with_constant(operator, name, (id, dims), &constant, true, label)
            }
            (Operand::Constant, Operand::Constant) => Err(Stop::Unsupported(
                "at least one operand must be computed from the input".to_owned(),
            )),
        }
    }

    fn operand(&self, node: &NodeProto, position: usize) -> Result<Operand, Stop> {
        let name = node.input.get(position).map(String::as_str).unwrap_or("");
        match self.values.get(name) {
            Some(Value::Computed { id, dims }) => Ok(Operand::Computed {
                id: *id,
                dims: dims.clone(),
            }),
            Some(Value::Constant(_) | Value::Folded(_)) => Ok(Operand::Constant),
            Some(Value::Softmax { .. }) => Err(Stop::Unsupported(AFTER_SOFTMAX.to_owned())),
            Some(Value::Unknown) => Err(Stop::Unknown),
            None => Err(Stop::Unsupported(format!("operand {position} is missing"))),
        }
    }

    /// Two values of the graph.
    fn of_two(
        &mut self,
        operator: Arithmetic,
        (left, dims): (usize, Vec<u32>),
        (right, right_dims): (usize, Vec<u32>),
        label: String,
    ) -> Result<Value<'a>, Stop> {
        if dims == right_dims {
            let ((base, f), (other, g)) = (self.function_of(left), self.function_of(right));
            let function = operator.apply(f, g);
            if base == other && function.parts() <= PARTS_MAX {
                return self.add_function(label, base, function, dims);
            }
        }
        match operator {
            Arithmetic::Add if dims == right_dims => {
                self.add_node(label, FloatOp::Add { left, right }, dims, 2)
            }
            Arithmetic::Add => Err(Stop::Unsupported(format!(
                "only values of equal shapes are added, not {dims:?} and {right_dims:?}"
            ))),
            Arithmetic::Multiply if repeats(&right_dims, &dims) => {
                self.add_node(label, FloatOp::Multiply { left, right }, dims, 1)
            }
            Arithmetic::Multiply if repeats(&dims, &right_dims) => {
                let (left, right) = (right, left);
                self.add_node(label, FloatOp::Multiply { left, right }, right_dims, 1)
            }
            Arithmetic::Multiply => Err(Stop::Unsupported(format!(
                "only values whose extents are equal, or 1 in one of them, are multiplied, not \
                 {dims:?} and {right_dims:?}"
            ))),
            Arithmetic::Subtract | Arithmetic::Divide => Err(Stop::Unsupported(
                "only constants are subtracted and divided by".to_owned(),
            )),
        }
    }

    /// A value of the graph and a constant, which stands on the left if `swapped`.
    fn with_constant(
        &mut self,
        operator: Arithmetic,
        name: &str,
        (id, dims): (usize, Vec<u32>),
        constant: &Weights,
        swapped: bool,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        if constant.dims.len() > dims.len() {
            return Err(Stop::Unsupported(
                "a constant may not have more dimensions than the value it meets".to_owned(),
            ));
        }
        let node = id.checked_sub(1).map(|node| &self.nodes[node].op);
        // Channels are the last dimension after a Gemm, the first of three in a feature map.
        let (channels, trailing) = match (node, &dims[..]) {
            (Some(FloatOp::Linear { bias, .. }), _) => (bias.len(), 0),
            (_, &[_, channels, _, _]) => (channels as usize, 2),
            _ => (0, 0),
        };
        let affine = per_channel(constant, channels, trailing)
            .and_then(|constants| operator.per_channel(constants, swapped));
        if let Some(affine) = &affine
            && self.fold_affine(name, id, affine)?
        {
            return Ok(Value::Computed { id, dims });
        }
        if let [value] = constant.data[..] {
            let value = Function::Constant(value);
            return self.compose(label, id, dims, |x| match swapped {
                false => operator.apply(x, value.clone()),
                true => operator.apply(value.clone(), x),
            });
        }
        match affine {
            Some(affine) => self.per_channel_affine(name, id, dims, &affine, label),
            None => Err(Stop::Unsupported(
                "constants are supported as one number, or as one per output of Gemm, MatMul or \
                 Conv, or per channel of [1, channels, height, width]"
                    .to_owned(),
            )),
        }
    }

    pub(super) fn activation(
        &mut self,
        node: &'a NodeProto,
        attributes: &Attributes<'_>,
        label: String,
    ) -> Result<Value<'a>, Stop> {
        let (id, dims) = self.computed(node, 0)?;
        let boxed = |f: Function| Box::new(f);
        match node.op_type.as_str() {
            "Clip" => {
                let low = self.end(node, 1, attributes.float("min", f32::NEG_INFINITY))?;
                let high = self.end(node, 2, attributes.float("max", f32::INFINITY))?;
                if low == 0.0 && high == f32::INFINITY {
                    return self.relu(id, dims, label);
                }
                self.compose(label, id, dims, |x| Function::Clip(boxed(x), low, high))
            }
            "LeakyRelu" => {
                let alpha = attributes.float("alpha", 0.01);
                self.compose(label, id, dims, |x| x.leaky_relu(alpha))
            }
            "Sigmoid" => self.compose(label, id, dims, |x| Function::Sigmoid(boxed(x))),
            "Tanh" => self.compose(label, id, dims, |x| Function::Tanh(boxed(x))),
            "HardSigmoid" => {
                let alpha = attributes.float("alpha", 0.2);
                let beta = attributes.float("beta", 0.5);
                self.compose(label, id, dims, |x| x.hard_sigmoid(alpha, beta))
            }
            "HardSwish" => self.compose(label, id, dims, |x| {
                let gate = x.clone().hard_sigmoid(1.0 / 6.0, 0.5);
                Function::Multiply(boxed(x), boxed(gate))
            }),
            _ => self.relu(id, dims, label),
        }
    }

    fn relu(&mut self, id: usize, dims: Vec<u32>, label: String) -> Result<Value<'a>, Stop> {
        match self.function_of(id) {
            // A layer's own ReLU needs no table.
            (_, Function::X) => self.add_node(label, FloatOp::Relu { input: id }, dims, 1),
            _ => self.compose(label, id, dims, |x| {
                Function::Clip(Box::new(x), 0.0, f32::INFINITY)
            }),
        }
    }

    /// An end of a Clip: operand `position`, if there is one.
    fn end(&mut self, node: &NodeProto, position: usize, default: f32) -> Result<f32, Stop> {
        if !has_input(node, position) {
            return Ok(default);
        }
        match self.weights(node, position)?.data[..] {
            [end] => Ok(end),
            _ => Err(Stop::Unsupported(
                "the ends of a Clip must be single numbers".to_owned(),
            )),
        }
    }

    /// The value that `id` is a function of, and which function; itself, if it is no function.
    fn function_of(&self, id: usize) -> (usize, Function) {
        match id.checked_sub(1).map(|node| &self.nodes[node]) {
            Some(FloatNode {
                op: FloatOp::Function { input, function },
                ..
            }) => (*input, function.clone()),
            _ => (id, Function::X),
        }
    }

    /// Appends `wrap` of value `id`.
    fn compose(
        &mut self,
        label: String,
        id: usize,
        dims: Vec<u32>,
        wrap: impl Fn(Function) -> Function,
    ) -> Result<Value<'a>, Stop> {
        let (base, function) = self.function_of(id);
        let composed = wrap(function);
        if composed.parts() <= PARTS_MAX {
            self.add_function(label, base, composed, dims)
        } else {
            self.add_function(label, id, wrap(Function::X), dims)
        }
    }

    fn add_function(
        &mut self,
        label: String,
        input: usize,
        function: Function,
        dims: Vec<u32>,
    ) -> Result<Value<'a>, Stop> {
        let parts = function.parts();
        self.add_node(label, FloatOp::Function { input, function }, dims, parts)
    }
}

/// Whether a value of extents `dims` fills `whole` by repeating dimensions of 1. The batch dimension
/// is not repeated.
fn repeats(dims: &[u32], whole: &[u32]) -> bool {
    let fits = |(dim, whole): (&u32, &u32)| dim == whole || *dim == 1;
    dims.len() == whole.len() && dims.first() == whole.first() && dims.iter().zip(whole).all(fits)
}
