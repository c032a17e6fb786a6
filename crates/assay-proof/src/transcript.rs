//! What both sides absorb before the first challenge, and the steps they take in the same way.

use crate::{
    commitment::Commitment,
    field::{Base, Challenger, Extension, Point, challenger, of_integer},
    outline::Outline,
};
use assay_model::Tensor;
use p3_challenger::{CanObserve as _, FieldChallenger as _};
use p3_field::{PrimeCharacteristicRing as _, integers::QuotientMap as _};
use p3_multilinear_util::poly::Poly;

/// Separates this protocol's transcripts from all others; a change of the protocol changes it.
const DOMAIN: &[u8] = b"assay proof of inference v1";

/// The transcript of a statement: the model, how its weights are known, the input, the output.
pub fn begin(
    outline: &Outline,
    weights: Option<&Commitment>,
    input: &[i32],
    output: &[i32],
) -> Challenger {
    let mut transcript = challenger();
    absorb_bytes(&mut transcript, DOMAIN);
    absorb_bytes(&mut transcript, outline.model().as_bytes());
    transcript.observe(Base::from_bool(weights.is_some()));
    if let Some(root) = weights {
        transcript.observe(root.clone());
    }
    for numbers in [input, output] {
        transcript.observe(Base::from_int(numbers.len()));
        for number in numbers {
            transcript.observe(of_integer(i64::from(*number)));
        }
    }
    transcript
}

fn absorb_bytes(transcript: &mut Challenger, bytes: &[u8]) {
    transcript.observe(Base::from_int(bytes.len()));
    for byte in bytes {
        transcript.observe(Base::from_u8(*byte));
    }
}

/// A random point.
pub fn draw_point(transcript: &mut Challenger, variables: usize) -> Point {
    let coordinates = (0..variables).map(|_| transcript.sample_algebra_element());
    Point::new(coordinates.collect())
}

/// Absorbs claims.
pub fn absorb_claims(transcript: &mut Challenger, claims: &[Extension]) {
    for claim in claims {
        transcript.observe_algebra_element(*claim);
    }
}

/// The numbers of a tensor as a column, padded with zeros to `variables`.
pub fn column(numbers: &[i32], variables: usize) -> Poly<Base> {
    let mut column = vec![Base::ZERO; 1 << variables];
    for (element, number) in column.iter_mut().zip(numbers) {
        *element = of_integer(i64::from(*number));
    }
    Poly::new(column)
}

/// The elements of a tensor.
pub fn numbers(tensor: &Tensor) -> Vec<i32> {
    tensor.data().to_i32()
}
