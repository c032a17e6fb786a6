//! Folders: whether they can be written, have space, keep secrets, and are in use.

use super::{Finding, machine::GIB};
use crate::{
    config::Config,
    devnet::Folder,
    home::{Found, Home},
    words,
};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

/// Free space below which a node will not last: a busy chain writes a gigabyte in hours.
const DISK_BYTES_WARN: u64 = 10 * GIB;
/// Free space below which stores fail while they write.
const DISK_BYTES_FAIL: u64 = GIB / 4;
/// Sellers' folders that are looked at.
const SELLERS_MAX: usize = 100;
/// The lock of a chain's folder.
const CHAIN_LOCK: &str = "LOCK";
/// The store that a seller's process locks.
const SELLER_LOCK: &str = "answers.redb";

pub(super) fn check(home: &Home, config: &Config) -> Vec<Finding> {
    let mut findings = vec![writable(home), disk(home.path()), wallets(home, config)];
    for (name, folder) in [("dev node", home.dev()), ("node", home.node())] {
        let folder = Folder::new(folder);
        if folder.exists() {
            let state = lock(&folder.state().join(CHAIN_LOCK));
            findings.push(Finding::ok(
                name,
                format!("{}: {state}", folder.path().display()),
            ));
        }
    }
    findings.extend(sellers(home));
    findings
}

fn writable(home: &Home) -> Finding {
    let Some(there) = existing(home.path()) else {
        return Finding::fail(
            "home",
            format!("{} has no folder above it", home.path().display()),
            "name another folder with --home or ASSAY_HOME",
        );
    };
    let shown = home.path().display();
    match tempfile::tempfile_in(there) {
        Ok(_) if there == home.path() => Finding::ok("home", shown.to_string()),
        Ok(_) => Finding::ok("home", format!("{shown} (made when it is needed)")),
        Err(error) => Finding::fail(
            "home",
            format!("{} cannot be written: {error}", there.display()),
            "mend its permissions, or name another folder with --home or ASSAY_HOME",
        ),
    }
}

/// The folder itself, or the nearest one above it that exists.
fn existing(folder: &Path) -> Option<&Path> {
    let here = Path::new(".");
    folder
        .ancestors()
        .map(|folder| {
            if folder.as_os_str().is_empty() {
                here
            } else {
                folder
            }
        })
        .find(|folder| folder.is_dir())
}

fn disk(folder: &Path) -> Finding {
    let folder = existing(folder).and_then(|folder| folder.canonicalize().ok());
    let disks = sysinfo::Disks::new_with_refreshed_list_specifics(
        sysinfo::DiskRefreshKind::nothing().with_storage(),
    );
    // The disk of the longest mount point above the folder holds it.
    let disk = folder.and_then(|folder| {
        disks
            .list()
            .iter()
            .filter(|disk| folder.starts_with(disk.mount_point()))
            .max_by_key(|disk| disk.mount_point().components().count())
    });
    match disk {
        Some(disk) => space(disk.available_space()),
        None => Finding::ok("disk", "the system does not tell how much is free"),
    }
}

pub(super) fn space(free: u64) -> Finding {
    let found = format!("{} free", words::bytes(free));
    let advice = "free some space, or name a folder on another disk with --home";
    match free {
        ..DISK_BYTES_FAIL => Finding::fail("disk", found, advice),
        DISK_BYTES_FAIL..DISK_BYTES_WARN => Finding::warn("disk", found, advice),
        DISK_BYTES_WARN.. => Finding::ok("disk", found),
    }
}

fn wallets(home: &Home, config: &Config) -> Finding {
    let wallets = match home.wallets() {
        Ok(wallets) => wallets,
        Err(error) => {
            return Finding::fail(
                "wallets",
                format!("{error:#}"),
                "mend the folder's permissions",
            );
        }
    };
    let open: Vec<&Found> = wallets
        .iter()
        .filter(|wallet| is_open(&wallet.path))
        .collect();
    if let Some(wallet) = open.first() {
        return Finding::warn(
            "wallets",
            format!("others can read {}", wallet.path.display()),
            format!("chmod 600 {}", wallet.path.display()),
        );
    }
    let own = wallets.iter().filter(|wallet| !wallet.is_dev).count();
    let found = format!(
        "{own} of yours, {} of the development node",
        wallets.len() - own
    );
    match config.now("wallet") {
        Some(usual) if home.wallet(&usual).is_err() && !wallets.is_empty() => Finding::warn(
            "wallets",
            format!("{found}; the usual one, `{usual}`, does not exist"),
            "`assay wallet use NAME` chooses another",
        ),
        _ => Finding::ok("wallets", found),
    }
}

/// Whether others than the owner may read a file.
#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

fn sellers(home: &Home) -> Option<Finding> {
    let folders = std::fs::read_dir(home.providers()).ok()?;
    let locks: Vec<PathBuf> = folders
        .take(SELLERS_MAX)
        .filter_map(|folder| Some(folder.ok()?.path().join(SELLER_LOCK)))
        .filter(|lock| lock.exists())
        .collect();
    let running = locks.iter().filter(|path| lock(path) == IN_USE).count();
    (!locks.is_empty()).then(|| {
        Finding::ok(
            "sellers",
            format!("{} sold here, {running} running", locks.len()),
        )
    })
}

/// A folder that a running process has.
const IN_USE: &str = "in use by a running process";

/// What the lock at `path` says.
pub(super) fn lock(path: &Path) -> &'static str {
    let Ok(file) = File::open(path) else {
        return "never started";
    };
    match file.try_lock_shared() {
        Ok(()) => "free",
        Err(TryLockError::WouldBlock) => IN_USE,
        Err(TryLockError::Error(_)) => "its lock cannot be tried",
    }
}
