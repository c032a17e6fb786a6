//! Registered models.

use super::{App, PageQuery, Shared, bad_cursor};
use crate::{
    http::{Hole, Parameters, Refusal, json},
    views,
};
use assay_api::{ModelView, ModelsPage};
use assay_model::Manifest;
use assay_types::{ContentId, ModelId};
use axum::{extract::State, response::Response};
use std::sync::PoisonError;

/// Largest manifest that is read for a name.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// Names remembered; beyond, they are read again each time.
const NAMES_MAX: usize = 4_096;

/// Registered models, by id.
pub(super) async fn models(
    State(app): State<Shared>,
    Parameters(page): Parameters<PageQuery>,
) -> Result<Response, Refusal> {
    let limit = page.limit()?;
    let after: Option<ModelId> = page.cursor(|text| text.parse().map_err(bad_cursor))?;
    let mut models: Vec<ModelView> = app.chain.read(|ledger| {
        let view = |(id, model): (&ModelId, &_)| views::model(ledger, *id, model);
        match after {
            Some(after) => ledger
                .models_after(after)
                .take(limit + 1)
                .map(view)
                .collect(),
            None => ledger.models().take(limit + 1).map(view).collect(),
        }
    });
    let more = models.len() > limit;
    models.truncate(limit);
    for model in &mut models {
        model.name = name(&app, model.manifest).await;
    }
    let last = models.last().map(|model| model.model.to_string());
    let next = last.filter(|_| more);
    Ok(json(&ModelsPage { models, next }))
}

/// One model.
pub(super) async fn model(
    State(app): State<Shared>,
    Hole(id): Hole<ModelId>,
) -> Result<Response, Refusal> {
    let found = app.chain.read(|ledger| {
        ledger
            .model(&id)
            .map(|model| views::model(ledger, id, model))
    });
    let hint = "check the id; `GET /v1/models` lists them";
    let mut model = found.ok_or_else(|| Refusal::not_found("model", id, hint))?;
    model.name = name(&app, model.manifest).await;
    Ok(json(&model))
}

/// The name in a manifest, if it is here and one.
async fn name(app: &App, manifest: ContentId) -> Option<String> {
    let names = || app.names.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names().get(&manifest) {
        return Some(name.clone());
    }
    let bytes = app.store.get(manifest, MANIFEST_BYTES_MAX).await.ok()?;
    let name = Manifest::from_bytes(&bytes).ok()?.fields().name.clone();
    let mut names = names();
    if names.len() < NAMES_MAX {
        names.insert(manifest, name.clone());
    }
    Some(name)
}
