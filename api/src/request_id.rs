//! The id of a request: in its answer and in every line that is logged because of it.

use poem::http::HeaderValue;
use poem::http::header::{HeaderMap, HeaderName};

/// The header that carries it, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id of a caller that is used.
const MAX: usize = 128;

/// The caller's own id, if it has one that is harmless in a log; else a new one.
pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    let mut given = headers.get_all(HEADER).iter();
    match (given.next(), given.next()) {
        (Some(id), None) if is_harmless(id.as_bytes()) => id.clone(),
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
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_if_it_can_do_no_harm() {
        let of_these = |given: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for id in given {
                headers.append(HEADER, HeaderValue::from_bytes(id).unwrap());
            }
            super::of(&headers)
        };
        for good in ["a", "018f-7c.Z_9:+/=@", &"x".repeat(MAX)] {
            assert_eq!(of_these(&[good.as_bytes()]), good);
        }
        let mut made = Vec::new();
        let long = [b'x'; MAX + 1];
        let bad: [&[&[u8]]; 9] = [
            &[],
            &[b""],
            &[b"a b"],
            &[b"a\tb"],
            &[b"\"quoted\""],
            &[b"{}"],
            &[b"\xc3\xa9"],
            &[&long],
            &[b"one", b"two"],
        ];
        for bad in bad {
            let id = of_these(bad);
            assert_eq!(id.len(), 24, "{bad:?}");
            assert!(!made.contains(&id));
            made.push(id);
        }
    }
}
