//! Whose fault it is that an exchange failed, and the sentence that says how.
//!
//! The sentences are read by the owners of endpoints, so they are ours: what libraries print may be a link to their
//! documentation, or Rust.

mod tls;

use std::error::Error as StdError;
use std::io;

use domain::delivery::Failure;

use super::BoxError;
use super::connection::{Broken, How, Missing};
use super::resolver::BlockedHost;
use crate::fault::{Fault, NotAttempted};

/// The operating system's errors that say that *we* are out of something: memory, files (of the process, of the system), local
/// ports, or room for what is to be sent. No receiver is to blame for them.
const OWN_ERRORS: [i32; 5] = [12, 23, 24, 99, 105];

/// Why an exchange came to no end.
#[derive(Debug)]
pub(crate) enum Error {
    /// The host leads to an address that may not be connected to.
    Blocked(BlockedHost),
    /// The name was not found.
    Unresolved(BoxError),
    /// No address took a connection.
    Connect(io::Error),
    /// The host can't be in a certificate.
    NoServerName,
    /// The handshake of TLS failed.
    Handshake(io::Error),
    /// The exchange itself broke off.
    Exchange(Broken),
    /// Whose fault it is has been found out already.
    Decided(Fault),
}

/// Whether an error says that this machine is out of something.
pub(super) fn is_ours(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error())
        .any(|number| OWN_ERRORS.contains(&number))
}

/// Whose fault an error is. The sentence about it names `host`.
pub(crate) fn classify(error: Error, host: &str) -> Fault {
    let (failure, sentence) = match error {
        Error::Decided(fault) => return fault,
        Error::Blocked(blocked) => (Failure::BlockedAddress, blocked.to_string()),
        Error::Unresolved(error) => {
            if let Some(fault) = find::<Fault>(error.as_ref()) {
                return fault.clone();
            }
            if is_ours(error.as_ref()) {
                return lacking(error.as_ref());
            }
            let why = root(error.as_ref());
            (Failure::Dns, format!("the name {host} did not resolve: {why}"))
        }
        Error::NoServerName => (
            Failure::Tls,
            format!("TLS failed: {host} can't be the name in a certificate"),
        ),
        Error::Connect(error)
        | Error::Handshake(error)
        | Error::Exchange(Broken {
            how: How::Failed(error),
            ..
        }) if is_ours(&error) => {
            return lacking(&error);
        }
        Error::Connect(error) => (Failure::Connect, format!("no connection: {}", root(&error))),
        Error::Handshake(error) => (Failure::Tls, format!("TLS failed: {}", in_handshake(&error))),
        Error::Exchange(broken) => broke_off(&broken.how),
    };
    Fault::Receiver(failure, sentence)
}

fn lacking(error: &(dyn StdError + 'static)) -> Fault {
    NotAttempted::Resources(format!("this worker lacks resources: {}", root(error))).into()
}

fn in_handshake(error: &io::Error) -> String {
    match find::<rustls::Error>(error) {
        Some(tls) => tls::sentence(tls),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed in the middle of the handshake".to_owned()
        }
        None => format!(
            "the connection broke off in the middle of the handshake: {}",
            root(error)
        ),
    }
}

fn broke_off(how: &How) -> (Failure, String) {
    let how = match how {
        How::Closed(Missing::Answer) => "the connection was closed before an answer came".to_owned(),
        How::Closed(Missing::Head) => {
            "the connection was closed in the middle of the answer's head".to_owned()
        }
        How::Closed(Missing::Body) => {
            "the connection was closed before the end of the answer's body".to_owned()
        }
        How::Nonsense(what) => format!("the receiver sent {what}"),
        How::Failed(error) => match find::<rustls::Error>(error) {
            Some(tls) => return (Failure::Tls, format!("TLS failed: {}", tls::sentence(tls))),
            None => root(error),
        },
    };
    (Failure::Protocol, format!("the exchange broke off: {how}"))
}

/// An error and everything that caused it, with what I/O errors wrap, which `source` skips.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |cause: &&'a (dyn StdError + 'static)| {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// What caused everything else.
fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
