//! JSON tensors, as buyers hand them in.
#![no_main]

use assay_model::input::decode_json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tensor) = decode_json(bytes) {
        assert_eq!(tensor.data().len(), tensor.shape().elements());
    }
});
