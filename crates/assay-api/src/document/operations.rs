//! Every operation of the interface, in reading order.

use super::build::Operation;
use crate::{
    AccountView, BatchAnswer, BlockView, BlocksPage, CONTENT_SIZE_HEADER, ENCODED_MEDIA_TYPE,
    EmissionView, HealthView, LaneView, MetagraphView, ModelView, ModelsPage, NameView, NamesPage,
    OCTET_STREAM, OfferView, OffersPage, OrderStatus, OrderView, OrdersPage, ProblemCode,
    ReceiptView, RoundView, StateView, StatusView, StoredView, Submitted, TopicsPage,
    TransactionStatus, UPLOAD_HEADER,
    json::{Address, Id, Number, Spoken},
    paths,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;
use std::borrow::Cow;

/// Of the parts below, all.
pub(super) fn all() -> Vec<Operation> {
    [
        node(),
        accounts(),
        names(),
        topics(),
        transactions(),
        chain(),
        market(),
        state(),
        content(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn node() -> Vec<Operation> {
    vec![
        Operation::get(("node", "root"), paths::ROOT, "What this is, for people.")
            .text("text/html; charset=utf-8", "A page."),
        Operation::get(
            ("node", "health"),
            paths::HEALTH,
            "Whether the chain moves.",
        )
        .about(
            "For whoever restarts what stands still: 503 when no block became final for a while.",
        )
        .json::<HealthView>(200, "It moves."),
        Operation::get(
            ("node", "metrics"),
            paths::METRICS,
            "Measurements of the node.",
        )
        .about("The names begin with `assay_`.")
        .text(
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "OpenMetrics text, which Prometheus reads.",
        ),
        Operation::get(("node", "document"), paths::OPENAPI, "This document.")
            .json::<AnyObject>(200, "OpenAPI 3.1."),
        Operation::get(("node", "status"), paths::STATUS, "The chain at a glance.")
            .json::<StatusView>(200, "Height, time, money, limits and parameters."),
        Operation::get(
            ("node", "supply"),
            paths::SUPPLY,
            "The supply and the epoch under way.",
        )
        .json::<EmissionView>(200, "How much money there is, and who earns what comes."),
        Operation::get(("node", "genesis"), paths::GENESIS, "The genesis.")
            .bytes(OCTET_STREAM, "Canonical bytes, whose hash is the chain id."),
        Operation::get(
            ("node", "anchor"),
            paths::ANCHOR,
            "The anchor as this node knows it.",
        )
        .about(
            "Trust it as far as the node; a receipt is worth checking against one got elsewhere.",
        )
        .json::<AnchorText>(200, "Chain id and validators' keys."),
    ]
}

fn accounts() -> Vec<Operation> {
    vec![
        Operation::get(("accounts", "account"), paths::ACCOUNT_ROUTE, "An account.")
            .hole::<Address>("account", "Its address.")
            .json::<AccountView>(200, "Zeros for one that the ledger does not know."),
        Operation::get(
            ("accounts", "lane"),
            paths::LANE_ROUTE,
            "A lane of an account.",
        )
        .hole::<Address>("account", "Its address.")
        .hole::<LaneNumber>("lane", "The lane.")
        .json::<LaneView>(200, "What to sign next."),
        Operation::get(
            ("accounts", "account_orders"),
            paths::ACCOUNT_ORDERS_ROUTE,
            "Orders that an account bought or was drawn for.",
        )
        .hole::<Address>("account", "Its address.")
        .query::<OpenOnly>(
            "status",
            "`open` lists only those that have not ended, by id.",
        )
        .page()
        .json::<OrdersPage>(200, "Newest first.")
        .problem(ProblemCode::NotFound),
    ]
}

fn names() -> Vec<Operation> {
    vec![
        Operation::get(("names", "names"), paths::NAMES, "Names that are held.")
            .query::<Address>("holder", "Only those of this account.")
            .page()
            .json::<NamesPage>(200, "Ascending."),
        Operation::get(("names", "name"), paths::NAME_ROUTE, "A name.")
            .hole::<Spoken>("name", "The name.")
            .json::<NameView>(200, "Who holds it, and until when.")
            .problem(ProblemCode::NotFound),
    ]
}

fn topics() -> Vec<Operation> {
    vec![
        Operation::get(("topics", "topics"), paths::TOPICS, "Topics.")
            .page()
            .json::<TopicsPage>(200, "By id."),
        Operation::get(
            ("topics", "topic"),
            paths::TOPIC_ROUTE,
            "A topic with all its slots.",
        )
        .hole::<Id>("id", "The topic.")
        .json::<MetagraphView>(200, "Who works, who judges, and what each weighs.")
        .problem(ProblemCode::NotFound),
        Operation::get(
            ("topics", "topic_round"),
            paths::TOPIC_ROUND_ROUTE,
            "Inferences of a topic that wait to be measured.",
        )
        .hole::<Id>("id", "The topic.")
        .json::<RoundView>(
            200,
            "What the topic infers, of what, and what reputers measure.",
        )
        .problem(ProblemCode::NotFound),
    ]
}

/// Why a transaction is not admitted.
const NOT_ADMITTED: &[ProblemCode] = &[
    ProblemCode::MalformedBody,
    ProblemCode::WrongChain,
    ProblemCode::BadSignature,
    ProblemCode::Replayed,
    ProblemCode::SequenceGap,
    ProblemCode::SequenceTaken,
    ProblemCode::Expired,
    ProblemCode::ValidTooLong,
    ProblemCode::FeeLimitTooLow,
    ProblemCode::CannotPay,
    ProblemCode::TooHeavy,
    ProblemCode::PoolFull,
    ProblemCode::Busy,
];

fn transactions() -> Vec<Operation> {
    vec![
        Operation::post(
            ("transactions", "submit"),
            paths::TRANSACTIONS,
            "Submits a signed transaction.",
            "Its canonical bytes.",
        )
        .about("It lands at most once; sending the same bytes again is harmless.")
        .json::<Submitted>(202, "It waits for a block.")
        .problems(NOT_ADMITTED),
        Operation::post(
            ("transactions", "submit_batch"),
            paths::TRANSACTIONS_BATCH,
            "Submits several signed transactions.",
            "Their number as a varint, then their canonical bytes one after the other. The `limits` of \
             the status say how many fit.",
        )
        .about("They are admitted in order; what is refused keeps none of the others out.")
        .json::<BatchAnswer>(202, "What was refused, and why.")
        .problems(&[
            ProblemCode::MalformedBody,
            ProblemCode::Busy,
            ProblemCode::NotFound,
        ]),
        Operation::get(
            ("transactions", "transaction"),
            paths::TRANSACTION_ROUTE,
            "What became of a transaction.",
        )
        .hole::<Id>("id", "Its id.")
        .json::<TransactionStatus>(200, "Whether it waits or is final.")
        .problem(ProblemCode::NotFound),
    ]
}

fn chain() -> Vec<Operation> {
    vec![
        Operation::get(("chain", "blocks"), paths::BLOCKS, "The latest final blocks.")
            .page()
            .json::<BlocksPage>(200, "Newest first, without their transactions.")
            .problem(ProblemCode::NotFound),
        Operation::get(("chain", "block"), paths::BLOCK_ROUTE, "A final block.")
            .about("`Accept: application/octet-stream` gets the canonical bytes.")
            .hole::<Number>("height", "Its height, from 1.")
            .json::<BlockView>(200, "The block with its transactions.")
            .bytes(OCTET_STREAM, "")
            .problem(ProblemCode::NotFound),
        Operation::get(("chain", "events"), paths::EVENTS, "The event stream.")
            .about(
                "Server-sent events without end. A block with n events is told as n messages named \
                 `market` (data: a `StampedEvent`) with the ids `height-0` … `height-(n−1)`, then one \
                 named `block` (data: a `BlockEvent`) with the id `height-n`. A client that comes back \
                 with the last id misses nothing and is told nothing twice.",
            )
            .query::<Number>("from", "Begin with the first event of this block; left out: with what happens next.")
            .query::<Cursor>("after", "Resume after this id.")
            .query::<Id>("order", "Only market events of this order.")
            .query::<Address>("account", "Only market events that concern this account.")
            .header("last-event-id", "Resume after this id; goes before `after`.", false, |generator| {
                generator.subschema_for::<Cursor>().to_value()
            })
            .text("text/event-stream", "The stream.")
            .problems(&[ProblemCode::Busy, ProblemCode::NotFound]),
    ]
}

fn market() -> Vec<Operation> {
    vec![
        Operation::get(("market", "offers"), paths::OFFERS, "Standing offers.")
            .query::<Id>("model", "Only those that serve this model.")
            .query::<Id>("topic", "Only those of this topic's miners.")
            .page()
            .json::<OffersPage>(200, "Cheapest first."),
        Operation::get(("market", "offer"), paths::OFFER_ROUTE, "A standing offer.")
            .hole::<Id>("id", "Its id.")
            .json::<OfferView>(200, "The offer.")
            .problem(ProblemCode::NotFound),
        Operation::get(
            ("market", "orders"),
            paths::ORDERS,
            "Everybody's open orders.",
        )
        .about("Closed orders are listed by account.")
        .query::<OrderStatus>("status", "Only those that stand so.")
        .page()
        .json::<OrdersPage>(200, "By id."),
        Operation::get(
            ("market", "order"),
            paths::ORDER_ROUTE,
            "An order, open or closed.",
        )
        .hole::<Id>("id", "Its id.")
        .json::<OrderView>(200, "The order.")
        .problem(ProblemCode::NotFound),
        Operation::get(
            ("market", "order_output"),
            paths::ORDER_OUTPUT_ROUTE,
            "The answer that an order's check accepted.",
        )
        .hole::<Id>("id", "The order's id.")
        .bytes(OCTET_STREAM, "The plain bytes whose id the receipt names.")
        .problem(ProblemCode::NotFound),
        Operation::get(
            ("market", "receipt"),
            paths::RECEIPT_ROUTE,
            "The receipt of a closed order.",
        )
        .about(
            "`Accept: application/json` gets a view; what proves anything is the canonical proof.",
        )
        .hole::<Id>("order", "The order's id.")
        .bytes(OCTET_STREAM, "The proof, or a view of its receipt.")
        .json::<ReceiptView>(200, "")
        .problem(ProblemCode::NotFound),
        Operation::get(("market", "models"), paths::MODELS, "Registered models.")
            .page()
            .json::<ModelsPage>(200, "By id."),
        Operation::get(
            ("market", "model"),
            paths::MODEL_ROUTE,
            "A registered model.",
        )
        .hole::<Id>("id", "Its id.")
        .json::<ModelView>(200, "The model.")
        .problem(ProblemCode::NotFound),
    ]
}

fn state() -> Vec<Operation> {
    let row = |id, path, summary| {
        Operation::get(("state", id), path, summary)
            .about(
                "The canonical proof, which convinces whoever has an anchor; \
                 `Accept: application/json` gets a view, which convinces nobody.",
            )
            .bytes(
                OCTET_STREAM,
                "The proof against the last final block, or a view of what it shows.",
            )
            .json::<StateView>(200, "")
    };
    vec![
        row(
            "prove_chain",
            paths::STATE_CHAIN,
            "Proves where the chain stands.",
        ),
        row(
            "prove_account",
            paths::STATE_ACCOUNT_ROUTE,
            "Proves an account's row, or that there is none.",
        )
        .hole::<Address>("account", "Its address."),
        row(
            "prove_model",
            paths::STATE_MODEL_ROUTE,
            "Proves a model's row, or that there is none.",
        )
        .hole::<Id>("id", "Its id."),
        row(
            "prove_offer",
            paths::STATE_OFFER_ROUTE,
            "Proves an offer's row, or that there is none.",
        )
        .hole::<Id>("id", "Its id."),
        row(
            "prove_order",
            paths::STATE_ORDER_ROUTE,
            "Proves an open order's row, or that there is none.",
        )
        .hole::<Id>("id", "Its id."),
        row(
            "prove_name",
            paths::STATE_NAME_ROUTE,
            "Proves who holds a name, or that nobody does.",
        )
        .hole::<Spoken>("name", "The name."),
        row(
            "prove_proof_key",
            paths::STATE_PROOF_KEY_ROUTE,
            "Proves that a key of a model's proofs is registered, or that it is not.",
        )
        .hole::<Id>("id", "The model's id.")
        .hole::<Id>("key", "The key's id."),
        row(
            "prove_topic",
            paths::STATE_TOPIC_ROUTE,
            "Proves a topic's row, or that there is none.",
        )
        .hole::<Id>("id", "Its id."),
        row(
            "prove_round",
            paths::STATE_ROUND_ROUTE,
            "Proves what a topic inferred last, or that nothing waits to be measured.",
        )
        .hole::<Id>("id", "The topic's id."),
        row(
            "prove_slot",
            paths::STATE_SLOT_ROUTE,
            "Proves who holds a slot of a topic and what it earned, or that nobody ever took it.",
        )
        .hole::<Id>("id", "The topic's id.")
        .hole::<u16>("slot", "The slot's number."),
        row(
            "prove_pool",
            paths::STATE_POOL_ROUTE,
            "Proves the money behind a key of a topic, or that there is none.",
        )
        .hole::<Id>("id", "The topic's id.")
        .hole::<Address>("key", "The key's address."),
        row(
            "prove_staker",
            paths::STATE_STAKER_ROUTE,
            "Proves the shares that a staker has of that money, or that it has none.",
        )
        .hole::<Id>("id", "The topic's id.")
        .hole::<Address>("key", "The key's address.")
        .hole::<Address>("staker", "The staker's address."),
    ]
}

const CONTENT_HEADERS: &[(&str, &str)] = &[(
    CONTENT_SIZE_HEADER,
    "The content's number of bytes, whatever encoding is sent.",
)];

fn content() -> Vec<Operation> {
    let view = |operation: Operation| {
        operation
            .hole::<Id>("id", "BLAKE3 of the bytes.")
            .query::<Flag>(
                "plain",
                "1 for the plain bytes, which who does not trust the node hashes.",
            )
            .query::<Number>(
                "from",
                "Resume the encoding at the group of this byte; not with `plain=1`.",
            )
            .problems(&[ProblemCode::NotFound, ProblemCode::ContentDamaged])
    };
    vec![
        Operation::put(
            ("content", "put_content"),
            paths::CONTENT_ROUTE,
            "Stores a content under a signed claim.",
            "The plain bytes.",
        )
        .about("Kept for ten minutes of ledger time, and longer when an order or a model names it by then.")
        .hole::<Id>("id", "BLAKE3 of the bytes.")
        .header(
            UPLOAD_HEADER,
            "The uploader's signed claim, canonical bytes in hexadecimal digits.",
            true,
            |_| json!({"type": "string", "pattern": "^([0-9a-f]{2})+$"}),
        )
        .json::<StoredView>(200, "It was here already.")
        .json::<StoredView>(201, "It is stored.")
        .problems(&[
            ProblemCode::UploadRefused,
            ProblemCode::ContentMismatch,
            ProblemCode::ContentDamaged,
            ProblemCode::NotFound,
            ProblemCode::StorageFull,
            ProblemCode::Busy,
        ]),
        view(Operation::get(
            ("content", "content"),
            paths::CONTENT_ROUTE,
            "Fetches a content.",
        ))
        .bytes(
            ENCODED_MEDIA_TYPE,
            "The verified-streaming encoding (Bao in pre-order, 16 KiB groups, size in front), or the \
             plain bytes.",
        )
        .with_headers(CONTENT_HEADERS)
        .bytes(OCTET_STREAM, ""),
        view(Operation::head(
            ("content", "content_head"),
            paths::CONTENT_ROUTE,
            "Whether a content is here.",
        ))
        .empty("It is.")
        .with_headers(CONTENT_HEADERS),
    ]
}

macro_rules! schemas {
    ($( $(#[$doc:meta])* $name:ident $schema:tt )*) => { $(
        $(#[$doc])*
        struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )* };
}
schemas! {
    /// Zero or one.
    Flag { "type": "integer", "enum": [0, 1] }
    /// A lane.
    LaneNumber { "type": "integer", "minimum": 0, "maximum": 63 }
    /// A place in the event stream.
    Cursor { "type": "string", "pattern": "^[0-9]{1,19}-[0-9]{1,9}$" }
    /// The one status that an account's orders are filtered by.
    OpenOnly { "type": "string", "enum": ["open"] }
    /// Any JSON object.
    AnyObject { "type": "object" }
    /// The text form of `assay_verify::Anchor`.
    AnchorText {
        "type": "object",
        "required": ["chain_id", "validators"],
        "properties": {
            "chain_id": {"type": "string"},
            "validators": {"type": "array", "items": {"type": "string"}}
        }
    }
}
