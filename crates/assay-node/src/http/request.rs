//! Reading paths, queries and `Accept`, and answering JSON; what cannot be read is a problem.

use super::Refusal;
use assay_api::ProblemCode;
use axum::{
    extract::{FromRequestParts, Path, Query},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr};

/// The one hole of a path, parsed.
pub(crate) struct Hole<T>(pub(crate) T);

impl<S: Send + Sync, T: FromStr<Err: Display>> FromRequestParts<S> for Hole<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|error| bad_path(&error))?;
        filled(&text).map(Self)
    }
}

/// The holes of a path, parsed in order.
pub(crate) struct Holes<T>(pub(crate) T);

impl<S, A, B> FromRequestParts<S> for Holes<(A, B)>
where
    S: Send + Sync,
    A: FromStr<Err: Display>,
    B: FromStr<Err: Display>,
{
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path((a, b)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|error| bad_path(&error))?;
        Ok(Self((filled(&a)?, filled(&b)?)))
    }
}

impl<S, A, B, C> FromRequestParts<S> for Holes<(A, B, C)>
where
    S: Send + Sync,
    A: FromStr<Err: Display>,
    B: FromStr<Err: Display>,
    C: FromStr<Err: Display>,
{
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path((a, b, c)) = Path::<(String, String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|error| bad_path(&error))?;
        Ok(Self((filled(&a)?, filled(&b)?, filled(&c)?)))
    }
}

fn filled<T: FromStr<Err: Display>>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|error: T::Err| bad_path(&error))
}

pub(crate) fn bad_path(error: &dyn Display) -> Refusal {
    Refusal::new(
        ProblemCode::BadRequest,
        format!("the path: {error}"),
        "correct the path",
    )
}

/// The query, parsed; unknown parameters are refused, since a misspelt filter would otherwise be none.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|error| {
                use std::error::Error as _;
                let cause = error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string);
                Refusal::new(
                    ProblemCode::BadRequest,
                    format!("the query: {cause}"),
                    "see the interface's documentation for the parameters of this path",
                )
            })
    }
}

/// Whether the client names `media` among what it accepts.
pub(crate) fn accepts(headers: &HeaderMap, media: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value.split(',').any(|part| {
                part.split(';')
                    .next()
                    .is_some_and(|name| name.trim().eq_ignore_ascii_case(media))
            })
        })
}

/// A JSON answer.
pub(crate) fn json(view: &impl Serialize) -> Response {
    match serde_json::to_vec(view) {
        Ok(body) => {
            let media = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, media)], body).into_response()
        }
        Err(error) => Refusal::internal("write its answer", &error).into_response(),
    }
}
