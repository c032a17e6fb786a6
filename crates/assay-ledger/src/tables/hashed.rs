//! A table whose rows are found by hash, for what is read by key alone.
//!
//! Invariant: no result depends on the order of its rows. That order is the order in which they came, which
//! differs between a ledger that ran and one that was loaded; whoever lists rows sorts them ([`Base::iter`]).
//! Hashes are seeded per process, so that nobody can choose keys that collide.
//! Why: docs/adr/0013.

use foldhash::fast::RandomState;
use indexmap::{IndexMap, map::Entry};
use std::hash::Hash;

type Map<K, V> = IndexMap<K, V, RandomState>;

/// Finalised rows.
#[derive(Debug, Clone)]
pub(crate) struct Base<K, V>(Map<K, V>);

/// What a block changed: the new row, or `None` for removed.
pub(crate) type Delta<K, V> = Map<K, Option<V>>;

impl<K, V> Default for Base<K, V> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<K: Hash + Ord, V> Base<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.0.swap_remove(key)
    }

    /// Every row, ascending by key. Sorts first: O(n log n), for genesis, exports and inspections.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let mut rows: Vec<(&K, &V)> = self.0.iter().collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows.into_iter()
    }

    /// As [`Self::iter`], without the keys.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }
}

/// One table as the executing block sees it.
pub(crate) struct Layered<'a, K, V> {
    base: &'a Base<K, V>,
    /// Oldest first.
    below: Vec<&'a Delta<K, V>>,
    /// The rows that this block wrote, as they are now.
    own: Delta<K, V>,
    /// The same rows before the block, by place in `own`.
    before: Vec<Option<&'a V>>,
    /// What the running transaction replaced, oldest first: the place in `own`, and what it held before,
    /// `None` where the row is new there. New rows are the last ones of `own`.
    journal: Vec<(usize, Option<Option<V>>)>,
}

impl<'a, K: Hash + Ord + Clone, V: Clone> Layered<'a, K, V> {
    pub(super) fn new(base: &'a Base<K, V>, below: Vec<&'a Delta<K, V>>) -> Self {
        Self {
            base,
            below,
            own: Delta::default(),
            before: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// The row at `key`. One probe of a hash table a layer.
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self.own.get(key) {
            Some(own) => own.as_ref(),
            None => parent(self.base, &self.below, key),
        }
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        *self.write(key) = Some(value);
    }

    /// Changes the row at `key` in place, beginning with the default where there is none.
    pub(crate) fn change<R>(&mut self, key: K, change: impl FnOnce(&mut V) -> R) -> R
    where
        V: Default,
    {
        change(self.write(key).get_or_insert_default())
    }

    /// The row at `key`, to be written; what it was is in the journal.
    fn write(&mut self, key: K) -> &mut Option<V> {
        match self.own.entry(key) {
            Entry::Occupied(own) => {
                self.journal.push((own.index(), Some(own.get().clone())));
                own.into_mut()
            }
            Entry::Vacant(own) => {
                let before = parent(self.base, &self.below, own.key());
                self.before.push(before);
                self.journal.push((own.index(), None));
                own.insert(before.cloned())
            }
        }
    }

    pub(super) fn keep(&mut self) {
        self.journal.clear();
    }

    pub(super) fn undo(&mut self) {
        while let Some((place, previous)) = self.journal.pop() {
            match previous {
                Some(row) => {
                    if let Some((_, own)) = self.own.get_index_mut(place) {
                        *own = row;
                    }
                }
                None => {
                    self.own.pop();
                    self.before.pop();
                }
            }
        }
    }

    /// What this block changed, in no order: the row before it and the row now.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&K, Option<&V>, Option<&V>)> {
        let before = self.before.iter().copied();
        self.own
            .iter()
            .zip(before)
            .map(|((key, after), before)| (key, before, after.as_ref()))
    }

    pub(super) fn into_delta(self) -> Delta<K, V> {
        self.own
    }
}

/// The row at `key` in the finalised rows and the layers over them.
fn parent<'a, K: Hash + Ord, V>(
    base: &'a Base<K, V>,
    below: &[&'a Delta<K, V>],
    key: &K,
) -> Option<&'a V> {
    for layer in below.iter().rev() {
        if let Some(row) = layer.get(key) {
            return row.as_ref();
        }
    }
    base.get(key)
}

/// Folds a block's changes into the finalised rows.
pub(super) fn apply<K: Hash + Ord + Clone, V: Clone>(
    table: &mut Base<K, V>,
    changes: &Delta<K, V>,
) {
    for (key, row) in changes {
        match row {
            Some(value) => table.insert(key.clone(), value.clone()),
            None => table.remove(key),
        };
    }
}

#[cfg(test)]
mod tests;
