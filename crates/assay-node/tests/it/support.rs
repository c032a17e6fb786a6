//! A node in a temporary folder, and accounts that sign and send.

use assay_api::{
    EventView, LaneView, OutcomeView, Problem, StatusView, StoredView, StreamMessage, Submitted,
    TransactionStatus, paths, upload_to_header,
};
use assay_node::{
    Node, NodeConfig,
    dev::{DevNetwork, dev_genesis},
};
use assay_types::{
    AccountId, Amount, Call, ChainId, ContentId, Height, Lane, LedgerTime, SecretKey, SignedUpload,
    Transaction, TxId, UPLOAD_VERSION, Unsigned, UploadClaim, encode,
};
use futures::{Stream, StreamExt as _};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Longest wait for anything; a healthy machine needs a fraction.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) network: DevNetwork,
    pub(crate) node: Node,
    pub(crate) http: Client,
    pub(crate) folder: TempDir,
}

/// A signer with one lane.
pub(crate) struct Account {
    pub(crate) key: SecretKey,
    pub(crate) lane: Lane,
    pub(crate) sequence: u64,
}

pub(crate) fn network(seed: u8) -> DevNetwork {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let mut network = dev_genesis(&[seed; 32], LedgerTime::new(u64::try_from(now).unwrap()));
    // Sellers played by hand on a busy machine are slower than programs.
    network.genesis.params.accept_window_ms = 20_000;
    network
}

pub(crate) fn config(network: &DevNetwork, folder: &Path) -> NodeConfig {
    let listen = "127.0.0.1:0".parse().unwrap();
    NodeConfig::single(
        folder,
        network.genesis.clone(),
        network.validator().clone(),
        listen,
    )
}

impl World {
    pub(crate) async fn start() -> Self {
        let network = network(1);
        let folder = tempfile::tempdir().unwrap();
        let node = Node::start(config(&network, folder.path())).await.unwrap();
        Self {
            network,
            node,
            http: Client::new(),
            folder,
        }
    }

    /// Stops the node and starts it again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            network,
            node,
            folder,
            ..
        } = self;
        node.shutdown().await;
        let node = Node::start(config(&network, folder.path())).await.unwrap();
        Self {
            network,
            node,
            http: Client::new(),
            folder,
        }
    }

    pub(crate) fn chain(&self) -> ChainId {
        self.network.genesis.chain_id()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.node.url())
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    pub(crate) fn account(&self, name: &str) -> Account {
        let key = self.network.wallet(name).unwrap().key.clone();
        Account {
            key,
            lane: Lane::default(),
            sequence: 0,
        }
    }

    pub(crate) async fn view<T: DeserializeOwned>(&self, path: &str) -> T {
        let response = self.get(path).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    pub(crate) async fn problem(&self, request: RequestBuilder) -> Problem {
        problem(request.send().await.unwrap()).await
    }

    pub(crate) async fn status(&self) -> StatusView {
        self.view(paths::STATUS).await
    }

    pub(crate) async fn now(&self) -> LedgerTime {
        self.status().await.time
    }

    /// Signs the account's next transaction.
    pub(crate) async fn sign(&self, from: &mut Account, call: Call) -> Transaction {
        let transaction = Unsigned {
            chain: self.chain(),
            sender: from.id(),
            lane: from.lane,
            sequence: from.sequence,
            fee_limit: Amount::new(1_000_000),
            tip: Amount::ZERO,
            valid_until: self.now().await.after(60_000),
            call,
        }
        .sign(&from.key);
        from.sequence += 1;
        transaction
    }

    pub(crate) async fn post(&self, transaction: &Transaction) -> Response {
        let request = self
            .http
            .post(self.url(paths::TRANSACTIONS))
            .body(encode(transaction));
        request.send().await.unwrap()
    }

    /// Submits and returns at once.
    pub(crate) async fn submit(&self, from: &mut Account, call: Call) -> TxId {
        let transaction = self.sign(from, call).await;
        let response = self.post(&transaction).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        response.json::<Submitted>().await.unwrap().id
    }

    /// Submits, waits until it is final, and insists that it did what it asked for.
    pub(crate) async fn perform(&self, from: &mut Account, call: Call) -> Height {
        let id = self.submit(from, call).await;
        let (height, outcome) = self.settled(id).await;
        assert_eq!(outcome, OutcomeView::Ok);
        height
    }

    pub(crate) async fn settled(&self, id: TxId) -> (Height, OutcomeView) {
        let wait = async {
            let mut stream = Box::pin(self.events("?from=0").await);
            while let Some(message) = stream.next().await {
                if matches!(message, StreamMessage::Market(_)) {
                    continue;
                }
                let status: TransactionStatus = self.view(&paths::transaction(id)).await;
                if let TransactionStatus::Final {
                    height, outcome, ..
                } = status
                {
                    return (height, outcome);
                }
            }
            panic!("the stream ended");
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("final in time")
    }

    pub(crate) async fn lane(&self, account: AccountId) -> LaneView {
        self.view(&paths::lane(account, Lane::default())).await
    }

    /// The event stream with a query.
    pub(crate) async fn events(&self, query: &str) -> impl Stream<Item = StreamMessage> + use<> {
        let response = self
            .get(&format!("{}{query}", paths::EVENTS))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        stream(response)
    }

    /// Follows the stream from the beginning to the first event that `wanted` makes something of.
    pub(crate) async fn first<T>(&self, wanted: impl Fn(&EventView) -> Option<T>) -> T {
        let wait = async {
            let mut stream = Box::pin(self.events("?from=0").await);
            while let Some(message) = stream.next().await {
                if let StreamMessage::Market(stamped) = message
                    && let Some(found) = wanted(&stamped.event)
                {
                    return found;
                }
            }
            panic!("the stream ended");
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the event comes in time")
    }

    pub(crate) async fn claim(&self, from: &Account, bytes: &[u8]) -> SignedUpload {
        UploadClaim {
            version: UPLOAD_VERSION,
            chain: self.chain(),
            uploader: from.id(),
            content: ContentId::of(bytes),
            size: bytes.len() as u64,
            valid_until: self.now().await.after(60_000),
        }
        .sign(&from.key)
    }

    pub(crate) fn put(
        &self,
        id: ContentId,
        claim: &SignedUpload,
        bytes: Vec<u8>,
    ) -> RequestBuilder {
        let header = upload_to_header(claim);
        let request = self.http.put(self.url(&paths::content(id)));
        request.header(assay_api::UPLOAD_HEADER, header).body(bytes)
    }

    /// Uploads and insists that it was stored.
    pub(crate) async fn upload(&self, from: &Account, bytes: &[u8]) -> ContentId {
        let claim = self.claim(from, bytes).await;
        let response = self
            .put(claim.claim.content, &claim, bytes.to_vec())
            .send()
            .await
            .unwrap();
        assert!(
            response.status().is_success(),
            "{}",
            response.text().await.unwrap()
        );
        response.json::<StoredView>().await.unwrap().content
    }
}

impl Account {
    pub(crate) fn id(&self) -> AccountId {
        self.key.account()
    }

    pub(crate) fn on_lane(mut self, lane: u8) -> Self {
        self.lane = Lane::new(lane).unwrap();
        self
    }
}

/// The problem of a refused request; insists on its shape.
pub(crate) async fn problem(response: Response) -> Problem {
    let status = response.status().as_u16();
    let media = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(media, assay_api::PROBLEM_MEDIA_TYPE, "{status} {text}");
    let problem: Problem = serde_json::from_str(&text).unwrap();
    assert_eq!(problem.status, status);
    assert_eq!(
        problem.kind,
        format!("urn:assay:problem:{}", problem.code.name())
    );
    assert!(
        !problem.detail.is_empty() && !problem.hint.is_empty(),
        "{problem:?}"
    );
    problem
}

/// Server-sent events, read plainly; insists that ids are cursors.
pub(crate) fn stream(response: Response) -> impl Stream<Item = StreamMessage> {
    let chunks = Box::pin(response.bytes_stream());
    let pending = (chunks, String::new());
    futures::stream::unfold(pending, |(mut chunks, mut text)| async move {
        loop {
            while let Some(end) = text.find("\n\n") {
                let block: String = text.drain(..end + 2).collect();
                let field = |name: &str| {
                    let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
                    lines.next().map(|value| value.trim_start().to_owned())
                };
                let (Some(name), Some(data)) = (field("event:"), field("data:")) else {
                    continue;
                };
                let message = StreamMessage::read(&name, &data).unwrap().unwrap();
                assert_eq!(field("id:").unwrap(), message.cursor().to_string());
                return Some((message, (chunks, text)));
            }
            let chunk = chunks.next().await?.ok()?;
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    })
}
