//! NumPy archives, as buyers hand them in.
#![no_main]

use assay_model::{Input, input::decode_npz};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in [None, Some("x")] {
        if let Ok(Input::Reals(tensor)) = decode_npz(bytes, name) {
            assert_eq!(tensor.data().len(), tensor.shape().elements());
        }
    }
});
