//! Why a name was not found.

use std::io;
use std::time::Duration;

use hickory_proto::op::ResponseCode;

use crate::transport::cause::is_ours;

/// Why a name has no addresses. The sentences are read by the owners of endpoints, so they name no server of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfound {
    /// It doesn't exist.
    #[error("there is no such name (NXDOMAIN)")]
    NoSuchName,
    /// It exists.
    #[error("the name has no address")]
    NoAddress,
    /// As it often is when the name servers of the name's owner don't answer.
    #[error("the name server could not find out (SERVFAIL)")]
    Failed,
    #[error("the name server refused to answer (REFUSED)")]
    Refused,
    #[error("the name server answered with an error ({0})")]
    Code(ResponseCode),
    #[error("no answer of a name server within {0:?}")]
    Late(Duration),
    #[error("no name server can be reached: {0}")]
    Unreachable(String),
    #[error("this can't be the name of a host")]
    NoName,
    /// Our own trouble.
    #[error("this worker lacks resources")]
    Lacking(#[source] io::Error),
}

impl From<io::Error> for Unfound {
    fn from(error: io::Error) -> Self {
        if is_ours(&error) {
            Self::Lacking(error)
        } else {
            Self::Unreachable(error.kind().to_string())
        }
    }
}

impl Unfound {
    /// Whether no other name server needs to be asked: the name has no addresses, or we can't ask.
    pub(super) const fn is_final(&self) -> bool {
        matches!(
            self,
            Self::NoSuchName | Self::NoAddress | Self::NoName | Self::Lacking(_)
        )
    }
}
