//! Fetching content from elsewhere: a transport brings encoded bytes, this module checks them.
//!
//! A [`Transport`] only moves bytes; it cannot forget the check, because it never sees plain content. What has been
//! verified is never asked for again: a broken transfer goes on from there, over the same transport.
use std::future::Future;

use assay_types::{ContentId, LedgerTime};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::{
    store::{Error, Owner, PutOptions, Store, Stored},
    stream::{DecodeError, Decoder, Group},
    tree::GROUP_BYTES,
};

/// Requests in a row that bring no verified byte before a download gives up. Waiting between them is the transport's
/// business, as it knows what it waits for.
pub const FRUITLESS_REQUESTS_MAX: u32 = 3;

/// A way to other stores.
pub trait Transport: Send + Sync {
    /// Encoded bytes as they arrive.
    type Body: AsyncRead + Send + Unpin;

    /// Asks for the encoding ([`crate::stream`]) of a content from the group of byte `from` on.
    ///
    /// The transport bounds how long it waits for the next byte; it neither checks nor limits the bytes.
    fn request(
        &self,
        id: ContentId,
        from: u64,
    ) -> impl Future<Output = Result<Self::Body, TransportError>> + Send;
}

/// Why a transport brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The other side does not have it.
    #[error("content {id} is not there; ask another source")]
    Missing {
        /// What was asked for.
        id: ContentId,
    },
    /// The other side will not give it.
    #[error("content {id} was refused: {reason}")]
    Refused {
        /// What was asked for.
        id: ContentId,
        /// What the other side said.
        reason: String,
    },
    /// The connection failed; asking again may help.
    #[error("the transfer of content {id} broke off: {reason}; ask again, or ask another source")]
    Broken {
        /// What was asked for.
        id: ContentId,
        /// What failed.
        reason: String,
    },
}

/// Why a content could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The source sent something else.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The source sent nothing.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The content could not be stored.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A content on its way, as a stream of verified groups without gaps.
#[derive(Debug)]
pub struct Download<'a, T: Transport> {
    transport: &'a T,
    id: ContentId,
    limit: u64,
    /// All before this byte has been handed out.
    verified: u64,
    /// Requests since the last verified group.
    fruitless: u32,
    link: Option<Link<T::Body>>,
    is_complete: bool,
}

#[derive(Debug)]
struct Link<B> {
    body: B,
    decoder: Decoder,
    buffer: Box<[u8]>,
    /// The part of `buffer` that the decoder has not taken yet.
    unread: std::ops::Range<usize>,
}

impl<'a, T: Transport> Download<'a, T> {
    /// Nothing is asked for before the first [`Self::next`]. A content of more than `limit` bytes is refused.
    pub const fn new(transport: &'a T, id: ContentId, limit: u64) -> Self {
        Self {
            transport,
            id,
            limit,
            verified: 0,
            fruitless: 0,
            link: None,
            is_complete: false,
        }
    }

    /// The next verified bytes; `None` when the content is complete.
    ///
    /// # Errors
    /// [`DecodeError`] as soon as the source sends something else; [`TransportError`] when it refuses, or when
    /// [`FRUITLESS_REQUESTS_MAX`] requests in a row brought nothing.
    pub async fn next(&mut self) -> Result<Option<Group>, FetchError> {
        while !self.is_complete {
            let mut link = match self.link.take() {
                Some(link) => link,
                None => match self.connect().await {
                    Ok(link) => link,
                    Err(error) => {
                        self.endure(error)?;
                        continue;
                    }
                },
            };
            match link.next().await {
                Ok(Some(group)) => {
                    self.is_complete = link.decoder.is_complete();
                    self.link = Some(link);
                    if group.offset != self.verified {
                        // Its size is another than before, which the last group's check would have found too.
                        return Err(DecodeError::Truncated {
                            id: self.id,
                            verified: self.verified,
                        }
                        .into());
                    }
                    self.verified += group.bytes.len() as u64;
                    self.fruitless = 0;
                    return Ok(Some(group));
                }
                Ok(None) => self.endure(self.broken("it ended early"))?,
                Err(LinkError::Io(error)) => self.endure(self.broken(&error.to_string()))?,
                Err(LinkError::Decode(error)) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    async fn connect(&mut self) -> Result<Link<T::Body>, TransportError> {
        let body = self.transport.request(self.id, self.verified).await?;
        let decoder = Decoder::new(self.id, self.limit, self.verified);
        Ok(Link {
            body,
            decoder,
            buffer: vec![0; GROUP_BYTES].into(),
            unread: 0..0,
        })
    }

    fn broken(&self, reason: &str) -> TransportError {
        TransportError::Broken {
            id: self.id,
            reason: reason.to_owned(),
        }
    }

    /// Lets a broken connection pass, unless too many brought nothing.
    fn endure(&mut self, error: TransportError) -> Result<(), TransportError> {
        self.fruitless += 1;
        match error {
            TransportError::Broken { .. } if self.fruitless < FRUITLESS_REQUESTS_MAX => Ok(()),
            error => Err(error),
        }
    }
}

enum LinkError {
    Io(std::io::Error),
    Decode(DecodeError),
}

impl<B: AsyncRead + Unpin> Link<B> {
    /// The next verified group, or `None` when the connection ends.
    async fn next(&mut self) -> Result<Option<Group>, LinkError> {
        loop {
            let mut input = self.buffer.get(self.unread.clone()).unwrap_or_default();
            let group = self.decoder.read(&mut input).map_err(LinkError::Decode)?;
            self.unread.start = self.unread.end - input.len();
            if group.is_some() {
                return Ok(group);
            }
            match self.body.read(&mut self.buffer).await {
                Ok(0) => return Ok(None),
                Ok(count) => self.unread = 0..count,
                Err(error) => return Err(LinkError::Io(error)),
            }
        }
    }
}

/// Fetches a content of at most `limit` bytes into memory.
///
/// # Errors
/// Those of [`Download::next`].
pub async fn download<T: Transport>(
    transport: &T,
    id: ContentId,
    limit: u64,
) -> Result<Vec<u8>, FetchError> {
    let mut download = Download::new(transport, id, limit);
    let mut content = Vec::new();
    while let Some(group) = download.next().await? {
        content.extend_from_slice(&group.bytes);
    }
    Ok(content)
}

impl Store {
    /// Fetches a content of at most `limit` bytes, unless it is here already, and pins it.
    ///
    /// # Errors
    /// Those of [`Download::next`], of [`crate::Upload::write`] and of [`crate::Upload::commit`]. Nothing partial
    /// stays.
    pub async fn fetch<T: Transport>(
        &self,
        transport: &T,
        id: ContentId,
        limit: u64,
        owner: Owner,
        until: LedgerTime,
    ) -> Result<Stored, FetchError> {
        if let Some(size) = self.pin_held(id, owner, until).await? {
            return Ok(Stored {
                id,
                size,
                is_new: false,
            });
        }
        let limit = limit.min(self.limits().content_bytes_max);
        let options = PutOptions {
            expect: Some(id),
            size_max: limit,
            owner,
            until,
        };
        let mut upload = self.upload(options).await?;
        let mut download = Download::new(transport, id, limit);
        while let Some(group) = download.next().await? {
            upload.write(&group.bytes).await?;
        }
        Ok(upload.commit().await?)
    }
}

#[cfg(test)]
mod tests;
