//! Requests and answers: one HTTP client, bounded bodies, problems turned into errors.

use crate::ClientError;
use assay_api::{OCTET_STREAM, Problem, ProblemCode};
use bytes::Bytes;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Longest wait for a connection: a node is near or it is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the next byte of an answer.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(20);
/// Largest answer but content: the JSON of a full block's transactions has some 20 MiB.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A node's address and the connections to it.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: String,
}

impl Http {
    pub(crate) fn new(url: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Url {
            url: url.chars().take(200).collect(),
        };
        let base = url.trim_end_matches('/');
        let parsed = reqwest::Url::parse(base).map_err(|_| wrong())?;
        if parsed.scheme() != "http" || parsed.host().is_none() || parsed.query().is_some() {
            return Err(wrong());
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_TIMEOUT)
            .tcp_nodelay(true)
            .no_proxy()
            .user_agent(concat!("assay-client/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|source| ClientError::Unreachable {
                url: base.to_owned(),
                source,
            })?;
        Ok(Self {
            client,
            base: base.to_owned(),
        })
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Sends a request; an answer that is no success becomes an error.
    pub(crate) async fn send(
        &self,
        path: &str,
        request: RequestBuilder,
    ) -> Result<Response, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|source| ClientError::Unreachable {
                url: self.url(path),
                source,
            })?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.problem(path, response).await)
    }

    pub(crate) async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let request = self
            .request(Method::GET, path)
            .header(header::ACCEPT, "application/json");
        let response = self.send(path, request).await?;
        self.read_json(path, response).await
    }

    /// As [`Self::json`]; `None` where the node knows no such thing.
    pub(crate) async fn json_if_found<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, ClientError> {
        found(self.json(path).await)
    }

    pub(crate) async fn bytes(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let request = self
            .request(Method::GET, path)
            .header(header::ACCEPT, OCTET_STREAM);
        let response = self.send(path, request).await?;
        self.read_body(path, response).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<T, ClientError> {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, OCTET_STREAM)
            .body(body.into());
        let response = self.send(path, request).await?;
        self.read_json(path, response).await
    }

    pub(crate) async fn read_json<T: DeserializeOwned>(
        &self,
        path: &str,
        response: Response,
    ) -> Result<T, ClientError> {
        let body = self.read_body(path, response).await?;
        serde_json::from_slice(&body).map_err(|error| self.malformed(path, error))
    }

    async fn read_body(&self, path: &str, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let mut body = Vec::new();
        loop {
            let chunk = response
                .chunk()
                .await
                .map_err(|source| ClientError::Broken {
                    url: self.url(path),
                    source,
                })?;
            let Some(chunk) = chunk else { return Ok(body) };
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                let reason = format!("more than {ANSWER_BYTES_MAX} bytes");
                return Err(self.malformed(path, reason));
            }
            body.extend_from_slice(&chunk);
        }
    }

    async fn problem(&self, path: &str, response: Response) -> ClientError {
        let status = response.status();
        match self.read_json::<Problem>(path, response).await {
            Ok(problem) => ClientError::Refused(Box::new(problem)),
            Err(error) if error.is_transient() => error,
            Err(_) if status == StatusCode::SERVICE_UNAVAILABLE => {
                let detail = format!("{} answered {status}", self.url(path));
                let problem = Problem::new(ProblemCode::Unavailable, detail, "try again");
                ClientError::Refused(Box::new(problem))
            }
            Err(_) => self.malformed(path, format!("{status} without telling why")),
        }
    }

    pub(crate) fn malformed(&self, path: &str, reason: impl ToString) -> ClientError {
        ClientError::Malformed {
            url: self.url(path),
            reason: reason.to_string(),
        }
    }
}

/// `None` for what the node does not know.
pub(crate) fn found<T>(result: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ClientError::Refused(problem)) if problem.code == ProblemCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
