//! The sets that name instructions of one processor: the only unsafe code of this crate.
//!
//! A set is a token that only its `detect` makes, after asking the processor; so whoever holds one may
//! use its instructions. Which set runs changes no bit of any result, so asking the processor does not
//! make this crate less a function of its arguments.
//!
//! Four kinds of unsafe code occur: calling an intrinsic (the token proves that it exists), entering a
//! function compiled for more instructions (likewise), vector loads and stores through pointers made
//! from references of exactly that many elements, and [`pieces`], which checks many bounds at once.
//!
//! Under a fuzzer the widest set is left out: instrumented, it takes a compiler longer than the fuzzing.

#![expect(
    unsafe_code,
    reason = "vector instructions have no safe form that is decided at run time"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "x86_64", not(fuzzing)))]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(all(target_arch = "x86_64", not(fuzzing)))]
pub(crate) use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;

/// `P` sequences of `steps` pieces of `N` elements, of which the beginnings lie `distance` elements apart.
///
/// # Panics
/// If the last one, or any, would end outside `x`.
#[inline(always)]
pub(crate) fn pieces<X, const N: usize, const P: usize>(
    x: &[X],
    distance: usize,
    steps: usize,
) -> [&[[X; N]]; P] {
    let reach = (P - 1).checked_mul(distance).zip(steps.checked_mul(N));
    let reach = reach.and_then(|(last, length)| last.checked_add(length));
    assert!(reach.is_some_and(|reach| reach <= x.len()));
    let mut found: [&[[X; N]]; P] = [&[]; P];
    for (p, found) in found.iter_mut().enumerate() {
        // SAFETY: `p` is at most `P − 1`, so this sequence of `steps · N` elements ends no later than the
        // last one, which ends inside `x`; an array of elements is aligned like one element.
        *found = unsafe {
            let start = x.as_ptr().add(p * distance);
            std::slice::from_raw_parts(start.cast(), steps)
        };
    }
    found
}
