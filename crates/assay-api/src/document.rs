//! The document of the interface: OpenAPI 3.1, generated from the views and from the operations listed in
//! [`operations`], and compared with the checked-in file by a test.
//!
//! It exists in tests only, so nobody who uses this crate compiles the generator. How to add an endpoint:
//! docs/guides/adding-an-endpoint.md.

mod build;
mod operations;
mod spellings;

use crate::OPENAPI;

/// The file is what the code says; `ASSAY_WRITE_FIXTURES=1` writes it anew.
#[test]
fn the_document_is_checked_in() {
    let mut text = serde_json::to_string_pretty(&build::document(operations::all())).unwrap();
    text.push('\n');
    if std::env::var_os("ASSAY_WRITE_FIXTURES").is_some() {
        std::fs::write("openapi.json", text).unwrap();
        return;
    }
    let differs = OPENAPI
        .lines()
        .zip(text.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new);
    assert!(
        OPENAPI == text,
        "openapi.json is not what the code says, first at {differs:?}; look at the change and write it \
         anew with ASSAY_WRITE_FIXTURES=1 cargo test -p assay-api"
    );
}

/// Every path of [`crate::paths`] is documented, and nothing else.
#[test]
fn every_path_is_documented() {
    let source = include_str!("paths.rs");
    let mut declared: Vec<&str> = source
        .lines()
        .filter(|line| line.starts_with("pub const "))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    declared.sort_unstable();
    let operations = operations::all();
    let mut documented: Vec<&str> = operations.iter().map(|operation| operation.path).collect();
    documented.sort_unstable();
    documented.dedup();
    assert_eq!(declared, documented);
}

/// A path's holes are its parameters, ids are unique, and what refuses says why.
#[test]
fn operations_are_complete() {
    let operations = operations::all();
    let mut ids: Vec<&str> = operations.iter().map(|operation| operation.id).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    for operation in &operations {
        let holes: Vec<&str> = operation
            .path
            .split('{')
            .skip(1)
            .filter_map(|part| part.split('}').next())
            .collect();
        assert_eq!(holes, operation.holes(), "{}", operation.path);
        assert!(operation.summary.ends_with('.'), "{}", operation.path);
        assert!(operation.answers_ok(), "{}", operation.path);
    }
}
