//! Why attempts fail. [`RetrySchedule`](crate::retry::RetrySchedule) says when a failed one is made again.

/// Why an attempt failed. Each failure is a strike on the endpoint, so being unable to attempt is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The receiver answered with a status that is neither 2xx nor 3xx.
    Status,
    /// The receiver answered with a redirect; we follow none.
    Redirect,
    /// The receiver answered `410 Gone`, which disables the endpoint at once.
    Gone,
    /// It took longer than `DELIVERY_TIMEOUT`.
    Timeout,
    /// The host name did not resolve.
    Dns,
    /// The host is, or resolves to, an address that the guard blocks.
    BlockedAddress,
    /// The receiver took no connection.
    Connect,
    /// TLS failed: the certificate, its name, or the protocol.
    Tls,
    /// The connection ended early, or the answer was not HTTP.
    Protocol,
    /// The operator no longer allows the URL (for instance without `ALLOW_HTTP`).
    Url,
}

impl Failure {
    /// Every failure.
    pub const ALL: [Self; 10] = [
        Self::Status,
        Self::Redirect,
        Self::Gone,
        Self::Timeout,
        Self::Dns,
        Self::BlockedAddress,
        Self::Connect,
        Self::Tls,
        Self::Protocol,
        Self::Url,
    ];

    /// Reads the stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.code() == code)
    }

    /// The stable code, the same in Redis, logs, metrics and the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Status => "http_status",
            Self::Redirect => "redirect",
            Self::Gone => "gone",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::BlockedAddress => "blocked_address",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Url => "url",
        }
    }

    /// The failure that an HTTP status means; `None` for 2xx.
    #[must_use]
    pub const fn of_status(status: u16) -> Option<Self> {
        match status {
            200..=299 => None,
            300..=399 => Some(Self::Redirect),
            410 => Some(Self::Gone),
            _ => Some(Self::Status),
        }
    }
}

#[cfg(test)]
mod tests;
