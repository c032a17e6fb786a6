//! Event streams, as a node sends them: the pieces in which they arrive do not matter.
#![no_main]

use assay_client::Parser;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = Parser::default();
    let expect = whole.push(bytes);
    let mut pieces = Parser::default();
    let mut messages = Vec::new();
    for piece in bytes.chunks(7) {
        match pieces.push(piece) {
            Ok(more) => messages.extend(more),
            Err(_) => return assert!(expect.is_err()),
        }
    }
    if let Ok(expect) = expect {
        assert_eq!(messages, expect);
    }
});
