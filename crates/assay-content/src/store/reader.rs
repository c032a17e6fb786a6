//! Reading from the disk: every part is checked before it is handed out, plain or encoded.
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    sync::Arc,
};

use assay_types::ContentId;
use bytes::Bytes;

use super::{BATCH_BYTES, Error, Inner, blocking};
use crate::{
    stream,
    tree::{GROUP_BYTES, NODE_BYTES, Part, Tree, TreeHasher, Verifier},
};

/// What a reader hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The content's bytes.
    Plain,
    /// The encoding of [`crate::stream`].
    Encoded,
}

/// A content as a stream of verified bytes. It stays readable when the content is collected meanwhile.
#[derive(Debug)]
pub struct Reader {
    id: ContentId,
    size: u64,
    /// `None` at the end, while a batch is being read, and after one failed or was abandoned.
    work: Option<Box<Work>>,
    is_complete: bool,
}

/// What travels to the blocking thread and back.
#[derive(Debug)]
struct Work {
    inner: Arc<Inner>,
    id: ContentId,
    view: View,
    /// The encoding's first bytes, until they are handed out.
    header: Option<[u8; stream::HEADER_BYTES]>,
    data: File,
    tree: Option<File>,
    verifier: Verifier,
    part: Vec<u8>,
}

impl Reader {
    pub(super) fn open(
        inner: Arc<Inner>,
        id: ContentId,
        view: View,
        from: u64,
    ) -> Result<Self, Error> {
        let size = *inner
            .index()
            .contents
            .get(&id)
            .ok_or(Error::Missing { id })?;
        let Some(data) = open(&inner.folder.data(id))? else {
            // Collected between the look and the opening, or removed by hand.
            return Err(inner.examine(id));
        };
        let path = inner.folder.tree(id);
        let tree = match open(&path)? {
            None if size > GROUP_BYTES as u64 => match inner.examine(id) {
                Error::Repaired { .. } => open(&path)?,
                error => return Err(error),
            },
            tree => tree,
        };
        let header = (view == View::Encoded).then(|| stream::header(size));
        let verifier = Verifier::new(id, size, from);
        let work = Box::new(Work {
            inner,
            id,
            view,
            header,
            data,
            tree,
            verifier,
            part: Vec::new(),
        });
        Ok(Self {
            id,
            size,
            work: Some(work),
            is_complete: false,
        })
    }

    /// The content's id.
    pub const fn id(&self) -> ContentId {
        self.id
    }

    /// The content's number of bytes, whatever is read of it.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The next verified bytes, a few hundred kibibytes at a time; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Damaged`] and [`Error::Repaired`] when the disk holds something else than was written,
    /// [`Error::Io`] when it cannot be read. What was handed out before is sound.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if self.is_complete {
            return Ok(None);
        }
        let mut work = self.work.take().ok_or(Error::Abandoned)?;
        let (work, bytes) = blocking(move || {
            let bytes = work.batch()?;
            Ok((work, bytes))
        })
        .await?;
        if bytes.is_empty() {
            // The files are closed now: nothing holds a collected content on the disk.
            self.is_complete = true;
            return Ok(None);
        }
        self.work = Some(work);
        Ok(Some(bytes.into()))
    }
}

impl Work {
    /// Up to a batch of verified bytes; none at the end.
    fn batch(&mut self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(BATCH_BYTES + GROUP_BYTES);
        out.extend(self.header.take().into_iter().flatten());
        while out.len() < BATCH_BYTES {
            let Some(part) = self.verifier.wanted() else {
                break;
            };
            match self.load(part) {
                Ok(()) if self.verifier.accept(&self.part).is_ok() => {}
                Err(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(Error::io("read", &self.inner.folder.data(self.id), source));
                }
                // The files are not what was written.
                _ => return Err(self.inner.examine(self.id)),
            }
            if self.view == View::Encoded || matches!(part, Part::Group { .. }) {
                out.extend_from_slice(&self.part);
            }
        }
        Ok(out)
    }

    /// Reads a part's bytes from its file.
    fn load(&mut self, part: Part) -> io::Result<()> {
        self.part.resize(part.len(), 0);
        let (file, at) = match part {
            Part::Group { offset, .. } => (&mut self.data, offset),
            Part::Node { index } => {
                let tree = self.tree.as_mut().ok_or(io::ErrorKind::UnexpectedEof)?;
                (tree, index * NODE_BYTES as u64)
            }
        };
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut self.part)
    }
}

impl Inner {
    /// Finds out what is wrong with a content that failed its check, and mends or removes it: a damaged tree is
    /// rebuilt from sound data, damaged data goes into quarantine. Returns what to tell the reader.
    fn examine(&self, id: ContentId) -> Error {
        // Nobody may add or remove the content meanwhile.
        let _gate = self.gate();
        if !self.index().contents.contains_key(&id) {
            return Error::Missing { id };
        }
        self.mend(id).unwrap_or_else(|error| error)
    }

    fn mend(&self, id: ContentId) -> Result<Error, Error> {
        let Some(tree) = self.rehash(id)? else {
            tracing::error!(%id, "stored content was removed by somebody else");
            self.index().remove(id);
            self.folder.remove(id)?;
            return Ok(Error::Missing { id });
        };
        if tree.id == id {
            self.folder
                .temporary_with(&tree.nodes)?
                .keep(&self.folder.tree(id))?;
            tracing::warn!(%id, "the stored tree was damaged and has been rebuilt");
            return Ok(Error::Repaired { id });
        }
        tracing::error!(%id, "stored content was damaged and is taken out of the store");
        self.index().remove(id);
        self.folder.quarantine(id)?;
        Ok(Error::Damaged { id })
    }

    /// The tree over what the disk holds now; `None` when there is no file.
    fn rehash(&self, id: ContentId) -> Result<Option<Tree>, Error> {
        let path = self.folder.data(id);
        let Some(mut data) = open(&path)? else {
            return Ok(None);
        };
        let mut hasher = TreeHasher::new();
        let mut buffer = vec![0; BATCH_BYTES];
        loop {
            let count = data
                .read(&mut buffer)
                .map_err(|source| Error::io("read", &path, source))?;
            match buffer.get(..count) {
                None | Some([]) => return Ok(Some(hasher.finish())),
                Some(bytes) => hasher.update(bytes),
            }
        }
    }
}

fn open(path: &std::path::Path) -> Result<Option<File>, Error> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::io("open", path, source)),
    }
}
