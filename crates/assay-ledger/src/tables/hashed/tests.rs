//! A hashed table against an ordered one: the same writes, the same reads.

use super::{super::ordered, Base, Delta, Layered};
use proptest::prelude::*;

/// One write of a transaction.
#[derive(Debug, Clone)]
enum Write {
    Put(u8, u32),
    Change(u8, u32),
    Keep,
    Undo,
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        4 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Write::Put(key % 16, value)),
        4 => (any::<u8>(), any::<u32>()).prop_map(|(key, value)| Write::Change(key % 16, value)),
        1 => Just(Write::Keep),
        1 => Just(Write::Undo),
    ]
}

type Rows = Vec<(u8, u32)>;

proptest! {
    #[test]
    fn it_reads_as_an_ordered_table_does(
        below in prop::collection::vec((0u8..16, prop::option::of(any::<u32>())), 0..12),
        base in prop::collection::vec((0u8..16, any::<u32>()), 0..12),
        writes in prop::collection::vec(write(), 0..60),
    ) {
        let mut hashed_base = Base::default();
        let mut ordered_base = ordered::Base::default();
        for (key, value) in base {
            hashed_base.insert(key, value);
            ordered_base.insert(key, value);
        }
        let hashed_below: Delta<u8, u32> = below.iter().copied().collect();
        let ordered_below: ordered::Delta<u8, u32> = below.into_iter().collect();
        let mut hashed = Layered::new(&hashed_base, vec![&hashed_below]);
        let mut expected = ordered::Layered::new(&ordered_base, vec![&ordered_below]);
        for write in writes {
            match write {
                Write::Put(key, value) => {
                    hashed.put(key, value);
                    expected.put(key, value);
                }
                Write::Change(key, by) => {
                    hashed.change(key, |row| *row = row.wrapping_add(by));
                    expected.change(key, |row| *row = row.wrapping_add(by));
                }
                Write::Keep => {
                    hashed.keep();
                    expected.keep();
                }
                Write::Undo => {
                    hashed.undo();
                    expected.undo();
                }
            }
            for key in 0..16 {
                prop_assert_eq!(hashed.get(&key), expected.get(&key));
            }
        }
        let mut changed: Vec<_> = hashed
            .changed()
            .map(|(key, before, after)| (*key, before.copied(), after.copied()))
            .collect();
        changed.sort_unstable();
        let expected_changes: Vec<_> = expected
            .changed()
            .map(|(key, before, after)| (*key, before.copied(), after.copied()))
            .collect();
        prop_assert_eq!(changed, expected_changes);

        let (own, expected) = (hashed.into_delta(), expected.into_delta());
        for (delta, ordered_delta) in [(hashed_below, ordered_below), (own, expected)] {
            super::apply(&mut hashed_base, &delta);
            ordered::apply(&mut ordered_base, &ordered_delta);
        }
        let rows: Rows = hashed_base.iter().map(|(key, value)| (*key, *value)).collect();
        let expected: Rows = ordered_base.into_iter().collect();
        prop_assert_eq!(&rows, &expected);
        prop_assert_eq!(hashed_base.len(), expected.len());
    }
}
