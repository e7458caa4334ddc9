//! The exact bytes that receivers get.
//!
//! [`Payload::build`] runs once, when an event is accepted. What it returns is stored, signed and sent unchanged on
//! every attempt.

use bytes::Bytes;

use super::account::AccountEvent;
use super::types::EventType;
use crate::clock::Timestamp;

/// How many levels of arrays and objects `data` may have.
pub const MAX_DEPTH: usize = 64;

/// The longest chatbot id, in characters.
pub const MAX_CHATBOT_ID: usize = 128;

/// Whether a text can be the id of a chatbot.
#[must_use]
pub fn is_chatbot_id(text: &str) -> bool {
    (1..=MAX_CHATBOT_ID).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Why an event can't become a payload. The event is refused; nothing is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// `data` is JSON, but not an object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// `data` has more than [`MAX_DEPTH`] levels.
    #[error("is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// The payload is longer than `MAX_PAYLOAD_BYTES`.
    #[error("makes the payload {size} bytes long; at most {limit} are allowed")]
    TooLarge {
        /// What it would have been, in bytes.
        size: usize,
        /// What is allowed, in bytes.
        limit: usize,
    },
}

/// The chatbot of an event, from its payload or the beginning of it; `None` if it has none.
#[must_use]
pub fn chatbot_of(payload: &[u8]) -> Option<String> {
    const NAME: &[u8] = b",\"chatbotId\":";
    let at = payload.windows(NAME.len()).position(|window| window == NAME)?;
    let value = payload.get(at + NAME.len()..)?;
    let mut values = serde_json::Deserializer::from_slice(value).into_iter::<Option<String>>();
    values.next()?.ok()?
}

/// The name of an event's type, from its payload or the beginning of it; `None` if it doesn't say so where all do.
#[must_use]
pub fn kind_of(payload: &[u8]) -> Option<&str> {
    let value = payload.strip_prefix(b"{\"event\":\"")?;
    let end = value.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (name, rest) = value.split_at_checked(end)?;
    str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty() && rest.starts_with(b"\""))
}

/// The exact bytes that every receiver of an event gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    body: Bytes,
    /// Where `data` begins; it ends before the last byte of `body`.
    data_start: usize,
}

impl Payload {
    /// Builds `{"event","chatbotId","timestamp","data"}`.
    ///
    /// `data` must be valid JSON text; it is copied as it came (key order, number text of any length, escapes),
    /// without the insignificant white space between its tokens.
    ///
    /// # Errors
    ///
    /// [`PayloadError`] when `data` is not an object, is nested too deep, or the result is longer than `limit` bytes.
    pub fn build(
        event: EventType,
        chatbot_id: &str,
        timestamp: Timestamp,
        data: &str,
        limit: usize,
    ) -> Result<Self, PayloadError> {
        Self::assemble(event.as_str(), Some(chatbot_id), timestamp, data, limit)
    }

    /// The same for an account event, which happens in no chatbot.
    ///
    /// # Errors
    ///
    /// As [`Self::build`].
    pub fn of_account(
        event: AccountEvent,
        timestamp: Timestamp,
        data: &str,
        limit: usize,
    ) -> Result<Self, PayloadError> {
        Self::assemble(event.as_str(), None, timestamp, data, limit)
    }

    fn assemble(
        event: &str,
        chatbot_id: Option<&str>,
        timestamp: Timestamp,
        data: &str,
        limit: usize,
    ) -> Result<Self, PayloadError> {
        if !data.trim_start().starts_with('{') {
            return Err(PayloadError::NotAnObject);
        }
        let mut body = Vec::with_capacity(data.len() + 160);
        body.extend_from_slice(b"{\"event\":\"");
        body.extend_from_slice(event.as_bytes());
        body.extend_from_slice(b"\",\"chatbotId\":");
        body.extend_from_slice(serde_json::Value::from(chatbot_id).to_string().as_bytes());
        body.extend_from_slice(b",\"timestamp\":\"");
        body.extend_from_slice(timestamp.to_string().as_bytes());
        body.extend_from_slice(b"\",\"data\":");
        let data_start = body.len();
        compact(data.as_bytes(), &mut body)?;
        body.push(b'}');
        if body.len() > limit {
            return Err(PayloadError::TooLarge {
                size: body.len(),
                limit,
            });
        }
        Ok(Self {
            body: Bytes::from(body),
            data_start,
        })
    }

    /// The bytes to store, sign and send.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.body
    }

    /// The bytes of `data` within them: a JSON object without insignificant white space.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.body
            .get(self.data_start..self.body.len() - 1)
            .unwrap_or_default()
    }
}

/// Copies valid JSON without the white space between its tokens (RFC 8259 §2), and counts its levels.
fn compact(json: &[u8], out: &mut Vec<u8>) -> Result<(), PayloadError> {
    let mut depth = 0_usize;
    // What is kept is copied in long pieces: from here on nothing was copied yet.
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(&json[from..at]);
                from = at + 1;
            }
            b'"' => at = end_of_string(json, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(PayloadError::TooDeep);
        }
        at += 1;
    }
    out.extend_from_slice(json.get(from..).unwrap_or_default());
    Ok(())
}

/// Where the string ends that begins here: its closing quotation mark.
fn end_of_string(json: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(rest) = json.get(at..) {
        match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            Some(next) if rest[next] == b'"' => return at + next,
            // What is escaped ends no string.
            Some(next) => at += next + 2,
            None => break,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests;
