//! What both sides absorb before the first challenge, and the steps they take in the same way.

use crate::{
    commitment::Commitment,
    field::{Base, Challenger, Extension, challenger, of_integer},
    frame::Frame,
};
use p3_challenger::{CanObserve as _, FieldChallenger as _};
use p3_field::{PrimeCharacteristicRing as _, integers::QuotientMap as _};

/// Separates this protocol's transcripts from all others; a change of the protocol changes it.
const DOMAIN: &[u8] = b"assay proof of inference v2";

/// The transcript of a statement: the outline by its digest, how its weights are known, the inputs, the outputs.
pub fn begin(
    frame: &Frame<'_>,
    weights: Option<&Commitment>,
    inputs: &[Vec<i32>],
    outputs: &[Vec<i32>],
) -> Challenger {
    let mut transcript = challenger();
    absorb_bytes(&mut transcript, DOMAIN);
    absorb_bytes(&mut transcript, frame.outline.digest().as_bytes());
    transcript.observe(Base::from_int(frame.samples()));
    transcript.observe(Base::from_bool(weights.is_some()));
    if let Some(root) = weights {
        transcript.observe(root.clone());
    }
    for tensors in [inputs, outputs] {
        for numbers in tensors {
            transcript.observe(Base::from_int(numbers.len()));
            for number in numbers {
                transcript.observe(of_integer(i64::from(*number)));
            }
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
pub fn draw_point(transcript: &mut Challenger, variables: usize) -> Vec<Extension> {
    let coordinates = (0..variables).map(|_| transcript.sample_algebra_element());
    coordinates.collect()
}

/// Absorbs claims.
pub fn absorb_claims(transcript: &mut Challenger, claims: &[Extension]) {
    for claim in claims {
        transcript.observe_algebra_element(*claim);
    }
}
