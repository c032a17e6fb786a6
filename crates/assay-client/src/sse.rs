//! The text of a server-sent event stream, read piece by piece.
//!
//! A pure state machine: bytes in, messages out, whatever way the network cut them. Source: the WHATWG HTML
//! standard, "Server-sent events", parsing. Deviations: a line or message over its limit is an error, since
//! the sender is a stranger; `retry` is ignored, because the client has its own back-off.

/// Longest line: an event of the largest receipt or order has some 20 KiB as JSON.
pub const LINE_BYTES_MAX: usize = 256 * 1024;
/// Longest message, all its `data` lines together.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// One message of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Where a reader resumes: the last `id` seen on the stream.
    pub id: String,
    /// Its kind; empty when the sender named none.
    pub event: String,
    /// Its data lines, joined by newlines.
    pub data: String,
}

/// A stream that breaks the format's limits or is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A line that never ends.
    #[error("an event stream sent a line over {LINE_BYTES_MAX} bytes; this is no node")]
    LineTooLong,
    /// A message that never ends.
    #[error("an event stream sent a message over {MESSAGE_BYTES_MAX} bytes; this is no node")]
    MessageTooLong,
    /// Not UTF-8.
    #[error("an event stream sent bytes that are not UTF-8; this is no node")]
    NotText,
}

/// Reads a stream; keep one per connection.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    after_return: bool,
    started: bool,
    id: String,
    event: String,
    data: Option<String>,
}

impl Parser {
    /// Takes the next bytes and returns the messages that they complete.
    ///
    /// # Errors
    /// [`SseError`]; the stream should be dropped.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Message>, SseError> {
        let mut messages = Vec::new();
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            // A newline after a carriage return belongs to the same line end.
            if std::mem::take(&mut self.after_return) && first == b'\n' {
                rest = after;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (piece, tail) = match end {
                Some(at) => {
                    let (piece, tail) = rest.split_at(at);
                    self.after_return = tail.first() == Some(&b'\r');
                    (piece, tail.get(1..).unwrap_or_default())
                }
                None => (rest, &[][..]),
            };
            if self.line.len() + piece.len() > LINE_BYTES_MAX {
                return Err(SseError::LineTooLong);
            }
            self.line.extend_from_slice(piece);
            if end.is_some() {
                let line = String::from_utf8(std::mem::take(&mut self.line))
                    .map_err(|_| SseError::NotText)?;
                messages.extend(self.line(&line)?);
            }
            rest = tail;
        }
        Ok(messages)
    }

    fn line(&mut self, line: &str) -> Result<Option<Message>, SseError> {
        let line = match std::mem::replace(&mut self.started, true) {
            true => line,
            false => line.strip_prefix('\u{feff}').unwrap_or(line),
        };
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok(self.data.take().map(|data| Message {
                id: self.id.clone(),
                event,
                data,
            }));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                let held = self.data.as_ref().map_or(0, String::len);
                if held + value.len() > MESSAGE_BYTES_MAX {
                    return Err(SseError::MessageTooLong);
                }
                match &mut self.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => self.data = Some(value.to_owned()),
                }
            }
            "event" => value.clone_into(&mut self.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            // An empty field name is a comment, which keeps the connection alive.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
