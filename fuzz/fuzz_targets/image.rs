//! PNG images, as buyers hand them in.
#![no_main]

use assay_model::input::{IMAGE_PIXELS_MAX, decode_png};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(image) = decode_png(bytes) {
        let pixels = u64::from(image.width()) * u64::from(image.height());
        assert!(pixels <= IMAGE_PIXELS_MAX as u64);
        assert_eq!(
            image.pixels().len() as u64,
            pixels * u64::from(image.channels())
        );
    }
});
