//! Encoded content, as other stores send it: nothing but the content itself ever comes out.
#![no_main]

use std::sync::LazyLock;

use assay_content::{Decoder, encode};
use assay_types::ContentId;
use libfuzzer_sys::fuzz_target;

/// Three groups, so that the tree has two levels.
static CONTENT: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..40_000_u32).map(|n| (n % 251) as u8).collect());
static ENCODED: LazyLock<Vec<u8>> = LazyLock::new(|| encode(&CONTENT, 0));

fuzz_target!(|input: (u16, Vec<u8>)| {
    // The sound encoding, with the fuzzer's bytes written over it from some place on, or put behind it.
    let (at, bytes) = input;
    let at = usize::from(at).min(ENCODED.len());
    let mut encoded = ENCODED[..at].to_vec();
    encoded.extend_from_slice(&bytes);
    encoded.extend_from_slice(ENCODED.get(encoded.len()..).unwrap_or_default());
    let mut decoder = Decoder::new(ContentId::of(&CONTENT), 1 << 20, 0);
    let mut rest = &encoded[..];
    let mut end = 0;
    loop {
        match decoder.read(&mut rest) {
            Ok(Some(group)) => {
                assert_eq!(group.offset as usize, end);
                assert_eq!(group.bytes, CONTENT[end..end + group.bytes.len()]);
                end += group.bytes.len();
            }
            Ok(None) => break,
            Err(_) => return assert_ne!(encoded, *ENCODED),
        }
    }
    assert_eq!(decoder.finish().is_ok(), encoded == *ENCODED);
});
