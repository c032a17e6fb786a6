//! A market on one machine: a node on a free port and providers with the development network's wallets.

use assay_api::{PayoutResultView, ReceiptView};
use assay_client::{CheckRequest, Client, OrderRequest, Placed, Sender, Timing, place};
use assay_model::{Input, bundled};
use assay_node::{Node, NodeConfig, dev, dev::DevNetwork};
use assay_types::{
    AccountId, Amount, Call, ContentId, GRAINS_PER_ASY, Lane, LedgerTime, ModelId, ProofKeyId,
    SecretKey,
};
use assay_worker::{Misbehaviour, Provider, ProviderConfig, ProviderEvent};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;

/// Longest that any one thing here takes, on a slow and busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// What sellers ask.
pub(crate) const ASK: Amount = Amount::new(GRAINS_PER_ASY / 1_000);

pub(crate) struct Market {
    pub(crate) node: Node,
    pub(crate) client: Client,
    pub(crate) network: DevNetwork,
    pub(crate) model: ModelId,
    folder: TempDir,
}

impl Market {
    pub(crate) async fn start(seed: u8) -> Self {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970");
        let start = LedgerTime::new(u64::try_from(now.as_millis()).expect("before 2500"));
        let network = dev::dev_genesis(&[seed; 32], start);
        let folder = tempfile::tempdir().expect("a folder");
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let node = node(&network, folder.path().join("node"), listen).await;
        let client = Client::connect(&node.url()).await.expect("connected");
        let model = bundled::find("digits-mlp")
            .expect("bundled")
            .program()
            .model_id();
        Self {
            node,
            client,
            network,
            model,
            folder,
        }
    }

    /// Stops the node and starts it again on its port and folder.
    pub(crate) async fn restart_node(self) -> Self {
        let Self {
            node: old,
            client,
            network,
            model,
            folder,
        } = self;
        let listen = old.address();
        old.shutdown().await;
        let node = node(&network, folder.path().join("node"), listen).await;
        Self {
            node,
            client,
            network,
            model,
            folder,
        }
    }

    pub(crate) fn seller(&self, number: usize) -> SecretKey {
        let wallet = self.network.wallet(&format!("seller-{number}"));
        wallet.expect("a dev wallet").key.clone()
    }

    pub(crate) fn config(
        &self,
        number: usize,
        misbehaviour: Option<Misbehaviour>,
    ) -> ProviderConfig {
        let folder = self.folder.path().join(format!("provider-{number}"));
        let mut config = ProviderConfig::new(
            self.client.clone(),
            self.seller(number),
            folder,
            vec![self.model],
            ASK,
        );
        config.bond = Amount::new(1_000 * GRAINS_PER_ASY);
        config.misbehaviour = misbehaviour;
        config
    }

    pub(crate) async fn provider(
        &self,
        number: usize,
        misbehaviour: Option<Misbehaviour>,
    ) -> Provider {
        let config = self.config(number, misbehaviour);
        Provider::start(config).await.expect("a provider")
    }

    pub(crate) fn buyer(&self) -> Sender {
        let key = self
            .network
            .wallet(dev::BUYER)
            .expect("a dev wallet")
            .key
            .clone();
        Sender::new(self.client.clone(), key, Lane::default())
    }

    /// Registers a proof key of the model, as its author.
    pub(crate) async fn register(&self, key: ProofKeyId) {
        let author = self.network.wallet(dev::AUTHOR).expect("a dev wallet");
        let lane = Lane::default();
        let author = Sender::new(self.client.clone(), author.key.clone(), lane);
        let model = self.model;
        let call = Call::RegisterProofKey { model, key };
        author.send_and_wait(call).await.expect("registered");
    }

    /// Stores the picture of `digit`, ready for the model.
    pub(crate) async fn input(&self, digit: usize) -> ContentId {
        let manifest = bundled::find("digits-mlp").expect("bundled").manifest();
        let image = bundled::digit_images().get(digit).expect("ten digits");
        let image = Input::Image(assay_model::input::decode_png(image.png).expect("a picture"));
        let tensors = manifest.quantize_input(&image).expect("fits");
        let bytes = tensors.first().expect("one").to_bytes();
        let buyer = self.buyer();
        self.client
            .put_content(buyer.key(), bytes)
            .await
            .expect("stored")
    }

    pub(crate) async fn request(&self, check: CheckRequest, timing: Timing) -> OrderRequest {
        OrderRequest {
            model: self.model,
            input: self.input(7).await,
            check,
            price_max: ASK,
            timing,
        }
    }

    pub(crate) async fn place(&self, request: &OrderRequest) -> Placed {
        place(&self.buyer(), request).await.expect("placed")
    }

    pub(crate) async fn closed(&self, placed: Placed) -> ReceiptView {
        let closed = self.client.wait_closed(placed.order, PATIENCE).await;
        closed.expect("the order ends")
    }

    /// Issued money is burnt or circulates, whatever happened.
    pub(crate) async fn assert_conserved(&self) {
        let supply = self.client.status().await.expect("status").supply;
        let sum = supply.burnt.checked_add(supply.circulating);
        assert_eq!(sum, Some(supply.issued), "{supply:?}");
    }
}

async fn node(network: &DevNetwork, folder: PathBuf, listen: SocketAddr) -> Node {
    let config = NodeConfig::single(
        folder,
        network.genesis.clone(),
        network.validator().clone(),
        listen,
    );
    Node::start(config).await.expect("a node")
}

/// `agree` of `of`.
pub(crate) const fn quorum(agree: u8, of: u8) -> CheckRequest {
    CheckRequest::Quorum { agree, of }
}

/// Short steps, for orders that somebody holds up.
pub(crate) const SHORT: Timing = Timing {
    accept_ms: 3_000,
    work_ms: 3_000,
    close_ms: 6_000,
};

/// What became of a seller: `paid`, `unpaid`, or why its lock was burnt.
pub(crate) fn fate(receipt: &ReceiptView, seller: AccountId) -> &str {
    let payout = receipt
        .payouts
        .iter()
        .find(|payout| payout.seller == seller);
    match &payout.expect("a seller of the order").result {
        PayoutResultView::Paid { .. } => "paid",
        PayoutResultView::Burnt { reason, .. } | PayoutResultView::Forfeited { reason, .. } => {
            reason
        }
        PayoutResultView::Unpaid => "unpaid",
    }
}

/// Waits until a provider tells something.
pub(crate) async fn heard(
    events: &mut Receiver<ProviderEvent>,
    is_it: impl Fn(&ProviderEvent) -> bool,
) -> ProviderEvent {
    let waiting = async {
        loop {
            let event = events.recv().await.expect("the provider lives");
            if is_it(&event) {
                return event;
            }
        }
    };
    let result = tokio::time::timeout(PATIENCE, waiting).await;
    result.expect("it happens")
}
