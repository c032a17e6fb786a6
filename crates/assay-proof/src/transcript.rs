//! What both sides absorb before the first challenge, and the steps they take in the same way.

use crate::{
    commitment::Commitment,
    field::{Base, Challenger, Extension, challenger},
    frame::Frame,
};
use assay_types::Hash32;
use p3_challenger::{CanObserve as _, FieldChallenger as _};
use p3_field::{PrimeCharacteristicRing as _, integers::QuotientMap as _};

/// Separates this protocol's transcripts from all others; a change of the protocol changes it.
const DOMAIN: &[u8] = b"assay proof of inference v3";

/// Domain of a statement's digest.
const STATEMENT_CONTEXT: &str = "assay proof statement v1";

/// The transcript of a statement: digests of the outline and of inputs and outputs, how the weights are known.
pub fn begin(
    frame: &Frame<'_>,
    weights: Option<&[Commitment]>,
    inputs: &[Vec<i32>],
    outputs: &[Vec<i32>],
) -> Challenger {
    let mut transcript = challenger();
    absorb_bytes(&mut transcript, DOMAIN);
    absorb_bytes(&mut transcript, frame.outline.digest().as_bytes());
    transcript.observe(Base::from_int(frame.samples()));
    transcript.observe(Base::from_bool(weights.is_some()));
    for root in weights.unwrap_or_default() {
        transcript.observe(root.clone());
    }
    absorb_bytes(&mut transcript, digest(inputs, outputs).as_bytes());
    transcript
}

/// A digest of all numbers of a statement, each list with its length.
fn digest(inputs: &[Vec<i32>], outputs: &[Vec<i32>]) -> Hash32 {
    let mut bytes = Vec::new();
    for numbers in inputs.iter().chain(outputs) {
        bytes.extend((numbers.len() as u64).to_le_bytes());
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
    Hash32::derive(STATEMENT_CONTEXT, &[&bytes])
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
