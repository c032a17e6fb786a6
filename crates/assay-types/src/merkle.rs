//! A binary BLAKE3 Merkle tree over the leaves of one block (transactions, events).
//!
//! leaf = H("…leaf v1", bytes), node = H("…node v1", left ‖ right), root = H("…root v1", count ‖ top).
//! An odd node at the end of a level rises unchanged. Because the root binds the count, a path has
//! exactly one valid length and shape, so no leaf can be shown at two places.
//! Source: RFC 6962 for the separation of leaves from nodes; the count replaces its split rule.

use crate::{Hash32, List, codec::wire_struct, id::Domain};
use commonware_codec::Write;

/// Longest path: a block holds fewer than 2³² leaves.
pub const PATH_LENGTH_MAX: usize = 32;

/// What shows that a leaf is at `index` among `count` leaves under a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerklePath {
    /// Place of the leaf, from 0.
    pub index: u32,
    /// Number of leaves.
    pub count: u32,
    /// Sibling hashes from the leaf upwards.
    pub siblings: List<Hash32, PATH_LENGTH_MAX>,
}
wire_struct!(MerklePath {
    index,
    count,
    siblings
});

fn leaf_hash(bytes: &[u8]) -> Hash32 {
    static DOMAIN: Domain = Domain::new("assay merkle leaf v1");
    DOMAIN.hash(&[bytes])
}

fn node_hash(left: &Hash32, right: &Hash32) -> Hash32 {
    static DOMAIN: Domain = Domain::new("assay merkle node v1");
    DOMAIN.hash(&[left.as_bytes(), right.as_bytes()])
}

fn root_hash(count: u32, top: &Hash32) -> Hash32 {
    Hash32::derive(
        "assay merkle root v1",
        &[&count.to_be_bytes(), top.as_bytes()],
    )
}

fn count_of<T>(leaves: &[T]) -> u32 {
    u32::try_from(leaves.len()).expect("a block of bounded bytes holds fewer than 2^32 leaves")
}

fn level_above(level: &[Hash32]) -> Vec<Hash32> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node_hash(left, right),
            single => single[0],
        })
        .collect()
}

/// The root over `leaves`, given as canonical bytes. The root of no leaves is that of one zero top.
pub fn merkle_root<T: AsRef<[u8]>>(leaves: &[T]) -> Hash32 {
    root_of(leaves.iter().map(|leaf| leaf_hash(leaf.as_ref())).collect())
}

/// The root over the canonical bytes of `leaves`, which are never all in memory.
pub fn merkle_root_of<T: Write>(leaves: &[T]) -> Hash32 {
    let mut bytes = Vec::new();
    let hash = |leaf: &T| {
        bytes.clear();
        leaf.write(&mut bytes);
        leaf_hash(&bytes)
    };
    root_of(leaves.iter().map(hash).collect())
}

fn root_of(leaves: Vec<Hash32>) -> Hash32 {
    let count = count_of(&leaves);
    let mut level = leaves;
    while level.len() > 1 {
        level = level_above(&level);
    }
    root_hash(count, &level.first().copied().unwrap_or_default())
}

/// The path of leaf `index`, or `None` when there is no such leaf.
pub fn merkle_path<T: AsRef<[u8]>>(leaves: &[T], index: u32) -> Option<MerklePath> {
    let mut place = usize::try_from(index).ok()?;
    if place >= leaves.len() {
        return None;
    }
    let mut level: Vec<Hash32> = leaves.iter().map(|leaf| leaf_hash(leaf.as_ref())).collect();
    let mut siblings = Vec::new();
    while level.len() > 1 {
        if let Some(sibling) = level.get(place ^ 1) {
            siblings.push(*sibling);
        }
        level = level_above(&level);
        place /= 2;
    }
    let siblings = List::new(siblings).ok()?;
    Some(MerklePath {
        index,
        count: count_of(leaves),
        siblings,
    })
}

impl MerklePath {
    /// The root under which `leaf` lies at this place, or `None` when the path has the wrong shape.
    pub fn root(&self, leaf: &[u8]) -> Option<Hash32> {
        let (mut place, mut width) = (self.index, self.count);
        if place >= width {
            return None;
        }
        let mut hash = leaf_hash(leaf);
        let mut siblings = self.siblings.iter();
        while width > 1 {
            let lonely = place == width.saturating_sub(1) && place.is_multiple_of(2);
            if !lonely {
                let sibling = siblings.next()?;
                hash = if place.is_multiple_of(2) {
                    node_hash(&hash, sibling)
                } else {
                    node_hash(sibling, &hash)
                };
            }
            place /= 2;
            width = width.div_ceil(2);
        }
        siblings
            .next()
            .is_none()
            .then(|| root_hash(self.count, &hash))
    }
}
