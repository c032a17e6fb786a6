//! Anchors, as a node tells them: what parses says the same when it is written again.
#![no_main]

use assay_verify::Anchor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(anchor) = Anchor::parse(text) {
        assert_eq!(
            Anchor::parse(&anchor.to_text()).expect("its own text"),
            anchor
        );
    }
});
