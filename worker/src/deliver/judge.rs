//! Sends a request and judges what comes back: 2xx, complete or at least 64 KiB of it, within the timeout.

use std::fmt::Write as _;
use std::time::Duration;

use common::clock::Timestamp;
use common::delivery::Failure;
use common::retry::parse_retry_after;
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{Client, Request, Response, Url};

use crate::transport::failure::{Broken, classify};

/// How much of an answer's body is read.
const MAX_BODY: usize = 64 << 10;

/// How much of it is kept, if the attempt failed.
const MAX_SNIPPET: usize = 1 << 10;

/// The longest sentence about a failure, in bytes.
const MAX_DETAIL: usize = 300;

/// The verdict on one exchange.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What failed; `None` on success.
    pub(super) failure: Option<Failure>,
    /// The status, if there was an answer.
    pub(super) status: Option<u16>,
    /// When the receiver wants to be asked again.
    pub(super) retry_after: Option<Duration>,
    /// The failure in words.
    pub(super) detail: String,
    /// The start of the body of a failure.
    pub(super) snippet: String,
}

/// What was seen of an answer so far.
#[derive(Debug, Default)]
struct Seen {
    status: Option<u16>,
    reason: &'static str,
    retry_after: Option<Duration>,
    location: Option<String>,
    body: usize,
    start_of_body: Vec<u8>,
}

impl Judged {
    /// A failure before anything was sent.
    pub(super) fn refused(failure: Failure, detail: String) -> Self {
        Self {
            failure: Some(failure),
            detail: shortened(detail, MAX_DETAIL),
            ..Self::default()
        }
    }
}

/// Sends a request and judges the answer. Nothing of it lasts longer than `timeout`.
///
/// # Errors
///
/// A sentence about our own trouble, when there was no attempt.
pub(super) async fn send(client: &Client, request: Request, timeout: Duration) -> Result<Judged, String> {
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let mut seen = Seen::default();
    let end = tokio::time::timeout(timeout, exchange(client, request, &mut seen)).await;
    let broken = match end {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(classify(&error, &host)),
        Err(_) => Some(Broken::Failed(Failure::Timeout, too_late(&seen, timeout))),
    };
    let status_failure = seen.status.and_then(Failure::of_status);
    let (failure, detail) = match (status_failure, broken) {
        // A status that is a failure by itself says more than how its body ended.
        (Some(failure), _) => (failure, answered(&seen)),
        (None, None) => {
            return Ok(Judged {
                status: seen.status,
                ..Judged::default()
            });
        }
        (None, Some(Broken::Failed(failure, detail))) => (failure, detail),
        (None, Some(Broken::Own(sentence))) => return Err(sentence),
    };
    Ok(Judged {
        status: seen.status,
        retry_after: seen.retry_after,
        snippet: readable(&seen.start_of_body),
        ..Judged::refused(failure, detail)
    })
}

async fn exchange(client: &Client, request: Request, seen: &mut Seen) -> reqwest::Result<()> {
    let url = request.url().clone();
    let mut response = client.execute(request).await?;
    seen.head(&response, &url);
    while let Some(chunk) = response.chunk().await? {
        let kept = chunk.len().min(MAX_SNIPPET - seen.start_of_body.len());
        seen.start_of_body.extend_from_slice(&chunk[..kept]);
        seen.body += chunk.len();
        if seen.body >= MAX_BODY {
            // Dropping the answer closes the connection.
            break;
        }
    }
    Ok(())
}

impl Seen {
    fn head(&mut self, response: &Response, url: &Url) {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        self.status = Some(response.status().as_u16());
        self.reason = response.status().canonical_reason().unwrap_or_default();
        self.retry_after =
            header(RETRY_AFTER).and_then(|value| parse_retry_after(value, Timestamp::now().as_seconds()));
        self.location = header(LOCATION).and_then(|location| without_secrets(url.join(location).ok()?));
    }
}

/// Where a redirect points, without what carries tokens at times.
fn without_secrets(mut target: Url) -> Option<String> {
    target.set_query(None);
    target.set_fragment(None);
    target.set_password(None).ok()?;
    target.set_username("").ok()?;
    Some(target.to_string())
}

fn answered(seen: &Seen) -> String {
    let mut sentence = format!("answered {} {}", seen.status.unwrap_or_default(), seen.reason)
        .trim_end()
        .to_owned();
    if let (Some(300..=399), Some(location)) = (seen.status, &seen.location) {
        sentence.push_str(" to ");
        sentence.push_str(location);
        sentence.push_str("; redirects are not followed");
    }
    sentence
}

fn too_late(seen: &Seen, timeout: Duration) -> String {
    match seen.status {
        Some(status) => format!("answered {status}, but its body was not complete within {timeout:?}"),
        None => format!("no answer within {timeout:?}"),
    }
}

/// Text of at most [`MAX_SNIPPET`] bytes without control characters.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        if character.is_control() && character != '\n' {
            // Writing to a string can't fail.
            let _written = write!(text, "{}", character.escape_default());
        } else {
            text.push(character);
        }
    }
    shortened(text, MAX_SNIPPET)
}

/// The text, cut to at most `most` bytes between two characters.
fn shortened(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_text_of_bounded_length() {
        assert_eq!(readable(b"a\tb\r\nc\0\x1b[31m"), "a\\tb\\r\nc\\u{0}\\u{1b}[31m");
        assert_eq!(readable(&[0xff, b'x']), "\u{fffd}x");
        assert_eq!(readable(&[0; 1024]).len(), MAX_SNIPPET);
        assert!(readable(&"é".repeat(1000).into_bytes()).len() <= MAX_SNIPPET);
    }

    #[test]
    fn secrets_in_a_redirect_are_left_out() {
        let shown = |text: &str| without_secrets(text.parse().unwrap());
        assert_eq!(
            shown("https://me:hunter2@b.example/x?token=y#z").as_deref(),
            Some("https://b.example/x")
        );
        assert_eq!(shown("mailto:me@b.example"), None);
    }

    #[test]
    fn a_sentence_names_the_status_and_where_a_redirect_points() {
        let mut seen = Seen {
            status: Some(503),
            reason: "Service Unavailable",
            ..Seen::default()
        };
        assert_eq!(answered(&seen), "answered 503 Service Unavailable");
        seen = Seen {
            status: Some(599),
            ..Seen::default()
        };
        assert_eq!(answered(&seen), "answered 599");
        seen = Seen {
            status: Some(307),
            reason: "Temporary Redirect",
            location: Some("https://b.example/x".to_owned()),
            ..Seen::default()
        };
        assert_eq!(
            answered(&seen),
            "answered 307 Temporary Redirect to https://b.example/x; redirects are not followed"
        );
    }
}
