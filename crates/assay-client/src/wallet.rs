//! Wallet files: one secret key at rest, encrypted with a passphrase.
//!
//! The file is a small JSON object: a version, the address (so that it can be shown without the
//! passphrase) and an age file (<https://age-encryption.org/v1>, scrypt recipient) in base64 that holds the
//! 32-byte seed. Whoever lost this program still opens it with `age --decrypt`. The address is a hint until
//! the file is unlocked; then it must be the key's.
//!
//! Invariant: a file appears under its name whole or not at all, readable by its owner only, and never in
//! place of another.

use age::secrecy::SecretString;
use assay_types::{AccountId, SecretKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Largest wallet file; ours have some 500 bytes, so whatever is larger is something else.
pub const WALLET_BYTES_MAX: usize = 16 * 1024;
const VERSION: u32 = 1;
const SEED_BYTES: usize = 32;
/// 2²² scrypt rounds take about 4 GiB and half a minute: more is an attack on the opener, not on a guesser.
const WORK_FACTOR_MAX: u8 = 22;

/// A wallet file's contents, still locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletFile {
    address: AccountId,
    sealed: Vec<u8>,
}

/// How long one try at the passphrase takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnlockCost {
    /// About a second and 256 MiB (2¹⁸ scrypt rounds), for keys that guard money.
    #[default]
    High,
    /// Milliseconds (2¹⁰ rounds), for tests and development networks, whose passphrases are public anyway.
    Low,
}

/// Why a wallet cannot be written, read or unlocked.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// There is no such file.
    #[error("there is no wallet at {path}; create one with `assay wallet new`")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Something has this name already.
    #[error("{path} exists; choose another name, a wallet is never overwritten")]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// The file system refused.
    #[error(
        "cannot {action} the wallet at {path}; check the folder, its permissions and the free space"
    )]
    File {
        /// What was attempted.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Not a wallet file.
    #[error("this is no wallet file of version {VERSION}: {reason}; restore it from a backup")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open the wallet of {address}; try again")]
    WrongPassphrase {
        /// Whose wallet.
        address: AccountId,
    },
    /// No passphrase.
    #[error("the passphrase is empty; choose one that others cannot guess")]
    EmptyPassphrase,
    /// The file demands absurd work before the passphrase can be tried.
    #[error(
        "the wallet of {address} demands 2^{work_factor} scrypt rounds, the limit is 2^{WORK_FACTOR_MAX}; it was not made by this program"
    )]
    TooCostly {
        /// Whose wallet.
        address: AccountId,
        /// What it demands.
        work_factor: u8,
    },
    /// The key inside belongs to another address than the file says.
    #[error("the file names {named}, the key inside is {actual}'s; somebody changed the file")]
    WrongAddress {
        /// What the file says.
        named: AccountId,
        /// Whose key it holds.
        actual: AccountId,
    },
    /// The encryption failed.
    #[error("cannot encrypt the wallet of {address}")]
    Encrypt {
        /// Whose wallet.
        address: AccountId,
        /// The library's reason.
        source: Box<age::EncryptError>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    address: String,
    age: String,
}

impl WalletFile {
    /// Encrypts `key` and writes it to `path`, mode 0600, atomically.
    ///
    /// # Errors
    /// [`WalletError::Exists`], [`WalletError::EmptyPassphrase`], [`WalletError::File`].
    pub fn create(path: &Path, passphrase: &str, key: &SecretKey) -> Result<Self, WalletError> {
        Self::create_with(path, passphrase, key, UnlockCost::High)
    }

    /// [`Self::create`] with a chosen cost of unlocking.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_with(
        path: &Path,
        passphrase: &str,
        key: &SecretKey,
        cost: UnlockCost,
    ) -> Result<Self, WalletError> {
        let file = |action| {
            move |source| WalletError::File {
                action,
                path: path.to_owned(),
                source,
            }
        };
        let exists = || WalletError::Exists {
            path: path.to_owned(),
        };
        if path.exists() {
            return Err(exists());
        }
        let wallet = Self::seal(passphrase, key, cost)?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // A fresh temporary file has mode 0600 before its first byte is written.
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(file("create"))?;
        temporary
            .write_all(&wallet.to_bytes())
            .and_then(|()| temporary.as_file().sync_all())
            .map_err(file("write"))?;
        temporary.persist_noclobber(path).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                exists()
            } else {
                file("name")(error.error)
            }
        })?;
        // The name itself must survive a power cut; elsewhere than on Unix folders cannot be synced.
        #[cfg(unix)]
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(file("sync the folder of"))?;
        Ok(wallet)
    }

    /// Reads and unlocks the wallet at `path`.
    ///
    /// # Errors
    /// Those of [`Self::read`] and [`Self::unlock`].
    pub fn open(path: &Path, passphrase: &str) -> Result<SecretKey, WalletError> {
        Self::read(path)?.unlock(passphrase)
    }

    /// Reads the wallet at `path` without unlocking it.
    ///
    /// # Errors
    /// [`WalletError::Missing`], [`WalletError::File`], [`WalletError::Malformed`].
    pub fn read(path: &Path) -> Result<Self, WalletError> {
        let file = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => WalletError::Missing {
                path: path.to_owned(),
            },
            _ => WalletError::File {
                action: "read",
                path: path.to_owned(),
                source,
            },
        };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|opened| {
                opened
                    .take(WALLET_BYTES_MAX as u64 + 1)
                    .read_to_end(&mut bytes)
            })
            .map_err(file)?;
        Self::parse(&bytes)
    }

    /// Reads a wallet file's bytes without unlocking it.
    ///
    /// # Errors
    /// [`WalletError::Malformed`]; never panics and never allocates more than the input's size.
    pub fn parse(bytes: &[u8]) -> Result<Self, WalletError> {
        let malformed = |reason: String| WalletError::Malformed { reason };
        if bytes.len() > WALLET_BYTES_MAX {
            let reason = format!("it has more than {WALLET_BYTES_MAX} bytes");
            return Err(malformed(reason));
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if document.version != VERSION {
            return Err(malformed(format!("its version is {}", document.version)));
        }
        Ok(Self {
            address: document
                .address
                .parse()
                .map_err(|error: assay_types::AddressError| malformed(error.to_string()))?,
            sealed: BASE64_STANDARD
                .decode(&document.age)
                .map_err(|error| malformed(format!("its encrypted part is not base64: {error}")))?,
        })
    }

    /// Encrypts `key` in memory.
    ///
    /// # Errors
    /// [`WalletError::EmptyPassphrase`], [`WalletError::Encrypt`].
    pub fn seal(passphrase: &str, key: &SecretKey, cost: UnlockCost) -> Result<Self, WalletError> {
        if passphrase.is_empty() {
            return Err(WalletError::EmptyPassphrase);
        }
        let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase));
        recipient.set_work_factor(match cost {
            UnlockCost::High => 18,
            UnlockCost::Low => 10,
        });
        let address = key.account();
        let sealed = age::encrypt(&recipient, key.to_bytes().as_slice()).map_err(|source| {
            WalletError::Encrypt {
                address,
                source: Box::new(source),
            }
        })?;
        Ok(Self { address, sealed })
    }

    /// Decrypts the key.
    ///
    /// # Errors
    /// [`WalletError::WrongPassphrase`], [`WalletError::TooCostly`], [`WalletError::WrongAddress`],
    /// [`WalletError::Malformed`].
    pub fn unlock(&self, passphrase: &str) -> Result<SecretKey, WalletError> {
        let address = self.address;
        let malformed = |reason: String| WalletError::Malformed { reason };
        let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase));
        identity.set_max_work_factor(WORK_FACTOR_MAX);
        let seed = age::decrypt(&identity, &self.sealed).map_err(|error| match error {
            age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed => {
                WalletError::WrongPassphrase { address }
            }
            age::DecryptError::ExcessiveWork { required, .. } => WalletError::TooCostly {
                address,
                work_factor: required,
            },
            other => malformed(format!("its encrypted part is damaged ({other})")),
        })?;
        let seed = Zeroizing::new(seed);
        let seed: &[u8; SEED_BYTES] = seed
            .as_slice()
            .try_into()
            .map_err(|_| malformed(format!("it holds {} bytes, not a key", seed.len())))?;
        let key = SecretKey::from_bytes(seed);
        if key.account() != address {
            return Err(WalletError::WrongAddress {
                named: address,
                actual: key.account(),
            });
        }
        Ok(key)
    }

    /// The address that the file names; certain only after [`Self::unlock`].
    pub const fn address(&self) -> AccountId {
        self.address
    }

    /// The file's bytes: JSON with a newline at its end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let document = Document {
            version: VERSION,
            address: self.address.to_string(),
            age: BASE64_STANDARD.encode(&self.sealed),
        };
        let mut text =
            serde_json::to_string_pretty(&document).expect("two strings and a number are JSON");
        text.push('\n');
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests;
