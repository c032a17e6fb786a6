//! A whole node through its handle, in this process and in processes that are killed.

mod handle;
mod kill;
mod people;
mod proofs;
