//! What is posted, and what came of it.

use std::fmt;
use std::time::Duration;

use url::Url;

/// A batch, to be posted.
pub(crate) struct Request {
    /// Where to.
    pub(crate) url: Url,
    /// With these headers, besides the type of its content.
    pub(crate) headers: Vec<(String, String)>,
    /// The content.
    pub(crate) body: Vec<u8>,
    /// How long all that may take.
    pub(crate) timeout: Duration,
}

impl Request {
    /// What `Content-Type` says of the body.
    pub(crate) const CONTENT_TYPE: &'static str = "application/x-protobuf";
}

impl fmt::Debug for Request {
    /// Leaves the headers' values out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request({} bytes)", self.body.len())
    }
}

/// What came of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The answer's status.
    Answered(u16),
    /// There was no answer, for this reason.
    Failed(String),
}

impl Posted {
    /// Why the batch wasn't taken, and whether it may be if it is sent again.
    pub(crate) fn refusal(self) -> Option<(String, bool)> {
        match self {
            Self::Answered(200..=299) => None,
            Self::Answered(status) => {
                Some((format!("HTTP {status}"), matches!(status, 429 | 502 | 503 | 504)))
            }
            Self::Failed(reason) => Some((reason, true)),
        }
    }
}
