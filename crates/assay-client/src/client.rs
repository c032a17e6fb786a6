//! One node, as a program sees it: every endpoint as a method.

use crate::{ClientError, http::Http};
use assay_api::{
    AccountView, BatchAnswer, BlockEvent, BlockView, LaneView, ModelView, ModelsPage, OfferView,
    OffersPage, OrderView, OrdersPage, StatusView, Submitted, TransactionStatus, encode_batch,
    paths,
};
use assay_types::{
    AccountId, Block, ChainId, ContentId, FeeRate, Genesis, Height, Lane, LedgerTime, ModelId,
    OfferId, OrderId, ReceiptProof, RowKey, StateProof, Transaction, TxId, decode, encode,
};
use assay_verify::Anchor;
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How old the last seen block may be before deadlines and fees are derived from it: an idle chain beats
/// once a second.
const PACE_AGE_MAX: Duration = Duration::from_secs(1);

/// A connection to a node. Clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    chain: ChainId,
    pace: Mutex<(Pace, Instant)>,
}

/// The ledger's clock and prices, as last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Height of the latest final block.
    pub height: Height,
    /// Its time.
    pub time: LedgerTime,
    /// Price of weight.
    pub base_fee: FeeRate,
}

impl Client {
    /// Connects to the node at `url`, e.g. `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`ClientError::Url`], [`ClientError::Unreachable`], or [`ClientError::Malformed`] when something
    /// else than a node answers.
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        let http = Http::new(url)?;
        let status: StatusView = http.json(paths::STATUS).await?;
        let pace = Mutex::new((pace_of(&status), Instant::now()));
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                chain: status.chain_id,
                pace,
            }),
        })
    }

    /// The node's address.
    pub fn url(&self) -> &str {
        self.inner.http.base()
    }

    /// The chain that the node follows.
    pub fn chain(&self) -> ChainId {
        self.inner.chain
    }

    /// The chain at a glance.
    ///
    /// # Errors
    /// [`ClientError`], as every request below.
    pub async fn status(&self) -> Result<StatusView, ClientError> {
        let status: StatusView = self.http().json(paths::STATUS).await?;
        self.set_pace(pace_of(&status));
        Ok(status)
    }

    /// The ledger's clock and prices, at most a second old.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn pace(&self) -> Result<Pace, ClientError> {
        let (pace, seen) = *self.lock_pace();
        if seen.elapsed() <= PACE_AGE_MAX {
            return Ok(pace);
        }
        self.status().await.map(|status| pace_of(&status))
    }

    /// The canonical genesis, checked against the chain's id.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn genesis(&self) -> Result<Genesis, ClientError> {
        let bytes = self.http().bytes(paths::GENESIS).await?;
        let genesis: Genesis =
            decode(&bytes).map_err(|error| self.http().malformed(paths::GENESIS, error))?;
        if genesis.chain_id() != self.chain() {
            let reason = format!("the genesis of chain {}", genesis.chain_id());
            return Err(self.http().malformed(paths::GENESIS, reason));
        }
        Ok(genesis)
    }

    /// The anchor as this node tells it: trust it as far as the node. Receipts that others show are worth
    /// checking against an anchor that you got elsewhere.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn anchor(&self) -> Result<Anchor, ClientError> {
        let bytes = self.http().bytes(paths::ANCHOR).await?;
        let text = String::from_utf8_lossy(&bytes);
        Anchor::parse(&text).map_err(|error| self.http().malformed(paths::ANCHOR, error))
    }

    /// One account.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn account(&self, account: AccountId) -> Result<AccountView, ClientError> {
        self.http().json(&paths::account(account)).await
    }

    /// One lane of an account.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn lane(&self, account: AccountId, lane: Lane) -> Result<LaneView, ClientError> {
        self.http().json(&paths::lane(account, lane)).await
    }

    /// A page of the orders that an account bought or was assigned to, newest first. `cursor` is the `next`
    /// of the page before.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn orders(
        &self,
        account: AccountId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<OrdersPage, ClientError> {
        let path = paths::account_orders(account);
        self.http().json(&page(&path, "", limit, cursor)).await
    }

    /// All orders of an account that have not ended, by id.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn open_orders(&self, account: AccountId) -> Result<Vec<OrderView>, ClientError> {
        let path = paths::account_orders(account);
        let limit = assay_api::PAGE_ITEMS_MAX;
        let mut orders = Vec::new();
        let mut next = None;
        loop {
            let path = page(&path, "status=open&", limit, next.as_deref());
            let page: OrdersPage = self.http().json(&path).await?;
            orders.extend(page.orders);
            next = page.next;
            if next.is_none() {
                return Ok(orders);
            }
        }
    }

    /// One order, open or closed; `None` when the chain knows none of this id.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn order(&self, order: OrderId) -> Result<Option<OrderView>, ClientError> {
        self.http().json_if_found(&paths::order(order)).await
    }

    /// The cheapest offers, cheapest first, at most a page: those that serve `model`, or any.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn offers(&self, model: Option<ModelId>) -> Result<Vec<OfferView>, ClientError> {
        let limit = assay_api::PAGE_ITEMS_MAX;
        let filter = model.map(|model| format!("model={model}&"));
        let path = page(
            paths::OFFERS,
            filter.as_deref().unwrap_or_default(),
            limit,
            None,
        );
        let page: OffersPage = self.http().json(&path).await?;
        Ok(page.offers)
    }

    /// One offer; `None` when it is not published.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn offer(&self, offer: OfferId) -> Result<Option<OfferView>, ClientError> {
        self.http().json_if_found(&paths::offer(offer)).await
    }

    /// All registered models, by id.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn models(&self) -> Result<Vec<ModelView>, ClientError> {
        let limit = assay_api::PAGE_ITEMS_MAX;
        let mut models = Vec::new();
        let mut next = None;
        loop {
            let path = page(paths::MODELS, "", limit, next.as_deref());
            let page: ModelsPage = self.http().json(&path).await?;
            models.extend(page.models);
            next = page.next;
            if next.is_none() {
                return Ok(models);
            }
        }
    }

    /// One model; `None` when it is not registered.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn model(&self, model: ModelId) -> Result<Option<ModelView>, ClientError> {
        self.http().json_if_found(&paths::model(model)).await
    }

    /// One block with its transactions; `None` above the latest final one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn block(&self, height: Height) -> Result<Option<BlockView>, ClientError> {
        self.http().json_if_found(&paths::block(height)).await
    }

    /// The canonical block with its body checked against its header; `None` above the latest final one.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn canonical_block(&self, height: Height) -> Result<Option<Block>, ClientError> {
        let path = paths::block(height);
        let Some(bytes) = crate::http::found(self.http().bytes(&path).await)? else {
            return Ok(None);
        };
        let block: Block = decode(&bytes).map_err(|error| self.http().malformed(&path, error))?;
        block
            .check_body()
            .map_err(|error| self.http().malformed(&path, error))?;
        Ok(Some(block))
    }

    /// The answer that an order's check accepted, checked against `id`, which the receipt names; `None`
    /// while there is none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn output(
        &self,
        order: OrderId,
        id: ContentId,
    ) -> Result<Option<Vec<u8>>, ClientError> {
        let path = paths::order_output(order);
        let Some(bytes) = crate::http::found(self.http().bytes(&path).await)? else {
            return Ok(None);
        };
        if ContentId::of(&bytes) != id {
            return Err(self
                .http()
                .malformed(&path, "another answer than the receipt names"));
        }
        Ok(Some(bytes))
    }

    /// What became of a transaction; `None` when the node never saw it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn transaction(&self, id: TxId) -> Result<Option<TransactionStatus>, ClientError> {
        self.http().json_if_found(&paths::transaction(id)).await
    }

    /// The receipt of a closed order with everything that proves it; `None` while it is open.
    ///
    /// It is not verified here, since that needs an anchor of the caller's: `assay_verify::verify_receipt`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn receipt(&self, order: OrderId) -> Result<Option<ReceiptProof>, ClientError> {
        let path = paths::receipt(order);
        let Some(bytes) = crate::http::found(self.http().bytes(&path).await)? else {
            return Ok(None);
        };
        let proof = assay_verify::parse_receipt(&bytes)
            .map_err(|error| self.http().malformed(&path, error))?;
        Ok(Some(proof))
    }

    /// What proves a row of the ledger, or that there is none, after the node's last final block.
    ///
    /// It is not verified here, since that needs an anchor of the caller's: `assay_verify::verify_state`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn state_proof(&self, key: RowKey) -> Result<StateProof, ClientError> {
        let path = paths::state(&key);
        let bytes = self.http().bytes(&path).await?;
        let proof = assay_verify::parse_state(&bytes)
            .map_err(|error| self.http().malformed(&path, error))?;
        if proof.key != key {
            let reason = format!("a proof of {:?}", proof.key);
            return Err(self.http().malformed(&path, reason));
        }
        Ok(proof)
    }

    /// Submits a signed transaction. Sending it again is harmless: it lands at most once.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the reason.
    pub async fn submit(&self, transaction: &Transaction) -> Result<TxId, ClientError> {
        let body = encode(transaction);
        let answer: Submitted = self.http().post(paths::TRANSACTIONS, body).await?;
        Ok(answer.id)
    }

    /// Submits several in one request, in order.
    ///
    /// # Errors
    /// [`ClientError::Batch`] when they do not fit one, [`ClientError`] when the batch as a whole was not
    /// taken. Refused transactions are no error; the answer names them.
    pub async fn submit_batch(
        &self,
        transactions: &[Transaction],
    ) -> Result<BatchAnswer, ClientError> {
        let answer = self.submit_encoded(encode_batch(transactions)?).await?;
        if answer.len() != transactions.len() {
            let (answers, sent) = (answer.len(), transactions.len());
            let reason = format!("{answers} answers to {sent} transactions");
            return Err(self.http().malformed(paths::TRANSACTIONS_BATCH, reason));
        }
        Ok(answer)
    }

    /// Submits a batch that [`encode_batch`] has written, without touching the transactions again.
    ///
    /// # Errors
    /// [`ClientError`] when the batch as a whole was not taken.
    pub async fn submit_encoded(
        &self,
        batch: impl Into<Bytes>,
    ) -> Result<BatchAnswer, ClientError> {
        self.http().post(paths::TRANSACTIONS_BATCH, batch).await
    }

    pub(crate) fn http(&self) -> &Http {
        &self.inner.http
    }

    /// A block was seen on the event stream.
    pub(crate) fn saw(&self, block: &BlockEvent) {
        self.set_pace(Pace {
            height: block.height,
            time: block.time,
            base_fee: block.base_fee,
        });
    }

    fn set_pace(&self, pace: Pace) {
        let mut held = self.lock_pace();
        // A stream that catches up tells of blocks long past.
        if pace.height >= held.0.height {
            *held = (pace, Instant::now());
        }
    }

    fn lock_pace(&self) -> std::sync::MutexGuard<'_, (Pace, Instant)> {
        self.inner
            .pace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

const fn pace_of(status: &StatusView) -> Pace {
    Pace {
        height: status.height,
        time: status.time,
        base_fee: status.base_fee,
    }
}

fn page(path: &str, filter: &str, limit: usize, cursor: Option<&str>) -> String {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}"));
    format!("{path}?{filter}limit={limit}{}", cursor.unwrap_or_default())
}
