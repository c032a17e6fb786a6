//! Honest proofs hold; whatever differs from one does not.

mod honest;
mod mutated;
mod networks;
mod seed;
