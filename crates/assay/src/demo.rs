//! The demo.
pub(crate) mod story;
