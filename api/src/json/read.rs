//! Reading a JSON body: how it is declared, how long it is, and what is in it.

use std::io::{self, Read as _};

use bytes::{Bytes, BytesMut};
use flate2::bufread::MultiGzDecoder;
use futures_util::StreamExt as _;
use poem::http::header;
use poem::{Body, Request};
use serde::de::DeserializeOwned;

use super::JsonRequest;
use super::members::{self, Required};
use crate::app::App;
use crate::problem::{Code, Problem};

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As it is.
    Plain,
    /// Compressed with gzip.
    Gzip,
}

/// Checks that the body is declared as JSON, and how it is sent.
pub(super) fn check_form(request: &Request) -> Result<Encoding, Problem> {
    check_content_type(request.content_type())?;
    let mut encodings = request.headers().get_all(header::CONTENT_ENCODING).iter();
    let encoding = encodings.next().map_or(Ok("identity"), |value| value.to_str());
    match (
        encoding.unwrap_or_default().to_ascii_lowercase().as_str(),
        encodings.next(),
    ) {
        ("identity", None) => Ok(Encoding::Plain),
        ("gzip" | "x-gzip", None) => Ok(Encoding::Gzip),
        _ => Err(Problem::new(Code::UnsupportedMediaType)
            .detail("Send the body as it is (no `Content-Encoding`), or compress it with gzip, once.")),
    }
}

/// Checks that the type is `application/json`, with no charset but UTF-8 (of which ASCII is a part).
fn check_content_type(content_type: Option<&str>) -> Result<(), Problem> {
    let mut parts = content_type.unwrap_or_default().split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter(|part: &&str| !str::is_empty(part)).all(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset") || is_utf8(value.trim().trim_matches('"'))
        })
    });
    if is_json && is_utf8 {
        Ok(())
    } else {
        Err(Problem::new(Code::UnsupportedMediaType))
    }
}

/// Whether a charset is UTF-8, or the part of it that is ASCII.
fn is_utf8(charset: &str) -> bool {
    let names = ["utf-8", "utf8", "us-ascii"];
    names.iter().any(|name| charset.eq_ignore_ascii_case(name))
}

pub(super) fn too_large(max_bytes: usize) -> Problem {
    Problem::new(Code::BodyTooLarge)
        .detail(format!(
            "The body may be {max_bytes} bytes long. Send a shorter one, or split it into several requests."
        ))
        .param("max", max_bytes)
}

/// Reads a body of `max_bytes` at most.
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
            // Nearly every body comes in one piece, which we don't copy.
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

/// The body that a client may have packed, of `max_bytes` at most: whatever it would become, little more is unpacked.
pub(super) fn unpack(body: Bytes, encoding: Encoding, max_bytes: usize) -> Result<Bytes, Problem> {
    if encoding == Encoding::Plain {
        return Ok(body);
    }
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(&*body)
        .take(bound)
        .read_to_end(&mut unpacked)
        .map_err(|_| {
            Problem::new(Code::BadRequest)
                .detail("The body is not gzip, though `Content-Encoding` says so. Send it as it is, or compress it again.")
        })?;
    if unpacked.len() > max_bytes {
        return Err(too_large(max_bytes));
    }
    Ok(unpacked.into())
}

/// Reads a request from the bytes of its body.
///
/// # Errors
///
/// [`Problem`] that names the place or the fields that are wrong.
pub(super) fn parse_request<T: JsonRequest>(bytes: &[u8], app: &App) -> Result<T, Problem> {
    parse_object(utf8(bytes)?, T::REQUIRED, |request: T| request.fault(app))
}

fn utf8(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        Problem::new(Code::InvalidUtf8)
            .detail(format!(
                "The body is not UTF-8 from byte {offset} on. Encode it as UTF-8."
            ))
            .param("offset", offset)
    })
}

/// Reads an object from JSON text. `required` and `values` are as in [`JsonRequest`]; what they say is asked for if something is wrong.
///
/// # Errors
///
/// [`Problem`] that names the place or the fields that are wrong.
pub(crate) fn parse_object<T: DeserializeOwned>(
    text: &str,
    required: Required,
    values: impl FnOnce(T) -> Option<Problem>,
) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // serde would read a derived struct from an array, too; we document objects only.
    if text.trim_ascii_start().starts_with('[') {
        serde_json::from_str::<serde::de::IgnoredAny>(text)?;
        return Err(Problem::new(Code::InvalidType)
            .detail("The body must be a JSON object.")
            .param("expected", "a JSON object"));
    }
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| members::refusal(text, error.into(), required, values))?;
    deserializer.end()?;
    Ok(value)
}

/// Reads a request without looking at its values.
#[cfg(test)]
pub(crate) fn parse<T: JsonRequest>(bytes: &[u8]) -> Result<T, Problem> {
    parse_object(utf8(bytes)?, T::REQUIRED, |_| None)
}

#[cfg(test)]
mod tests;
