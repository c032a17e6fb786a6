//! A number for each of some slots: the sparse tables of a topic are made of these.

/// Values by slot, ascending: looked up together with other ascending slots in one pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Column<T>(Vec<(u32, T)>);

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Column<T> {
    /// The slot's value.
    pub fn get(&self, slot: u32) -> Option<T> {
        let place = self.place(slot).ok()?;
        Some(self.0[place].1)
    }

    /// Sets the slot's value.
    pub fn insert(&mut self, slot: u32, value: T) {
        match self.place(slot) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (slot, value)),
        }
    }

    /// Forgets the slot.
    pub fn remove(&mut self, slot: u32) {
        if let Ok(place) = self.place(slot) {
            self.0.remove(place);
        }
    }

    /// Slots and values, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u32, T)> + '_ {
        self.0.iter().copied()
    }

    /// Whether it has no slot.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of ascending slots, in their order. Takes time linear in both.
    pub(super) fn gather<'a>(&'a self, slots: &'a [u32]) -> impl Iterator<Item = Option<T>> + 'a {
        let mut rest = self.0.as_slice();
        slots.iter().map(move |&slot| {
            while let [(first, _), others @ ..] = rest
                && *first < slot
            {
                rest = others;
            }
            match rest {
                [(first, value), ..] if *first == slot => Some(*value),
                _ => None,
            }
        })
    }

    /// This column with entries of ascending slots set. Takes time linear in both.
    pub(super) fn merged(&self, entries: impl IntoIterator<Item = (u32, T)>) -> Self {
        let mut old = self.0.iter().copied().peekable();
        let mut merged = Vec::with_capacity(self.0.len());
        for (slot, value) in entries {
            while let Some(entry) = old.next_if(|entry| entry.0 < slot) {
                merged.push(entry);
            }
            old.next_if(|entry| entry.0 == slot);
            merged.push((slot, value));
        }
        merged.extend(old);
        Self(merged)
    }

    fn place(&self, slot: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&slot, |entry| entry.0)
    }
}

/// Of two values for a slot, the later counts.
impl<T: Copy> FromIterator<(u32, T)> for Column<T> {
    fn from_iter<I: IntoIterator<Item = (u32, T)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by_key(|entry| entry.0);
        entries.reverse();
        entries.dedup_by_key(|entry| entry.0);
        entries.reverse();
        Self(entries)
    }
}
