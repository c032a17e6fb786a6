//! A development node on a free port.

use assay_client::{Client, Sender};
use assay_node::{Node, NodeConfig, dev, dev::DevNetwork};
use assay_types::{Lane, LedgerTime, SecretKey};
use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Longest that any one thing here takes, on a slow and busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) node: Node,
    pub(crate) network: DevNetwork,
    folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = u64::try_from(now.expect("after 1970").as_millis()).expect("before 2500");
        let network = dev::dev_genesis(&[1; 32], LedgerTime::new(now));
        let folder = tempfile::tempdir().expect("a folder");
        let node = node(
            &network,
            folder.path(),
            SocketAddr::from(([127, 0, 0, 1], 0)),
        )
        .await;
        let client = Client::connect(&node.url()).await.expect("connected");
        Self {
            client,
            node,
            network,
            folder,
        }
    }

    /// Stops the node and starts it again on its port and folder.
    pub(crate) async fn restart(self) -> Self {
        let listen = self.node.address();
        self.node.shutdown().await;
        let node = node(&self.network, self.folder.path(), listen).await;
        Self { node, ..self }
    }

    pub(crate) fn key(&self, name: &str) -> SecretKey {
        self.network.wallet(name).expect("a dev wallet").key.clone()
    }

    pub(crate) fn sender(&self, name: &str, lane: u8) -> Sender {
        let lane = Lane::new(lane).expect("a lane");
        Sender::new(self.client.clone(), self.key(name), lane)
    }
}

async fn node(network: &DevNetwork, folder: &Path, listen: SocketAddr) -> Node {
    let config = NodeConfig::single(
        folder,
        network.genesis.clone(),
        network.validator().clone(),
        listen,
    );
    Node::start(config).await.expect("a node")
}
