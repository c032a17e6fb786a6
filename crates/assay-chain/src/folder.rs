//! The data folder: one process, one chain.
//!
//! `LOCK` is held by file-system lock as long as the process lives, so a killed process leaves nothing
//! behind that blocks the next. `chain-id` names the chain that the folder belongs to.

use assay_types::ChainId;
use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where Commonware's stores lie, within the data folder.
const STORES: &str = "chain";
const LOCK: &str = "LOCK";
const CHAIN_ID: &str = "chain-id";

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error("the data folder {path} is in use by another process; stop that one or choose another folder", path = path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// It belongs to another chain.
    #[error("the data folder {path} holds chain {found}, this is {expected}; choose another folder or the other genesis", path = path.display())]
    OtherChain {
        /// The folder.
        path: PathBuf,
        /// The genesis' chain.
        expected: ChainId,
        /// The folder's.
        found: String,
    },
    /// It cannot be read or written.
    #[error("cannot {attempt} {path}: {source}; check permissions and free space", path = path.display())]
    Io {
        /// What was attempted.
        attempt: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A data folder that this process owns while the value lives.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Takes the folder, creating it if needed.
    ///
    /// # Errors
    /// [`FolderError`].
    pub(crate) fn open(path: &Path, chain: ChainId) -> Result<Self, FolderError> {
        let path = path.to_path_buf();
        fs::create_dir_all(&path).map_err(failed("create", &path))?;
        let lock_path = path.join(LOCK);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(failed("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::InUse { path }),
            Err(TryLockError::Error(source)) => return Err(failed("lock", &lock_path)(source)),
        }
        claim(&path, chain)?;
        Ok(Self { path, _lock: lock })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where Commonware's stores lie.
    pub(crate) fn stores(&self) -> PathBuf {
        self.path.join(STORES)
    }

    /// Bytes that the stores whose names begin with `name` take on disk. What cannot be read counts as
    /// nothing: this sizes caches.
    pub(crate) fn stored_bytes(&self, name: &str) -> u64 {
        let entries = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten();
        entries(self.stores())
            .filter(|store| store.file_name().to_string_lossy().starts_with(name))
            .flat_map(|store| entries(store.path()))
            .filter_map(|blob| blob.metadata().ok())
            .map(|blob| blob.len())
            .sum()
    }
}

/// Writes the chain's id into a new folder, or compares it with an old one's.
fn claim(path: &Path, chain: ChainId) -> Result<(), FolderError> {
    let id_path = path.join(CHAIN_ID);
    match fs::read_to_string(&id_path) {
        Ok(text) if text.trim() == chain.to_string() => Ok(()),
        Ok(text) => Err(FolderError::OtherChain {
            path: path.to_path_buf(),
            expected: chain,
            found: text.trim().chars().take(64).collect(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let temporary = path.join("chain-id.new");
            let write = || -> io::Result<()> {
                let mut file = File::create(&temporary)?;
                writeln!(file, "{chain}")?;
                file.sync_all()?;
                fs::rename(&temporary, &id_path)?;
                File::open(path)?.sync_all()
            };
            write().map_err(failed("write", &id_path))
        }
        Err(error) => Err(failed("read", &id_path)(error)),
    }
}

fn failed(attempt: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_path_buf();
    move |source| FolderError::Io {
        attempt,
        path,
        source,
    }
}

#[cfg(test)]
mod tests;
