//! What validators and miners send each other, and miners' addresses: what decodes is canonical, checking it is safe.
#![no_main]

use assay_types::{MinerAddress, SignedAnswer, SignedAsk, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(ask) = decode::<SignedAsk>(bytes) {
        assert_eq!(encode(&ask), bytes);
        let _ = ask.signature_holds();
    }
    if let Ok(answer) = decode::<SignedAnswer>(bytes) {
        assert_eq!(encode(&answer), bytes);
    }
    if let Ok(address) = decode::<MinerAddress>(bytes) {
        assert_eq!(encode(&address), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(address) = text.parse::<MinerAddress>()
    {
        assert_eq!(address.as_str(), text);
        assert_eq!(
            decode::<MinerAddress>(&encode(&address)).expect("its own bytes"),
            address
        );
    }
});
