//! Whole receipts of the kind `Groth16`, in the bytes that `borsh` gives `risc0_zkvm::Receipt` of 5.0.0-rc.1.
//!
//! They are read and verified by RISC Zero's own code: a second opinion on [`verify`](super::verify), which needs
//! the [`Seal`] alone. Who holds a receipt and wants to show it to a ledger takes [`seal`].
//!
//! The kind is looked at before anything is decoded. Composite receipts nest without a limit, and the STARK's
//! verifier that they and succinct ones need panics on malformed seals. Fake ones prove nothing.

use super::{JOURNAL_BYTES_MAX, Key, Release, Seal};
use crate::{Part, Refused};
use risc0_zkvm::{
    Groth16ReceiptVerifierParameters, Receipt, VerifierContext,
    sha::{Digest, Digestible as _},
};

/// Longest receipt: the journal as public output and again in the claim, and digests around them.
pub const RECEIPT_BYTES_MAX: usize = 2 * JOURNAL_BYTES_MAX + 4 * 1024;

/// The kinds, in the order of their tags.
const KINDS: [&str; 4] = ["composite", "succinct", GROTH16, "fake"];
const GROTH16: &str = "groth16";

/// Checks that `receipt` proves that the key's program halted with success and wrote `journal`.
///
/// # Errors
/// [`Refused`], as [`verify`](super::verify) and [`seal`].
pub fn verify(key: &Key, journal: &[u8], receipt: &[u8]) -> Result<(), Refused> {
    let receipt = decode(receipt)?;
    if receipt.journal.bytes != journal {
        return Err(Refused::DoesNotHold);
    }
    let parameters = parameters(key.release());
    let found = selector(&receipt.inner.verifier_parameters());
    let trusted = selector(&parameters.digest());
    if found != trusted {
        return Err(Refused::Release { found, trusted });
    }
    // Development's mode, which an environment variable switches on, believes every fake receipt.
    let context = VerifierContext::empty().with_dev_mode(false);
    let context = context.with_groth16_verifier_parameters(parameters);
    receipt
        .verify_with_context(&context, *key.image())
        .map_err(|_| Refused::DoesNotHold)
}

/// The seal of a receipt. It is not verified.
///
/// # Errors
/// [`Refused::TooLong`], [`Refused::Kind`] and [`Refused::Malformed`] for the receipt, and what
/// [`Seal::from_bytes`] refuses.
pub fn seal(receipt: &[u8]) -> Result<Seal, Refused> {
    let receipt = decode(receipt)?;
    let inner = receipt
        .inner
        .groth16()
        .map_err(|error| Refused::Malformed {
            part: Part::Proof,
            reason: error.to_string(),
        })?;
    let selector = selector(&inner.verifier_parameters).to_be_bytes();
    Seal::from_bytes(&[selector.as_slice(), &inner.seal].concat())
}

fn decode(bytes: &[u8]) -> Result<Receipt, Refused> {
    let part = Part::Proof;
    if bytes.len() > RECEIPT_BYTES_MAX {
        return Err(Refused::TooLong {
            part,
            bytes: bytes.len(),
            most: RECEIPT_BYTES_MAX,
        });
    }
    let malformed = |reason: String| Refused::Malformed { part, reason };
    let kind = bytes.first().and_then(|tag| KINDS.get(usize::from(*tag)));
    match kind {
        Some(&GROTH16) => {}
        Some(kind) => return Err(Refused::Kind { kind }),
        None => return Err(malformed("it is of no kind that is known".to_owned())),
    }
    let receipt: Receipt =
        borsh::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let again = borsh::to_vec(&receipt).map_err(|error| malformed(error.to_string()))?;
    if again != bytes {
        return Err(malformed("it has another spelling".to_owned()));
    }
    Ok(receipt)
}

fn parameters(release: &Release) -> Groth16ReceiptVerifierParameters {
    Groth16ReceiptVerifierParameters {
        control_root: release.control_root.into(),
        bn254_control_id: release.identity.into(),
        ..Groth16ReceiptVerifierParameters::default()
    }
}

fn selector(parameters: &Digest) -> u32 {
    let [a, b, c, d, ..] = <[u8; 32]>::from(*parameters);
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests;
