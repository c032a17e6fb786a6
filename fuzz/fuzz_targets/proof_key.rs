//! Proof keys, as strangers register them: what decodes is canonical, and a verifier survives every one of them.
#![no_main]

use assay_model::{DType, Tensor, TensorData};
use assay_proof::{Proof, ProofKey, verify_committed};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// A proof of the program whose key is the seed.
static PROOF: LazyLock<Proof> = LazyLock::new(|| {
    let bytes = include_bytes!("../seeds/proof/every-operator");
    Proof::from_bytes(bytes).expect("a proof")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(key) = ProofKey::from_bytes(bytes) else {
        return;
    };
    assert_eq!(key.to_bytes().expect("no longer than it was"), bytes);
    let zeros = |value: &assay_model::program::ValueType| {
        let elements = value.shape.elements();
        let data = match value.dtype {
            DType::I8 => TensorData::I8(vec![0; elements]),
            DType::I16 => TensorData::I16(vec![0; elements]),
            DType::I32 => TensorData::I32(vec![0; elements]),
        };
        Tensor::new(value.shape.clone(), data).expect("as many elements as the shape has")
    };
    let (input, output) = (zeros(key.outline.input()), zeros(key.outline.output()));
    let refused = verify_committed(&key, &[input], &[output], &PROOF);
    assert!(refused.is_err(), "a proof with public weights is for no key");
});
