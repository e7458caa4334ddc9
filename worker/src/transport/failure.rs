//! Finds out from a request's error, and from what caused it, whose fault the failure is.

use std::error::Error;
use std::io;

use domain::delivery::Failure;

use hyper_util::client::legacy;

use super::resolver::BlockedHost;
use super::tunnel::Unresolved;
use crate::fault::{Fault, NotAttempted};

/// The operating system's errors that say that *we* are out of something: memory, files (of the process, of the system), or
/// local ports. No receiver is to blame for them.
const OWN_ERRORS: [i32; 4] = [12, 23, 24, 99];

/// Whose fault an error of the client is. The sentence about it names `host`.
pub(crate) fn classify(error: &(dyn Error + 'static), host: &str) -> Fault {
    if let Some(number) = find::<io::Error>(error).and_then(io::Error::raw_os_error)
        && OWN_ERRORS.contains(&number)
    {
        return Fault::NotAttempted(NotAttempted::Resources(format!(
            "this worker lacks resources: {}",
            root(error)
        )));
    }
    if let Some(blocked) = find::<BlockedHost>(error) {
        return Fault::Receiver(Failure::BlockedAddress, blocked.to_string());
    }
    if let Some(fault) = find::<Fault>(error) {
        return fault.clone();
    }
    let request = find::<reqwest::Error>(error);
    let is_connect = request.is_some_and(reqwest::Error::is_connect)
        || find::<legacy::Error>(error).is_some_and(legacy::Error::is_connect);
    let is_dns = request.is_some_and(reqwest::Error::is_dns) || find::<Unresolved>(error).is_some();
    let (failure, sentence) = if is_dns {
        (
            Failure::Dns,
            format!("the name {host} did not resolve: {}", root(error)),
        )
    } else if let Some(tls) = find::<rustls::Error>(error) {
        (Failure::Tls, format!("TLS failed: {tls}"))
    } else if request.is_some_and(reqwest::Error::is_timeout) {
        (
            Failure::Timeout,
            format!("no connection in time: {}", root(error)),
        )
    } else if is_connect {
        // The connection was made, and ended in the middle of the TLS handshake.
        let is_handshake =
            find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        if is_handshake {
            (Failure::Tls, format!("TLS failed: {}", root(error)))
        } else {
            (Failure::Connect, format!("no connection: {}", root(error)))
        }
    } else {
        (
            Failure::Protocol,
            format!("the exchange broke off: {}", root(error)),
        )
    };
    Fault::Receiver(failure, sentence)
}

/// An error and everything that caused it, with what I/O errors wrap, which `source` skips.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn Error + 'static)| {
        let cause: &'a (dyn Error + 'static) = *cause;
        match cause.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => cause.source(),
        }
    })
}

fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What caused everything else. Never the client's own error, which would repeat the whole URL.
fn root(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .filter(|cause| !cause.is::<reqwest::Error>())
        .last()
        .map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
