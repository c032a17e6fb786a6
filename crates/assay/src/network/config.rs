//! `node.toml`, a validator's configuration, and `validator.key` beside it.
//!
//! The file is written for people: they change addresses in it when they move a validator to another machine.
//! Unknown keys are refused, so a misspelt one is no silent default.

use crate::failure::Hint;
use anyhow::{Context, anyhow};
use assay_types::{AccountId, Genesis, PublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io::Write as _, net::SocketAddr, path::Path};
use zeroize::Zeroizing;

/// Longest file read: 256 validators of some 120 bytes, and comments.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// A key is 64 hexadecimal digits and a line's end.
const KEY_BYTES_MAX: u64 = 128;

/// What `node.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeFile {
    /// Where it serves HTTP.
    pub(crate) http: SocketAddr,
    /// Where it listens for the other validators.
    pub(crate) listen: SocketAddr,
    /// Whether it keeps all blocks since genesis.
    #[serde(default)]
    pub(crate) archive: bool,
    /// How many blocks it keeps otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keep_blocks: Option<u64>,
    /// The other validators.
    #[serde(default)]
    pub(crate) peers: Vec<PeerEntry>,
}

/// Another validator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeerEntry {
    /// Its account, which is its key.
    #[serde(with = "account")]
    pub(crate) validator: AccountId,
    /// Where it listens for this one.
    pub(crate) address: SocketAddr,
}

/// An account as its address.
mod account {
    use assay_types::AccountId;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(id: &AccountId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AccountId, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl NodeFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or says what is not understood.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = crate::home::read(path, FILE_BYTES_MAX)?;
        let text =
            String::from_utf8(bytes).with_context(|| format!("{} is no text", path.display()))?;
        toml::from_str(&text)
            .with_context(|| format!("cannot understand {}", path.display()))
            .hint(|| "it has the keys http, listen, archive, keep_blocks and [[peers]] with validator and address")
    }

    /// Writes the file, with what a person needs to know to change it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, path: &Path, name: &str) -> anyhow::Result<()> {
        let body = toml::to_string(self).context("cannot write a configuration")?;
        let text = format!(
            "# {name}: a validator of an Assay network. `assay node --dir <this folder>` runs it.\n\
             # http: where it serves its HTTP interface. listen: where the other validators reach it.\n\
             # archive: keep all blocks since genesis instead of a window.\n\
             # To move it to another machine, copy this folder and change the addresses, here and in the\n\
             # others' files. Never run one key on two machines at once.\n\n{body}"
        );
        crate::home::write(path, text.as_bytes())
    }

    /// The peers as the chain wants them: every other validator of `genesis`, once.
    ///
    /// # Errors
    /// When one is missing, unknown or named twice.
    pub(crate) fn peers(
        &self,
        genesis: &Genesis,
        me: AccountId,
    ) -> anyhow::Result<Vec<(PublicKey, SocketAddr)>> {
        let mut places = BTreeMap::new();
        for peer in &self.peers {
            if places.insert(peer.validator, peer.address).is_some() {
                return Err(anyhow!(
                    "node.toml names validator {} twice",
                    peer.validator
                ));
            }
        }
        let mut peers = Vec::new();
        for validator in &genesis.validators {
            let account = validator.account();
            if account == me {
                continue;
            }
            let address = places
                .remove(&account)
                .ok_or_else(|| anyhow!("node.toml does not say where validator {account} is"))
                .hint(|| "name every other validator of the genesis under [[peers]]")?;
            peers.push((validator.clone(), address));
        }
        match places.keys().next() {
            Some(stranger) => Err(anyhow!(
                "node.toml names {stranger}, which is no other validator of this chain"
            )),
            None => Ok(peers),
        }
    }
}

/// Writes a validator's key so that only its owner can read it.
///
/// # Errors
/// When there is one already, or it cannot be written.
pub(super) fn write_key(path: &Path, key: &SecretKey) -> anyhow::Result<()> {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let digits = Zeroizing::new(hex::encode(key.to_bytes().as_slice()));
    let attempt = || -> std::io::Result<()> {
        let mut file = options.open(path)?;
        writeln!(file, "{}", digits.as_str())?;
        file.sync_all()
    };
    attempt().with_context(|| format!("cannot write the key {}", path.display()))
}

/// Reads a validator's key.
///
/// # Errors
/// When it is missing, no key, or readable by others than its owner.
pub(crate) fn read_key(path: &Path) -> anyhow::Result<SecretKey> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path)
            .with_context(|| format!("cannot read the key {}", path.display()))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            return Err(anyhow!("others can read the key {}", path.display()))
                .hint(|| format!("chmod 600 {}", path.display()));
        }
    }
    let text = Zeroizing::new(crate::home::read(path, KEY_BYTES_MAX)?);
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), &mut *bytes)
        .map_err(|_| anyhow!("{} holds no key: 64 hexadecimal digits", path.display()))?;
    Ok(SecretKey::from_bytes(&bytes))
}
