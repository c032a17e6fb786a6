//! Proof files, as strangers send them: what decodes is canonical, and nothing panics on the way to a verdict.
#![no_main]

use assay_model::Program;
use assay_proof::{ProofFile, verify};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The program of the seed.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let bytes = include_bytes!("../seeds/program/every-operator");
    Program::from_bytes(bytes).expect("a valid program")
});

/// A file that holds. Its mode and its model id, after the version, are what the proof does not bind.
static HONEST: &[u8] = include_bytes!("../seeds/proof_file/every-operator");

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = ProofFile::from_bytes(bytes) else {
        return;
    };
    assert_eq!(file.to_bytes().expect("no longer than it was"), bytes);
    let holds = verify(&PROGRAM, &file.inputs, &file.outputs, &file.proof).is_ok();
    assert_eq!(holds, bytes[34..] == HONEST[34..], "only the honest proof holds");
});
