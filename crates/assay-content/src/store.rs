//! A folder of contents: written atomically, read with verification, kept while pinned.
//!
//! ```text
//! DIR/lock            held by the one process that has the store open
//! DIR/version         the layout's version
//! DIR/data/ab/HEX     a content's plain bytes, named by its id
//! DIR/data/ab/HEX.tree  its inner nodes in pre-order, where it has any
//! DIR/pins.redb       who needs which content, and until when
//! DIR/tmp/            unfinished writes; emptied when the store opens
//! DIR/quarantine/     files that failed their check
//! ```
//!
//! Invariants: a file in `data/` was complete and synced before it got its name; no byte leaves the store that does
//! not belong to the id it was asked by; what a live pin names is not collected; the sum of all files and unfinished
//! writes stays within [`Limits::store_bytes_max`].
//!
//! What is there is derived from the folder when it opens, so no record can disagree with the files. All waiting for
//! the disk happens on tokio's blocking threads.
mod collect;
mod error;
mod folder;
mod pins;
mod reader;
mod upload;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use assay_types::{ContentId, LedgerTime};
use tokio::io::{AsyncRead, AsyncReadExt as _};

pub use self::{
    collect::Collected,
    error::Error,
    pins::{Lease, Owner, PINS_MAX, Pin},
    reader::Reader,
    upload::Upload,
};
use self::{folder::Folder, pins::Pins};
use crate::tree;

/// Bytes moved between memory and disk at a time: enough to hide the hop to another thread.
const BATCH_BYTES: usize = 256 * 1024;

/// What a store may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest content.
    pub content_bytes_max: u64,
    /// All contents with their trees, and all unfinished writes.
    pub store_bytes_max: u64,
}

impl Default for Limits {
    /// 1 GiB for one content, which is more than any program of today's IR; 64 GiB for all.
    fn default() -> Self {
        Self {
            content_bytes_max: 1 << 30,
            store_bytes_max: 64 << 30,
        }
    }
}

/// What is known about a content before it is written, and who needs it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutOptions {
    /// The id that the bytes must have, where it is known.
    pub expect: Option<ContentId>,
    /// Most bytes that are taken; the store's own limit holds as well.
    pub size_max: u64,
    /// Who needs it.
    pub owner: Owner,
    /// Until when; [`LedgerTime::MAX`] for as long as [`Store::unpin`] is not called.
    pub until: LedgerTime,
}

/// A content that is now in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: ContentId,
    /// Its number of bytes.
    pub size: u64,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// What a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Number of contents.
    pub contents: u64,
    /// Bytes of all files of contents, trees included.
    pub bytes: u64,
    /// Bytes of unfinished writes.
    pub bytes_unfinished: u64,
}

/// A store. Clones share it; the folder is free again when the last clone, reader and upload is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: Folder,
    limits: Limits,
    /// Taken by whatever adds, pins or removes, so that a content cannot be collected between its discovery and its
    /// pin. Held across syncs, hence on blocking threads only.
    gate: Mutex<Pins>,
    /// Held for moments.
    index: Mutex<Index>,
}

#[derive(Debug, Default)]
struct Index {
    /// Sizes in bytes.
    contents: BTreeMap<ContentId, u64>,
    /// Bytes of their files.
    held: u64,
    /// Bytes of unfinished writes.
    reserved: u64,
}

impl Store {
    /// Opens the store in `dir`, creating the folder where there is none, and removes what a crash left unfinished.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process has it open, [`Error::Version`] for a layout of another program,
    /// [`Error::Io`] and [`Error::Pins`] when the folder cannot be used.
    pub async fn open(dir: impl AsRef<Path>, limits: Limits) -> Result<Self, Error> {
        let dir = dir.as_ref().to_path_buf();
        let inner = blocking(move || {
            let folder = Folder::open(&dir)?;
            let pins = Pins::open(folder.pins())?;
            let mut index = Index::default();
            for (id, size) in folder.scan()? {
                index.insert(id, size);
            }
            Ok(Inner {
                folder,
                limits,
                gate: Mutex::new(pins),
                index: Mutex::new(index),
            })
        })
        .await?;
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whether the content is here.
    pub fn contains(&self, id: ContentId) -> bool {
        self.size(id).is_some()
    }

    /// The content's number of bytes, if it is here.
    pub fn size(&self, id: ContentId) -> Option<u64> {
        self.inner.index().contents.get(&id).copied()
    }

    /// How much is here.
    pub fn stats(&self) -> Stats {
        let index = self.inner.index();
        Stats {
            contents: index.contents.len() as u64,
            bytes: index.held,
            bytes_unfinished: index.reserved,
        }
    }

    /// The limits it was opened with.
    pub fn limits(&self) -> Limits {
        self.inner.limits
    }

    /// Begins a streamed write; see [`Upload`].
    ///
    /// # Errors
    /// [`Error::DiskFull`] or [`Error::Io`] when no file can be created.
    pub async fn upload(&self, options: PutOptions) -> Result<Upload, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || Upload::begin(inner, options)).await
    }

    /// Writes everything that `reader` yields.
    ///
    /// # Errors
    /// Those of [`Upload::write`] and [`Upload::commit`], and [`Error::Source`] when the reader fails. Nothing of
    /// the content stays behind then.
    pub async fn put(
        &self,
        options: PutOptions,
        mut reader: impl AsyncRead + Unpin,
    ) -> Result<Stored, Error> {
        let mut upload = self.upload(options).await?;
        let mut buffer = vec![0; tree::GROUP_BYTES];
        loop {
            let count = reader
                .read(&mut buffer)
                .await
                .map_err(|source| Error::Source { source })?;
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
                return upload.commit().await;
            };
            upload.write(bytes).await?;
        }
    }

    /// Writes bytes that are at hand.
    ///
    /// # Errors
    /// Those of [`Store::put`].
    pub async fn put_bytes(
        &self,
        bytes: &[u8],
        owner: Owner,
        until: LedgerTime,
    ) -> Result<Stored, Error> {
        let options = PutOptions {
            expect: None,
            size_max: u64::MAX,
            owner,
            until,
        };
        self.put(options, bytes).await
    }

    /// A whole content, verified.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::TooLarge`] when it has more than `size_max` bytes, and those of
    /// [`Reader::chunk`].
    pub async fn get(&self, id: ContentId, size_max: u64) -> Result<Vec<u8>, Error> {
        let mut reader = self.read(id).await?;
        if reader.size() > size_max {
            return Err(Error::TooLarge { limit: size_max });
        }
        let mut content = Vec::with_capacity(reader.size() as usize);
        while let Some(bytes) = reader.chunk().await? {
            content.extend_from_slice(&bytes);
        }
        Ok(content)
    }

    /// The plain bytes of a content as a stream, each checked before it is handed out.
    ///
    /// # Errors
    /// [`Error::Missing`]; [`Error::Damaged`] when its tree is gone and cannot be rebuilt.
    pub async fn read(&self, id: ContentId) -> Result<Reader, Error> {
        self.reader(id, reader::View::Plain, 0).await
    }

    /// The encoding of a content ([`crate::stream`]) from the group of byte `from` on, as a stream, each part checked
    /// before it is handed out.
    ///
    /// # Errors
    /// Those of [`Store::read`].
    pub async fn encode(&self, id: ContentId, from: u64) -> Result<Reader, Error> {
        self.reader(id, reader::View::Encoded, from).await
    }

    async fn reader(&self, id: ContentId, view: reader::View, from: u64) -> Result<Reader, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || Reader::open(inner, id, view, from)).await
    }

    /// Says that `owner` needs the content until `until` (inclusive), in place of what that owner said before.
    /// The content need not be here yet.
    ///
    /// # Errors
    /// [`Error::TooManyPins`] at [`PINS_MAX`]; [`Error::Pins`] when the table cannot be written.
    pub async fn pin(&self, id: ContentId, owner: Owner, until: LedgerTime) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.gate().set(id, owner, until)).await
    }

    /// Pins the content if it is here, and returns its size then. It cannot be collected in between.
    pub(crate) async fn pin_held(
        &self,
        id: ContentId,
        owner: Owner,
        until: LedgerTime,
    ) -> Result<Option<u64>, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let mut pins = inner.gate();
            let size = inner.index().contents.get(&id).copied();
            if size.is_some() {
                pins.set(id, owner, until)?;
            }
            Ok(size)
        })
        .await
    }

    /// Says that `owner` needs the content no longer. Without such a pin nothing happens.
    ///
    /// # Errors
    /// [`Error::Pins`] when the table cannot be written.
    pub async fn unpin(&self, id: ContentId, owner: Owner) -> Result<(), Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.gate().remove(id, owner)).await
    }

    /// Who needs the content; expired pins are listed until the next collection.
    ///
    /// # Errors
    /// [`Error::Pins`] when the table cannot be read.
    pub async fn pins(&self, id: ContentId) -> Result<Vec<Pin>, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.gate().of(id)).await
    }

    /// What is kept for its uploaders only. Walks the whole table of pins: for a start, not for a request.
    ///
    /// # Errors
    /// [`Error::Pins`] when the table cannot be read.
    pub async fn leases(&self) -> Result<Vec<Lease>, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || {
            let uploads = inner.gate().uploads()?;
            let index = inner.index();
            let leases = uploads
                .into_iter()
                .filter_map(|(content, uploader, until)| {
                    let size = *index.contents.get(&content)?;
                    Some(Lease {
                        content,
                        size,
                        uploader,
                        until,
                    })
                });
            Ok(leases.collect())
        })
        .await
    }

    /// Forgets pins that ended before `now`, the ledger's time, and removes contents that no pin holds.
    /// Reads that are under way go on.
    ///
    /// # Errors
    /// [`Error::Pins`] and [`Error::Io`]; what was removed before the error stays removed.
    pub async fn collect(&self, now: LedgerTime) -> Result<Collected, Error> {
        let inner = Arc::clone(&self.inner);
        blocking(move || inner.collect(now)).await
    }
}

impl Inner {
    fn gate(&self) -> MutexGuard<'_, Pins> {
        // A panic leaves the table and the files as consistent as a crash would.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets bytes aside for an unfinished write.
    fn reserve(&self, bytes: u64) -> Result<(), Error> {
        let limit = self.limits.store_bytes_max;
        let mut index = self.index();
        let held = index.held.saturating_add(index.reserved);
        if held.saturating_add(bytes) > limit {
            return Err(Error::StoreFull {
                held,
                wanted: bytes,
                limit,
            });
        }
        index.reserved += bytes;
        Ok(())
    }

    fn release(&self, bytes: u64) {
        let mut index = self.index();
        index.reserved = index.reserved.saturating_sub(bytes);
    }
}

impl Index {
    fn insert(&mut self, id: ContentId, size: u64) {
        if self.contents.insert(id, size).is_none() {
            self.held += footprint(size);
        }
    }

    fn remove(&mut self, id: ContentId) -> Option<u64> {
        let size = self.contents.remove(&id)?;
        self.held = self.held.saturating_sub(footprint(size));
        Some(size)
    }
}

/// Bytes on disk of a content of `size` bytes.
const fn footprint(size: u64) -> u64 {
    size.saturating_add(tree::tree_bytes(size))
}

/// Runs work that waits for the disk on a thread that may wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Stopped),
    }
}

#[cfg(test)]
mod tests;
