//! Submitting transactions and asking what became of them.

use super::{Shared, chain_failed, on_file, place};
use crate::http::{Hole, Refusal, collect, json};
use assay_api::{
    BATCH_BYTES_MAX, BatchAnswer, Problem, ProblemCode, Submitted, TransactionBatch,
    TransactionStatus,
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
use bytes::Bytes;

/// Takes one canonical transaction.
pub(super) async fn submit(State(app): State<Shared>, body: Body) -> Result<Response, Refusal> {
    let bytes = collect(body, TRANSACTION_BYTES_MAX, &app.large_bodies).await?;
    let one = |bytes: &[u8]| decode(bytes).map(|transaction| vec![transaction]);
    match offer(&app, bytes, one).await?.pop() {
        Some(Ok(id)) => Ok((StatusCode::ACCEPTED, json(&Submitted { id })).into_response()),
        Some(Err(error)) => Err(problem(&error).into()),
        None => Ok(StatusCode::ACCEPTED.into_response()),
    }
}

/// Takes a canonical list of transactions.
pub(super) async fn submit_batch(
    State(app): State<Shared>,
    body: Body,
) -> Result<Response, Refusal> {
    let bytes = collect(body, BATCH_BYTES_MAX, &app.large_bodies).await?;
    let many = |bytes: &[u8]| decode(bytes).map(TransactionBatch::into_vec);
    let mut answer = BatchAnswer::default();
    for (index, outcome) in (0..).zip(offer(&app, bytes, many).await?) {
        match outcome {
            Ok(_) => answer.accept(),
            Err(error) => answer.refuse(index, problem(&error)),
        }
    }
    Ok((StatusCode::ACCEPTED, json(&answer)).into_response())
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
    last_block_read(app).await?;
    look().await
}

/// Waits until the results of the last final block can be read.
async fn last_block_read(app: &Shared) -> Result<(), Refusal> {
    let height = app.chain.read(Ledger::height);
    if height > Height::ZERO {
        app.chain
            .subscribe_from(height)
            .next()
            .await
            .map_err(|error| chain_failed(&error))?;
    }
    Ok(())
}

type Answers = Vec<Result<TxId, AdmitError>>;

/// Offers the transactions of a body to the pool; one answer each, in order. Decodes and verifies on a
/// thread that may take its time.
async fn offer(
    app: &Shared,
    body: Bytes,
    decode: impl Fn(&[u8]) -> Result<Vec<Transaction>, DecodeError> + Send + 'static,
) -> Result<Answers, Refusal> {
    let place = place(&app.submissions).await?;
    let chain = app.chain.clone();
    let offered = move || {
        let answers = chain.submit(decode(&body).map_err(malformed)?);
        let is_replay =
            |answer| matches!(answer, &Err(AdmitError::Invalid(Invalid::Replayed { .. })));
        if !answers.iter().any(is_replay) {
            return Ok::<_, Refusal>((answers, Vec::new()));
        }
        // The pool has consumed them. Replays are rare, ids cost a hash each, so only they are read again.
        let again = decode(&body).map_err(malformed)?;
        let replayed = answers.iter().zip(&again).enumerate();
        let replayed = replayed.filter(|(_, (answer, _))| is_replay(answer));
        let replayed = replayed
            .map(|(index, (_, sent))| (index, sent.id()))
            .collect();
        Ok((answers, replayed))
    };
    let offered = app.admission.run(offered).await;
    let (answers, replayed) =
        offered.map_err(|error| Refusal::internal("admit transactions", &error))??;
    drop(place);
    forgive(app, answers, replayed).await
}

/// A resend of what has become final meanwhile is no failure.
async fn forgive(
    app: &Shared,
    mut answers: Answers,
    mut replayed: Vec<(usize, TxId)>,
) -> Result<Answers, Refusal> {
    for attempt in 0..2 {
        if replayed.is_empty() {
            break;
        }
        if attempt > 0 {
            last_block_read(app).await?;
        }
        let (known, unknown) = on_file(app, move |app| {
            let (mut known, mut unknown) = (Vec::new(), Vec::new());
            for (index, id) in replayed {
                match app.chain.is_known(id) {
                    Ok(true) => known.push((index, id)),
                    Ok(false) => unknown.push((index, id)),
                    Err(error) => return Err(chain_failed(&error)),
                }
            }
            Ok((known, unknown))
        })
        .await?;
        for (index, id) in known {
            if let Some(answer) = answers.get_mut(index) {
                *answer = Ok(id);
            }
        }
        replayed = unknown;
    }
    Ok(answers)
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
