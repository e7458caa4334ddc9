//! `Host`: a request has one, as RFC 9112 §3.2 wants it, so that nobody in front of us can have read another one than we.

use poem::Request;
use poem::http::uri::Authority;
use poem::http::{Version, header};

use super::once::once;
use crate::problem::{Code, Problem};

/// Lets a request through that has one `Host`; before HTTP/1.1 it may have none.
///
/// # Errors
///
/// [`Code::BadRequest`] when there is none, more than one, or one that is no host.
pub(crate) fn check(request: &Request) -> Result<(), Problem> {
    let wrong = |detail: &'static str| Err(Problem::new(Code::BadRequest).detail(detail));
    match once(request.headers(), header::HOST) {
        Err(_) => wrong("The request has several headers `Host`. Send one."),
        Ok(None) if request.version() == Version::HTTP_11 => {
            wrong("The request has no header `Host`. Send one.")
        }
        Ok(None) => Ok(()),
        Ok(Some(host)) if is_host(host.as_bytes()) => Ok(()),
        Ok(Some(_)) => {
            wrong("The header `Host` is no host. Send one name or address, with a port if need be.")
        }
    }
}

/// A name or an address, perhaps with a port; or nothing, if the target has no host.
fn is_host(value: &[u8]) -> bool {
    value.is_empty() || (!value.contains(&b'@') && Authority::try_from(value).is_ok())
}

#[cfg(test)]
mod tests;
