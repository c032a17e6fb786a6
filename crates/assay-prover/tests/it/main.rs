//! Honest proofs hold; whatever differs from one does not.

mod differential;
mod honest;
mod mutated;
mod networks;
mod seed;
