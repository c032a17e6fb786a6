//! Tensor programs, as sellers fetch them: what decodes is canonical, valid, and runs without a fault.
#![no_main]

use assay_model::{Executor, Program, Tensor, TensorData};
use libfuzzer_sys::fuzz_target;

/// Longest run that is tried, so that the fuzzer stays fast.
const STEPS_RUN_MAX: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Ok(program) = Program::from_bytes(bytes) else {
        return;
    };
    assert_eq!(program.to_bytes(), bytes);
    if program.steps() <= STEPS_RUN_MAX {
        let input = program.input();
        let zeros = TensorData::zeros(input.dtype, input.shape.elements());
        let zeros =
            Tensor::new(input.shape.clone(), zeros).expect("as many elements as the shape has");
        let output = Executor::new(program)
            .run(&zeros)
            .expect("a valid program runs");
        assert_eq!(
            Tensor::from_bytes(&output.to_bytes()).expect("its own bytes"),
            output
        );
    }
});
