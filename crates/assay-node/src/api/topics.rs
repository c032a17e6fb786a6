//! Topics and their slots.

use super::{PageQuery, Shared, bad_cursor};
use crate::{
    http::{Hole, Parameters, Refusal, json},
    views,
};
use assay_api::{MetagraphView, TopicView, TopicsPage};
use assay_types::TopicId;
use axum::{extract::State, response::Response};

/// Topics, by id.
pub(super) async fn topics(
    State(app): State<Shared>,
    Parameters(page): Parameters<PageQuery>,
) -> Result<Response, Refusal> {
    let limit = page.limit()?;
    let after: Option<TopicId> = page.cursor(|text| text.parse().map_err(bad_cursor))?;
    let mut topics: Vec<TopicView> = app.chain.read(|ledger| {
        let topics = ledger.topics_after(after).take(limit + 1);
        topics
            .map(|(id, topic)| views::topic(ledger, *id, topic))
            .collect()
    });
    let more = topics.len() > limit;
    topics.truncate(limit);
    let last = topics.last().map(|topic| topic.topic.to_string());
    let next = last.filter(|_| more);
    Ok(json(&TopicsPage { topics, next }))
}

/// One topic with all its slots.
pub(super) async fn topic(
    State(app): State<Shared>,
    Hole(id): Hole<TopicId>,
) -> Result<Response, Refusal> {
    let found = app.chain.read(|ledger| {
        let topic = ledger.topic(&id)?;
        let slots = ledger.topic_slots(id);
        Some(MetagraphView {
            topic: views::topic(ledger, id, topic),
            slots: slots
                .map(|(number, slot)| views::slot(ledger, id, number, slot))
                .collect(),
        })
    });
    let hint = "check the id; `GET /v1/topics` lists them";
    Ok(json(
        &found.ok_or_else(|| Refusal::not_found("topic", id, hint))?,
    ))
}

/// The inferences of a topic that wait to be measured.
pub(super) async fn round(
    State(app): State<Shared>,
    Hole(id): Hole<TopicId>,
) -> Result<Response, Refusal> {
    let found = app.chain.read(|ledger| {
        ledger.topic(&id)?;
        Some(views::round(ledger, id))
    });
    let hint = "check the id; `GET /v1/topics` lists them";
    Ok(json(
        &found.ok_or_else(|| Refusal::not_found("topic", id, hint))?,
    ))
}
