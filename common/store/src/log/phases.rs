//! Where the time of an attempt went, as the log writes it: `dns=1.2 connect=0.8 tls=3.1 firstByte=5.0`, in milliseconds, and
//! `sentAgain=1` if its request was sent again.

use std::fmt;
use std::time::Duration;

/// Where the time of an attempt went. What did not happen, such as a connection when an idle one was used again, is
/// `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// Looking the host name up.
    pub dns: Option<Duration>,
    /// Making the TCP connection.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// From the start of the attempt to the head of the answer.
    pub first_byte: Option<Duration>,
    /// How often the request was sent again, because a connection ended before a byte of an answer came.
    pub sent_again: u32,
}

impl fmt::Display for Phases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for (name, span) in [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("firstByte", self.first_byte),
        ] {
            if let Some(span) = span {
                write!(formatter, "{space}{name}={:.1}", span.as_secs_f64() * 1000.0)?;
                space = " ";
            }
        }
        if self.sent_again > 0 {
            write!(formatter, "{space}sentAgain={}", self.sent_again)?;
        }
        Ok(())
    }
}

impl Phases {
    /// Reads what [`fmt::Display`] wrote; what it can't read is absent.
    pub(super) fn read(text: &str) -> Self {
        let value = |wanted: &str| {
            text.split(' ')
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let span = |wanted: &str| {
            value(wanted)
                .and_then(|ms| ms.parse::<f64>().ok())
                .and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok())
        };
        Self {
            dns: span("dns"),
            connect: span("connect"),
            tls: span("tls"),
            first_byte: span("firstByte"),
            sent_again: value("sentAgain")
                .and_then(|times| times.parse().ok())
                .unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests;
