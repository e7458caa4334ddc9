//! Why attempts fail. When a failed one is made again is up to [`RetrySchedule`](crate::retry::RetrySchedule).

/// Why an attempt failed. Each is a strike on the endpoint: "could not attempt" is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Answered with a status that is neither 2xx nor 3xx.
    Status,
    /// Answered with a redirect, which is never followed.
    Redirect,
    /// Answered `410 Gone`: the endpoint is disabled at once.
    Gone,
    /// Not finished within `DELIVERY_TIMEOUT`.
    Timeout,
    /// The host name did not resolve.
    Dns,
    /// The host is, or resolves to, an address that is not public.
    BlockedAddress,
    /// No connection.
    Connect,
    /// TLS failed: certificate, name or protocol.
    Tls,
    /// The connection ended, or what came was not HTTP.
    Protocol,
    /// The stored URL is no longer allowed (for instance after `ALLOW_HTTP` was switched off).
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
