//! A streamed write: bytes in pieces, then one atomic step that makes them a content.
use std::{fs::File, io::Write as _, sync::Arc};

use super::{BATCH_BYTES, Error, Inner, PutOptions, Stored, blocking, folder::TempFile, footprint};
use crate::tree::TreeHasher;

/// An unfinished content. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    /// Bytes that are not on their way to the disk yet.
    buffer: Vec<u8>,
    size: u64,
    size_max: u64,
    /// `None` while a batch is being written, and for ever after one failed or was abandoned.
    work: Option<Box<Work>>,
}

/// What travels to the blocking thread and back.
#[derive(Debug)]
struct Work {
    inner: Arc<Inner>,
    options: PutOptions,
    hasher: TreeHasher,
    file: File,
    temporary: TempFile,
    reserved: u64,
}

impl Upload {
    pub(super) fn begin(inner: Arc<Inner>, options: PutOptions) -> Result<Self, Error> {
        let size_max = options.size_max.min(inner.limits.content_bytes_max);
        let (temporary, file) = inner.folder.temporary()?;
        let hasher = TreeHasher::new();
        let work = Box::new(Work {
            inner,
            options,
            hasher,
            file,
            temporary,
            reserved: 0,
        });
        Ok(Self {
            buffer: Vec::new(),
            size: 0,
            size_max,
            work: Some(work),
        })
    }

    /// Number of bytes so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::StoreFull`], [`Error::DiskFull`], [`Error::Io`]; the upload is void then, as it
    /// is when the call is abandoned half-way, and later calls say [`Error::Abandoned`].
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if self.work.is_none() {
            return Err(Error::Abandoned);
        }
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.size_max {
            self.work = None;
            return Err(Error::TooLarge {
                limit: self.size_max,
            });
        }
        while self.buffer.len() + bytes.len() >= BATCH_BYTES {
            let (now, later) = bytes.split_at(BATCH_BYTES - self.buffer.len());
            self.buffer.extend_from_slice(now);
            bytes = later;
            self.flush().await?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Ends the content: it is checked, synced, pinned and given its name, in this order.
    ///
    /// A content that is here already is pinned and not written again.
    ///
    /// # Errors
    /// [`Error::WrongContent`] when an id was announced and the bytes have another; those of [`Self::write`];
    /// [`Error::TooManyPins`] and [`Error::Pins`]. The store is as before then.
    pub async fn commit(mut self) -> Result<Stored, Error> {
        self.flush().await?;
        let mut work = self.work.take().ok_or(Error::Abandoned)?;
        blocking(move || work.commit()).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let mut work = self.work.take().ok_or(Error::Abandoned)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        (self.work, self.buffer) = blocking(move || {
            work.write(&buffer)?;
            buffer.clear();
            Ok((Some(work), buffer))
        })
        .await?;
        Ok(())
    }
}

impl Work {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reserve(bytes.len() as u64)?;
        self.hasher.update(bytes);
        self.file
            .write_all(bytes)
            .map_err(|source| self.failed("write", source))
    }

    fn commit(&mut self) -> Result<Stored, Error> {
        let tree = std::mem::take(&mut self.hasher).finish();
        let (id, size) = (tree.id, tree.size);
        if let Some(expected) = self.options.expect.filter(|expected| *expected != id) {
            return Err(Error::WrongContent {
                expected,
                actual: id,
            });
        }
        let PutOptions { owner, until, .. } = self.options;
        let inner = Arc::clone(&self.inner);
        let known = Stored {
            id,
            size,
            is_new: false,
        };
        {
            let mut pins = inner.gate();
            if inner.index().contents.contains_key(&id) {
                pins.set(id, owner, until)?;
                return Ok(known);
            }
        }
        // Syncing takes long and needs no gate.
        self.reserve(tree.nodes.len() as u64)?;
        self.file
            .sync_all()
            .map_err(|source| self.failed("sync", source))?;
        let nodes = if tree.nodes.is_empty() {
            None
        } else {
            Some(inner.folder.temporary_with(&tree.nodes)?)
        };
        let mut pins = inner.gate();
        pins.set(id, owner, until)?;
        if inner.index().contents.contains_key(&id) {
            // Somebody else stored the same bytes meanwhile.
            return Ok(known);
        }
        if let Some(mut nodes) = nodes {
            nodes.keep(&inner.folder.tree(id))?;
        }
        self.temporary.keep(&inner.folder.data(id))?;
        let mut index = inner.index();
        index.insert(id, size);
        debug_assert_eq!(
            self.reserved,
            footprint(size),
            "reserved as much as the files hold"
        );
        Ok(Stored {
            is_new: true,
            ..known
        })
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), Error> {
        self.inner.reserve(bytes)?;
        self.reserved += bytes;
        Ok(())
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::io(action, self.temporary.path(), source)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.inner.release(self.reserved);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use assay_types::LedgerTime;

    use super::*;
    use crate::store::{Limits, Owner, Stats, Store};

    /// Linux has a device that is always full.
    #[tokio::test]
    async fn a_full_disk_is_named_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Limits::default()).await.unwrap();
        let options = PutOptions {
            expect: None,
            size_max: u64::MAX,
            owner: Owner::Local,
            until: LedgerTime::MAX,
        };
        for size in [1, 3 * BATCH_BYTES] {
            let mut upload = store.upload(options).await.unwrap();
            upload.work.as_mut().unwrap().file =
                File::options().write(true).open("/dev/full").unwrap();
            let outcome = match upload.write(&vec![7; size]).await {
                Ok(()) => upload.commit().await,
                Err(error) => {
                    assert!(matches!(
                        upload.write(b"more").await.and(upload.commit().await),
                        Err(Error::Abandoned)
                    ));
                    Err(error)
                }
            };
            let message = outcome.unwrap_err().to_string();
            assert!(message.contains("is full; free space"), "{message}");
            assert_eq!(store.stats(), Stats::default());
            assert_eq!(
                std::fs::read_dir(dir.path().join("tmp")).unwrap().count(),
                0
            );
        }
    }
}
