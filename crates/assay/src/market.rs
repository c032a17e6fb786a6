//! A whole market on this machine: a node in this process or several validators as processes, and sellers on
//! free loopback ports.
//!
//! Whoever uses it speaks to the node's address like any stranger; nothing here is a side door.

use crate::{
    command::model::register_key::register_bundled,
    devnet::Folder,
    network::{Addresses, Cluster, NetworkFolder},
};
use anyhow::{Context, anyhow};
use assay_client::{Client, Sender};
use assay_node::{
    Node, NodeConfig,
    dev::{AUTHOR, BUYER, DevNetwork},
};
use assay_types::{AccountId, Amount, Lane, ModelId, SecretKey};
use assay_worker::{Misbehaviour, Provider, ProviderConfig};
use futures::future;
use std::{
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroU8,
    path::{Path, PathBuf},
    time::Duration,
};

/// Longest wait for sellers that are asked to stop; nothing of theirs is at risk then.
const GRACE: Duration = Duration::from_secs(5);

/// A seller of the market.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seller {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Price of one inference.
    pub(crate) ask: Amount,
    /// What it brings its bond to.
    pub(crate) bond: Amount,
    /// Jobs at the same time.
    pub(crate) capacity: u32,
    /// Whether it cheats, and how.
    pub(crate) misbehaviour: Option<Misbehaviour>,
}

/// A running market.
#[derive(Debug)]
pub(crate) struct Market {
    anchor: PathBuf,
    network: DevNetwork,
    nodes: Nodes,
    providers: Vec<Provider>,
    client: Client,
}

/// The validators of a market.
#[derive(Debug)]
enum Nodes {
    /// One, in this process.
    One(Node),
    /// Several, each a process.
    Several(Cluster),
}

impl Market {
    /// Makes a network in the new folder `path`, starts its node and the sellers, and returns when all
    /// offers stand.
    ///
    /// # Errors
    /// When the folder cannot be written, or a part does not start.
    pub(crate) async fn start(path: &Path, sellers: &[Seller]) -> anyhow::Result<Self> {
        let folder = Folder::new(path);
        let network = folder.make()?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = NodeConfig::single(
            folder.state(),
            network.genesis.clone(),
            network.validator().clone(),
            listen,
        );
        let node = Node::start(config).await?;
        let url = node.url();
        Self::open(
            path,
            folder.anchor(),
            network,
            Nodes::One(node),
            &url,
            sellers,
        )
        .await
    }

    /// As [`Self::start`], with several validators, each a process. Sellers and the market's client speak to
    /// the first of them.
    ///
    /// # Errors
    /// When the folder cannot be written, or a part does not start.
    pub(crate) async fn start_several(
        path: &Path,
        validators: NonZeroU8,
        sellers: &[Seller],
    ) -> anyhow::Result<Self> {
        let folder = NetworkFolder::new(path.join("network"));
        let free = Addresses {
            host: Ipv4Addr::LOCALHOST.into(),
            http_port: 0,
            peer_port: 0,
        };
        let network = folder.make(validators, free, None)?;
        let cluster = Cluster::start(&folder.validators()?).await?;
        let first = cluster.members().first();
        let url = first.map(|member| member.url.clone()).unwrap_or_default();
        Self::open(
            path,
            folder.anchor(),
            network,
            Nodes::Several(cluster),
            &url,
            sellers,
        )
        .await
    }

    async fn open(
        path: &Path,
        anchor: PathBuf,
        network: DevNetwork,
        nodes: Nodes,
        url: &str,
        sellers: &[Seller],
    ) -> anyhow::Result<Self> {
        let client = Client::connect(url).await?;
        let mut models: Vec<ModelId> = client
            .models()
            .await?
            .into_iter()
            .map(|model| model.model)
            .collect();
        models.sort_unstable();

        let keys: Vec<SecretKey> = network.sellers().map(|wallet| wallet.key.clone()).collect();
        if keys.len() < sellers.len() {
            return Err(anyhow!("a development network has {} sellers", keys.len()));
        }
        let starts = sellers.iter().zip(keys).map(|(seller, key)| {
            let data_dir = path.join("providers").join(seller.name);
            Provider::start(ProviderConfig {
                bond: seller.bond,
                capacity: seller.capacity,
                misbehaviour: seller.misbehaviour,
                ..ProviderConfig::new(client.clone(), key, data_dir, models.clone(), seller.ask)
            })
        });
        let providers = future::try_join_all(starts)
            .await
            .context("cannot start a seller")?;
        Ok(Self {
            anchor,
            network,
            nodes,
            providers,
            client,
        })
    }

    /// Registers the bundled models' proof keys, as their author does.
    ///
    /// # Errors
    /// When the network has no author, or the node refuses.
    pub(crate) async fn register_keys(&self) -> anyhow::Result<()> {
        let author = self
            .network
            .wallet(AUTHOR)
            .ok_or_else(|| anyhow!("the network has no author"))?;
        let author = Sender::new(self.client.clone(), author.key.clone(), Lane::default());
        register_bundled(&author).await.map(drop)
    }

    /// Its node, as a stranger sees it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What its receipts are verified against.
    pub(crate) fn anchor(&self) -> &Path {
        &self.anchor
    }

    /// The buyer's key.
    ///
    /// # Errors
    /// When the network has no buyer.
    pub(crate) fn buyer(&self) -> anyhow::Result<SecretKey> {
        let buyer = self
            .network
            .wallet(BUYER)
            .ok_or_else(|| anyhow!("the network has no buyer"))?;
        Ok(buyer.key.clone())
    }

    /// Accounts of the sellers, in the order they were given.
    pub(crate) fn sellers(&self) -> impl Iterator<Item = AccountId> {
        self.providers.iter().map(Provider::account)
    }

    /// Accounts that hold money or may come to: all of genesis, and the validator.
    pub(crate) fn accounts(&self) -> Vec<(String, AccountId)> {
        let mut accounts: Vec<_> = self
            .network
            .wallets
            .iter()
            .map(|wallet| (wallet.name.clone(), wallet.key.account()))
            .collect();
        accounts.push(("validator".to_owned(), self.network.validator().account()));
        accounts
    }

    /// Stops the sellers, then the node.
    pub(crate) async fn stop(self) {
        let stops = self
            .providers
            .into_iter()
            .map(|provider| provider.shutdown(GRACE));
        for stopped in future::join_all(stops).await {
            // Its orders are settled, so nothing is lost that anybody would miss.
            drop(stopped);
        }
        match self.nodes {
            Nodes::One(node) => node.shutdown().await,
            // Those that had to be killed lose nothing that anybody would miss either.
            Nodes::Several(cluster) => drop(cluster.stop().await),
        }
    }
}
