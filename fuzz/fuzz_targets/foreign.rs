//! Foreign proofs, as strangers show them: what decodes is canonical, and nothing proves what is false.
#![no_main]

use assay_foreign::{
    Refused,
    groth16::{self, Key, Proof, Signals},
    risc0::{self, Seal},
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// That there is a product equal to 33, and 34 in its place; the proof that is a seed is of 33.
static STATEMENT: LazyLock<(Key, Signals)> = LazyLock::new(|| {
    let key = Key::from_bytes(&include_bytes!("../seeds/foreign/key")[1..]);
    let signals = Signals::from_snarkjs(b"[\"34\"]");
    (key.expect("a key"), signals.expect("a signal"))
});

/// A program whose seal is a seed, with a journal that it never wrote.
static PROGRAM: LazyLock<risc0::Key> = LazyLock::new(|| {
    let key = risc0::Key::from_bytes(&include_bytes!("../seeds/foreign/program")[1..]);
    key.expect("a key")
});

/// What the seed's program never wrote.
const JOURNAL: &[u8] = b"just another receipt";

fuzz_target!(|bytes: &[u8]| {
    let Some((decoder, bytes)) = bytes.split_first() else {
        return;
    };
    match decoder {
        0 => {
            if let Ok(key) = Key::from_snarkjs(bytes) {
                assert_eq!(Key::from_bytes(&key.to_bytes()), Ok(key));
            }
        }
        1 => {
            if let Ok(signals) = Signals::from_snarkjs(bytes) {
                assert_eq!(Signals::from_bytes(&signals.to_bytes()), Ok(signals));
            }
        }
        2 => {
            if let Ok(proof) = Proof::from_snarkjs(bytes) {
                assert_eq!(Proof::from_bytes(&proof.to_bytes()).as_ref(), Ok(&proof));
                refute(&proof);
            }
        }
        3 => {
            if let Ok(key) = Key::from_bytes(bytes) {
                assert_eq!(key.to_bytes(), bytes);
            }
        }
        4 => {
            if let Ok(signals) = Signals::from_bytes(bytes) {
                assert_eq!(signals.to_bytes(), bytes);
            }
        }
        5 => {
            if let Ok(proof) = Proof::from_bytes(bytes) {
                assert_eq!(proof.to_bytes(), bytes);
                refute(&proof);
            }
        }
        6 => {
            if let Ok(key) = risc0::Key::from_bytes(bytes) {
                assert_eq!(key.to_bytes(), bytes);
            }
        }
        7 => {
            if let Ok(seal) = Seal::from_bytes(bytes) {
                assert_eq!(seal.to_bytes(), bytes);
                assert!(risc0::verify(&PROGRAM, JOURNAL, &seal).is_err());
            }
        }
        _ => {}
    }
});

fn refute(proof: &Proof) {
    let (key, signals) = &*STATEMENT;
    assert_eq!(
        groth16::verify(key, signals, proof),
        Err(Refused::DoesNotHold)
    );
}
