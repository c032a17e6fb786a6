//! The seeds of fuzzing are the vectors, as the decoders of today write them.

use crate::{
    groth16::{Key, Proof, Signals},
    risc0::{self, Release},
};

/// Without the first byte, which tells the fuzz target `foreign` whose bytes follow.
macro_rules! seed {
    ($decoder:literal, $name:literal) => {{
        let bytes = include_bytes!(concat!("../../../fuzz/seeds/foreign/", $name));
        assert_eq!(bytes[0], $decoder);
        &bytes[1..]
    }};
}

#[test]
fn seeds_are_honest() {
    let key = Key::from_snarkjs(seed!(0, "key-json")).expect("a key");
    let signals = Signals::from_snarkjs(seed!(1, "signals-json")).expect("signals");
    let proof = Proof::from_snarkjs(seed!(2, "proof-json")).expect("a proof");
    assert_eq!(key.to_bytes(), seed!(3, "key"));
    assert_eq!(signals.to_bytes(), seed!(4, "signals"));
    assert_eq!(proof.to_bytes(), seed!(5, "proof"));

    let program = risc0::Key::from_bytes(seed!(6, "program")).expect("a key");
    assert_eq!(program.release(), &Release::V3_0);
    let seal = risc0::Seal::from_bytes(seed!(7, "seal")).expect("a seal");
    let verdict = risc0::verify(&program, b"just a simple receipt", &seal);
    assert_eq!(verdict, Ok(()));
}
