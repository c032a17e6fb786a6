//! What a proof is about, and the verifier knows: inputs and outputs.

use crate::{
    field::{Base, Extension, Point, of_integer},
    frame::Frame,
    layout::{Layout, bits},
    links::PointClaim,
    outline::Place,
    verify::Refused,
};
use assay_model::Tensor;
use p3_field::PrimeCharacteristicRing as _;
use p3_multilinear_util::poly::Poly;

/// The elements of tensors.
pub fn numbers(tensors: &[Tensor]) -> Vec<Vec<i32>> {
    let tensors = tensors.iter();
    tensors.map(|tensor| tensor.data().to_i32()).collect()
}

/// Tensors of one layout on their cube, one inference after the other.
pub fn column(layout: &Layout, tensors: &[Vec<i32>]) -> Vec<Base> {
    let size = 1usize << layout.variables();
    let mut column = vec![Base::ZERO; size << bits(tensors.len() as u32)];
    let places = layout.places();
    for (own, numbers) in column.chunks_exact_mut(size).zip(tensors) {
        for (place, number) in places.iter().zip(numbers) {
            own[*place as usize] = of_integer(i64::from(*number));
        }
    }
    column
}

/// The values that a verifier evaluates itself.
pub struct Known<'a> {
    frame: Frame<'a>,
    input: Poly<Base>,
    output: Poly<Base>,
}

impl<'a> Known<'a> {
    /// Those of a statement, whose types the caller has checked.
    pub fn new(frame: &Frame<'a>, inputs: &[Vec<i32>], outputs: &[Vec<i32>]) -> Self {
        let layout = |value: usize| frame.outline.layout(value);
        Self {
            frame: *frame,
            input: Poly::new(column(layout(0), inputs)),
            output: Poly::new(column(layout(frame.outline.output_value()), outputs)),
        }
    }

    /// The output at a point.
    pub fn output_at(&self, point: &[Extension]) -> Extension {
        self.output.eval_base(&Point::new(point.to_vec()))
    }

    /// Checks the claims on what is known; the others remain.
    ///
    /// # Errors
    /// [`Refused::Known`].
    pub fn check(&self, claims: Vec<PointClaim>) -> Result<Vec<PointClaim>, Refused> {
        let outline = self.frame.outline;
        let mut remain = Vec::with_capacity(claims.len());
        for claim in claims {
            let (what, known) = match outline.place(claim.value) {
                Place::Cube(0) => {
                    let point = Point::new(claim.point.clone());
                    ("the input", self.input.eval_base(&point))
                }
                Place::Cube(source) if outline.known() == Some(*source) => {
                    ("the output", self.output_at(&claim.point))
                }
                _ => {
                    remain.push(claim);
                    continue;
                }
            };
            if known != claim.claim {
                return Err(Refused::Known { what });
            }
        }
        Ok(remain)
    }
}
