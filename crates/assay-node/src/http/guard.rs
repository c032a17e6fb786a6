//! What stands around every request: bodies where none belong are refused, slow answers end, and a body
//! that was refused is read to its end within limits, so that its sender gets to read the answer.

use super::Refusal;
use assay_api::ProblemCode;
use axum::{
    body::{Body, BodyDataStream, HttpBody as _},
    extract::Request,
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

/// Longest time until an answer begins: the largest upload on a slow line. Bodies have their own limit of
/// silence, streams none.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(600);
/// Most bytes of a refused body that are read and dropped; beyond, the connection is closed.
const DRAIN_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest time for that.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);

/// Where a body goes that its handler did not finish.
type Leftover = Arc<Mutex<Option<BodyDataStream>>>;

/// A body that comes back when it is dropped unfinished.
struct Returning {
    stream: Option<BodyDataStream>,
    leftover: Leftover,
}

impl Stream for Returning {
    type Item = Result<Bytes, axum::Error>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = self.stream.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = stream.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.stream = None;
        }
        polled
    }
}

impl Drop for Returning {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            *self.leftover.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream);
        }
    }
}

/// The middleware.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return answer(Request::from_parts(parts, body), next).await;
    }
    // A client that asked whether to send its body has not sent it, and need not.
    let waits = parts.headers.contains_key(header::EXPECT);
    let takes_body = !matches!(parts.method, Method::GET | Method::HEAD);
    let leftover = Leftover::default();
    let returning = Returning {
        stream: Some(body.into_data_stream()),
        leftover: Arc::clone(&leftover),
    };
    let body = Body::from_stream(returning);
    let response = if takes_body {
        answer(Request::from_parts(parts, body), next).await
    } else {
        drop(body);
        Refusal::new(
            ProblemCode::TooLarge,
            format!("{} takes no body", parts.method),
            "send the request without one",
        )
        .into_response()
    };
    let rest = leftover
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(rest) = rest
        && !waits
    {
        // Whether it ended, went on too long or broke off: the answer is the same.
        let _ = tokio::time::timeout(DRAIN_TIME_MAX, drain(rest)).await;
    }
    response
}

async fn answer(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(
            ProblemCode::Timeout,
            format!("no answer within {} s", REQUEST_TIME_MAX.as_secs()),
            "send less at once, or try again later",
        )
        .into_response(),
    }
}

async fn drain(mut body: BodyDataStream) {
    let mut drained = 0;
    while let Some(Ok(chunk)) = body.next().await {
        drained += chunk.len();
        if drained > DRAIN_BYTES_MAX {
            return;
        }
    }
}
