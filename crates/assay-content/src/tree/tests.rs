use bao_tree::{BlockSize, io::outboard::PreOrderMemOutboard};
use proptest::prelude::*;

use super::*;

pub(crate) const BLOCK: BlockSize = BlockSize::from_chunk_log(4);

/// Sizes around every boundary of chunks, groups and subtrees.
pub(crate) fn sizes() -> Vec<usize> {
    let g = GROUP_BYTES;
    let mut sizes = vec![0, 1, 63, 64, 65, 1023, 1024, 1025, g - 1, g, g + 1];
    for groups in 2..=9 {
        sizes.extend([groups * g - 1, groups * g, groups * g + 1]);
    }
    sizes
}

/// Bytes that differ from place to place.
pub(crate) fn content(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    blake3::Hasher::new()
        .update(&size.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

fn tree_of(bytes: &[u8]) -> Tree {
    let mut hasher = TreeHasher::new();
    hasher.update(bytes);
    hasher.finish()
}

#[test]
fn trees_are_blake3s_own() {
    for size in sizes() {
        let bytes = content(size);
        let tree = tree_of(&bytes);
        assert_eq!(tree.id, ContentId::of(&bytes), "{size} bytes");
        assert_eq!(tree.size, size as u64);
        assert_eq!(
            tree.nodes.len() as u64,
            tree_bytes(size as u64),
            "{size} bytes"
        );
        assert_eq!(
            tree.nodes,
            PreOrderMemOutboard::create(&bytes, BLOCK).data,
            "{size} bytes"
        );
    }
}

#[test]
fn walks_meet_every_node_in_the_order_it_is_stored() {
    for size in sizes() {
        let bytes = content(size);
        let tree = tree_of(&bytes);
        let mut verifier = Verifier::new(tree.id, tree.size, 0);
        let (mut nodes, mut end) = (0, 0);
        while let Some(part) = verifier.wanted() {
            match part {
                Part::Node { index } => {
                    assert_eq!(index, nodes);
                    nodes += 1;
                    verifier
                        .accept(&tree.nodes[index as usize * NODE_BYTES..][..NODE_BYTES])
                        .unwrap();
                }
                Part::Group { offset, len } => {
                    assert_eq!(offset, end);
                    end += len as u64;
                    verifier.accept(&bytes[offset as usize..][..len]).unwrap();
                }
            }
        }
        assert_eq!((nodes, end), (group_count(tree.size) - 1, tree.size));
        assert!(verifier.accept(&[]).is_err(), "nothing is awaited");
    }
}

#[test]
fn a_refused_part_may_be_tried_again() {
    let bytes = content(3 * GROUP_BYTES);
    let tree = tree_of(&bytes);
    let mut verifier = Verifier::new(tree.id, tree.size, 0);
    let mut wrong = tree.nodes[..NODE_BYTES].to_vec();
    wrong[40] ^= 1;
    let mismatch = Mismatch {
        offset: 0,
        end: tree.size,
    };
    for bad in [&wrong[..], &wrong[..NODE_BYTES - 1], &[]] {
        assert_eq!(verifier.accept(bad), Err(mismatch));
    }
    verifier.accept(&tree.nodes[..NODE_BYTES]).unwrap();
}

#[test]
fn an_absurd_size_is_refused_without_effort() {
    let mut verifier = Verifier::new(ContentId::of(b""), u64::MAX, u64::MAX);
    assert!(verifier.accept(&[0; NODE_BYTES]).is_err());
}

proptest! {
    #[test]
    fn pieces_do_not_matter(size in 0..5 * GROUP_BYTES, cuts in prop::collection::vec(1..40_000_usize, 0..20)) {
        let bytes = content(size);
        let mut hasher = TreeHasher::new();
        let mut rest = &bytes[..];
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            hasher.update(now);
            rest = later;
        }
        hasher.update(rest);
        prop_assert_eq!(hasher.finish(), tree_of(&bytes));
    }
}
