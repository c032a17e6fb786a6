use crate::{Hash32, List, MerklePath, PATH_LENGTH_MAX, merkle_path, merkle_root};
use proptest::{
    collection::vec,
    prelude::{any, prop_assert, prop_assert_eq, proptest},
    sample::Index,
};

const COUNT_MAX: usize = 70;

fn leaves(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|leaf| format!("leaf {leaf}").into_bytes())
        .collect()
}

/// The same tree told the other way round: the left half is the largest full tree (RFC 6962).
fn top(leaves: &[Vec<u8>]) -> Hash32 {
    match leaves {
        [] => Hash32::default(),
        [leaf] => Hash32::derive("assay merkle leaf v1", &[leaf]),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let (left, right) = (top(left), top(right));
            Hash32::derive("assay merkle node v1", &[left.as_bytes(), right.as_bytes()])
        }
    }
}

fn root(leaves: &[Vec<u8>]) -> Hash32 {
    let count = (leaves.len() as u32).to_be_bytes();
    Hash32::derive("assay merkle root v1", &[&count, top(leaves).as_bytes()])
}

#[test]
fn roots_are_those_of_the_definition_and_differ() {
    let mut roots = Vec::new();
    for count in 0..=COUNT_MAX {
        let leaves = leaves(count);
        assert_eq!(merkle_root(&leaves), root(&leaves), "{count} leaves");
        roots.push(root(&leaves));
        // The last leaf again, and an empty leaf, are other trees.
        for extra in [leaves.last().cloned(), Some(Vec::new())]
            .into_iter()
            .flatten()
        {
            roots.push(root(&[&leaves[..], &[extra]].concat()));
        }
    }
    let all = roots.len();
    roots.sort();
    roots.dedup();
    assert_eq!(roots.len(), all);
}

#[test]
fn every_path_shows_its_leaf_at_its_place_alone() {
    for count in 0..=COUNT_MAX {
        let leaves = leaves(count);
        let root = merkle_root(&leaves);
        assert_eq!(merkle_path(&leaves, count as u32), None);
        assert_eq!(merkle_path(&leaves, u32::MAX), None);
        for (index, leaf) in leaves.iter().enumerate() {
            let path = merkle_path(&leaves, index as u32).expect("a leaf");
            assert_eq!(path.root(leaf), Some(root), "leaf {index} of {count}");
            assert_ne!(path.root(b"other"), Some(root), "leaf {index} of {count}");
            for other in (0..=count as u32 + 1).chain([u32::MAX]) {
                if other != path.index {
                    let moved = MerklePath {
                        index: other,
                        ..path.clone()
                    };
                    assert_ne!(
                        moved.root(leaf),
                        Some(root),
                        "leaf {index} of {count} at {other}"
                    );
                }
                if other != path.count {
                    let resized = MerklePath {
                        count: other,
                        ..path.clone()
                    };
                    assert_ne!(
                        resized.root(leaf),
                        Some(root),
                        "leaf {index} of {count} as {other}"
                    );
                }
            }
        }
    }
}

#[test]
fn altered_siblings_are_refused() {
    for count in 0..=COUNT_MAX {
        let leaves = leaves(count);
        let root = merkle_root(&leaves);
        for (index, leaf) in leaves.iter().enumerate() {
            let path = merkle_path(&leaves, index as u32).expect("a leaf");
            let siblings = path.siblings.to_vec();
            let mut altered = vec![
                [&siblings[..], &[Hash32::default()]].concat(),
                [&[Hash32::default()], &siblings[..]].concat(),
            ];
            for place in 0..siblings.len() {
                let mut fewer = siblings.clone();
                let sibling = fewer.remove(place);
                altered.push(fewer);
                let mut other = siblings.clone();
                other[place] = Hash32::derive("assay merkle leaf v1", &[sibling.as_bytes()]);
                altered.push(other);
                let mut swapped = siblings.clone();
                swapped.swap(place, (place + 1) % siblings.len());
                if swapped != siblings {
                    altered.push(swapped);
                }
            }
            for siblings in altered {
                let siblings = List::new(siblings).expect("few");
                let path = MerklePath {
                    siblings,
                    ..path.clone()
                };
                assert_ne!(path.root(leaf), Some(root), "leaf {index} of {count}");
            }
        }
    }
}

#[test]
fn a_node_is_no_leaf() {
    let leaves = leaves(2);
    let hashes: Vec<u8> = leaves
        .iter()
        .flat_map(|leaf| *top(std::slice::from_ref(leaf)).as_bytes())
        .collect();
    assert_ne!(merkle_root(&[hashes]), merkle_root(&leaves));
}

proptest! {
    #[test]
    fn any_leaf_of_any_tree_is_shown(leaves in vec(vec(any::<u8>(), 0..40), 1..600), at in any::<Index>()) {
        let index = at.index(leaves.len());
        let path = merkle_path(&leaves, index as u32).expect("a leaf");
        prop_assert_eq!(path.root(&leaves[index]), Some(root(&leaves)));
    }

    #[test]
    fn any_path_ends(index in any::<u32>(), count in any::<u32>(), siblings in 0..=PATH_LENGTH_MAX) {
        let siblings = List::new(vec![Hash32::default(); siblings]).expect("its limit");
        let path = MerklePath { index, count, siblings };
        prop_assert!(path.root(b"leaf").is_none() || index < count);
    }
}
