//! The id of a request. It stands in the answer and in every line that the request makes us log.

use poem::http::HeaderValue;
use poem::http::header::{HeaderMap, HeaderName};

use crate::headers::once;

/// The header that carries it, in requests and in answers.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that we take over from a caller.
const MAX: usize = 128;

/// The caller's own id, if it gave one that can do no harm in a log; else a new one.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    match once(headers, HEADER) {
        Ok(Some(id)) if is_harmless(id.as_bytes()) => id.clone(),
        _ => new(),
    }
}

fn is_harmless(id: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte);
    (1..=MAX).contains(&id.len()) && id.iter().all(is_allowed)
}

fn new() -> HeaderValue {
    let mut random = [0; 12];
    domain::id::fill_random(&mut random);
    // Hexadecimal digits are always allowed.
    HeaderValue::from_str(&hex::encode(random)).unwrap_or(HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests;
