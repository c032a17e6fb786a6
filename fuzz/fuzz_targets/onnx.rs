//! ONNX files, as sellers import them: refused with a reason, or a graph.
#![no_main]

use assay_model::onnx;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = onnx::parse(bytes) {
        assert!(!error.to_string().is_empty());
    }
});
