//! Execution: runs a program on a tensor, bit for bit the same on every machine.

mod elementwise;
mod kernels;
mod reference;

pub use reference::{ExecuteError, Executor};

#[cfg(test)]
mod tests;
