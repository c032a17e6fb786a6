//! Who needs which content, and until when: a durable table.
//!
//! Key: content id, then the owner's kind and id, 65 bytes; value: the last ledger time in milliseconds.
use std::path::{Path, PathBuf};

use assay_types::{AccountId, ContentId, LedgerTime, ModelId, OrderId};
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableDefinition, WriteTransaction,
};

use super::{Error, error::is_disk_full};

/// Most pins: about 100 MiB of table.
pub const PINS_MAX: u64 = 1 << 20;

const PINS: TableDefinition<'_, &[u8; KEY_BYTES], u64> = TableDefinition::new("pins_v1");
const KEY_BYTES: usize = 65;

/// Who needs a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Who uploaded it, until something names it.
    Upload(AccountId),
    /// An order that names it.
    Order(OrderId),
    /// A registered model that names it.
    Model(ModelId),
    /// This machine's operator.
    Local,
}

/// A reason to keep a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Who needs it.
    pub owner: Owner,
    /// Until when, inclusive; [`LedgerTime::MAX`] for as long as it is not taken back.
    pub until: LedgerTime,
}

/// A content that only its uploader holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub content: ContentId,
    /// Its bytes.
    pub size: u64,
    /// Who uploaded it.
    pub uploader: AccountId,
    /// Until when, inclusive.
    pub until: LedgerTime,
}

/// The table.
#[derive(Debug)]
pub(super) struct Pins {
    path: PathBuf,
    /// `None` after a failed write: the database refuses everything until it is opened anew.
    database: Option<Database>,
}

type Failure = Box<redb::Error>;

impl Pins {
    /// Opens or creates the table.
    pub(super) fn open(path: PathBuf) -> Result<Self, Error> {
        let mut pins = Self {
            path,
            database: None,
        };
        pins.attempt("open", |_| Ok(()))?;
        Ok(pins)
    }

    /// Sets an owner's pin.
    pub(super) fn set(
        &mut self,
        id: ContentId,
        owner: Owner,
        until: LedgerTime,
    ) -> Result<(), Error> {
        let key = key(id, owner);
        let is_set = self.write("write to", |transaction| {
            let mut table = transaction.open_table(PINS).map_err(failure)?;
            if table.len().map_err(failure)? >= PINS_MAX
                && table.get(&key).map_err(failure)?.is_none()
            {
                return Ok(false);
            }
            table.insert(&key, until.get()).map_err(failure)?;
            Ok(true)
        })?;
        if is_set {
            Ok(())
        } else {
            Err(Error::TooManyPins { limit: PINS_MAX })
        }
    }

    /// Removes an owner's pin.
    pub(super) fn remove(&mut self, id: ContentId, owner: Owner) -> Result<(), Error> {
        self.write("write to", |transaction| {
            let mut table = transaction.open_table(PINS).map_err(failure)?;
            table.remove(&key(id, owner)).map_err(failure)?;
            Ok(())
        })
    }

    /// Forgets pins that ended before `now` and returns how many.
    pub(super) fn expire(&mut self, now: LedgerTime) -> Result<u64, Error> {
        self.write("write to", |transaction| {
            let mut table = transaction.open_table(PINS).map_err(failure)?;
            let before = table.len().map_err(failure)?;
            table
                .retain(|_, until| until >= now.get())
                .map_err(failure)?;
            Ok(before - table.len().map_err(failure)?)
        })
    }

    /// A content's pins.
    pub(super) fn of(&mut self, id: ContentId) -> Result<Vec<Pin>, Error> {
        let (first, last) = (bounded(id, 0), bounded(id, u8::MAX));
        self.attempt("read", |database| {
            let transaction = database.begin_read().map_err(failure)?;
            let table = transaction.open_table(PINS).map_err(failure)?;
            let mut pins = Vec::new();
            for row in table
                .range::<&[u8; KEY_BYTES]>(&first..=&last)
                .map_err(failure)?
            {
                let (key, until) = row.map_err(failure)?;
                // A kind of owner that this version does not know still holds its content.
                let owner = owner(key.value()).unwrap_or(Owner::Local);
                pins.push(Pin {
                    owner,
                    until: LedgerTime::new(until.value()),
                });
            }
            Ok(pins)
        })
    }

    /// What uploaders hold and nobody else does: content, uploader, until when.
    pub(super) fn uploads(&mut self) -> Result<Vec<(ContentId, AccountId, LedgerTime)>, Error> {
        self.attempt("read", |database| {
            let transaction = database.begin_read().map_err(failure)?;
            let table = transaction.open_table(PINS).map_err(failure)?;
            let mut found: Vec<(ContentId, AccountId, LedgerTime)> = Vec::new();
            for row in table.iter().map_err(failure)? {
                let (key, until) = row.map_err(failure)?;
                let key = key.value();
                // Uploads come first among a content's keys; any other kind names the content.
                let content = ContentId::new(*key.first_chunk().unwrap_or(&[0; 32]));
                match owner(key) {
                    Some(Owner::Upload(uploader)) => {
                        found.push((content, uploader, LedgerTime::new(until.value())));
                    }
                    _ => {
                        while found.last().is_some_and(|(held, ..)| *held == content) {
                            found.pop();
                        }
                    }
                }
            }
            Ok(found)
        })
    }

    fn write<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.attempt(action, |database| {
            let transaction = database.begin_write().map_err(failure)?;
            let value = work(&transaction)?;
            transaction.commit().map_err(failure)?;
            Ok(value)
        })
    }

    /// Runs `work`; after a failure the next call opens the database anew.
    fn attempt<T>(
        &mut self,
        action: &'static str,
        work: impl FnOnce(&Database) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let database = match self.database.take() {
            Some(database) => Ok(database),
            None => create(&self.path),
        };
        match database.and_then(|database| Ok((work(&database)?, database))) {
            Ok((value, database)) => {
                self.database = Some(database);
                Ok(value)
            }
            Err(source) => Err(self.error(action, source)),
        }
    }

    fn error(&self, action: &'static str, source: Failure) -> Error {
        match &*source {
            redb::Error::Io(error) if is_disk_full(error) => Error::DiskFull {
                folder: self.path.parent().unwrap_or(&self.path).to_path_buf(),
            },
            _ => Error::Pins {
                action,
                path: self.path.clone(),
                source,
            },
        }
    }
}

fn create(path: &Path) -> Result<Database, Failure> {
    let database = Database::create(path).map_err(failure)?;
    let transaction = database.begin_write().map_err(failure)?;
    transaction.open_table(PINS).map_err(failure)?;
    transaction.commit().map_err(failure)?;
    Ok(database)
}

fn failure(error: impl Into<redb::Error>) -> Failure {
    Box::new(error.into())
}

fn key(id: ContentId, owner: Owner) -> [u8; KEY_BYTES] {
    let (kind, owner) = match owner {
        Owner::Upload(account) => (0, *account.as_bytes()),
        Owner::Order(order) => (1, *order.as_bytes()),
        Owner::Model(model) => (2, *model.as_bytes()),
        Owner::Local => (3, [0; 32]),
    };
    let mut key = bounded(id, 0);
    key[32] = kind;
    key[33..].copy_from_slice(&owner);
    key
}

/// The content's first or last possible key.
fn bounded(id: ContentId, fill: u8) -> [u8; KEY_BYTES] {
    let mut key = [fill; KEY_BYTES];
    key[..32].copy_from_slice(id.as_bytes());
    key
}

fn owner(key: &[u8; KEY_BYTES]) -> Option<Owner> {
    let id = *key.last_chunk()?;
    Some(match key[32] {
        0 => Owner::Upload(AccountId::new(id)),
        1 => Owner::Order(OrderId::new(id)),
        2 => Owner::Model(ModelId::new(id)),
        3 => Owner::Local,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_frozen() {
        let id = ContentId::new([0xaa; 32]);
        for (given, kind, bytes) in [
            (Owner::Upload(AccountId::new([1; 32])), "00", "01"),
            (Owner::Order(OrderId::new([2; 32])), "01", "02"),
            (Owner::Model(ModelId::new([3; 32])), "02", "03"),
            (Owner::Local, "03", "00"),
        ] {
            let key = key(id, given);
            assert_eq!(
                hex::encode(key),
                format!("{}{kind}{}", "aa".repeat(32), bytes.repeat(32))
            );
            assert_eq!(owner(&key), Some(given));
        }
    }
}
