//! Submitting transactions and asking what became of them.

use super::{Shared, chain_failed, on_file, place};
use crate::http::{Hole, Refusal, collect, json};
use assay_api::{
    BATCH_BYTES_MAX, Problem, ProblemCode, Submitted, TransactionBatch, TransactionStatus,
};
use assay_chain::{AdmitError, TransactionStatus as Known};
use assay_ledger::Ledger;
use assay_types::{DecodeError, Height, Invalid, TRANSACTION_BYTES_MAX, Transaction, TxId, decode};
use axum::{
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

/// Takes one canonical transaction.
pub(super) async fn submit(State(app): State<Shared>, body: Body) -> Result<Response, Refusal> {
    let bytes = collect(body, TRANSACTION_BYTES_MAX, &app.large_bodies).await?;
    let transaction: Transaction = decode(&bytes).map_err(malformed)?;
    let submitted = submit_all(&app, vec![transaction]).await?;
    match submitted.into_iter().next() {
        Some(Submitted::Refused { problem }) => Err(problem.into()),
        admitted => Ok((StatusCode::ACCEPTED, json(&admitted)).into_response()),
    }
}

/// Takes a canonical list of transactions; one answer each, in order.
pub(super) async fn submit_batch(
    State(app): State<Shared>,
    body: Body,
) -> Result<Response, Refusal> {
    let bytes = collect(body, BATCH_BYTES_MAX, &app.large_bodies).await?;
    let batch: TransactionBatch = decode(&bytes).map_err(malformed)?;
    let submitted = submit_all(&app, batch.into_vec()).await?;
    Ok((StatusCode::ACCEPTED, json(&submitted)).into_response())
}

/// What became of a transaction.
pub(super) async fn transaction(
    State(app): State<Shared>,
    Hole(id): Hole<TxId>,
) -> Result<Response, Refusal> {
    let view = match known(&app, id).await? {
        Some(Known::Pending) => TransactionStatus::Pending { id },
        Some(Known::Final {
            location, outcome, ..
        }) => TransactionStatus::Final {
            id,
            height: location.height,
            index: location.index,
            outcome: outcome.rejection.into(),
        },
        None => {
            let hint =
                "it was never sent here, or expired, or was replaced; sign and send it again";
            return Err(Refusal::not_found("transaction", id, hint));
        }
    };
    Ok(json(&view))
}

/// What is known of a transaction. It leaves the pool a moment before the results of its block can be read,
/// so one that is in neither is looked for again when the last final block can be.
async fn known(app: &Shared, id: TxId) -> Result<Option<Known>, Refusal> {
    let look = || {
        on_file(app, move |app| {
            app.chain
                .transaction(id)
                .map_err(|error| chain_failed(&error))
        })
    };
    if let Some(known) = look().await? {
        return Ok(Some(known));
    }
    let height = app.chain.read(Ledger::height);
    if height > Height::ZERO {
        app.chain
            .subscribe_from(height)
            .next()
            .await
            .map_err(|error| chain_failed(&error))?;
    }
    look().await
}

/// Offers transactions to the pool; one answer each, in order.
async fn submit_all(
    app: &Shared,
    transactions: Vec<Transaction>,
) -> Result<Vec<Submitted>, Refusal> {
    let ids: Vec<TxId> = transactions.iter().map(Transaction::id).collect();
    let place = place(&app.submissions).await?;
    let answers = on_file(app, |app| Ok(app.chain.submit(transactions))).await?;
    drop(place);
    let mut submitted = Vec::with_capacity(ids.len());
    for (sent, answer) in ids.into_iter().zip(answers) {
        submitted.push(match answer {
            Ok(id) => Submitted::Admitted { id },
            // A resend of what has become final meanwhile is no failure.
            Err(AdmitError::Invalid(Invalid::Replayed { .. }))
                if known(app, sent).await?.is_some() =>
            {
                Submitted::Admitted { id: sent }
            }
            Err(error) => Submitted::Refused {
                problem: problem(&error),
            },
        });
    }
    Ok(submitted)
}

fn problem(error: &AdmitError) -> Problem {
    let code = match error {
        AdmitError::Invalid(invalid) => return invalid.into(),
        AdmitError::TooLong { .. } => ProblemCode::TooLarge,
        AdmitError::SequenceTaken { .. } => ProblemCode::SequenceTaken,
        AdmitError::AccountFull { .. } | AdmitError::PoolFull { .. } => ProblemCode::PoolFull,
        AdmitError::Stopping => ProblemCode::Unavailable,
    };
    Problem::of_message(code, &error.to_string())
}

fn malformed(error: DecodeError) -> Refusal {
    Refusal::new(
        ProblemCode::MalformedBody,
        error.to_string(),
        "send the canonical bytes as the SDK encodes them, and nothing else",
    )
}
