//! Proof files: one spelling, read back as written, and whatever else is refused without a panic.

use crate::networks::{input, program};
use assay_proof::{ProofFile, ProofFileError, WeightsMode, verify};
use assay_prover::prove;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// Changed files of one run.
const CHANGES: usize = 2_000;
/// Random files of one run.
const RANDOM: usize = 20_000;

fn file(samples: usize) -> (assay_model::Program, ProofFile) {
    let mut rng = StdRng::seed_from_u64(7);
    let program = program(&mut rng);
    let inputs: Vec<_> = (0..samples).map(|_| input(&program, &mut rng)).collect();
    let proven = prove(&program, &inputs).unwrap();
    let file = ProofFile {
        weights: WeightsMode::Public,
        model: program.model_id(),
        inputs,
        outputs: proven.outputs,
        proof: proven.proof,
    };
    (program, file)
}

#[test]
fn what_is_written_is_read_and_holds() {
    let (program, file) = file(3);
    let bytes = file.to_bytes().unwrap();
    let read = ProofFile::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes().unwrap(), bytes);
    assert_eq!((read.weights, read.model), (file.weights, file.model));
    assert_eq!((&read.inputs, &read.outputs), (&file.inputs, &file.outputs));
    verify(&program, &read.inputs, &read.outputs, &read.proof).unwrap();
}

#[test]
fn ends_heads_and_counts_are_checked() {
    let (_, mut file) = file(2);
    let bytes = file.to_bytes().unwrap();
    for length in (0..200).chain([bytes.len() / 2, bytes.len() - 1]) {
        let read = ProofFile::from_bytes(&bytes[..length]).err();
        let read = read.expect("a part of a file is none");
        assert!(matches!(read, ProofFileError::Truncated { .. }), "{read}");
    }
    let longer = [&bytes[..], &[0]].concat();
    let read = ProofFile::from_bytes(&longer).err();
    assert!(matches!(read, Some(ProofFileError::Trailing { bytes: 1 })));
    for (place, byte, expected) in [
        (0, 2, "version 2"),
        (1, 2, "neither public nor committed"),
        (34, 2, "1 to 256 inferences"),
        (35, 0, "1 to 256 inferences"),
        (39, 1, "no tensor"),
    ] {
        let mut changed = bytes.clone();
        changed[place] = byte;
        let read = ProofFile::from_bytes(&changed).err();
        let read = read.expect("a changed head is refused").to_string();
        assert!(read.contains(expected), "{read}");
    }
    file.outputs.pop();
    assert!(matches!(
        file.to_bytes().err(),
        Some(ProofFileError::Samples { .. })
    ));
}

#[test]
fn changed_and_random_bytes_are_refused_or_do_not_hold() {
    let (program, file) = file(2);
    let bytes = file.to_bytes().unwrap();
    let mut rng = StdRng::seed_from_u64(8);
    let (mut read, mut head) = (0, 0);
    for _ in 0..CHANGES {
        let mut changed = bytes.clone();
        // Half of the changes hit the statement, which is short.
        let end = if rng.random_bool(0.5) {
            256
        } else {
            bytes.len()
        };
        let place = rng.random_range(0..end);
        changed[place] ^= rng.random_range(1..=255u8);
        let Ok(file) = ProofFile::from_bytes(&changed) else {
            continue;
        };
        read += 1;
        assert_eq!(file.to_bytes().unwrap(), changed, "one spelling");
        let holds = verify(&program, &file.inputs, &file.outputs, &file.proof).is_ok();
        let is_head = (1..34).contains(&place);
        head += usize::from(is_head);
        assert_eq!(holds, is_head, "byte {place}");
        assert!(
            !is_head || file.weights != WeightsMode::Public || file.model != program.model_id()
        );
    }
    assert!(read > 100 && head > 10, "{read} files could be read");
    for _ in 0..RANDOM {
        let mut bytes: Vec<u8> = (0..rng.random_range(0..200))
            .map(|_| rng.random())
            .collect();
        for (byte, known) in bytes.iter_mut().zip([1, 0]) {
            *byte = known;
        }
        assert!(ProofFile::from_bytes(&bytes).is_err());
    }
}
