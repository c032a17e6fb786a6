//! The layout on disk, and the few operations that must be atomic or durable.
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use assay_types::ContentId;

use super::Error;

/// Written into `version`.
const VERSION: &str = "assay content v1\n";
/// Most files kept in quarantine, for a person to look at; beyond it damaged files are deleted.
const QUARANTINE_FILES_MAX: usize = 16;
const TREE_SUFFIX: &str = ".tree";

/// A store's folder, locked for this process.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    /// Numbers temporary files; one process owns the folder, so a counter suffices.
    next: AtomicU64,
    /// Dropping it releases the lock.
    _lock: File,
}

/// A file that disappears unless it is given its name.
#[derive(Debug)]
pub(super) struct TempFile {
    path: Option<PathBuf>,
}

impl Folder {
    /// Locks `dir`, lays it out and empties `tmp/`.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        create_dir(dir)?;
        let path = dir.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| Error::io("open", &path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    folder: dir.to_path_buf(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path, source)),
        }
        let folder = Self {
            dir: dir.to_path_buf(),
            next: AtomicU64::new(0),
            _lock: lock,
        };
        folder.check_version()?;
        for name in ["data", "tmp", "quarantine"] {
            create_dir(&dir.join(name))?;
        }
        for first in 0..=u8::MAX {
            create_dir(&dir.join("data").join(hex::encode([first])))?;
        }
        sync_dir(&dir.join("data"))?;
        sync_dir(dir)?;
        for path in list(&dir.join("tmp"))? {
            remove(&path)?;
        }
        Ok(folder)
    }

    fn check_version(&self) -> Result<(), Error> {
        let path = self.dir.join("version");
        match fs::read(&path) {
            Ok(found) if found == VERSION.as_bytes() => Ok(()),
            Ok(found) => {
                let found = String::from_utf8_lossy(&found).chars().take(80).collect();
                Err(Error::Version {
                    folder: self.dir.clone(),
                    found,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Under another name first: a crash must not leave half a version.
                let temporary = self.dir.join("version.new");
                let mut file = File::create(&temporary)
                    .map_err(|source| Error::io("create", &temporary, source))?;
                file.write_all(VERSION.as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(|source| Error::io("write", &temporary, source))?;
                rename(&temporary, &path)
            }
            Err(source) => Err(Error::io("read", &path, source)),
        }
    }

    /// Contents and their sizes. Removes trees whose content a crash kept from getting its name.
    pub(super) fn scan(&self) -> Result<BTreeMap<ContentId, u64>, Error> {
        let mut contents = BTreeMap::new();
        let mut trees = Vec::new();
        for shard in list(&self.dir.join("data"))? {
            for path in list(&shard)? {
                let Some(name) = path.file_name().and_then(OsStr::to_str) else {
                    continue;
                };
                if let Some(id) = name
                    .strip_suffix(TREE_SUFFIX)
                    .and_then(|name| name.parse().ok())
                {
                    trees.push((id, path));
                } else if let Ok(id) = name.parse() {
                    let metadata = path
                        .metadata()
                        .map_err(|source| Error::io("inspect", &path, source))?;
                    contents.insert(id, metadata.len());
                }
            }
        }
        for (_, path) in trees.iter().filter(|(id, _)| !contents.contains_key(id)) {
            remove(path)?;
        }
        Ok(contents)
    }

    /// The table of pins.
    pub(super) fn pins(&self) -> PathBuf {
        self.dir.join("pins.redb")
    }

    /// A content's bytes.
    pub(super) fn data(&self, id: ContentId) -> PathBuf {
        let name = id.to_string();
        self.dir.join("data").join(&name[..2]).join(name)
    }

    /// A content's inner nodes.
    pub(super) fn tree(&self, id: ContentId) -> PathBuf {
        let name = id.to_string();
        self.dir
            .join("data")
            .join(&name[..2])
            .join(name + TREE_SUFFIX)
    }

    /// A new file in `tmp/`.
    pub(super) fn temporary(&self) -> Result<(TempFile, File), Error> {
        let path = self
            .dir
            .join("tmp")
            .join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let file = File::create_new(&path).map_err(|source| Error::io("create", &path, source))?;
        Ok((TempFile { path: Some(path) }, file))
    }

    /// A synced file in `tmp/` with `bytes` in it.
    pub(super) fn temporary_with(&self, bytes: &[u8]) -> Result<TempFile, Error> {
        let (temporary, mut file) = self.temporary()?;
        file.write_all(bytes)
            .and_then(|()| file.sync_all())
            .map_err(|source| Error::io("write", temporary.path(), source))?;
        Ok(temporary)
    }

    /// Removes a content's files. The bytes go first: a tree without them is removed at the next start.
    pub(super) fn remove(&self, id: ContentId) -> Result<(), Error> {
        remove(&self.data(id))?;
        remove(&self.tree(id))
    }

    /// Takes a damaged content out of `data/`.
    pub(super) fn quarantine(&self, id: ContentId) -> Result<(), Error> {
        let quarantine = self.dir.join("quarantine");
        if list(&quarantine)?.len() >= QUARANTINE_FILES_MAX {
            return self.remove(id);
        }
        rename(&self.data(id), &quarantine.join(id.to_string()))?;
        remove(&self.tree(id))
    }
}

impl TempFile {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Gives the synced file its name, durably.
    pub(super) fn keep(&mut self, path: &Path) -> Result<(), Error> {
        rename(self.path(), path)?;
        self.path = None;
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let Some(path) = self.path.take() else { return };
        if let Err(error) = remove(&path) {
            // The next start removes it.
            tracing::warn!(%error, "a temporary file stays behind");
        }
    }
}

/// Renames within the store and makes the new name durable.
fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|source| Error::io("move a file to", to, source))?;
    to.parent().map_or(Ok(()), sync_dir)
}

fn create_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::io("create the folder", path, source))
}

/// Makes the names in a folder durable.
fn sync_dir(path: &Path) -> Result<(), Error> {
    // Only Unix can open and sync a folder; elsewhere names are as durable as the file system makes them.
    if cfg!(unix) {
        File::open(path)
            .and_then(|dir| dir.sync_all())
            .map_err(|source| Error::io("sync the folder", path, source))?;
    }
    Ok(())
}

fn list(path: &Path) -> Result<Vec<PathBuf>, Error> {
    fs::read_dir(path)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(|source| Error::io("list", path, source))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, source))
        }
        _ => Ok(()),
    }
}
