//! Signed transactions, as a mempool gets them: what decodes is canonical, and checking its signature is safe.
#![no_main]

use assay_types::{Transaction, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(transaction) = decode::<Transaction>(bytes) {
        assert_eq!(encode(&transaction), bytes);
    }
});
