//! Blocks, for people and for machines.

use super::{PageQuery, Shared, bad_cursor, chain_failed};
use crate::{
    http::{Hole, Parameters, Refusal, accepts, json},
    views,
};
use assay_api::{BlocksPage, OCTET_STREAM};
use assay_types::{Height, encode};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};

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

/// Final blocks, newest first, without their transactions.
pub(super) async fn blocks(
    State(app): State<Shared>,
    Parameters(page): Parameters<PageQuery>,
) -> Result<Response, Refusal> {
    let limit = page.limit()?;
    let below: Option<u64> = page.cursor(|text| text.parse().map_err(bad_cursor))?;
    let tip = app.chain.status().height.get();
    let top = below.map_or(tip, |below| tip.min(below.saturating_sub(1)));
    let mut blocks = Vec::new();
    for height in (1..=top).rev().take(limit) {
        let found = app.chain.block(Height::new(height)).await;
        let Some(block) = found.map_err(|error| chain_failed(&error))? else {
            break;
        };
        blocks.push(views::block(&block, false));
    }
    let last = blocks.last().map(|block| block.header.height);
    let next = last.filter(|last| last.get() > 1 && blocks.len() == limit);
    let next = next.map(|last| last.to_string());
    Ok(json(&BlocksPage { blocks, next }))
}
