//! A development network in a folder: made once, found again at the next start.
//!
//! ```text
//! <data>/genesis.bin         the first state, canonical
//! <data>/anchor.json         what receipts of this chain are verified against
//! <data>/validator.wallet    the validator's key, encrypted
//! <data>/wallets/*.wallet    funded wallets, encrypted
//! <data>/state               chain and content
//! ```
//! Any node has this layout; a development network's wallets have a passphrase that everybody knows.
//! Invariant: the folder appears whole or not at all.

use crate::{
    failure::Hint,
    home::{self, wallet_in},
};
use anyhow::{Context, anyhow};
use assay_client::{UnlockCost, WalletFile};
use assay_node::dev::{DevNetwork, dev_genesis};
use assay_types::{Genesis, LedgerTime, SecretKey, decode, encode};
use assay_verify::Anchor;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// The passphrase of a development network's wallets. It protects nothing and is not meant to.
pub(crate) const DEV_PASSPHRASE: &str = "assay-dev";
/// Largest genesis read: a million allocations of 40 bytes.
const GENESIS_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A node's folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Chain and content.
    pub(crate) fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// The anchor's file.
    pub(crate) fn anchor(&self) -> PathBuf {
        self.0.join("anchor.json")
    }

    /// The funded wallets.
    pub(crate) fn wallets(&self) -> PathBuf {
        self.0.join("wallets")
    }

    /// The validator's wallet.
    pub(crate) fn validator(&self) -> PathBuf {
        wallet_in(&self.0, "validator")
    }

    /// The configuration of one validator of several; a development network has none.
    pub(crate) fn node_file(&self) -> PathBuf {
        self.0.join("node.toml")
    }

    /// The key of such a validator.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.0.join("validator.key")
    }

    /// What it says while another program runs it.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.0.join("node.log")
    }

    /// The first state.
    pub(crate) fn genesis_file(&self) -> PathBuf {
        self.0.join("genesis.bin")
    }

    /// Whether a network was made here.
    pub(crate) fn exists(&self) -> bool {
        self.genesis_file().exists()
    }

    /// The network's first state.
    ///
    /// # Errors
    /// When the file cannot be read or is no genesis.
    pub(crate) fn genesis(&self) -> anyhow::Result<Genesis> {
        let path = self.genesis_file();
        let bytes = home::read(&path, GENESIS_BYTES_MAX)
            .hint(|| "`assay node --dev` makes a development network")?;
        decode(&bytes).with_context(|| format!("{} is no genesis", path.display()))
    }

    /// The validator's key.
    ///
    /// # Errors
    /// When there is none or the passphrase does not open it.
    pub(crate) fn validator_key(&self, passphrase: &str) -> anyhow::Result<SecretKey> {
        WalletFile::open(&self.validator(), passphrase).context("cannot open the validator's key")
    }

    /// A funded wallet's key, of a development network.
    ///
    /// # Errors
    /// When there is none of this name or another passphrase protects it.
    pub(crate) fn dev_wallet(&self, name: &str) -> anyhow::Result<SecretKey> {
        let path = wallet_in(&self.wallets(), name);
        WalletFile::open(&path, DEV_PASSPHRASE)
            .with_context(|| format!("cannot open the wallet `{name}`"))
    }

    /// Makes a new development network that begins now.
    ///
    /// # Errors
    /// When the folder holds other things or cannot be written.
    pub(crate) fn make(&self) -> anyhow::Result<DevNetwork> {
        let mut seed = [0; 32];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut seed);
        let network = dev_genesis(&seed, now());
        make_whole(&self.0, |draft| Self::new(draft).fill(&network))?;
        Ok(network)
    }

    fn fill(&self, network: &DevNetwork) -> anyhow::Result<()> {
        let wallets = self.wallets();
        fs::create_dir_all(&wallets)?;
        for wallet in &network.wallets {
            keep_key(&wallet_in(&wallets, &wallet.name), &wallet.key)?;
        }
        keep_key(&self.validator(), network.validator())?;
        let anchor = Anchor::of_genesis(&network.genesis)?;
        home::write(&self.anchor(), anchor.to_text().as_bytes())?;
        home::write(&self.genesis_file(), &encode(&network.genesis))
    }
}

/// Fills a new folder at `path`, which appears whole or not at all.
///
/// # Errors
/// When it holds other things, cannot be written, or `fill` fails.
pub(crate) fn make_whole(
    path: &Path,
    fill: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent)
        .with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let draft = tempfile::Builder::new()
        .prefix(".assay-new-")
        .tempdir_in(parent)
        .with_context(|| format!("cannot write to {}", parent.display()))?;
    fill(draft.path())?;
    let draft = draft.keep();
    // An empty folder gives way; anything else is somebody's.
    fs::rename(&draft, path)
        .inspect_err(|_| drop(fs::remove_dir_all(&draft)))
        .with_context(|| format!("cannot make a network in {}", path.display()))
        .hint(|| "the folder holds other things; name an empty or a new one with --dir")
}

fn keep_key(path: &Path, key: &SecretKey) -> anyhow::Result<()> {
    WalletFile::create_with(path, DEV_PASSPHRASE, key, UnlockCost::Low)
        .map(drop)
        .map_err(|error| anyhow!(error))
}

/// The machine's clock, which only begins a chain; from there on ledger time counts.
pub(crate) fn now() -> LedgerTime {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    LedgerTime::new(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
