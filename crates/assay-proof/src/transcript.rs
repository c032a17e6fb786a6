//! What both sides absorb before the first challenge, and the steps they take in the same way.

use crate::{
    commitment::Commitment,
    field::{Base, Challenger, Extension, Point, challenger, of_integer},
    outline::{HighTable, Layer, Outline, Rounding},
};
use assay_model::Tensor;
use p3_challenger::{CanObserve as _, FieldChallenger as _};
use p3_field::{PrimeCharacteristicRing as _, integers::QuotientMap as _};
use p3_multilinear_util::poly::Poly;

/// Separates this protocol's transcripts from all others; a change of the protocol changes it.
const DOMAIN: &[u8] = b"assay proof of inference v1";

/// The transcript of a statement: the model and its outline, how its weights are known, the input, the output.
pub fn begin(
    outline: &Outline,
    weights: Option<&Commitment>,
    input: &[i32],
    output: &[i32],
) -> Challenger {
    let mut transcript = challenger();
    absorb_bytes(&mut transcript, DOMAIN);
    absorb_bytes(&mut transcript, outline.model().as_bytes());
    absorb_layers(&mut transcript, outline.layers());
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

/// Every number that the protocol takes from the outline.
fn absorb_layers(transcript: &mut Challenger, layers: &[Layer]) {
    transcript.observe(Base::from_int(layers.len()));
    for layer in layers {
        let Layer {
            node,
            inputs,
            outputs,
            rounding,
        } = layer;
        for number in [node, inputs, outputs] {
            transcript.observe(Base::from_int(*number));
        }
        transcript.observe(Base::from_bool(rounding.is_some()));
        let Some(rounding) = rounding else { continue };
        let Rounding {
            shift,
            low,
            middle_bits,
            limbs,
            high: HighTable { below, bits },
        } = rounding;
        transcript.observe(of_integer(*low));
        transcript.observe(Base::from_int(*below));
        for number in [*shift, *middle_bits, *bits] {
            transcript.observe(Base::from_u8(number));
        }
        absorb_bytes(transcript, limbs);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(layers: &[Layer]) -> Extension {
        let mut transcript = challenger();
        absorb_layers(&mut transcript, layers);
        transcript.sample_algebra_element()
    }

    #[test]
    fn every_number_of_an_outline_is_absorbed() {
        let rounding = Rounding {
            shift: 12,
            low: 0,
            middle_bits: 7,
            limbs: vec![10, 2],
            high: HighTable { below: 7, bits: 4 },
        };
        let layer = Layer {
            node: 1,
            inputs: 2,
            outputs: 3,
            rounding: Some(rounding),
        };
        let changes: [fn(&mut Layer); 10] = [
            |layer| layer.node += 1,
            |layer| layer.inputs += 1,
            |layer| layer.outputs += 1,
            |layer| layer.rounding = None,
            |layer| layer.rounding.as_mut().unwrap().shift += 1,
            |layer| layer.rounding.as_mut().unwrap().low -= 1,
            |layer| layer.rounding.as_mut().unwrap().middle_bits += 1,
            |layer| layer.rounding.as_mut().unwrap().limbs.reverse(),
            |layer| layer.rounding.as_mut().unwrap().high.below += 1,
            |layer| layer.rounding.as_mut().unwrap().high.bits += 1,
        ];
        let original = sample(std::slice::from_ref(&layer));
        for (place, change) in changes.into_iter().enumerate() {
            let mut other = layer.clone();
            change(&mut other);
            assert_ne!(sample(&[other]), original, "change {place}");
        }
        assert_ne!(sample(&[layer.clone(), layer]), original);
    }
}
