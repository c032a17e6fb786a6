//! Whether a quorum of validators made a header final.
//!
//! A vote signs, in the namespace `chain namespace ‖ "_FINALIZE"`, the proposal that simplex finalised:
//!
//! ```text
//! varint(epoch) ‖ varint(view) ‖ varint(parent view) ‖ block id (32 bytes)
//! ```
//!
//! where varint is LEB128, least significant seven bits first. Epoch and views stand in the header's
//! consensus context, so a header brings all that its votes sign.

use crate::Anchor;
use assay_types::{
    BlockId, ConsensusContext, DESCENDANTS_MAX, Finality, HEADER_VERSION, Header, List,
};

/// What simplex appends to the chain's namespace for votes that finalise.
const FINALIZE_SUFFIX: &[u8] = b"_FINALIZE";

/// Why votes do not make a header final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The header has a version that this program does not know.
    #[error("the header has version {version}, this program reads {HEADER_VERSION}; update it")]
    HeaderVersion {
        /// Its version.
        version: u8,
    },
    /// The parent of the header is not the one that consensus built on.
    #[error("header {block} names two different parents; no honest validator signs it")]
    TwoParents {
        /// The header.
        block: BlockId,
    },
    /// The headers above do not lead to the one that was signed.
    #[error("header {child} does not stand on {parent}; the proof was altered")]
    BrokenChain {
        /// The lower header.
        parent: BlockId,
        /// The header listed above it.
        child: BlockId,
    },
    /// Fewer votes than a quorum.
    #[error(
        "header {block} has {votes} votes, {quorum} of the anchor's validators are needed; ask for a complete proof"
    )]
    TooFewVotes {
        /// The header.
        block: BlockId,
        /// Its votes.
        votes: usize,
        /// What is needed.
        quorum: usize,
    },
    /// Votes out of order, or twice by the same validator.
    #[error(
        "the vote of validator {signer} is not above the one before it; no honest node lists votes so"
    )]
    VotesNotAscending {
        /// Who signed the later of the two.
        signer: u16,
    },
    /// A vote of nobody.
    #[error(
        "a vote names validator {signer}, the anchor has {validators}; check that the anchor is this chain's"
    )]
    UnknownSigner {
        /// Place that it names.
        signer: u16,
        /// Number of validators.
        validators: usize,
    },
    /// A signature that does not hold.
    #[error(
        "the vote of validator {signer} does not hold for header {block}; the proof was altered or is another chain's"
    )]
    BadVote {
        /// The header.
        block: BlockId,
        /// Whose vote.
        signer: u16,
    },
}

/// Checks that a quorum of the anchor's validators made `header` final. Every vote is checked, also those
/// beyond the quorum; cost: one signature each, at most [`assay_types::VALIDATORS_MAX`].
///
/// # Errors
/// [`CertificateError`] when they did not.
pub fn verify_header(
    anchor: &Anchor,
    header: &Header,
    finality: &Finality,
) -> Result<(), CertificateError> {
    check_shape(header)?;
    let (block, votes) = (header.id(), &finality.votes);
    let quorum = anchor.quorum();
    if votes.len() < quorum {
        let votes = votes.len();
        return Err(CertificateError::TooFewVotes {
            block,
            votes,
            quorum,
        });
    }
    if let Some(pair) = votes
        .windows(2)
        .find(|pair| pair[0].signer >= pair[1].signer)
    {
        let signer = pair[1].signer.get();
        return Err(CertificateError::VotesNotAscending { signer });
    }
    let namespace = [&anchor.chain().consensus_namespace(), FINALIZE_SUFFIX].concat();
    let message = proposal(&header.context, block);
    for vote in votes {
        let signer = vote.signer.get();
        let key = anchor.validators().get(usize::from(signer)).ok_or(
            CertificateError::UnknownSigner {
                signer,
                validators: anchor.validators().len(),
            },
        )?;
        if !key.verify(&namespace, &message, &vote.signature) {
            return Err(CertificateError::BadVote { block, signer });
        }
    }
    Ok(())
}

/// Checks that a quorum of the anchor's validators made `header` final, by votes of its own or by those of
/// the last of `descendants`, each of which stands on the one before. Cost as [`verify_header`].
///
/// # Errors
/// [`CertificateError`] when they did not.
pub fn verify_final(
    anchor: &Anchor,
    header: &Header,
    descendants: &List<Header, DESCENDANTS_MAX>,
    finality: &Finality,
) -> Result<(), CertificateError> {
    let mut last = header;
    for descendant in descendants {
        check_shape(last)?;
        let (parent, above) = (last.id(), last.height.next());
        if descendant.parent != parent || descendant.height != above {
            let child = descendant.id();
            return Err(CertificateError::BrokenChain { parent, child });
        }
        last = descendant;
    }
    verify_header(anchor, last, finality)
}

/// Checks what a header says about itself.
fn check_shape(header: &Header) -> Result<(), CertificateError> {
    if header.version != HEADER_VERSION {
        let version = header.version;
        return Err(CertificateError::HeaderVersion { version });
    }
    if header.context.parent != header.parent {
        let block = header.id();
        return Err(CertificateError::TwoParents { block });
    }
    Ok(())
}

/// What the validators signed.
fn proposal(context: &ConsensusContext, block: BlockId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(3 * 10 + 32);
    for number in [context.epoch, context.view, context.parent_view] {
        put_varint(&mut bytes, number);
    }
    bytes.extend_from_slice(block.as_bytes());
    bytes
}

pub(crate) fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    bytes.push(number as u8);
}
