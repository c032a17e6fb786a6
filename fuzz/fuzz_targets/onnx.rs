//! ONNX files, as sellers import them: refused with a reason, or a graph.
#![no_main]

use assay_model::{Shape, onnx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let stated = Shape::new(&[3, 8, 8]).expect("a shape");
    for input in [None, Some(&stated)] {
        match onnx::parse_shaped(bytes, input) {
            Ok(graph) => assert!(input.is_none_or(|input| graph.input() == input)),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
