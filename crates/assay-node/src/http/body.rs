//! Reading bodies within limits of size and time.

use super::Refusal;
use assay_api::ProblemCode;
use axum::body::{Body, BodyDataStream, HttpBody as _};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Longest silence within a body. A mobile connection recovers from a pause within this.
const CHUNK_TIME_MAX: Duration = Duration::from_secs(15);

/// Longest time for a body that is kept in memory: 8 MiB at 1 Mbit/s.
const WHOLE_TIME_MAX: Duration = Duration::from_secs(80);
/// Largest body that needs no place among the large ones: with the most connections, 50 MiB in all.
const SMALL_BYTES_MAX: usize = 64 * 1024;

/// The next piece of a body, or `None` at its end.
pub(crate) async fn next_chunk(body: &mut BodyDataStream) -> Result<Option<Bytes>, Refusal> {
    match tokio::time::timeout(CHUNK_TIME_MAX, body.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(error))) => Err(Refusal::new(
            ProblemCode::BadRequest,
            format!("the body broke off: {error}"),
            "send it again",
        )),
        Err(_) => Err(Refusal::new(
            ProblemCode::Timeout,
            format!(
                "no byte of the body came for {} s",
                CHUNK_TIME_MAX.as_secs()
            ),
            "send it again over a better connection",
        )),
    }
}

/// A whole body of at most `max` bytes. Bodies beyond [`SMALL_BYTES_MAX`] take one of the `large` places
/// while they arrive, so that their memory is bounded and small ones never wait for them.
pub(crate) async fn collect(body: Body, max: usize, large: &Semaphore) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(WHOLE_TIME_MAX, collect_slowly(body, max, large)).await {
        Ok(collected) => collected,
        Err(_) => Err(Refusal::new(
            ProblemCode::Timeout,
            format!("the body took more than {} s", WHOLE_TIME_MAX.as_secs()),
            "send less at once, or over a better connection",
        )),
    }
}

async fn collect_slowly(body: Body, max: usize, large: &Semaphore) -> Result<Bytes, Refusal> {
    // What the client announced; it may send less, so room for it is only made for those with a place.
    let announced = body
        .size_hint()
        .upper()
        .and_then(|len| usize::try_from(len).ok());
    let mut stream = body.into_data_stream();
    let mut whole = BytesMut::new();
    let mut place = None;
    while let Some(chunk) = next_chunk(&mut stream).await? {
        let len = whole.len() + chunk.len();
        if len > max {
            return Err(Refusal::new(
                ProblemCode::TooLarge,
                format!("the body is over the limit of {max} bytes"),
                "send less; `GET /v1/status` tells the limits",
            ));
        }
        if len > SMALL_BYTES_MAX && place.is_none() {
            place = large.acquire().await.ok();
            whole.reserve(
                announced
                    .unwrap_or_default()
                    .min(max)
                    .saturating_sub(whole.len()),
            );
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
