//! The shape of BLAKE3's hash tree over a content, down to groups of 16 KiB, and the hashing of its parts.
//!
//! ```text
//!             root = id                     40 KiB: three groups, two inner nodes
//!            /         \
//!        node           group 2 (8 KiB)
//!       /    \
//!  group 0   group 1
//! ```
//!
//! The left child of a node always covers the largest power of two of chunks that leaves something for the right one.
//! A content of at most one group has no inner node; its group's hash is the id. *Pre-order* means each node before
//! its children and left before right; it is the order of travel and of the stored tree.
use assay_types::ContentId;
use blake3::{
    Hasher,
    hazmat::{HasherExt, Mode, left_subtree_len, merge_subtrees_non_root, merge_subtrees_root},
};

/// Bytes checked at a time. Larger groups delay the check, smaller ones cost more hashes; 16 KiB costs 0.4 % and is
/// what iroh's blobs use.
pub const GROUP_BYTES: usize = 16 * 1024;

/// Bytes of an inner node: the hashes of its two children.
pub const NODE_BYTES: usize = 64;

/// Largest content whose tree has a shape at all; far above every limit, and low enough that no sum overflows.
pub const SIZE_MAX: u64 = 1 << 56;

const GROUP: u64 = GROUP_BYTES as u64;

/// A chaining value: the hash of a part of the tree.
pub(crate) type Hash = [u8; 32];

/// Number of groups of a content of `size` bytes; an empty content has one, empty, group.
pub const fn group_count(size: u64) -> u64 {
    if size == 0 { 1 } else { size.div_ceil(GROUP) }
}

/// Bytes of the stored tree of a content of `size` bytes: all inner nodes.
pub const fn tree_bytes(size: u64) -> u64 {
    (group_count(size) - 1) * NODE_BYTES as u64
}

/// One part of the tree, as it is met in pre-order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An inner node.
    Node {
        /// Its number among all inner nodes in pre-order: where it lies in the stored tree.
        index: u64,
    },
    /// Content bytes.
    Group {
        /// Offset of its first byte.
        offset: u64,
        /// Its length; at most [`GROUP_BYTES`], and only the last is shorter.
        len: usize,
    },
}

impl Part {
    /// Number of bytes this part has in the encoding.
    pub const fn len(&self) -> usize {
        match self {
            Self::Node { .. } => NODE_BYTES,
            Self::Group { len, .. } => *len,
        }
    }

    /// Whether it has none, as the only group of an empty content.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Walks a tree in pre-order and checks each part against its parent, from the id down.
///
/// The caller asks for the part that is next, gets its bytes from wherever they are, and hands them in.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// What is still to be met, next on top. Never longer than the tree is high.
    stack: Vec<Subtree>,
    /// First byte that is wanted; parts that end before it are skipped.
    from: u64,
}

#[derive(Debug, Clone, Copy)]
struct Subtree {
    offset: u64,
    len: u64,
    /// Number in pre-order of its top node, if it has one.
    index: u64,
    is_root: bool,
    expect: Hash,
}

/// A part's bytes do not hash to what its parent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes {offset} to {end} do not belong to this content")]
pub struct Mismatch {
    /// First content byte below the part.
    pub offset: u64,
    /// First content byte after it.
    pub end: u64,
}

impl Verifier {
    /// For a content of `size` bytes, from the group that holds byte `from` on. The last group is always included,
    /// because only its check proves the size.
    ///
    /// A `size` above [`SIZE_MAX`] is treated as that; no content has it, so the check fails.
    pub fn new(id: ContentId, size: u64, from: u64) -> Self {
        let size = size.min(SIZE_MAX);
        let from = first_group(size, from);
        let root = Subtree {
            offset: 0,
            len: size,
            index: 0,
            is_root: true,
            expect: *id.as_bytes(),
        };
        Self {
            stack: vec![root],
            from,
        }
    }

    /// The part whose bytes are needed next; `None` when every part was checked.
    pub fn wanted(&self) -> Option<Part> {
        self.stack.last().map(Subtree::part)
    }

    /// Checks the bytes of the part that [`Self::wanted`] names.
    ///
    /// # Errors
    /// [`Mismatch`] when they are not the content's, or when no part is awaited; the state is unchanged then, so
    /// other bytes may be tried.
    pub fn accept(&mut self, bytes: &[u8]) -> Result<(), Mismatch> {
        let Some(subtree) = self.stack.last().copied() else {
            return Err(Mismatch { offset: 0, end: 0 });
        };
        let mismatch = Mismatch {
            offset: subtree.offset,
            end: subtree.offset + subtree.len,
        };
        let part = subtree.part();
        if bytes.len() != part.len() {
            return Err(mismatch);
        }
        match part {
            Part::Group { offset, .. } => {
                let hash = if subtree.is_root {
                    *blake3::hash(bytes).as_bytes()
                } else {
                    group_hash(offset, bytes)
                };
                if hash != subtree.expect {
                    return Err(mismatch);
                }
                self.stack.pop();
            }
            Part::Node { .. } => {
                let (left, right) = split(bytes).ok_or(mismatch)?;
                if merge(&left, &right, subtree.is_root) != subtree.expect {
                    return Err(mismatch);
                }
                self.stack.pop();
                let (a, b) = subtree.children(left, right);
                self.stack.push(b);
                if a.offset + a.len > self.from {
                    self.stack.push(a);
                }
            }
        }
        Ok(())
    }
}

impl Subtree {
    fn part(&self) -> Part {
        if self.len > GROUP {
            Part::Node { index: self.index }
        } else {
            // At most a group, so it fits.
            Part::Group {
                offset: self.offset,
                len: self.len as usize,
            }
        }
    }

    fn children(&self, left: Hash, right: Hash) -> (Self, Self) {
        let len = left_subtree_len(self.len);
        let index = self.index + 1;
        let a = Self {
            offset: self.offset,
            len,
            index,
            is_root: false,
            expect: left,
        };
        let b = Self {
            offset: self.offset + len,
            len: self.len - len,
            // The left side's nodes come in between.
            index: index + group_count(len) - 1,
            is_root: false,
            expect: right,
        };
        (a, b)
    }
}

/// Hashes a content that arrives in pieces, and keeps what its tree is made of.
#[derive(Debug, Clone, Default)]
pub struct TreeHasher {
    groups: Vec<Hash>,
    /// The group that is not full yet.
    pending: Vec<u8>,
    size: u64,
}

/// A content's id, size and inner nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// BLAKE3 of all bytes.
    pub id: ContentId,
    /// Number of bytes.
    pub size: u64,
    /// The inner nodes in pre-order, [`tree_bytes`] of them.
    pub nodes: Vec<u8>,
}

impl TreeHasher {
    /// Nothing hashed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of bytes so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends bytes. Costs one pass over them, and 32 bytes of memory per group.
    pub fn update(&mut self, mut bytes: &[u8]) {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            // A full group is hashed only when something follows it: a single group is hashed as a root.
            if self.pending.len() == GROUP_BYTES {
                self.groups
                    .push(group_hash(self.groups.len() as u64 * GROUP, &self.pending));
                self.pending.clear();
            }
            let (now, later) = bytes.split_at(bytes.len().min(GROUP_BYTES - self.pending.len()));
            self.pending.extend_from_slice(now);
            bytes = later;
        }
    }

    /// The tree over everything that was appended.
    pub fn finish(mut self) -> Tree {
        let size = self.size;
        if self.groups.is_empty() {
            return Tree {
                id: ContentId::of(&self.pending),
                size,
                nodes: Vec::new(),
            };
        }
        self.groups
            .push(group_hash(self.groups.len() as u64 * GROUP, &self.pending));
        let mut nodes = Vec::with_capacity((self.groups.len() - 1) * NODE_BYTES);
        let root = build(&self.groups, true, &mut nodes);
        Tree {
            id: ContentId::new(root),
            size,
            nodes,
        }
    }
}

/// Appends the nodes over `groups` in pre-order and returns the top's hash. As deep as the tree is high.
fn build(groups: &[Hash], is_root: bool, nodes: &mut Vec<u8>) -> Hash {
    if let [group] = groups {
        return *group;
    }
    // The largest power of two that leaves something for the right side.
    let (left, right) = groups.split_at(groups.len().next_power_of_two() / 2);
    let at = nodes.len();
    nodes.extend_from_slice(&[0; NODE_BYTES]);
    let left = build(left, false, nodes);
    let right = build(right, false, nodes);
    nodes[at..at + 32].copy_from_slice(&left);
    nodes[at + 32..at + NODE_BYTES].copy_from_slice(&right);
    merge(&left, &right, is_root)
}

/// Start of the group from which parts are needed to deliver byte `from` and to prove the size.
pub(crate) fn first_group(size: u64, from: u64) -> u64 {
    (from / GROUP).min(group_count(size) - 1) * GROUP
}

fn group_hash(offset: u64, bytes: &[u8]) -> Hash {
    Hasher::new()
        .set_input_offset(offset)
        .update(bytes)
        .finalize_non_root()
}

fn merge(left: &Hash, right: &Hash, is_root: bool) -> Hash {
    if is_root {
        *merge_subtrees_root(left, right, Mode::Hash).as_bytes()
    } else {
        merge_subtrees_non_root(left, right, Mode::Hash)
    }
}

fn split(node: &[u8]) -> Option<(Hash, Hash)> {
    let (left, right) = node.split_first_chunk()?;
    Some((*left, right.try_into().ok()?))
}

#[cfg(test)]
pub(crate) mod tests;
