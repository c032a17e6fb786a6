//! Which web pages of other origins may use the interface: none, unless they are listed.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use std::{fmt, str::FromStr, sync::Arc};

/// What a page may send.
const METHODS: &str = "GET, HEAD, POST, PUT";
/// Headers that a page may send.
const HEADERS_IN: &str = "accept, content-type, last-event-id, assay-upload";
/// Headers that a page may read.
const HEADERS_OUT: &str = "retry-after, assay-content-size";
/// How long a browser may remember what it was allowed.
const REMEMBERED_SECONDS: &str = "600";

/// A web origin, as `https://example.org` or `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a web origin; write scheme, host and port only, like https://example.org")]
pub struct OriginError {
    /// What was given.
    pub text: String,
}

impl FromStr for Origin {
    type Err = OriginError;
    fn from_str(text: &str) -> Result<Self, OriginError> {
        let error = || OriginError {
            text: text.chars().take(200).collect(),
        };
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or_else(error)?;
        let is_host = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
        };
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(error());
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| error())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// The middleware. It lets requests of no page through as they are, and refuses none: keeping an answer from a
/// page that may not see it is the browser's part.
pub(crate) async fn cors(
    State(allowed): State<Arc<[Origin]>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN);
    let origin = origin.filter(|origin| allowed.iter().any(|allowed| allowed.0 == **origin));
    let origin = origin.cloned();
    let asks_before = *request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks_before && origin.is_some() {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS_IN),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_SECONDS),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(HEADERS_OUT);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    // A cache must not hand one page's answer to another.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_scheme_and_host() {
        for good in [
            "https://example.org",
            "http://localhost:3000",
            "http://[::1]:80",
        ] {
            assert_eq!(good.parse::<Origin>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "*",
            "null",
            "example.org",
            "https://",
            "https://a/b",
            "https://A.b",
            "https://a b",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_headers_are_those_of_the_interface() {
        assert!(HEADERS_IN.ends_with(assay_api::UPLOAD_HEADER));
        assert!(HEADERS_OUT.ends_with(assay_api::CONTENT_SIZE_HEADER));
    }
}
