//! Why a store refused or failed.
use std::{
    io,
    path::{Path, PathBuf},
};

use assay_types::ContentId;

/// Why a store refused or failed. Each message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not here.
    #[error("content {id} is not in this store; fetch or upload it first")]
    Missing {
        /// What was asked for.
        id: ContentId,
    },
    /// More bytes than allowed.
    #[error(
        "the content has more than the {limit} bytes allowed here; send less, or raise the limit"
    )]
    TooLarge {
        /// The limit that was passed.
        limit: u64,
    },
    /// The store's own limit is reached.
    #[error(
        "the store holds {held} of at most {limit} bytes and cannot take {wanted} more; collect, or raise the limit"
    )]
    StoreFull {
        /// Bytes held, unfinished writes included.
        held: u64,
        /// Bytes that were to be added.
        wanted: u64,
        /// Most bytes.
        limit: u64,
    },
    /// The disk is full. Nothing partial stays.
    #[error("the disk of {} is full; free space there, then repeat", folder.display())]
    DiskFull {
        /// The store's folder.
        folder: PathBuf,
    },
    /// The bytes have another id than they should.
    #[error("the bytes hash to {actual}, not to {expected}; send the content that was announced")]
    WrongContent {
        /// The id that was announced.
        expected: ContentId,
        /// The id that the bytes have.
        actual: ContentId,
    },
    /// The file is not what was written.
    #[error("content {id} was damaged on disk and taken out of the store; fetch it again")]
    Damaged {
        /// What was asked for.
        id: ContentId,
    },
    /// The stored tree was not what was written; the content itself is sound.
    #[error("the tree of content {id} was damaged on disk and has been rebuilt; repeat the read")]
    Repaired {
        /// What was asked for.
        id: ContentId,
    },
    /// Another process has the folder open.
    #[error("another process uses the content store {}; stop it, or use another folder", folder.display())]
    Locked {
        /// The store's folder.
        folder: PathBuf,
    },
    /// The folder was written by another version.
    #[error("{} is not a content store of this version (it says {found:?}); use another folder", folder.display())]
    Version {
        /// The store's folder.
        folder: PathBuf,
        /// What its version file says.
        found: String,
    },
    /// Too many pins.
    #[error(
        "the store has {limit} pins and takes no more; collect, so that expired ones are forgotten"
    )]
    TooManyPins {
        /// Most pins.
        limit: u64,
    },
    /// The table of pins failed.
    #[error("cannot {action} the table of pins {}; check the disk", path.display())]
    Pins {
        /// What was attempted.
        action: &'static str,
        /// The table's file.
        path: PathBuf,
        /// What the table said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file system failed.
    #[error("cannot {action} {}; check the disk and the folder's permissions", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The reader that a put draws from failed.
    #[error("cannot read the bytes to store; send them again")]
    Source {
        /// What the reader said.
        source: io::Error,
    },
    /// An earlier call on the same upload or reader failed or was abandoned.
    #[error("this transfer was broken off before; begin it again")]
    Abandoned,
    /// The runtime is shutting down.
    #[error("the store is closing; repeat after the restart")]
    Stopped,
}

impl Error {
    /// Whether the same call may succeed without anybody's doing.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Repaired { .. } | Self::Stopped | Self::Source { .. }
        )
    }

    /// The error for a failed system call, in which a full disk has its own name.
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        if is_disk_full(&source) {
            Self::DiskFull {
                folder: path.parent().unwrap_or(path).to_path_buf(),
            }
        } else {
            Self::Io {
                action,
                path: path.to_path_buf(),
                source,
            }
        }
    }
}

/// Whether the system had no room left, on the disk or in the quota.
pub(super) fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
