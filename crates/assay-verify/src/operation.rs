//! From an operation of the authenticated log to a header's state root.
//!
//! The log is a Merkle mountain range over `count` operations: a perfect tree for each bit of `count`, the
//! largest first. Nodes are numbered in post-order, and each hash begins with its node's number, so that a
//! hash cannot stand at another place:
//!
//! ```text
//! leaf    = H(number ‖ operation)
//! node    = H(number ‖ left ‖ right), at height 8: H(activity bits of its 256 operations ‖ that hash)
//! folded  = the inactive peaks folded from the left, H(folded ‖ peak), then, from the right, the others:
//!           H(folded ‖ H(peak ‖ H(peak ‖ … last)))
//! grafted = H(0 ‖ 1 ‖ count [‖ inactive peaks, if any] ‖ folded)
//! root    = H(operations root ‖ grafted [‖ count mod 256 ‖ H(last activity bits), if not 0])
//! ```
//! H is BLAKE3 of the concatenation, numbers are big-endian and 64 bits wide; the 0 and 1 are a byte each and
//! name the kind of tree and the order of folding. `count` and the operations' root stand in the header.
//!
//! Source: `commonware-storage` 2026.10, `qmdb::current` over the `mmr` family with chunks of 32 bytes, a
//! database that its crate builds on a runtime only. Deviation: the path carries neither the count nor the
//! operations' root, which a header says, and a bit of it that is not needed is refused.

use assay_types::{Hash32, Header, STATE_CHUNK_OPERATIONS, StatePath};

/// Most operations of a log, so that numbers of nodes stay below 2⁶³.
const OPERATIONS_MAX: u64 = 1 << 62;
/// Height of the nodes that take in the activity bits of the operations below: log₂ of a chunk's bits.
const CHUNK_HEIGHT: u32 = STATE_CHUNK_OPERATIONS.trailing_zeros();
/// The kind of tree (a mountain range) and the order of folding (from the right).
const ROOT_DOMAIN: [u8; 2] = [0, 1];

/// A tree of the range.
#[derive(Debug, Clone, Copy)]
struct Peak {
    /// Its first operation.
    start: u64,
    height: u32,
}

impl Peak {
    /// The trees over `count` operations, left to right.
    fn of(count: u64) -> impl Iterator<Item = Self> {
        let heights = (0..u64::BITS)
            .rev()
            .filter(move |height| count >> height & 1 == 1);
        heights.scan(0, |start, height| {
            let peak = Self {
                start: *start,
                height,
            };
            *start += 1 << height;
            Some(peak)
        })
    }

    const fn holds(&self, location: u64) -> bool {
        location >> self.height == self.start >> self.height
    }
}

/// The state root under which `operation` lies at the path's place and is active, if the path has the one
/// shape that fits `header`.
pub(crate) fn state_root(header: &Header, path: &StatePath, operation: &[u8]) -> Option<Hash32> {
    let (count, location) = (header.range_end, path.location);
    if count > OPERATIONS_MAX || location >= count || !is_active(path) {
        return None;
    }
    let peaks: Vec<Peak> = Peak::of(count).collect();
    let index = peaks.iter().position(|peak| peak.holds(location))?;
    let peak = peaks[index];
    let inactive = usize::from(path.inactive_peaks);
    if inactive > index {
        return None;
    }

    // The path's hashes, in the order that its type describes.
    let is_last = index + 1 == peaks.len();
    let mut hashes = path.hashes.iter();
    let folded_left = if inactive > 0 {
        Some(hashes.next()?)
    } else {
        None
    };
    let left: Vec<&Hash32> = hashes.by_ref().take(index - inactive).collect();
    let folded_right = if is_last { None } else { Some(hashes.next()?) };
    let siblings = hashes.as_slice();
    if left.len() != index - inactive || siblings.len() != peak.height as usize {
        return None;
    }

    let top = climb(peak, path, operation, siblings);
    let folded = left
        .into_iter()
        .chain([&top])
        .chain(folded_right)
        .copied()
        .rev()
        .reduce(|right, left| hash(&[left.as_bytes(), right.as_bytes()]))?;
    let folded = folded_left.map_or(folded, |left| hash(&[left.as_bytes(), folded.as_bytes()]));

    let (count_bytes, inactive_bytes) = (
        count.to_be_bytes(),
        u64::from(path.inactive_peaks).to_be_bytes(),
    );
    let inactive_bytes = if inactive > 0 {
        &inactive_bytes[..]
    } else {
        &[]
    };
    let grafted = hash(&[
        &ROOT_DOMAIN,
        &count_bytes,
        inactive_bytes,
        folded.as_bytes(),
    ]);

    let roots: [&[u8]; 2] = [header.operations_root.as_bytes(), grafted.as_bytes()];
    let unfinished = count % STATE_CHUNK_OPERATIONS;
    let in_last_chunk = peak.height < CHUNK_HEIGHT;
    match (unfinished, in_last_chunk, path.tail) {
        (0, _, None) => Some(hash(&roots)),
        (1.., true, None) => Some(with_tail(roots, unfinished, hash(&[&path.activity]))),
        (1.., false, Some(tail)) => Some(with_tail(roots, unfinished, tail)),
        _ => None,
    }
}

/// Whether the path says that its operation still holds.
fn is_active(path: &StatePath) -> bool {
    let bit = path.location % STATE_CHUNK_OPERATIONS;
    let byte = usize::try_from(bit / 8)
        .ok()
        .and_then(|at| path.activity.get(at));
    byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
}

/// The hash of the tree's top: `siblings` are those on the left of the way, from the top, then those on its
/// right, from the leaf.
fn climb(peak: Peak, path: &StatePath, operation: &[u8], siblings: &[Hash32]) -> Hash32 {
    let location = path.location;
    let lefts = (location - peak.start).count_ones() as usize;
    let (left, right) = siblings.split_at(lefts.min(siblings.len()));
    let (mut left, mut right) = (left.iter().rev(), right.iter());
    let mut node = hash(&[&node_number(location, 0).to_be_bytes(), operation]);
    for height in 1..=peak.height {
        let is_right = location >> (height - 1) & 1 == 1;
        let sibling = if is_right { left.next() } else { right.next() };
        // There is one for each height, since `siblings` is as long as the tree is high.
        let sibling = sibling.copied().unwrap_or_default();
        let (first, second) = if is_right {
            (sibling, node)
        } else {
            (node, sibling)
        };
        let number = node_number(location >> height << height, height).to_be_bytes();
        node = hash(&[&number, first.as_bytes(), second.as_bytes()]);
        if height == CHUNK_HEIGHT {
            node = hash(&[&path.activity, node.as_bytes()]);
        }
    }
    node
}

/// The post-order number of the node of `height` whose first leaf is operation `start`.
const fn node_number(start: u64, height: u32) -> u64 {
    let first_leaf = 2 * start - start.count_ones() as u64;
    first_leaf + (2 << height) - 2
}

fn with_tail(roots: [&[u8]; 2], unfinished: u64, tail: Hash32) -> Hash32 {
    let [operations, grafted] = roots;
    hash(&[
        operations,
        grafted,
        &unfinished.to_be_bytes(),
        tail.as_bytes(),
    ])
}

fn hash(parts: &[&[u8]]) -> Hash32 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    Hash32::new(*hasher.finalize().as_bytes())
}
