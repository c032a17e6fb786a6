//! The sets that name instructions of one processor: the only unsafe code of this crate.
//!
//! A set is a token that only its `detect` makes, after asking the processor; so whoever holds one may
//! use its instructions. Which set runs changes no bit of any result, so asking the processor does not
//! make this crate less a function of its arguments.
//!
//! Three kinds of unsafe blocks occur: calling an intrinsic (the token proves that it exists), entering a
//! function compiled for more instructions (likewise), and vector loads and stores through pointers made
//! from references of exactly that many elements.

#![expect(
    unsafe_code,
    reason = "vector instructions have no safe form that is decided at run time"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;
