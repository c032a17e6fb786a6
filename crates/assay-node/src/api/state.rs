//! Proofs of the ledger's rows: what a client needs that does not trust this node.

use super::{App, Shared};
use crate::{
    http::{Hole, Holes, Refusal, accepts, json},
    rows::state_view,
};
use assay_api::{OCTET_STREAM, ProblemCode};
use assay_chain::ProveError;
use assay_types::{
    AccountId, ModelId, Name, OfferId, OrderId, ProofKeyId, RowKey, TopicId, encode,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};

/// Where the chain stands.
pub(super) async fn chain(State(app): State<Shared>, headers: HeaderMap) -> Answer {
    prove(&app, RowKey::Chain, &headers).await
}

/// An account.
pub(super) async fn account(
    State(app): State<Shared>,
    Hole(account): Hole<AccountId>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Account { account }, &headers).await
}

/// A model.
pub(super) async fn model(
    State(app): State<Shared>,
    Hole(model): Hole<ModelId>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Model { model }, &headers).await
}

/// An offer.
pub(super) async fn offer(
    State(app): State<Shared>,
    Hole(offer): Hole<OfferId>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Offer { offer }, &headers).await
}

/// An open order.
pub(super) async fn order(
    State(app): State<Shared>,
    Hole(order): Hole<OrderId>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Order { order }, &headers).await
}

/// A name.
pub(super) async fn name(
    State(app): State<Shared>,
    Hole(name): Hole<Name>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Name { name }, &headers).await
}

/// A key that a model's proofs are verified with.
pub(super) async fn proof_key(
    State(app): State<Shared>,
    Holes((model, key)): Holes<(ModelId, ProofKeyId)>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::ProofKey { model, key }, &headers).await
}

/// A topic.
pub(super) async fn topic(
    State(app): State<Shared>,
    Hole(topic): Hole<TopicId>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Topic { topic }, &headers).await
}

/// What a topic inferred last.
pub(super) async fn round(
    State(app): State<Shared>,
    Hole(topic): Hole<TopicId>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Round { topic }, &headers).await
}

/// A slot of a topic.
pub(super) async fn slot(
    State(app): State<Shared>,
    Holes((topic, slot)): Holes<(TopicId, u16)>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Slot { topic, slot }, &headers).await
}

/// The money behind a key of a topic.
pub(super) async fn pool(
    State(app): State<Shared>,
    Holes((topic, key)): Holes<(TopicId, AccountId)>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Pool { topic, key }, &headers).await
}

/// What a staker has of it.
pub(super) async fn staker(
    State(app): State<Shared>,
    Holes((topic, key, staker)): Holes<(TopicId, AccountId, AccountId)>,
    headers: HeaderMap,
) -> Answer {
    prove(&app, RowKey::Staker { topic, key, staker }, &headers).await
}

type Answer = Result<Response, Refusal>;

async fn prove(app: &App, key: RowKey, headers: &HeaderMap) -> Answer {
    let proof = app.chain.prove(key).await.map_err(|error| failed(&error))?;
    if accepts(headers, "application/json") {
        let view = state_view(&proof).map_err(|error| Refusal::internal("read a row", &error))?;
        return Ok(json(&view));
    }
    Ok(([(header::CONTENT_TYPE, OCTET_STREAM)], encode(&proof)).into_response())
}

fn failed(error: &ProveError) -> Refusal {
    let unavailable = |hint: &str| Refusal::new(ProblemCode::Unavailable, error.to_string(), hint);
    match error {
        ProveError::Empty { .. } => unavailable("ask again in a second"),
        ProveError::NotKept { .. } => unavailable("ask again, or ask another node"),
        ProveError::Stopped => unavailable("try again when the node has been restarted"),
        ProveError::Database { .. } | ProveError::Unexpected { .. } => {
            Refusal::internal("prove a row", error)
        }
    }
}
