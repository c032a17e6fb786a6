//! The document of the interface: OpenAPI 3.1, generated from the views and from the operations listed in
//! [`operations`], compared with the checked-in file by a test.
//!
//! It exists in tests only, so nobody who uses this crate compiles the generator.

mod spellings;
