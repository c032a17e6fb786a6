//! Every refusal leaves as problem details.

use assay_api::{PROBLEM_MEDIA_TYPE, Problem, ProblemCode};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A request's bad end.
#[derive(Debug)]
pub(crate) struct Refusal(Box<Problem>);

impl Refusal {
    pub(crate) fn new(
        code: ProblemCode,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Problem::new(code, detail, hint).into()
    }

    pub(crate) fn not_found(what: &str, id: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(
            ProblemCode::NotFound,
            format!("there is no {what} {id}"),
            hint,
        )
    }

    /// A fault of this node: its cause goes to the log, not to strangers.
    pub(crate) fn internal(attempt: &str, cause: &dyn std::error::Error) -> Self {
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        tracing::error!(attempt, cause = chain, "a request failed");
        Self::new(
            ProblemCode::Internal,
            format!("the node could not {attempt}"),
            "try again; the node's operator finds the cause in its log",
        )
    }

    pub(crate) fn into_problem(self) -> Problem {
        *self.0
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&*self.0).unwrap_or_default();
        let media = HeaderValue::from_static(PROBLEM_MEDIA_TYPE);
        (status, [(header::CONTENT_TYPE, media)], body).into_response()
    }
}
