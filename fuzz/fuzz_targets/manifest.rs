//! Model manifests, as buyers fetch them: what decodes is canonical and has a JSON view.
#![no_main]

use assay_model::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::from_bytes(bytes) {
        assert_eq!(manifest.to_bytes(), bytes);
        assert!(!manifest.view().to_json().is_empty());
    }
});
