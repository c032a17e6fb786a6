//! State proofs, as strangers show them: what decodes is canonical, and nobody's key vouches for it.
#![no_main]

use assay_types::{SecretKey, encode};
use assay_verify::{Anchor, parse_state, verify_state};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = parse_state(bytes) {
        assert_eq!(encode(&proof), bytes);
        let validator = SecretKey::from_bytes(&[7; 32]).public_key();
        let anchor = Anchor::new(proof.chain, vec![validator]).expect("one validator");
        assert!(
            verify_state(&anchor, &proof).is_err(),
            "this validator never signed anything"
        );
    }
});
