//! The one binary of Assay.
fn main() {}
