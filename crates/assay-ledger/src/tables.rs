//! Tables in memory, layered: finalised rows, the changes of pending blocks above them, and the changes of
//! the block being executed on top, with a journal that undoes one transaction.
//!
//! Two kinds of table: *rows* are stored, and enter the state root under `StateKey::of(table, key)`;
//! *indexes* are derived from rows, kept in step by the same layers, and rebuilt on load. A table is
//! `ordered` by key, or `hashed` where nobody asks for its order.
//! Why: docs/adr/0001, docs/adr/0013.

mod hashed;
mod ordered;
mod row;

use crate::rows::{
    Account, Book, BookKey, DrawKey, HeldKey, MemberKey, Memory, Meta, Model, ModelKey, NameLease,
    Offer, Order, PartyKey, Pool, PoolKey, ProofKeyEntry, RegretsKey, RegretsRow, Reservation,
    Round, SlotKey, Staker, StakerKey, Topic, TopicSlot, Unbonding, UnbondingKey, Wake, WakeKey,
};
use assay_types::{
    AccountId, DecodeError, ModelId, Name, OfferId, OrderId, StateKey, TopicId, decode,
};
use commonware_codec::Write as _;
use std::cmp::Ordering;

pub use row::RowBytes;

/// A change to the authenticated database: where, and the new value (`None` removes).
pub type Row = (StateKey, Option<RowBytes>);

/// Stored bytes that are no row.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The table byte is unknown.
    #[error(
        "cannot load the ledger: a row belongs to table {table}, which this program does not know; update it"
    )]
    UnknownTable {
        /// The byte.
        table: u8,
    },
    /// A row without bytes.
    #[error(
        "cannot load the ledger: a row is empty; restore the data folder from a copy or sync again"
    )]
    Empty,
    /// A row that does not decode.
    #[error(
        "cannot load the ledger: a row of table {table} is damaged; restore the data folder from a copy or sync again"
    )]
    Damaged {
        /// Its table.
        table: u8,
        /// Why.
        source: DecodeError,
    },
    /// No meta row among the rows.
    #[error("cannot load the ledger: the rows hold no chain state; the data folder is incomplete")]
    NoMeta,
}

/// The one key of a table with one row.
pub type Only = u8;
/// See [`Only`].
pub const ONLY: Only = 0;

/// The order of keys, which are hashes: most differ in their first eight bytes.
fn by_key((left, _): &Row, (right, _): &Row) -> Ordering {
    let first = |key: &StateKey| {
        key.as_bytes()
            .first_chunk::<8>()
            .map(|bytes| u64::from_be_bytes(*bytes))
    };
    first(left).cmp(&first(right)).then_with(|| left.cmp(right))
}

macro_rules! tables {
    (rows { $( $(#[$doc:meta])* $tag:literal $layout:ident $row:ident: $key:ty => $value:ty, )* }
     indexes { $( $(#[$idoc:meta])* $index:ident: $ikey:ty, )* }) => {
        /// Finalised rows and indexes.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct Tables {
            $( $(#[$doc])* pub(crate) $row: $layout::Base<$key, $value>, )*
            $( $(#[$idoc])* pub(crate) $index: ordered::Base<$ikey, ()>, )*
        }

        /// What one block changed. Cheap to keep, dropped when its block loses.
        #[derive(Debug, Clone, Default)]
        pub struct Changes {
            $( $row: $layout::Delta<$key, $value>, )*
            $( $index: ordered::Delta<$ikey, ()>, )*
        }

        /// The tables as the executing block sees them.
        pub(crate) struct State<'a> {
            $( pub(crate) $row: $layout::Layered<'a, $key, $value>, )*
            $( pub(crate) $index: ordered::Layered<'a, $ikey, ()>, )*
        }

        impl<'a> State<'a> {
            /// Tables over `base` and `below` (oldest first).
            pub(crate) fn over(base: &'a Tables, below: &[&'a Changes]) -> Self {
                Self {
                    $( $row: $layout::Layered::new(&base.$row, below.iter().map(|layer| &layer.$row).collect()), )*
                    $( $index: ordered::Layered::new(&base.$index, below.iter().map(|layer| &layer.$index).collect()), )*
                }
            }

            /// Makes what was written since the last call permanent for this block.
            pub(crate) fn keep(&mut self) {
                $( self.$row.keep(); )*
                $( self.$index.keep(); )*
            }

            /// Takes back what was written since the last `keep`.
            pub(crate) fn undo(&mut self) {
                $( self.$row.undo(); )*
                $( self.$index.undo(); )*
            }

            pub(crate) fn into_changes(self) -> Changes {
                Changes { $( $row: self.$row.into_delta(), )* $( $index: self.$index.into_delta(), )* }
            }
        }

        impl Changes {
            /// The changes as rows of the authenticated database, ascending by key.
            pub fn rows(&self) -> Vec<Row> {
                let (mut rows, mut bytes) = (Vec::new(), Vec::new());
                $( for (key, entry) in &self.$row {
                    bytes.clear();
                    key.write(&mut bytes);
                    let value = entry.as_ref().map(|value| RowBytes::new($tag, &bytes, value));
                    rows.push((StateKey::of($tag, &bytes), value));
                } )*
                rows.sort_unstable_by(by_key);
                rows
            }
        }

        impl Tables {
            /// Applies a finalised block.
            pub(crate) fn apply(&mut self, changes: &Changes) {
                $( $layout::apply(&mut self.$row, &changes.$row); )*
                $( ordered::apply(&mut self.$index, &changes.$index); )*
            }

            /// Every stored row, ascending by key.
            pub(crate) fn rows(&self) -> Vec<Row> {
                let (mut rows, mut bytes) = (Vec::new(), Vec::new());
                $( for (key, value) in self.$row.iter() {
                    bytes.clear();
                    key.write(&mut bytes);
                    let value = RowBytes::new($tag, &bytes, value);
                    rows.push((StateKey::of($tag, &bytes), Some(value)));
                } )*
                rows.sort_unstable_by(by_key);
                rows
            }

            /// Reads one stored row.
            fn load_row(&mut self, bytes: &[u8]) -> Result<(), LoadError> {
                let (&table, rest) = bytes.split_first().ok_or(LoadError::Empty)?;
                match table {
                    $( $tag => {
                        let stored: StoredRow<$key, $value> =
                            decode(rest).map_err(|source| LoadError::Damaged { table, source })?;
                        self.$row.insert(stored.key, stored.value);
                    } )*
                    _ => return Err(LoadError::UnknownTable { table }),
                }
                Ok(())
            }
        }
    };
}

tables! {
    rows {
        /// Where the chain stands.
        0 ordered meta: Only => Meta,
        /// Accounts.
        1 hashed accounts: AccountId => Account,
        /// Registered models.
        3 ordered models: ModelId => Model,
        /// Standing offers.
        4 ordered offers: OfferId => Offer,
        /// Open orders.
        5 ordered orders: OrderId => Order,
        /// Unbondings under way.
        6 ordered unbondings: UnbondingKey => Unbonding,
        /// Names that are leased or in grace.
        7 ordered names: Name => NameLease,
        /// Names about to be registered, one per account.
        8 ordered reservations: AccountId => Reservation,
        /// Blocks that each leader proposed in the epoch under way.
        9 ordered leaders: AccountId => u64,
        /// Proof keys of models.
        10 ordered proof_keys: ModelKey => ProofKeyEntry,
        /// Topics.
        11 ordered topics: TopicId => Topic,
        /// Slots of topics.
        12 ordered topic_slots: SlotKey => TopicSlot,
        /// Money behind keys of topics.
        13 ordered pools: PoolKey => Pool,
        /// Whose money that is.
        14 ordered stakers: StakerKey => Staker,
        /// Inferences of topics that wait to be measured.
        15 ordered rounds: TopicId => Round,
        /// What topics remember of those that were.
        16 ordered memories: TopicId => Memory,
        /// Their tables of regrets.
        17 ordered regrets: RegretsKey => RegretsRow,
    }
    indexes {
        /// Offers by what they serve.
        book: BookKey,
        /// Orders waiting for a draw.
        draws: DrawKey,
        /// What time will move on.
        wakes: WakeKey,
        /// Open orders by party.
        parties: PartyKey,
        /// Names by holder.
        held: HeldKey,
        /// Slots by key.
        members: MemberKey,
    }
}

/// A key and its row, as they are stored behind the table byte.
struct StoredRow<K, V> {
    key: K,
    value: V,
}

impl<K, V> commonware_codec::Read for StoredRow<K, V>
where
    K: commonware_codec::Read<Cfg = ()>,
    V: commonware_codec::Read<Cfg = ()>,
{
    type Cfg = ();
    fn read_cfg(
        buf: &mut impl commonware_codec::Buf,
        _: &(),
    ) -> Result<Self, commonware_codec::Error> {
        use commonware_codec::ReadExt;
        Ok(Self {
            key: K::read(buf)?,
            value: V::read(buf)?,
        })
    }
}

impl Tables {
    /// Reads stored rows, in any order, and rebuilds the indexes.
    pub(crate) fn load(
        rows: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, LoadError> {
        let mut tables = Self::default();
        // Ascending, so that ordered tables grow at their end.
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_unstable_by(|left, right| left.as_ref().cmp(right.as_ref()));
        for row in rows {
            tables.load_row(row.as_ref())?;
        }
        if !tables.meta.contains_key(&ONLY) {
            return Err(LoadError::NoMeta);
        }
        tables.rebuild_indexes();
        Ok(tables)
    }

    /// Makes the indexes as the rows alone give them.
    ///
    /// Each is built at once from all its keys, which is faster than key by key and packs them densely.
    pub(crate) fn rebuild_indexes(&mut self) {
        let orders = || self.orders.iter().map(|(id, order)| (*id, order));
        let offers = self.offers.iter();
        self.book = index(offers.flat_map(|(id, offer)| book_keys(*id, offer)));
        self.draws = index(orders().filter_map(|(id, order)| draw_key(id, order)));
        let parties = orders().flat_map(|(id, order)| party_keys(id, order));
        self.parties = index(parties);
        let wakes = orders().map(|(id, order)| wake_key(id, order));
        let unbondings = self.unbondings.keys().map(|key| WakeKey {
            at: key.release_at,
            what: Wake::Unbonding(*key),
        });
        let names = self.names.iter().map(|(name, row)| name_wake(*name, row));
        let reservations = self.reservations.iter();
        let reservations = reservations.map(|(account, row)| reservation_wake(*account, row));
        let topics = self.topics.iter().map(|(id, row)| topic_wake(*id, row));
        let wakes = wakes.chain(unbondings).chain(names).chain(reservations);
        self.wakes = index(wakes.chain(topics));
        let slots = self.topic_slots.iter();
        self.members = index(slots.map(|(key, slot)| member_key(*key, slot)));
        let held = self.names.iter().map(|(name, row)| held_key(*name, row));
        self.held = index(held);
    }
}

/// The index that holds these keys.
fn index<K: Ord>(keys: impl Iterator<Item = K>) -> ordered::Base<K, ()> {
    keys.map(|key| (key, ())).collect()
}

const fn name_wake(name: Name, lease: &NameLease) -> WakeKey {
    WakeKey {
        at: lease.frees_at,
        what: Wake::Name(name),
    }
}

const fn held_key(name: Name, lease: &NameLease) -> HeldKey {
    HeldKey {
        holder: lease.holder,
        name,
    }
}

const fn reservation_wake(account: AccountId, row: &Reservation) -> WakeKey {
    WakeKey {
        at: row.lapses_at,
        what: Wake::Reservation(account),
    }
}

const fn topic_wake(id: TopicId, topic: &Topic) -> WakeKey {
    WakeKey {
        at: topic.epoch_ends_at,
        what: Wake::Topic(id),
    }
}

const fn member_key(key: SlotKey, slot: &TopicSlot) -> MemberKey {
    MemberKey {
        topic: key.topic,
        key: slot.key,
        slot: key.slot,
    }
}

fn book_keys(id: OfferId, offer: &Offer) -> impl Iterator<Item = BookKey> {
    Book::all_of(&offer.good).map(move |book| BookKey { book, offer: id })
}

fn draw_key(id: OrderId, order: &Order) -> Option<DrawKey> {
    order.draw_from.map(|from| DrawKey { from, order: id })
}

const fn wake_key(id: OrderId, order: &Order) -> WakeKey {
    WakeKey {
        at: order.wake_at,
        what: Wake::Order(id),
    }
}

/// Buyer and sellers, ascending, no doubles.
fn party_keys(id: OrderId, order: &Order) -> std::collections::BTreeSet<PartyKey> {
    std::iter::once(order.buyer)
        .chain(order.seats.iter().map(|seat| seat.seller))
        .map(|account| PartyKey { account, order: id })
        .collect()
}

/// Writes that keep the indexes in step with their rows.
impl State<'_> {
    pub(crate) fn put_offer(&mut self, id: OfferId, offer: Offer) {
        if self.offers.get(&id).is_none() {
            for key in book_keys(id, &offer) {
                self.book.put(key, ());
            }
        }
        self.offers.put(id, offer);
    }

    pub(crate) fn remove_offer(&mut self, id: OfferId) {
        let Some(offer) = self.offers.get(&id).cloned() else {
            return;
        };
        for key in book_keys(id, &offer) {
            self.book.remove(key);
        }
        self.offers.remove(id);
    }

    pub(crate) fn put_order(&mut self, id: OrderId, order: Order) {
        let (wake, draw, parties) = (
            wake_key(id, &order),
            draw_key(id, &order),
            party_keys(id, &order),
        );
        let old = self
            .orders
            .get(&id)
            .map(|row| (wake_key(id, row), draw_key(id, row), party_keys(id, row)));
        let (old_wake, old_draw, old_parties) = match old {
            Some((wake, draw, parties)) => (Some(wake), draw, parties),
            None => (None, None, std::collections::BTreeSet::new()),
        };
        if old_wake != Some(wake) {
            if let Some(key) = old_wake {
                self.wakes.remove(key);
            }
            self.wakes.put(wake, ());
        }
        if old_draw != draw {
            if let Some(key) = old_draw {
                self.draws.remove(key);
            }
            if let Some(key) = draw {
                self.draws.put(key, ());
            }
        }
        for key in old_parties.difference(&parties) {
            self.parties.remove(*key);
        }
        for key in parties.difference(&old_parties) {
            self.parties.put(*key, ());
        }
        self.orders.put(id, order);
    }

    pub(crate) fn remove_order(&mut self, id: OrderId) {
        let Some(order) = self.orders.get(&id).cloned() else {
            return;
        };
        self.wakes.remove(wake_key(id, &order));
        if let Some(key) = draw_key(id, &order) {
            self.draws.remove(key);
        }
        for key in party_keys(id, &order) {
            self.parties.remove(key);
        }
        self.orders.remove(id);
    }

    pub(crate) fn put_unbonding(&mut self, key: UnbondingKey, unbonding: Unbonding) {
        self.wakes.put(
            WakeKey {
                at: key.release_at,
                what: Wake::Unbonding(key),
            },
            (),
        );
        self.unbondings.put(key, unbonding);
    }

    pub(crate) fn take_unbonding(&mut self, key: UnbondingKey) -> Option<Unbonding> {
        let unbonding = self.unbondings.get(&key).copied()?;
        self.wakes.remove(WakeKey {
            at: key.release_at,
            what: Wake::Unbonding(key),
        });
        self.unbondings.remove(key);
        Some(unbonding)
    }

    pub(crate) fn put_name(&mut self, name: Name, lease: NameLease) {
        self.take_name(name);
        self.wakes.put(name_wake(name, &lease), ());
        self.held.put(held_key(name, &lease), ());
        self.names.put(name, lease);
    }

    pub(crate) fn take_name(&mut self, name: Name) -> Option<NameLease> {
        let lease = self.names.get(&name).copied()?;
        self.wakes.remove(name_wake(name, &lease));
        self.held.remove(held_key(name, &lease));
        self.names.remove(name);
        Some(lease)
    }

    pub(crate) fn put_reservation(&mut self, account: AccountId, row: Reservation) {
        self.remove_reservation(account);
        self.wakes.put(reservation_wake(account, &row), ());
        self.reservations.put(account, row);
    }

    pub(crate) fn put_topic(&mut self, id: TopicId, topic: Topic) {
        let wake = topic_wake(id, &topic);
        let old = self.topics.get(&id).map(|row| topic_wake(id, row));
        if old != Some(wake) {
            if let Some(key) = old {
                self.wakes.remove(key);
            }
            self.wakes.put(wake, ());
        }
        self.topics.put(id, topic);
    }

    pub(crate) fn put_slot(&mut self, key: SlotKey, slot: TopicSlot) {
        self.members.put(member_key(key, &slot), ());
        self.topic_slots.put(key, slot);
    }

    pub(crate) fn take_slot(&mut self, key: SlotKey) -> Option<TopicSlot> {
        let slot = self.topic_slots.get(&key).cloned()?;
        self.members.remove(member_key(key, &slot));
        self.topic_slots.remove(key);
        Some(slot)
    }

    pub(crate) fn remove_reservation(&mut self, account: AccountId) {
        if let Some(row) = self.reservations.get(&account).copied() {
            self.wakes.remove(reservation_wake(account, &row));
            self.reservations.remove(account);
        }
    }
}
