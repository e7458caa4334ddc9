//! From the bytes of a request to a value: what they are declared as, how many they are, and what is in them.

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use poem::http::header;
use poem::{Body, Request};
use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// Declared as JSON, and not compressed.
pub(super) fn check_form(request: &Request) -> Result<(), Problem> {
    check_content_type(request.content_type())?;
    let encoding = request.header(header::CONTENT_ENCODING).unwrap_or("identity");
    if encoding.eq_ignore_ascii_case("identity") {
        Ok(())
    } else {
        Err(Problem::new(Code::UnsupportedMediaType)
            .detail("Send the body as it is, without compressing it (no `Content-Encoding`)."))
    }
}

/// `application/json`, with `charset=utf-8` at most.
fn check_content_type(content_type: Option<&str>) -> Result<(), Problem> {
    let mut parts = content_type.unwrap_or_default().split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter(|part: &&str| !str::is_empty(part)).all(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if is_json && is_utf8 {
        Ok(())
    } else {
        Err(Problem::new(Code::UnsupportedMediaType))
    }
}

pub(super) fn too_large(max_bytes: usize) -> Problem {
    Problem::new(Code::BodyTooLarge).detail(format!(
        "The body may be {max_bytes} bytes long. Send a shorter one, or split it into several requests."
    ))
}

/// Reads a body up to a limit.
pub(super) async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let mut chunks = std::pin::pin!(body.into_bytes_stream());
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Problem::new(Code::RequestTimeout),
            _ => Problem::new(Code::BadRequest).detail("The body ended early: send it again as a whole."),
        })?;
        if first.len() + all.len() + chunk.len() > max_bytes {
            return Err(too_large(max_bytes));
        }
        if first.is_empty() && all.is_empty() {
            // Nearly every body comes in one piece: it is not copied.
            first = chunk;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
                first = Bytes::new();
            }
            all.extend_from_slice(&chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Reads an object from JSON bytes.
///
/// # Errors
///
/// [`Problem`] with the place or the field when they are not exactly what is wanted.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::new(Code::InvalidUtf8).detail(format!(
            "The body is not UTF-8 from byte {} on. Encode it as UTF-8.",
            error.valid_up_to()
        ))
    })?;
    parse_object(text)
}

/// Reads an object from JSON text.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn parse_object<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // A derived struct would also be read from an array; only objects are documented.
    if text.trim_ascii_start().starts_with('[') {
        serde_json::from_str::<serde::de::IgnoredAny>(text)?;
        return Err(Problem::new(Code::InvalidType).detail("The body must be a JSON object."));
    }
    let value = serde_path_to_error::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
