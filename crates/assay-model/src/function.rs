//! Functions of one real number, as a model's author composed them: `x · clip(x + 3, 0, 6) / 6`.
//!
//! Import gathers the operators between two layers into one function, and quantisation tabulates it.
//! Evaluation is IEEE single precision in the order of the tree; exponentials are those of `libm`, so
//! every machine computes the same table.

/// Most parts of one function: far more than activations have, few enough to compose and evaluate.
pub(crate) const PARTS_MAX: usize = 64;

/// A function of `x`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Function {
    /// `x`
    X,
    /// A number.
    Constant(f32),
    Add(Box<Self>, Box<Self>),
    Subtract(Box<Self>, Box<Self>),
    Multiply(Box<Self>, Box<Self>),
    Divide(Box<Self>, Box<Self>),
    /// The nearest number between both ends.
    Clip(Box<Self>, f32, f32),
    /// `1 / (1 + e^−f)`
    Sigmoid(Box<Self>),
    /// Hyperbolic tangent.
    Tanh(Box<Self>),
}

impl Function {
    /// The value at `x`; not finite where a part is not.
    pub(crate) fn at(&self, x: f32) -> f32 {
        match self {
            Self::X => x,
            Self::Constant(value) => *value,
            Self::Add(left, right) => left.at(x) + right.at(x),
            Self::Subtract(left, right) => left.at(x) - right.at(x),
            Self::Multiply(left, right) => left.at(x) * right.at(x),
            Self::Divide(left, right) => left.at(x) / right.at(x),
            Self::Clip(of, low, high) => {
                let of = of.at(x);
                // Unlike `clamp`, this accepts ends in the wrong order, where ONNX takes the upper.
                let raised = if of < *low { *low } else { of };
                if raised > *high { *high } else { raised }
            }
            Self::Sigmoid(of) => 1.0 / (1.0 + libm::expf(-of.at(x))),
            Self::Tanh(of) => libm::tanhf(of.at(x)),
        }
    }

    /// Number of parts.
    pub(crate) fn parts(&self) -> usize {
        1 + match self {
            Self::X | Self::Constant(_) => 0,
            Self::Add(left, right)
            | Self::Subtract(left, right)
            | Self::Multiply(left, right)
            | Self::Divide(left, right) => left.parts() + right.parts(),
            Self::Clip(of, _, _) | Self::Sigmoid(of) | Self::Tanh(of) => of.parts(),
        }
    }

    /// `clip(alpha · f + beta, 0, 1)`
    pub(crate) fn hard_sigmoid(self, alpha: f32, beta: f32) -> Self {
        let scaled = Self::Multiply(Box::new(Self::Constant(alpha)), Box::new(self));
        let moved = Self::Add(Box::new(scaled), Box::new(Self::Constant(beta)));
        Self::Clip(Box::new(moved), 0.0, 1.0)
    }

    /// `max(f, 0) + alpha · min(f, 0)`
    pub(crate) fn leaky_relu(self, alpha: f32) -> Self {
        let positive = Self::Clip(Box::new(self.clone()), 0.0, f32::INFINITY);
        let negative = Self::Clip(Box::new(self), f32::NEG_INFINITY, 0.0);
        let scaled = Self::Multiply(Box::new(Self::Constant(alpha)), Box::new(negative));
        Self::Add(Box::new(positive), Box::new(scaled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_by_hand() {
        let x = || Box::new(Function::X);
        let constant = |value| Box::new(Function::Constant(value));
        let hard_swish = Function::Divide(
            Box::new(Function::Multiply(
                x(),
                Box::new(Function::Clip(
                    Box::new(Function::Add(x(), constant(3.0))),
                    0.0,
                    6.0,
                )),
            )),
            constant(6.0),
        );
        assert_eq!(hard_swish.parts(), 8);
        let cases: [(Function, &[(f32, f32)]); 7] = [
            (
                hard_swish,
                &[(-4.0, 0.0), (-1.5, -0.375), (0.0, 0.0), (5.0, 5.0)],
            ),
            (
                Function::X.hard_sigmoid(0.25, 0.5),
                &[(-3.0, 0.0), (1.0, 0.75), (9.0, 1.0)],
            ),
            (Function::X.leaky_relu(0.5), &[(-3.0, -1.5), (2.0, 2.0)]),
            (
                Function::Sigmoid(x()),
                &[(0.0, 0.5), (-200.0, 0.0), (200.0, 1.0)],
            ),
            (Function::Tanh(x()), &[(0.0, 0.0), (90.0, 1.0)]),
            (
                Function::Subtract(constant(1.0), x()),
                &[(0.25, 0.75), (3.0, -2.0)],
            ),
            (Function::Clip(x(), 2.0, 1.0), &[(0.0, 1.0), (5.0, 1.0)]),
        ];
        for (function, points) in cases {
            for &(x, expected) in points {
                assert_eq!(function.at(x), expected, "{function:?} at {x}");
            }
        }
        // The bits of an exponential are the same everywhere.
        assert_eq!(Function::Sigmoid(x()).at(1.25).to_bits(), 0x3f46_fd20);
    }
}
