//! Whether a chain settled an order as a receipt says.

use crate::{Anchor, CertificateError, ParseError, parse, verify_final};
use assay_types::{
    BlockId, ChainId, Event, Height, LedgerTime, RECEIPT_VERSION, Receipt, ReceiptProof, encode,
};

/// Longest proof: 65 headers take 23 KiB, 256 votes 17 KiB, 32 payouts and the path 3 KiB, and the rest is
/// room for later versions to be told apart from garbage.
pub const RECEIPT_PROOF_BYTES_MAX: usize = 64 * 1024;

/// Why a proof does not show that the anchor's chain settled an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Proof or receipt have a version that this program does not know.
    #[error("the receipt has version {version}, this program reads {RECEIPT_VERSION}; update it")]
    Version {
        /// The version.
        version: u8,
    },
    /// Another chain's receipt.
    #[error("the receipt is of chain {given}, the anchor of {expected}; use that chain's anchor")]
    WrongChain {
        /// The receipt's chain.
        given: ChainId,
        /// The anchor's.
        expected: ChainId,
    },
    /// The receipt says another height than its header.
    #[error(
        "the receipt was closed at height {receipt}, its header is of {header}; the proof was altered"
    )]
    WrongHeight {
        /// What the receipt says.
        receipt: Height,
        /// What the header says.
        header: Height,
    },
    /// The receipt says another time than its header.
    #[error(
        "the receipt was closed at {receipt}, its header is of {header}; the proof was altered"
    )]
    WrongTime {
        /// What the receipt says.
        receipt: LedgerTime,
        /// What the header says.
        header: LedgerTime,
    },
    /// The receipt is not among the events of its header.
    #[error("the receipt is not among the events of header {block}; the proof was altered")]
    NotInBlock {
        /// The header.
        block: BlockId,
    },
    /// A header is malformed, or the last one is not final.
    #[error("the headers of the receipt are not final on this chain")]
    NotFinal(#[from] CertificateError),
}

/// Reads the canonical bytes of a proof.
///
/// # Errors
/// [`ParseError`] for anything else; memory use is bounded by [`RECEIPT_PROOF_BYTES_MAX`].
pub fn parse_receipt(bytes: &[u8]) -> Result<ReceiptProof, ParseError> {
    parse("receipt proof", bytes, RECEIPT_PROOF_BYTES_MAX)
}

/// Checks that the anchor's chain closed an order with this receipt, and returns it.
///
/// # Errors
/// [`VerifyError`] when the proof does not show that; nothing in the receipt is to be believed then.
pub fn verify_receipt<'proof>(
    anchor: &Anchor,
    proof: &'proof ReceiptProof,
) -> Result<&'proof Receipt, VerifyError> {
    let (receipt, header) = (&proof.receipt, &proof.header);
    if let Some(version) = [proof.version, receipt.version]
        .into_iter()
        .find(|version| *version != RECEIPT_VERSION)
    {
        return Err(VerifyError::Version { version });
    }
    if receipt.chain != anchor.chain() {
        let (given, expected) = (receipt.chain, anchor.chain());
        return Err(VerifyError::WrongChain { given, expected });
    }
    if receipt.height != header.height {
        let (receipt, header) = (receipt.height, header.height);
        return Err(VerifyError::WrongHeight { receipt, header });
    }
    if receipt.closed_at != header.time {
        let (receipt, header) = (receipt.closed_at, header.time);
        return Err(VerifyError::WrongTime { receipt, header });
    }
    let event = Event::Closed {
        receipt: receipt.clone().into(),
    };
    if proof.path.root(&encode(&event)) != Some(header.event_root) {
        let block = header.id();
        return Err(VerifyError::NotInBlock { block });
    }
    verify_final(anchor, header, &proof.descendants, &proof.finality)?;
    Ok(receipt)
}
