//! Blocks, as peers send them: what decodes is canonical.
#![no_main]

use assay_types::{Block, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(block) = decode::<Block>(bytes) {
        assert_eq!(encode(&block), bytes);
    }
});
