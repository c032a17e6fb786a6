//! Content: signed uploads, checked before and while they arrive, and verified downloads.

use super::{App, Shared, place};
use crate::http::{Hole, Parameters, Refusal, next_chunk};
use assay_api::{
    CONTENT_BYTES_MAX, CONTENT_SIZE_HEADER, ENCODED_MEDIA_TYPE, OCTET_STREAM, ProblemCode,
    StoredView, UPLOAD_HEADER, UPLOAD_VALID_MS_MAX, upload_from_header,
};
use assay_content::{Error, Lease, Owner, PutOptions, Reader, UPLOAD_LEASE_MS, encoded_len};
use assay_types::{ContentId, LedgerTime, UploadClaim};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

/// Stores a content whose uploader signed for it.
pub(super) async fn put(
    State(app): State<Shared>,
    Hole(id): Hole<ContentId>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let now = app.chain.read(assay_ledger::Ledger::time);
    let claim = allowed(&app, id, &headers, now)?;
    // Only after the claim, so that places go to accounts that answer for them.
    let _place = place(&app.uploads).await?;
    let until = now.after(UPLOAD_LEASE_MS);
    let owner = Owner::Upload(claim.uploader);
    let view = StoredView {
        content: id,
        size: claim.size,
        kept_until: until,
    };
    let lease = Lease {
        content: id,
        size: claim.size,
        uploader: claim.uploader,
        until,
    };
    if !app.quota.take(lease, now) {
        let detail = "this account has too many uploads that no order or model names";
        let hint = "place the orders they are for, or wait until they have expired";
        return Err(Refusal::new(ProblemCode::UploadRefused, detail, hint));
    }
    if app.store.size(id) == Some(claim.size) {
        app.store.pin(id, owner, until).await.map_err(failed)?;
        // Asked again: it may have been collected just before it was pinned.
        if app.store.contains(id) {
            return Ok(crate::http::json(&view));
        }
    }
    let options = PutOptions {
        expect: Some(id),
        size_max: claim.size,
        owner,
        until,
    };
    match receive(&app, options, body).await {
        Ok(()) => Ok((StatusCode::CREATED, crate::http::json(&view)).into_response()),
        Err(refusal) => {
            app.quota.give_back(claim.uploader, id);
            Err(refusal)
        }
    }
}

async fn receive(app: &App, options: PutOptions, body: Body) -> Result<(), Refusal> {
    let mut upload = app.store.upload(options).await.map_err(failed)?;
    let mut body = body.into_data_stream();
    while let Some(chunk) = next_chunk(&mut body).await? {
        upload.write(&chunk).await.map_err(failed)?;
    }
    upload.commit().await.map_err(failed)?;
    Ok(())
}

/// The claim of an upload that may go on; nothing of the body has been read.
fn allowed(
    app: &App,
    id: ContentId,
    headers: &HeaderMap,
    now: LedgerTime,
) -> Result<UploadClaim, Refusal> {
    let refuse =
        |detail: String, hint: &str| Refusal::new(ProblemCode::UploadRefused, detail, hint);
    let text = headers
        .get(UPLOAD_HEADER)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| {
            let hint = "sign an upload claim with the account's key";
            refuse(format!("the `{UPLOAD_HEADER}` header is missing"), hint)
        })?;
    let upload = upload_from_header(text).map_err(|error| {
        assay_api::Problem::of_message(ProblemCode::BadRequest, &error.to_string())
    })?;
    let claim = upload.claim;
    if claim.size > CONTENT_BYTES_MAX {
        return Err(too_large(CONTENT_BYTES_MAX));
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    if let Some(len) = announced.and_then(|len| len.parse::<u64>().ok())
        && len != claim.size
    {
        let detail = format!("the claim is for {} bytes, the body has {len}", claim.size);
        return Err(refuse(detail, "sign the size of what is sent"));
    }
    if claim.content != id {
        let detail = format!(
            "the claim is for content {}, the path for {id}",
            claim.content
        );
        return Err(refuse(detail, "sign the id of what is sent"));
    }
    let (chain, known) = app.chain.read(|ledger| {
        let account = ledger.account(&claim.uploader);
        (
            ledger.chain_id(),
            account.is_some_and(|account| !account.balance.is_zero()),
        )
    });
    if claim.chain != chain {
        let detail = format!("the claim is for chain {}, this is {chain}", claim.chain);
        return Err(refuse(detail, "sign for this chain"));
    }
    let latest = now.after(UPLOAD_VALID_MS_MAX);
    if claim.valid_until < now || claim.valid_until > latest {
        let until = claim.valid_until;
        let detail = format!("the claim is valid until {until}, the ledger is at {now}");
        return Err(refuse(
            detail,
            "choose a time up to ten minutes after the ledger's",
        ));
    }
    if !known {
        let detail = format!("{} has no balance on this chain", claim.uploader);
        return Err(refuse(detail, "fund the account first"));
    }
    if !upload.signature_holds() {
        return Err(refuse(
            "the claim's signature is not the uploader's".to_owned(),
            "sign with the uploader's key and change nothing afterwards",
        ));
    }
    Ok(claim)
}

/// Parameters of [`get`] and [`head`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct View {
    plain: Option<u8>,
    from: Option<u64>,
}

impl View {
    /// Whether plain bytes are wanted; those have no beginning but the first.
    fn is_plain(&self) -> Result<bool, Refusal> {
        match (self.plain, self.from) {
            (None | Some(0), _) => Ok(false),
            (Some(1), None) => Ok(true),
            _ => Err(Refusal::new(
                ProblemCode::BadRequest,
                "`plain` is 0 or 1, and 1 goes without `from`",
                "resume with the verified encoding, which is the default",
            )),
        }
    }
}

/// A content, as a stream that is checked while it is read from the disk.
pub(super) async fn get(
    State(app): State<Shared>,
    Hole(id): Hole<ContentId>,
    Parameters(view): Parameters<View>,
) -> Result<Response, Refusal> {
    let from = view.from.unwrap_or_default();
    let plain = view.is_plain()?;
    let opened = if plain {
        app.store.read(id).await
    } else {
        app.store.encode(id, from).await
    };
    let reader = opened.map_err(failed)?;
    let mut response = describe(reader.size(), plain, from);
    *response.body_mut() = Body::from_stream(futures::stream::unfold(Some(reader), next));
    Ok(response)
}

/// Whether a content is here, and its size.
pub(super) async fn head(
    State(app): State<Shared>,
    Hole(id): Hole<ContentId>,
    Parameters(view): Parameters<View>,
) -> Result<Response, Refusal> {
    let plain = view.is_plain()?;
    let size = app
        .store
        .size(id)
        .ok_or_else(|| failed(Error::Missing { id }))?;
    Ok(describe(size, plain, view.from.unwrap_or_default()))
}

fn describe(size: u64, plain: bool, from: u64) -> Response {
    let (media, len) = if plain {
        (OCTET_STREAM, size)
    } else {
        (ENCODED_MEDIA_TYPE, encoded_len(size, from))
    };
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (header::CONTENT_LENGTH, len.to_string()),
        // An id has one content for ever.
        (
            header::CACHE_CONTROL,
            "public, max-age=31536000, immutable".to_owned(),
        ),
    ];
    let mut response = (headers, Body::empty()).into_response();
    response
        .headers_mut()
        .insert(CONTENT_SIZE_HEADER, size.into());
    response
}

/// The next piece of a content. A failure breaks the connection off, so its reader sees a short body.
async fn next(reader: Option<Reader>) -> Option<(Result<bytes::Bytes, Error>, Option<Reader>)> {
    let mut reader = reader?;
    match reader.chunk().await {
        Ok(Some(chunk)) => Some((Ok(chunk), Some(reader))),
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%error, "a download was broken off");
            Some((Err(error), None))
        }
    }
}

fn too_large(limit: u64) -> Refusal {
    let detail = format!("the content is over the limit of {limit} bytes");
    Refusal::new(
        ProblemCode::TooLarge,
        detail,
        "send a smaller one; `GET /v1/status` tells the limits",
    )
}

fn failed(error: Error) -> Refusal {
    let code = match &error {
        Error::Missing { .. } => ProblemCode::NotFound,
        Error::TooLarge { limit } => return too_large(*limit),
        Error::WrongContent { .. } => ProblemCode::ContentMismatch,
        Error::Damaged { .. } => ProblemCode::ContentDamaged,
        Error::StoreFull { .. } | Error::DiskFull { .. } | Error::TooManyPins { .. } => {
            tracing::error!(%error, "an upload found no room");
            let detail = "the node has no room for it";
            let hint = "try another node, or later; its operator must free space";
            return Refusal::new(ProblemCode::StorageFull, detail, hint);
        }
        Error::Repaired { .. } | Error::Stopped => ProblemCode::Unavailable,
        _ => return Refusal::internal("store or read the content", &error),
    };
    assay_api::Problem::of_message(code, &error.to_string()).into()
}
