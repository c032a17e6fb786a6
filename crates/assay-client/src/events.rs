//! The event stream, followed across broken connections without a gap or a double.

use crate::{Client, ClientError, Parser};
use assay_api::{EventCursor, StreamMessage, paths};
use assay_types::{AccountId, Height, OrderId};
use futures::Stream;
use reqwest::{Method, Response, header};
use std::{collections::VecDeque, time::Duration};

/// First pause before a connection is tried again; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// Longest pause, so that a restarted node is found soon.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Which part of the stream to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventQuery {
    /// Where to begin.
    pub from: EventStart,
    /// Only what concerns this order.
    pub order: Option<OrderId>,
    /// Only what concerns this account; blocks then list its transactions' outcomes.
    pub account: Option<AccountId>,
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStart {
    /// With the first event of a block.
    Height(Height),
    /// After what was seen last.
    After(EventCursor),
}

impl EventQuery {
    /// Everything after the block at `height`, which the caller knows already.
    pub const fn after(height: Height) -> Self {
        Self {
            from: EventStart::After(EventCursor::end_of(height)),
            order: None,
            account: None,
        }
    }

    /// Only what concerns `account`.
    pub const fn of_account(self, account: AccountId) -> Self {
        Self {
            account: Some(account),
            ..self
        }
    }

    /// Only what concerns `order`.
    pub const fn of_order(self, order: OrderId) -> Self {
        Self {
            order: Some(order),
            ..self
        }
    }
}

/// A stream that is being followed.
#[derive(Debug)]
pub struct EventStream {
    client: Client,
    query: EventQuery,
    link: Option<Link>,
    ready: VecDeque<StreamMessage>,
    pause: Duration,
}

#[derive(Debug)]
struct Link {
    response: Response,
    parser: Parser,
}

impl Client {
    /// Follows the event stream. Nothing is sent before the first message is asked for.
    pub fn events(&self, query: EventQuery) -> EventStream {
        EventStream {
            client: self.clone(),
            query,
            link: None,
            ready: VecDeque::new(),
            pause: Duration::ZERO,
        }
    }
}

impl EventStream {
    /// The next message. Waits as long as it takes, across broken connections and restarts of the node.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ClientError`] when waiting cannot help: the other side is no node of this version.
    pub async fn next(&mut self) -> Result<StreamMessage, ClientError> {
        loop {
            match self.try_next().await {
                Err(error) if error.is_transient() => {
                    tracing::debug!(%error, "event stream");
                }
                result => return result,
            }
        }
    }

    /// As [`Self::next`], but tells of a broken connection. The next call connects again after a pause that
    /// grows with every failure, and goes on where the stream stopped.
    ///
    /// # Errors
    /// [`ClientError`]; after one that [`ClientError::is_transient`], call again.
    pub async fn try_next(&mut self) -> Result<StreamMessage, ClientError> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                self.query.from = EventStart::After(message.cursor());
                if let StreamMessage::Block(block) = &message {
                    self.client.saw(block);
                }
                return Ok(message);
            }
            let Some(link) = &mut self.link else {
                tokio::time::sleep(self.pause).await;
                match self.connect().await {
                    Ok(link) => self.link = Some(link),
                    Err(error) => return Err(self.lost(error)),
                }
                continue;
            };
            match link.response.chunk().await {
                Ok(Some(bytes)) => {
                    self.pause = Duration::ZERO;
                    let messages = link.parser.push(&bytes)?;
                    for message in messages {
                        let read = StreamMessage::read(&message.event, &message.data)
                            .map_err(|error| self.client.http().malformed(paths::EVENTS, error))?;
                        self.ready.extend(read);
                    }
                }
                Ok(None) => {
                    let url = self.client.url().to_owned();
                    let what = "ended";
                    return Err(self.lost(ClientError::StreamEnded { url, what }));
                }
                // Every block is told, so a second of silence is unusual and twenty are the read timeout.
                Err(source) => {
                    let url = self.client.http().url(paths::EVENTS);
                    return Err(self.lost(ClientError::Broken { url, source }));
                }
            }
        }
    }

    /// As a [`Stream`] of [`Self::next`].
    pub fn into_stream(self) -> impl Stream<Item = Result<StreamMessage, ClientError>> {
        futures::stream::unfold(self, |mut events| async {
            let message = events.next().await;
            Some((message, events))
        })
    }

    fn lost(&mut self, error: ClientError) -> ClientError {
        self.link = None;
        self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        error
    }

    async fn connect(&self) -> Result<Link, ClientError> {
        let EventQuery {
            from,
            order,
            account,
        } = self.query;
        let mut path = paths::EVENTS.to_owned();
        let mut separator = '?';
        let mut ask = |name: &str, value: &dyn std::fmt::Display| {
            path.push_str(&format!("{separator}{name}={value}"));
            separator = '&';
        };
        if let Some(order) = order {
            ask("order", &order);
        }
        if let Some(account) = account {
            ask("account", &account);
        }
        if let EventStart::Height(height) = from {
            ask("from", &height);
        }
        let mut request = self
            .client
            .http()
            .request(Method::GET, &path)
            .header(header::ACCEPT, "text/event-stream");
        if let EventStart::After(cursor) = from {
            request = request.header("Last-Event-ID", cursor.to_string());
        }
        let response = self.client.http().send(&path, request).await?;
        Ok(Link {
            response,
            parser: Parser::default(),
        })
    }
}
