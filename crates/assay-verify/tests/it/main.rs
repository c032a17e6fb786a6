//! Proofs signed by Commonware's own scheme, verified by this crate, and refused once altered.

mod anchor;
mod bytes;
mod certificate;
mod committee;
mod frozen;
mod log;
mod receipt;
mod state;
