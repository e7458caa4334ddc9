//! Whose fault it is that an exchange failed, and the sentence that says how.
//!
//! The sentences are read by the owners of endpoints, so they are ours: what libraries print may be a link to their
//! documentation, or Rust.

mod tls;

use std::error::Error as StdError;
use std::io;

use domain::delivery::Failure;

use super::BoxError;
use super::cause::{find, is_ours, root};
use super::connection::{Broken, How, Missing};
use super::resolver::{BlockedHost, NoAddress};
use crate::fault::{Fault, NotAttempted};

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

impl From<NoAddress> for Error {
    fn from(error: NoAddress) -> Self {
        match error {
            NoAddress::Blocked(blocked) => Self::Blocked(blocked),
            NoAddress::Unresolved(error) => Self::Unresolved(error),
        }
    }
}

/// Whose fault an error is. The sentence about it names `host`.
pub(crate) fn classify(error: Error, host: &str) -> Fault {
    let (failure, sentence) = match error {
        Error::Decided(fault) => return fault,
        Error::Blocked(blocked) => {
            blocked.log();
            (Failure::BlockedAddress, blocked.to_string())
        }
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

#[cfg(test)]
mod tests;
