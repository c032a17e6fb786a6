//! Whether the ledger held a row, or none, after a final block.

use crate::{Anchor, CertificateError, ParseError, operation, parse, verify_final};
use assay_types::{
    BlockId, ChainId, Header, RowKey, STATE_PROOF_VERSION, StateEvidence, StateKey, StateProof,
};

/// Longest proof: a row takes at most 64 KiB, 65 headers 23 KiB, 256 votes 17 KiB, the path 2 KiB, and the
/// rest is room for later versions to be told apart from garbage.
pub const STATE_PROOF_BYTES_MAX: usize = 128 * 1024;

/// Tag of an operation that writes a row.
const OPERATION_UPDATE: u8 = 0xd2;

/// What a proof has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenRow<'proof> {
    /// Which row.
    pub key: RowKey,
    /// Its canonical value; `None` when the ledger held no such row.
    pub value: Option<&'proof [u8]>,
    /// The header of the block after which it was so. Its height and time say how fresh that is; the proof
    /// cannot say what later blocks did.
    pub header: &'proof Header,
}

/// Why a proof does not show what the anchor's chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The proof has a version that this program does not know.
    #[error(
        "the state proof has version {version}, this program reads {STATE_PROOF_VERSION}; update it"
    )]
    Version {
        /// The version.
        version: u8,
    },
    /// Another chain's ledger.
    #[error(
        "the state proof is of chain {given}, the anchor of {expected}; use that chain's anchor"
    )]
    WrongChain {
        /// The proof's chain.
        given: ChainId,
        /// The anchor's.
        expected: ChainId,
    },
    /// The row's place does not lie between the two keys that are shown.
    #[error(
        "the proof shows that nothing lies between keys {before} and {next}, the row would lie at {key}; the proof was altered"
    )]
    NotBetween {
        /// Where the row would lie.
        key: StateKey,
        /// The key before.
        before: StateKey,
        /// The key after.
        next: StateKey,
    },
    /// The operation does not lie under the header's state root.
    #[error("what the proof shows is not in the state of header {block}; the proof was altered")]
    NotInState {
        /// The header.
        block: BlockId,
    },
    /// A header is malformed, or the last one is not final.
    #[error("the headers of the state proof are not final on this chain")]
    NotFinal(#[from] CertificateError),
}

/// Reads the canonical bytes of a proof.
///
/// # Errors
/// [`ParseError`] for anything else; memory use is bounded by [`STATE_PROOF_BYTES_MAX`].
pub fn parse_state(bytes: &[u8]) -> Result<StateProof, ParseError> {
    parse("state proof", bytes, STATE_PROOF_BYTES_MAX)
}

/// Checks that the anchor's chain held this row, or none, after the proof's block. Costs one signature per
/// vote and some forty hashes.
///
/// # Errors
/// [`StateError`] when the proof does not show that; nothing in it is to be believed then.
pub fn verify_state<'proof>(
    anchor: &Anchor,
    proof: &'proof StateProof,
) -> Result<ProvenRow<'proof>, StateError> {
    let (key, header) = (proof.key, &proof.header);
    if proof.version != STATE_PROOF_VERSION {
        let version = proof.version;
        return Err(StateError::Version { version });
    }
    if proof.chain != anchor.chain() {
        let (given, expected) = (proof.chain, anchor.chain());
        return Err(StateError::WrongChain { given, expected });
    }
    let operation = match &proof.evidence {
        StateEvidence::Present { value, next } => {
            let row = [&key.row_prefix(), &value[..]].concat();
            update(&key.state_key(), &row, next)
        }
        StateEvidence::Absent { before, row, next } => {
            let (key, before, next) = (key.state_key(), *before, *next);
            if !lies_between(&before, &key, &next) {
                return Err(StateError::NotBetween { key, before, next });
            }
            update(&before, row, &next)
        }
    };
    if operation::state_root(header, &proof.path, &operation) != Some(header.state_root) {
        let block = header.id();
        return Err(StateError::NotInState { block });
    }
    verify_final(anchor, header, &proof.descendants, &proof.finality)?;
    Ok(ProvenRow {
        key,
        value: proof.value(),
        header,
    })
}

/// The operation that writes `row` at `key`: its tag, the key, the row behind its length, the key after it.
fn update(key: &StateKey, row: &[u8], next: &StateKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 32 + 3 + row.len() + 32);
    bytes.push(OPERATION_UPDATE);
    bytes.extend_from_slice(key.as_bytes());
    crate::put_varint(&mut bytes, row.len() as u64);
    bytes.extend_from_slice(row);
    bytes.extend_from_slice(next.as_bytes());
    bytes
}

/// Whether `key` lies after `before` and ahead of `next`, on the circle on which the first key follows the
/// last; the only key of a ledger follows itself.
fn lies_between(before: &StateKey, key: &StateKey, next: &StateKey) -> bool {
    if before < next {
        before < key && key < next
    } else {
        before < key || key < next
    }
}
