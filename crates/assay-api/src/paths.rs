//! Every path of the interface, so that server and client cannot disagree.
//!
//! Constants ending in `_ROUTE` are patterns with `{name}` holes; functions fill them.

use assay_types::{
    AccountId, ContentId, Height, Lane, ModelId, Name, OfferId, OrderId, RowKey, TopicId, TxId,
};

/// What this is, for people.
pub const ROOT: &str = "/";
/// Whether the chain moves.
pub const HEALTH: &str = "/healthz";
/// The OpenAPI document of all this, see [`crate::OPENAPI`].
pub const OPENAPI: &str = "/v1/openapi.json";
/// Measurements of the node in Prometheus' text form.
pub const METRICS: &str = "/metrics";
/// See [`crate::StatusView`].
pub const STATUS: &str = "/v1/status";
/// Canonical genesis bytes.
pub const GENESIS: &str = "/v1/genesis";
/// The anchor as this node knows it. Trust it only as far as you trust the node; a receipt is worth
/// checking against an anchor got elsewhere.
pub const ANCHOR: &str = "/v1/anchor";
/// One account.
pub const ACCOUNT_ROUTE: &str = "/v1/accounts/{account}";
/// One lane of an account.
pub const LANE_ROUTE: &str = "/v1/accounts/{account}/lanes/{lane}";
/// Orders that an account bought or was assigned to.
pub const ACCOUNT_ORDERS_ROUTE: &str = "/v1/accounts/{account}/orders";
/// Submits one transaction.
pub const TRANSACTIONS: &str = "/v1/transactions";
/// Submits several transactions.
pub const TRANSACTIONS_BATCH: &str = "/v1/transactions/batch";
/// What became of a transaction.
pub const TRANSACTION_ROUTE: &str = "/v1/transactions/{id}";
/// The latest blocks, newest first.
pub const BLOCKS: &str = "/v1/blocks";
/// One block.
pub const BLOCK_ROUTE: &str = "/v1/blocks/{height}";
/// Offers, cheapest first.
pub const OFFERS: &str = "/v1/offers";
/// One offer.
pub const OFFER_ROUTE: &str = "/v1/offers/{id}";
/// Open orders.
pub const ORDERS: &str = "/v1/orders";
/// One order, open or closed.
pub const ORDER_ROUTE: &str = "/v1/orders/{id}";
/// The answer that an order's check accepted: the plain bytes whose id the receipt names.
pub const ORDER_OUTPUT_ROUTE: &str = "/v1/orders/{id}/output";
/// The supply and the epoch under way.
pub const SUPPLY: &str = "/v1/supply";
/// Names, ascending; takes `?holder=`, `?limit=` and `?cursor=`.
pub const NAMES: &str = "/v1/names";
/// One name.
pub const NAME_ROUTE: &str = "/v1/names/{name}";
/// Registered models.
pub const MODELS: &str = "/v1/models";
/// One model.
pub const MODEL_ROUTE: &str = "/v1/models/{id}";
/// Topics.
pub const TOPICS: &str = "/v1/topics";
/// One topic with all its slots.
pub const TOPIC_ROUTE: &str = "/v1/topics/{id}";
/// A topic's inferences that wait to be measured.
pub const TOPIC_ROUND_ROUTE: &str = "/v1/topics/{id}/round";
/// The receipt of a closed order.
pub const RECEIPT_ROUTE: &str = "/v1/receipts/{order}";
/// What proves where the chain stands: its height, time and supply. As every path below it, this answers
/// with the canonical `StateProof` against the last final block, or with a [`crate::StateView`] for who
/// accepts JSON.
pub const STATE_CHAIN: &str = "/v1/state/chain";
/// What proves an account's row, or that there is none.
pub const STATE_ACCOUNT_ROUTE: &str = "/v1/state/accounts/{account}";
/// What proves a model's row, or that there is none.
pub const STATE_MODEL_ROUTE: &str = "/v1/state/models/{id}";
/// What proves an offer's row, or that there is none.
pub const STATE_OFFER_ROUTE: &str = "/v1/state/offers/{id}";
/// What proves an open order's row, or that there is none.
pub const STATE_ORDER_ROUTE: &str = "/v1/state/orders/{id}";
/// What proves who holds a name, or that nobody does.
pub const STATE_NAME_ROUTE: &str = "/v1/state/names/{name}";
/// What proves that a key of a model's proofs is registered, or that it is not.
pub const STATE_PROOF_KEY_ROUTE: &str = "/v1/state/models/{id}/proof-keys/{key}";
/// What proves a topic's row, or that there is none.
pub const STATE_TOPIC_ROUTE: &str = "/v1/state/topics/{id}";
/// What proves what a topic inferred last, or that nothing waits to be measured.
pub const STATE_ROUND_ROUTE: &str = "/v1/state/topics/{id}/round";
/// What proves who holds a slot of a topic and what it earned, or that nobody ever took it.
pub const STATE_SLOT_ROUTE: &str = "/v1/state/topics/{id}/slots/{slot}";
/// What proves the money behind a key of a topic, or that there is none.
pub const STATE_POOL_ROUTE: &str = "/v1/state/topics/{id}/keys/{key}";
/// What proves the shares that a staker has of that money, or that it has none.
pub const STATE_STAKER_ROUTE: &str = "/v1/state/topics/{id}/keys/{key}/stakers/{staker}";
/// Stores (PUT) or fetches (GET, HEAD) content.
pub const CONTENT_ROUTE: &str = "/v1/content/{id}";
/// The event stream.
pub const EVENTS: &str = "/v1/events";

/// Path of [`ACCOUNT_ROUTE`].
pub fn account(account: AccountId) -> String {
    format!("/v1/accounts/{account}")
}

/// Path of [`LANE_ROUTE`].
pub fn lane(account: AccountId, lane: Lane) -> String {
    format!("/v1/accounts/{account}/lanes/{}", lane.get())
}

/// Path of [`ACCOUNT_ORDERS_ROUTE`]; takes `?limit=` and `?cursor=`.
pub fn account_orders(account: AccountId) -> String {
    format!("/v1/accounts/{account}/orders")
}

/// Path of [`TRANSACTION_ROUTE`].
pub fn transaction(id: TxId) -> String {
    format!("/v1/transactions/{id}")
}

/// Path of [`BLOCK_ROUTE`].
pub fn block(height: Height) -> String {
    format!("/v1/blocks/{height}")
}

/// Path of [`OFFER_ROUTE`].
pub fn offer(id: OfferId) -> String {
    format!("/v1/offers/{id}")
}

/// Path of [`ORDER_ROUTE`].
pub fn order(id: OrderId) -> String {
    format!("/v1/orders/{id}")
}

/// Path of [`ORDER_OUTPUT_ROUTE`].
pub fn order_output(id: OrderId) -> String {
    format!("/v1/orders/{id}/output")
}

/// Path of [`NAME_ROUTE`].
pub fn name(name: Name) -> String {
    format!("/v1/names/{name}")
}

/// Path of [`MODEL_ROUTE`].
pub fn model(id: ModelId) -> String {
    format!("/v1/models/{id}")
}

/// Path of [`TOPIC_ROUTE`].
pub fn topic(id: TopicId) -> String {
    format!("/v1/topics/{id}")
}

/// Path of [`TOPIC_ROUND_ROUTE`].
pub fn topic_round(id: TopicId) -> String {
    format!("/v1/topics/{id}/round")
}

/// Path of [`RECEIPT_ROUTE`].
pub fn receipt(order: OrderId) -> String {
    format!("/v1/receipts/{order}")
}

/// Path of the proof of a row.
pub fn state(key: &RowKey) -> String {
    match key {
        RowKey::Chain => STATE_CHAIN.to_owned(),
        RowKey::Account { account } => format!("/v1/state/accounts/{account}"),
        RowKey::Model { model } => format!("/v1/state/models/{model}"),
        RowKey::Offer { offer } => format!("/v1/state/offers/{offer}"),
        RowKey::Order { order } => format!("/v1/state/orders/{order}"),
        RowKey::Name { name } => format!("/v1/state/names/{name}"),
        RowKey::ProofKey { model, key } => {
            format!("/v1/state/models/{model}/proof-keys/{key}")
        }
        RowKey::Topic { topic } => format!("/v1/state/topics/{topic}"),
        RowKey::Slot { topic, slot } => format!("/v1/state/topics/{topic}/slots/{slot}"),
        RowKey::Pool { topic, key } => format!("/v1/state/topics/{topic}/keys/{key}"),
        RowKey::Staker { topic, key, staker } => {
            format!("/v1/state/topics/{topic}/keys/{key}/stakers/{staker}")
        }
        RowKey::Round { topic } => format!("/v1/state/topics/{topic}/round"),
    }
}

/// Path of [`CONTENT_ROUTE`]; a GET takes `?plain=1`.
pub fn content(id: ContentId) -> String {
    format!("/v1/content/{id}")
}
