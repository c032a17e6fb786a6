//! A network of several validators in a folder: made once, each validator's part complete in itself, so that
//! it can be moved to a machine of its own.
//!
//! ```text
//! <dir>/anchor.json                what receipts of this chain are verified against
//! <dir>/wallets/*.wallet           funded wallets, encrypted
//! <dir>/validator-1/node.toml      where it listens and where the others are (config.rs)
//! <dir>/validator-1/validator.key  its key, readable by its owner only
//! <dir>/validator-1/genesis.bin    the first state, canonical
//! <dir>/validator-1/anchor.json
//! <dir>/validator-1/node.log       what it says when `assay network up` runs it
//! <dir>/validator-1/state          chain and content
//! ```
//! Invariant: the folder appears whole or not at all.

mod cluster;
mod config;

pub(crate) use cluster::{Change, Cluster, Member, Standing};
pub(crate) use config::{NodeFile, read_key};

use config::PeerEntry;

use crate::{
    devnet::{self, DEV_PASSPHRASE, Folder},
    failure::Hint,
    home::{self, wallet_in},
};
use anyhow::{Context, anyhow};
use assay_client::{UnlockCost, WalletFile};
use assay_node::dev::{DevNetwork, dev_network};
use assay_types::encode;
use assay_verify::Anchor;
use std::{
    fs,
    net::{IpAddr, SocketAddr, TcpListener},
    num::NonZeroU8,
    path::{Path, PathBuf},
    time::Duration,
};

/// Most validators that `assay network new` makes: each is a process, and one machine runs no more usefully.
pub(crate) const VALIDATORS_MAX: u8 = 16;

/// Where the validators of a new network listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    /// This machine's address, as the others reach it.
    pub(crate) host: IpAddr,
    /// HTTP port of the first validator, the next ones follow; 0 takes free ones.
    pub(crate) http_port: u16,
    /// Port of the first validator for its peers, the next ones follow; 0 takes free ones.
    pub(crate) peer_port: u16,
}

/// The folder of a network.
#[derive(Debug, Clone)]
pub(crate) struct NetworkFolder(PathBuf);

/// The folder of one validator.
#[derive(Debug, Clone)]
pub(crate) struct ValidatorFolder {
    /// `validator-1`.
    pub(crate) name: String,
    /// Genesis, anchor, state.
    pub(crate) folder: Folder,
}

impl NetworkFolder {
    /// The folder at this path.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The anchor's file.
    pub(crate) fn anchor(&self) -> PathBuf {
        self.0.join("anchor.json")
    }

    /// The funded wallets.
    pub(crate) fn wallets(&self) -> PathBuf {
        self.0.join("wallets")
    }

    /// The validators, in the order of their numbers.
    ///
    /// # Errors
    /// When there is no network here.
    pub(crate) fn validators(&self) -> anyhow::Result<Vec<ValidatorFolder>> {
        let found: Vec<_> = (1..=VALIDATORS_MAX)
            .map(|number| ValidatorFolder::of(&self.0, number))
            .take_while(|validator| validator.folder.node_file().exists())
            .collect();
        if found.is_empty() {
            return Err(anyhow!("there is no network in {}", self.0.display()))
                .hint(|| "`assay network new` makes one; --dir says where");
        }
        Ok(found)
    }

    /// Makes a new network that begins now.
    ///
    /// # Errors
    /// When the folder holds other things, cannot be written, or ports are taken.
    pub(crate) fn make(
        &self,
        validators: NonZeroU8,
        addresses: Addresses,
        emission_epoch: Option<Duration>,
    ) -> anyhow::Result<DevNetwork> {
        let mut seed = [0; 32];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut seed);
        let mut network = dev_network(&seed, devnet::now(), validators);
        if let Some(epoch) = emission_epoch {
            let epoch_ms = u64::try_from(epoch.as_millis()).unwrap_or(u64::MAX);
            network.genesis.params.emission.epoch_ms = epoch_ms;
        }
        let places = addresses.assign(validators)?;
        devnet::make_whole(&self.0, |draft| Self::new(draft).fill(&network, &places))?;
        Ok(network)
    }

    fn fill(&self, network: &DevNetwork, places: &[Place]) -> anyhow::Result<()> {
        fs::create_dir_all(self.wallets())?;
        for wallet in &network.wallets {
            let path = wallet_in(&self.wallets(), &wallet.name);
            WalletFile::create_with(&path, DEV_PASSPHRASE, &wallet.key, UnlockCost::Low)?;
        }
        let anchor = Anchor::of_genesis(&network.genesis)?.to_text();
        home::write(&self.anchor(), anchor.as_bytes())?;
        let peers: Vec<PeerEntry> = network
            .validators
            .iter()
            .zip(places)
            .map(|(key, place)| PeerEntry {
                validator: key.account(),
                address: place.peers,
            })
            .collect();
        let members = (1..).zip(network.validators.iter().zip(places));
        for (number, (key, place)) in members {
            let me = key.account();
            let validator = ValidatorFolder::of(&self.0, number);
            let folder = &validator.folder;
            fs::create_dir_all(folder.path())?;
            config::write_key(&folder.key_file(), key)?;
            home::write(&folder.genesis_file(), &encode(&network.genesis))?;
            home::write(&folder.anchor(), anchor.as_bytes())?;
            let others = peers.iter().filter(|peer| peer.validator != me);
            let file = NodeFile {
                http: place.http,
                listen: place.peers,
                archive: false,
                keep_blocks: None,
                peers: others.cloned().collect(),
            };
            file.write(&folder.node_file(), &validator.name)?;
        }
        Ok(())
    }
}

impl ValidatorFolder {
    fn of(network: &Path, number: u8) -> Self {
        let name = format!("validator-{number}");
        let folder = Folder::new(network.join(&name));
        Self { name, folder }
    }
}

/// Where one validator listens.
#[derive(Debug, Clone, Copy)]
struct Place {
    http: SocketAddr,
    peers: SocketAddr,
}

impl Addresses {
    /// An address pair for each validator, all different.
    fn assign(self, validators: NonZeroU8) -> anyhow::Result<Vec<Place>> {
        // Free ports are held together until all are known, so that they differ.
        let mut held = Vec::new();
        let mut assign = |first: u16, index: u8| -> anyhow::Result<SocketAddr> {
            if first == 0 {
                let listener = TcpListener::bind((self.host, 0))
                    .with_context(|| format!("cannot listen on {}", self.host))?;
                let address = listener.local_addr()?;
                held.push(listener);
                return Ok(address);
            }
            let port = first.checked_add(index.into());
            let port = port.ok_or_else(|| anyhow!("there are not enough ports above {first}"))?;
            Ok((self.host, port).into())
        };
        let mut places = Vec::new();
        for index in 0..validators.get() {
            places.push(Place {
                http: assign(self.http_port, index)?,
                peers: assign(self.peer_port, index)?,
            });
        }
        let all = places.iter().flat_map(|place| [place.http, place.peers]);
        let distinct: std::collections::BTreeSet<_> = all.clone().collect();
        if distinct.len() < all.count() {
            return Err(anyhow!(
                "ports {} and {} are too near for {validators} validators",
                self.http_port,
                self.peer_port
            ))
            .hint(|| "leave room between --http-port and --peer-port");
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests;
