//! The encoding in which content travels, and the decoder that checks it while it arrives.
//!
//! ```text
//! encoded(id, from) = size: u64 little endian, then in pre-order each part of the tree that is needed:
//!                     an inner node as its children's 64 bytes of hashes, a group as its bytes
//! ```
//!
//! These are the bytes that `bao-tree` and iroh's blobs produce for groups of 16 KiB. The size is a claim until the
//! last group has passed its check, which is why the last group is always sent; what came before it was checked at
//! its place all the same.
use assay_types::ContentId;
use bytes::Bytes;

use crate::tree::{self, Mismatch, NODE_BYTES, Part, TreeHasher, Verifier};

/// Bytes of the size at the beginning.
pub const HEADER_BYTES: usize = 8;

/// Bytes of the encoding of a content of `size` bytes from the group of byte `from` on.
pub fn encoded_len(size: u64, from: u64) -> u64 {
    let size = size.min(tree::SIZE_MAX);
    let skipped = tree::first_group(size, from);
    // Of the nodes, those are left out that lie wholly before the first group: one fewer than the groups skipped,
    // for each whole subtree among them.
    let groups_skipped = skipped / tree::GROUP_BYTES as u64;
    let nodes_skipped = groups_skipped - u64::from(groups_skipped.count_ones());
    let nodes = tree::group_count(size) - 1 - nodes_skipped;
    HEADER_BYTES as u64 + nodes * NODE_BYTES as u64 + (size - skipped)
}

/// Encodes bytes that are at hand. The store streams larger contents from the disk.
pub fn encode(content: &[u8], from: u64) -> Vec<u8> {
    let mut hasher = TreeHasher::new();
    hasher.update(content);
    let tree = hasher.finish();
    let mut encoded = Vec::with_capacity(encoded_len(tree.size, from) as usize);
    encoded.extend_from_slice(&header(tree.size));
    let mut walk = Verifier::new(tree.id, tree.size, from);
    while let Some(part) = walk.wanted() {
        let bytes = match part {
            Part::Node { index } => &tree.nodes[index as usize * NODE_BYTES..][..NODE_BYTES],
            Part::Group { offset, len } => &content[offset as usize..][..len],
        };
        if walk.accept(bytes).is_err() {
            unreachable!("the tree was built from this content");
        }
        encoded.extend_from_slice(bytes);
    }
    encoded
}

pub(crate) fn header(size: u64) -> [u8; HEADER_BYTES] {
    size.to_le_bytes()
}

/// Verified bytes and their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Offset of the first byte in the content.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// Why an encoding was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It claims more bytes than the receiver takes.
    #[error(
        "content {id} claims {claimed} bytes, more than the {limit} that are taken; ask for it with a larger limit"
    )]
    TooLarge {
        /// What was asked for.
        id: ContentId,
        /// The size at its beginning.
        claimed: u64,
        /// The receiver's limit.
        limit: u64,
    },
    /// Bytes are not the content's. Whoever sent them is broken or lies.
    #[error("content {id}: {mismatch}; ask another source")]
    Mismatch {
        /// What was asked for.
        id: ContentId,
        /// Where.
        mismatch: Mismatch,
    },
    /// Bytes follow the last part.
    #[error("content {id}: {bytes} bytes follow its end; ask another source")]
    Trailing {
        /// What was asked for.
        id: ContentId,
        /// How many were seen.
        bytes: usize,
    },
    /// It ended early. What was verified stays good.
    #[error(
        "content {id} ended before byte {verified} was followed by the rest; ask again from there"
    )]
    Truncated {
        /// What was asked for.
        id: ContentId,
        /// End of the verified bytes.
        verified: u64,
    },
}

/// Checks an encoding while it arrives: encoded bytes go in, in pieces of any size; verified groups come out.
///
/// Holds at most one group and one path of hashes. After an error it is of no further use.
#[derive(Debug)]
pub struct Decoder {
    id: ContentId,
    limit: u64,
    from: u64,
    verified: u64,
    /// Bytes of the part that is not complete yet.
    pending: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    Header,
    Parts { size: u64, verifier: Verifier },
}

impl Decoder {
    /// For the encoding of `id` from the group of byte `from` on, refused when it claims more than `limit` bytes.
    pub fn new(id: ContentId, limit: u64, from: u64) -> Self {
        let verified = 0;
        Self {
            id,
            limit,
            from,
            verified,
            pending: Vec::new(),
            state: State::Header,
        }
    }

    /// Takes bytes from the front of `input` until a group is verified or the input is used up. Call it again while
    /// it returns groups.
    ///
    /// # Errors
    /// [`DecodeError`] at the first part that is not the content's, at a claimed size above the limit, and at bytes
    /// that follow the end.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Group>, DecodeError> {
        let id = self.id;
        loop {
            let (wanted, part) = match &self.state {
                State::Header => (HEADER_BYTES, None),
                State::Parts { verifier, .. } => match verifier.wanted() {
                    Some(part) => (part.len(), Some(part)),
                    None if input.is_empty() => return Ok(None),
                    None => {
                        return Err(DecodeError::Trailing {
                            id,
                            bytes: input.len(),
                        });
                    }
                },
            };
            let (now, later) = input.split_at(input.len().min(wanted - self.pending.len()));
            *input = later;
            self.pending.extend_from_slice(now);
            if self.pending.len() < wanted {
                return Ok(None);
            }
            match (&mut self.state, part) {
                (State::Parts { verifier, .. }, Some(part)) => {
                    verifier
                        .accept(&self.pending)
                        .map_err(|mismatch| DecodeError::Mismatch { id, mismatch })?;
                    if let Part::Group { offset, len } = part {
                        let bytes = Bytes::from(std::mem::take(&mut self.pending));
                        self.verified = offset + len as u64;
                        return Ok(Some(Group { offset, bytes }));
                    }
                }
                (state, _) => {
                    let mut header = [0; HEADER_BYTES];
                    header.copy_from_slice(&self.pending);
                    let size = u64::from_le_bytes(header);
                    let limit = self.limit.min(tree::SIZE_MAX);
                    if size > limit {
                        return Err(DecodeError::TooLarge {
                            id,
                            claimed: size,
                            limit,
                        });
                    }
                    self.verified = tree::first_group(size, self.from);
                    *state = State::Parts {
                        size,
                        verifier: Verifier::new(id, size, self.from),
                    };
                }
            }
            self.pending.clear();
        }
    }

    /// The claimed size, once it has arrived; proven when [`Self::finish`] succeeds.
    pub const fn size(&self) -> Option<u64> {
        match self.state {
            State::Header => None,
            State::Parts { size, .. } => Some(size),
        }
    }

    /// Whether everything has arrived and passed.
    pub fn is_complete(&self) -> bool {
        matches!(&self.state, State::Parts { verifier, .. } if verifier.wanted().is_none())
    }

    /// Ends the transfer and returns the proven size.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when parts are missing.
    pub fn finish(self) -> Result<u64, DecodeError> {
        match self.state {
            State::Parts { size, ref verifier } if verifier.wanted().is_none() => Ok(size),
            _ => Err(DecodeError::Truncated {
                id: self.id,
                verified: self.verified,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
