//! Conformance of the mechanisms: upstream's vectors, and a plain second implementation of each.

mod plain_synthesis;
mod plain_yuma;
mod synthesis;
mod yuma;

/// Random topics that are compared with the plain implementations: a few, or as many as `ASSAY_TOPICS` says.
#[expect(clippy::disallowed_methods, reason = "a test is told how long to run")]
fn topics() -> u64 {
    match std::env::var("ASSAY_TOPICS") {
        Ok(count) => count.parse().expect("ASSAY_TOPICS is a number"),
        Err(_) => 300,
    }
}
