//! Reading bodies within limits of size and time.

use super::Refusal;
use assay_api::ProblemCode;
use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use std::time::Duration;

/// Longest silence within a body. A mobile connection recovers from a pause within this.
const CHUNK_TIME_MAX: Duration = Duration::from_secs(15);

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

/// A whole body of at most `max` bytes.
pub(crate) async fn collect(body: Body, max: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let mut whole = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut stream).await? {
        if whole.len() + chunk.len() > max {
            return Err(Refusal::new(
                ProblemCode::TooLarge,
                format!("the body is over the limit of {max} bytes"),
                "send less; `GET /v1/status` tells the limits",
            ));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}
