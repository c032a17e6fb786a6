//! Honest proofs hold; whatever differs from one does not.

mod differential;
mod file;
mod honest;
mod mutated;
mod networks;
mod observed;
mod seed;
