//! Frozen formats.
