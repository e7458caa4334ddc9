//! What is kept of an answer: bounded, readable, and without what may be a receiver's secret.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::Failure;
use domain::retry::parse_retry_after;
use reqwest::StatusCode;
use reqwest::header::{HeaderName, LOCATION, RETRY_AFTER};

use super::masks::Masks;
use crate::transport::{AnswerFields, Recipient, Response};

/// How much of an answer's body is read.
const MAX_BODY: usize = 64 << 10;

/// How much of it the delivery log keeps.
const MAX_SNIPPET: usize = 1 << 10;

/// How many bytes of its head the log keeps, in whole lines, and how many of each value.
const MAX_HEAD: usize = 2 << 10;
const MAX_VALUE: usize = 256;

/// Header fields with one of these in their names may carry secrets of the receiver, so their values are left out.
const SECRETIVE: [&str; 9] = [
    "cookie",
    "authorization",
    "authentication-info",
    "token",
    "secret",
    "password",
    "session",
    "api-key",
    "apikey",
];

/// Characters that turn the direction of text, or end a line in a way that few expect: U+061C, U+200E, U+200F, U+2028 to U+202E and
/// U+2066 to U+2069.
const DIRECTIONS: [char; 14] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}',
    '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// An answer whose head has come.
#[derive(Debug)]
pub(super) struct Answer {
    from: Arc<Recipient>,
    masks: Arc<Masks>,
    status: StatusCode,
    headers: AnswerFields,
    body: usize,
    start_of_body: Vec<u8>,
}

impl Answer {
    /// Takes the head of a response. Its body is still to be read. What `masks` hide is never shown.
    pub(super) fn begun(from: &Arc<Recipient>, masks: &Arc<Masks>, response: &mut Response) -> Self {
        Self {
            from: Arc::clone(from),
            masks: Arc::clone(masks),
            status: response.status,
            headers: std::mem::take(&mut response.headers),
            body: 0,
            start_of_body: Vec::new(),
        }
    }

    /// Takes the next part of the body. Returns whether that is enough.
    pub(super) fn take(&mut self, part: &[u8]) -> bool {
        let kept = part.len().min(MAX_SNIPPET - self.start_of_body.len());
        self.start_of_body.extend_from_slice(&part[..kept]);
        self.body += part.len();
        self.body >= MAX_BODY
    }

    /// The status.
    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The failure that the status alone means.
    pub(super) fn failure(&self) -> Option<Failure> {
        Failure::of_status(self.status())
    }

    /// When the receiver wants to be asked again.
    pub(super) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let value = self.headers.get(&RETRY_AFTER)?.to_str().ok()?;
        parse_retry_after(value, now.as_seconds())
    }

    /// The status in words, and where a redirect points.
    pub(super) fn sentence(&self) -> String {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let sentence = format!("answered {} {reason}", self.status());
        match self.location() {
            Some(location) if self.status.is_redirection() => {
                format!(
                    "{} to {location}; redirects are not followed",
                    sentence.trim_end()
                )
            }
            _ => sentence.trim_end().to_owned(),
        }
    }

    /// The head, a line `name: value` for each field, at most 2 KiB.
    pub(super) fn head(&self) -> String {
        let mut head = String::new();
        for (name, value) in self.headers.iter() {
            let (name, value) = (
                self.masks.hide_in(name.to_string()),
                self.shown(name, value.as_bytes()),
            );
            if head.len() + name.len() + value.len() + ": \n".len() > MAX_HEAD {
                break;
            }
            // Writing to a string can't fail.
            let _written = writeln!(head, "{name}: {value}");
        }
        head
    }

    /// The start of the body.
    pub(super) fn snippet(&self) -> String {
        readable(&self.masks.hide(&self.start_of_body), MAX_SNIPPET)
    }

    fn shown(&self, name: &HeaderName, value: &[u8]) -> String {
        let hidden = || "…".to_owned();
        if name == LOCATION {
            shortened(self.location().unwrap_or_else(hidden), MAX_VALUE)
        } else if SECRETIVE.iter().any(|part| name.as_str().contains(part)) {
            hidden()
        } else {
            let start = &value[..value.len().min(MAX_VALUE)];
            readable(&self.masks.hide(start), MAX_VALUE)
        }
    }

    /// Where the answer redirects to, without the parts that may carry tokens.
    fn location(&self) -> Option<String> {
        let location = self.headers.get(&LOCATION)?.to_str().ok()?;
        without_secrets(self.from.url().join(location).ok()?).map(|location| self.masks.hide_in(location))
    }
}

fn without_secrets(mut target: reqwest::Url) -> Option<String> {
    target.set_query(None);
    target.set_fragment(None);
    target.set_password(None).ok()?;
    target.set_username("").ok()?;
    Some(target.to_string())
}

/// Text of at most `most` bytes without control characters, or those that turn the direction of what stands around them.
pub(super) fn readable(bytes: &[u8], most: usize) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        let is_unseen = character.is_control() && character != '\n';
        if is_unseen || DIRECTIONS.contains(&character) {
            // Writing to a string can't fail.
            let _written = write!(text, "{}", character.escape_default());
        } else {
            text.push(character);
        }
    }
    shortened(text, most)
}

/// The text, cut to at most `most` bytes between two characters.
fn shortened(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests;
