//! Blocks, for people and for machines.

use super::{Shared, chain_failed, page_items};
use crate::{
    http::{Hole, Parameters, Refusal, accepts, json},
    views,
};
use assay_api::OCTET_STREAM;
use assay_types::{Height, encode};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

/// A final block: the view, or the canonical bytes for who accepts those.
pub(super) async fn block(
    State(app): State<Shared>,
    Hole(height): Hole<u64>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let height = Height::new(height);
    let found = app
        .chain
        .block(height)
        .await
        .map_err(|error| chain_failed(&error))?;
    let block = found.ok_or_else(|| {
        let hint = "heights begin at 1 and end at the `height` of `GET /v1/status`";
        Refusal::not_found("block", height, hint)
    })?;
    if accepts(&headers, OCTET_STREAM) {
        return Ok(([(header::CONTENT_TYPE, OCTET_STREAM)], encode(&block.block)).into_response());
    }
    Ok(json(&views::block(&block, true)))
}

/// Parameters of [`blocks`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
    before: Option<u64>,
}

/// The latest blocks below `before`, newest first, without their transactions.
pub(super) async fn blocks(
    State(app): State<Shared>,
    Parameters(page): Parameters<Page>,
) -> Result<Response, Refusal> {
    let limit = page_items(page.limit)? as u64;
    let tip = app.chain.status().height.get();
    let top = page
        .before
        .map_or(tip, |before| tip.min(before.saturating_sub(1)));
    let mut views = Vec::new();
    for height in (1..=top)
        .rev()
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
    {
        let found = app.chain.block(Height::new(height)).await;
        let Some(block) = found.map_err(|error| chain_failed(&error))? else {
            break;
        };
        views.push(views::block(&block, false));
    }
    Ok(json(&views))
}
