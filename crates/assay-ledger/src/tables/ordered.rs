//! A table whose rows lie in the order of their keys, for what is read by ranges.

use std::{cell::Cell, collections::BTreeMap, iter::Peekable, ops::RangeBounds};

/// Finalised rows.
pub(crate) type Base<K, V> = BTreeMap<K, V>;

/// What a block changed: the new row, or `None` for removed.
pub(crate) type Delta<K, V> = BTreeMap<K, Option<V>>;

/// One table as the executing block sees it.
pub(crate) struct Layered<'a, K, V> {
    base: &'a Base<K, V>,
    /// Oldest first.
    below: Vec<&'a Delta<K, V>>,
    own: BTreeMap<K, Own<'a, V>>,
    /// The last row looked up below, for what is read is often written next.
    last: Cell<Option<(K, Option<&'a V>)>>,
    /// Previous own entries of the running transaction, oldest first.
    journal: Vec<(K, Option<Option<V>>)>,
}

/// A row that this block wrote.
#[derive(Debug)]
struct Own<'a, V> {
    /// The row before the block.
    before: Option<&'a V>,
    /// The row now.
    after: Option<V>,
}

impl<'a, K: Ord + Clone, V: Clone> Layered<'a, K, V> {
    pub(super) fn new(base: &'a Base<K, V>, below: Vec<&'a Delta<K, V>>) -> Self {
        Self {
            base,
            below,
            own: BTreeMap::new(),
            last: Cell::new(None),
            journal: Vec::new(),
        }
    }

    /// The row at `key`. O(layers · log n).
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        if let Some(own) = self.own.get(key) {
            return own.after.as_ref();
        }
        self.parent(key)
    }

    /// The row at `key` before this block.
    fn parent(&self, key: &K) -> Option<&'a V> {
        let last = self.last.take().filter(|(looked_up, _)| looked_up == key);
        let (key, row) = last.unwrap_or_else(|| {
            let row = parent(self.base, &self.below, key);
            (key.clone(), row)
        });
        self.last.set(Some((key, row)));
        row
    }

    pub(crate) fn put(&mut self, key: K, value: V) {
        self.write(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: K) {
        self.write(key, None);
    }

    /// Changes the row at `key` in place, beginning with the default where there is none.
    pub(crate) fn change<R>(&mut self, key: K, change: impl FnOnce(&mut V) -> R) -> R
    where
        V: Default,
    {
        if let Some(own) = self.own.get_mut(&key) {
            self.journal.push((key, Some(own.after.clone())));
            return change(own.after.get_or_insert_default());
        }
        let before = self.parent(&key);
        self.journal.push((key.clone(), None));
        let after = Some(before.cloned().unwrap_or_default());
        let own = self.own.entry(key).or_insert(Own { before, after });
        change(own.after.get_or_insert_default())
    }

    fn write(&mut self, key: K, entry: Option<V>) {
        if let Some(own) = self.own.get_mut(&key) {
            let previous = std::mem::replace(&mut own.after, entry);
            self.journal.push((key, Some(previous)));
            return;
        }
        let before = self.parent(&key);
        let own = Own {
            before,
            after: entry,
        };
        self.own.insert(key.clone(), own);
        self.journal.push((key, None));
    }

    pub(super) fn keep(&mut self) {
        self.journal.clear();
    }

    pub(super) fn undo(&mut self) {
        while let Some((key, previous)) = self.journal.pop() {
            match previous {
                Some(entry) => {
                    if let Some(own) = self.own.get_mut(&key) {
                        own.after = entry;
                    }
                }
                None => {
                    self.own.remove(&key);
                }
            }
        }
    }

    /// Live rows in `range`, ascending.
    pub(crate) fn range<R>(&self, range: R) -> impl Iterator<Item = (&K, &V)>
    where
        R: RangeBounds<K> + Clone,
    {
        let mut layers: Vec<Layer<'_, K, V>> =
            Vec::with_capacity(self.below.len().saturating_add(2));
        layers.push(Layer::Base(self.base.range(range.clone()).peekable()));
        for below in &self.below {
            layers.push(Layer::Delta(below.range(range.clone()).peekable()));
        }
        layers.push(Layer::Own(self.own.range(range).peekable()));
        Merge { layers }
    }

    /// What this block changed, ascending: the row before it and the row now.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&K, Option<&V>, Option<&V>)> {
        self.own
            .iter()
            .map(|(key, own)| (key, own.before, own.after.as_ref()))
    }

    pub(super) fn into_delta(self) -> Delta<K, V> {
        self.own
            .into_iter()
            .map(|(key, own)| (key, own.after))
            .collect()
    }
}

/// The row at `key` in the finalised rows and the layers over them.
fn parent<'a, K: Ord, V>(
    base: &'a Base<K, V>,
    below: &[&'a Delta<K, V>],
    key: &K,
) -> Option<&'a V> {
    for layer in below.iter().rev() {
        if let Some(entry) = layer.get(key) {
            return entry.as_ref();
        }
    }
    base.get(key)
}

enum Layer<'a, K, V> {
    Base(Peekable<std::collections::btree_map::Range<'a, K, V>>),
    Delta(Peekable<std::collections::btree_map::Range<'a, K, Option<V>>>),
    Own(Peekable<std::collections::btree_map::Range<'a, K, Own<'a, V>>>),
}

impl<'a, K: Ord, V> Layer<'a, K, V> {
    fn peek(&mut self) -> Option<&'a K> {
        match self {
            Self::Base(rows) => rows.peek().map(|(key, _)| *key),
            Self::Delta(rows) => rows.peek().map(|(key, _)| *key),
            Self::Own(rows) => rows.peek().map(|(key, _)| *key),
        }
    }

    fn next(&mut self) -> Option<Option<&'a V>> {
        match self {
            Self::Base(rows) => rows.next().map(|(_, value)| Some(value)),
            Self::Delta(rows) => rows.next().map(|(_, entry)| entry.as_ref()),
            Self::Own(rows) => rows.next().map(|(_, own)| own.after.as_ref()),
        }
    }
}

/// Merges layers, oldest first, so that the newest layer's entry of a key wins.
struct Merge<'a, K, V> {
    layers: Vec<Layer<'a, K, V>>,
}

impl<'a, K: Ord, V> Iterator for Merge<'a, K, V> {
    type Item = (&'a K, &'a V);
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let key = self.layers.iter_mut().filter_map(Layer::peek).min()?;
            let mut newest = None;
            for layer in &mut self.layers {
                if layer.peek() == Some(key) {
                    newest = layer.next();
                }
            }
            if let Some(Some(value)) = newest {
                return Some((key, value));
            }
        }
    }
}

/// Folds a block's changes into the finalised rows.
pub(super) fn apply<K: Ord + Clone, V: Clone>(table: &mut Base<K, V>, changes: &Delta<K, V>) {
    for (key, entry) in changes {
        match entry {
            Some(value) => table.insert(key.clone(), value.clone()),
            None => table.remove(key),
        };
    }
}
