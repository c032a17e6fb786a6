//! NumPy arrays, as buyers hand them in.
#![no_main]

use assay_model::{Input, input::decode_npy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Input::Reals(tensor)) = decode_npy(bytes) {
        assert_eq!(tensor.data().len(), tensor.shape().elements());
    }
});
