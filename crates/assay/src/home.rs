//! Where things lie on disk: `--home`, `$ASSAY_HOME`, or the platform's folder for application data.
//!
//! ```text
//! <home>/wallets/NAME.wallet     keys, encrypted
//! <home>/receipts/ORDER.receipt  what was bought
//! <home>/dev                     the development node: chain, content, funded wallets
//! <home>/network                 a network of several validators, funded wallets
//! <home>/node                    any other node
//! <home>/providers/ACCOUNT       a seller's journal
//! ```

use crate::failure::Hint;
use anyhow::{Context, anyhow};
use assay_types::{AccountId, OrderId};
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The node that commands talk to unless told otherwise.
pub(crate) const NODE_DEFAULT: &str = "http://127.0.0.1:2790";
/// Ending of wallet files.
const WALLET_EXTENSION: &str = "wallet";
/// Likeness of two names above which one is offered for the other; clap uses the same for flags.
const LIKENESS_MIN: f64 = 0.7;

/// Most wallets listed; a folder with more is no folder of wallets.
const WALLETS_LISTED_MAX: usize = 1_000;

/// A wallet's file and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// What `--wallet` calls it.
    pub(crate) name: String,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Whether the development node wrote it.
    pub(crate) is_dev: bool,
}

/// The folder of everything that commands keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// The given folder, or the platform's.
    ///
    /// # Errors
    /// When neither is known.
    pub(crate) fn new(given: Option<&Path>) -> anyhow::Result<Self> {
        match given {
            Some(folder) => Ok(Self(folder.to_owned())),
            None => platform_folder()
                .map(Self)
                .hint(|| "name a folder with --home or $ASSAY_HOME"),
        }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Folders of sellers that sold here.
    pub(crate) fn providers(&self) -> PathBuf {
        self.0.join("providers")
    }

    /// One's own wallets, then the development node's, each by name.
    ///
    /// # Errors
    /// When a folder of wallets cannot be read; one that is missing has none.
    pub(crate) fn wallets(&self) -> anyhow::Result<Vec<Found>> {
        let mut found = Vec::new();
        for (folder, is_dev) in [
            (self.0.join("wallets"), false),
            (self.dev().join("wallets"), true),
        ] {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
            };
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            let mut wallets: Vec<Found> = paths
                .filter(|path| {
                    path.extension()
                        .is_some_and(|ending| ending == WALLET_EXTENSION)
                })
                .filter_map(|path| {
                    let name = path.file_stem()?.to_str()?.to_owned();
                    Some(Found { name, path, is_dev })
                })
                .take(WALLETS_LISTED_MAX)
                .collect();
            wallets.sort_by(|a, b| a.name.cmp(&b.name));
            found.extend(wallets);
        }
        Ok(found)
    }

    /// The folder of the development node.
    pub(crate) fn dev(&self) -> PathBuf {
        self.0.join("dev")
    }

    /// The folder of a network of several validators.
    pub(crate) fn network(&self) -> PathBuf {
        self.0.join("network")
    }

    /// The folder of any other node.
    pub(crate) fn node(&self) -> PathBuf {
        self.0.join("node")
    }

    /// The folder of a seller's journal.
    pub(crate) fn provider(&self, account: AccountId) -> PathBuf {
        self.providers().join(account.short())
    }

    /// The folder of validators' journals.
    pub(crate) fn topics(&self) -> PathBuf {
        self.0.join("topics")
    }

    /// Where an order's receipt is kept.
    pub(crate) fn receipt(&self, order: OrderId) -> PathBuf {
        self.0
            .join("receipts")
            .join(format!("{}.receipt", order.short()))
    }

    /// Where a new wallet is written.
    pub(crate) fn new_wallet(&self, choice: &str) -> PathBuf {
        as_file(choice).unwrap_or_else(|| wallet_in(&self.0.join("wallets"), choice))
    }

    /// The file of an existing wallet: a path, a name among one's own, or one of the development node's.
    ///
    /// # Errors
    /// When there is none, offering those there are.
    pub(crate) fn wallet(&self, choice: &str) -> anyhow::Result<PathBuf> {
        let own = self.new_wallet(choice);
        let dev = wallet_in(&self.dev().join("wallets"), choice);
        let network = wallet_in(&self.network().join("wallets"), choice);
        let places = match as_file(choice) {
            Some(file) => vec![file],
            None => vec![own, dev, network],
        };
        if let Some(found) = places.iter().find(|place| place.exists()) {
            return Ok(found.clone());
        }
        if as_file(choice).is_some() {
            return Err(anyhow!("there is no wallet file {choice}"))
                .hint(|| "`assay wallet list` shows the wallets that have a name");
        }
        Err(anyhow!(
            "there is no wallet `{choice}` in {}",
            self.0.display()
        ))
        .hint(|| self.instead_of(choice))
    }

    /// What to do where there is no wallet `choice`.
    fn instead_of(&self, choice: &str) -> String {
        let names: Vec<String> = self
            .wallets()
            .unwrap_or_default()
            .into_iter()
            .map(|wallet| wallet.name)
            .collect();
        let alike = names
            .iter()
            .map(|name| (strsim::jaro_winkler(choice, name), name))
            .filter(|(likeness, _)| *likeness > LIKENESS_MIN)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match (alike, names.is_empty()) {
            (Some((_, name)), _) => {
                format!("did you mean `--wallet {name}`? `assay wallet list` shows all")
            }
            (None, false) => {
                "`assay wallet list` shows those there are; --wallet names one".to_owned()
            }
            (None, true) => {
                "`assay wallet new` makes one; `assay node --dev` writes funded ones for play"
                    .to_owned()
            }
        }
    }
}

/// Whether a wallet is chosen by file rather than by name.
fn as_file(choice: &str) -> Option<PathBuf> {
    let path = Path::new(choice);
    let is_file = path.components().count() > 1
        || path
            .extension()
            .is_some_and(|extension| extension == WALLET_EXTENSION);
    is_file.then(|| path.to_owned())
}

/// The file of the wallet `name` in `folder`.
pub(crate) fn wallet_in(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{WALLET_EXTENSION}"))
}

fn platform_folder() -> anyhow::Result<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let in_user_folder = |below: &str| env::home_dir().map(|user| user.join(below));
    let found = if cfg!(windows) {
        absolute("LOCALAPPDATA").map(|data| data.join("assay"))
    } else if cfg!(target_os = "macos") {
        in_user_folder("Library/Application Support/assay")
    } else {
        absolute("XDG_DATA_HOME")
            .map(|data| data.join("assay"))
            .or_else(|| in_user_folder(".local/share/assay"))
    };
    found.ok_or_else(|| anyhow!("the platform names no folder for application data"))
}

/// Reads a file of at most `bytes_max`.
///
/// # Errors
/// When it cannot be read or is longer; both name the file.
pub(crate) fn read(path: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    use std::io::Read;
    let file = fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bytes_max {
        return Err(anyhow!(
            "{} has more than {bytes_max} bytes, which no such file has",
            path.display()
        ));
    }
    Ok(bytes)
}

/// Writes a file whole or not at all, making its folder.
///
/// # Errors
/// When the folder or file cannot be written; both name it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let attempt = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    attempt().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests;
