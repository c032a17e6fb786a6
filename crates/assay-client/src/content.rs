//! Content over HTTP: signed uploads, and downloads that are checked while they arrive.

use crate::{Client, ClientError};
use assay_api::{
    ENCODED_MEDIA_TYPE, OCTET_STREAM, ProblemCode, StoredView, UPLOAD_HEADER, paths,
    upload_to_header,
};
use assay_content::{FetchError, Transport, TransportError, download};
use assay_types::{ContentId, SecretKey, UPLOAD_VERSION, UploadClaim};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Method, header};
use std::{io, time::Duration};
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

/// How long a claim may be used: long enough for a large upload, short enough that a stolen one is useless.
const CLAIM_MS: u64 = 5 * 60 * 1_000;
/// Uploads under way at once.
const UPLOADS_MAX: usize = 16;
/// Times that an upload is tried while the node is busy or away.
const UPLOAD_TRIES_MAX: u32 = 5;
/// Pause after a transfer broke off.
const PAUSE: Duration = Duration::from_millis(200);

impl Client {
    /// Stores `bytes` at the node, in the name of `key`'s account.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the node does not take them.
    pub async fn put_content(
        &self,
        key: &SecretKey,
        bytes: Vec<u8>,
    ) -> Result<ContentId, ClientError> {
        let content = ContentId::of(&bytes);
        let claim = UploadClaim {
            version: UPLOAD_VERSION,
            chain: self.chain(),
            uploader: key.account(),
            content,
            size: bytes.len() as u64,
            valid_until: self.pace().await?.time.after(CLAIM_MS),
        };
        let path = paths::content(content);
        let claim = upload_to_header(&claim.sign(key));
        let bytes = Bytes::from(bytes);
        let mut tries = 1;
        let response = loop {
            let request = self
                .http()
                .request(Method::PUT, &path)
                .header(header::CONTENT_TYPE, OCTET_STREAM)
                .header(UPLOAD_HEADER, &claim)
                .body(bytes.clone());
            match self.http().send(&path, request).await {
                // Many upload at once; storing the same twice is harmless.
                Err(error) if error.is_transient() && tries < UPLOAD_TRIES_MAX => {
                    tokio::time::sleep(PAUSE * tries).await;
                    tries += 1;
                }
                result => break result?,
            }
        };
        let stored: StoredView = self.http().read_json(&path, response).await?;
        if stored.content != content {
            let reason = format!("that it stored {}", stored.content);
            return Err(self.http().malformed(&path, reason));
        }
        Ok(content)
    }

    /// Stores several contents, some at a time; ids in the order of the contents.
    ///
    /// # Errors
    /// The first that [`Self::put_content`] returns.
    pub async fn put_contents(
        &self,
        key: &SecretKey,
        contents: Vec<Vec<u8>>,
    ) -> Result<Vec<ContentId>, ClientError> {
        stream::iter(contents)
            .map(|bytes| self.put_content(key, bytes))
            .buffered(UPLOADS_MAX)
            .try_collect()
            .await
    }

    /// Fetches a content of at most `bytes_max` bytes; every byte is checked as it arrives.
    ///
    /// # Errors
    /// [`ClientError::NoContent`], or [`ClientError::Content`] when it is something else or too large.
    pub async fn get_content(&self, id: ContentId, bytes_max: u64) -> Result<Vec<u8>, ClientError> {
        download(&HttpTransport::new(self), id, bytes_max)
            .await
            .map_err(|error| match error {
                FetchError::Transport(TransportError::Missing { id }) => {
                    ClientError::NoContent { id }
                }
                error => ClientError::Content(error),
            })
    }
}

/// Fetches encoded content from a node, for a store or for [`Client::get_content`].
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: Client,
}

impl HttpTransport {
    /// From the node of `client`.
    pub fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
        }
    }
}

impl Transport for HttpTransport {
    type Body = std::pin::Pin<Box<dyn AsyncRead + Send>>;

    async fn request(&self, id: ContentId, from: u64) -> Result<Self::Body, TransportError> {
        let mut path = paths::content(id);
        if from > 0 {
            // What was verified is not asked for again, and a source that fails at once is not hammered.
            tokio::time::sleep(PAUSE).await;
            path.push_str(&format!("?from={from}"));
        }
        let http = self.client.http();
        let request = http
            .request(Method::GET, &path)
            .header(header::ACCEPT, ENCODED_MEDIA_TYPE);
        let response = http.send(&path, request).await.map_err(|error| {
            let reason = error.to_string();
            match error.problem().map(|problem| problem.code) {
                Some(ProblemCode::NotFound) => TransportError::Missing { id },
                _ if error.is_transient() => TransportError::Broken { id, reason },
                _ => TransportError::Refused { id, reason },
            }
        })?;
        let bytes = response.bytes_stream().map_err(io::Error::other);
        Ok(Box::pin(StreamReader::new(bytes)))
    }
}
