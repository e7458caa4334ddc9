//! A delivery's life: its states, the one function that moves it between them, and the verdict on an attempt.
//!
//! The scripts in the `store` carry these decisions out; what is decided here is pure and tested as such.

use std::fmt;
use std::time::Duration;

use crate::retry::RetrySchedule;

/// Where a delivery is in its life.
///
/// `pending → in_flight → succeeded | retrying | exhausted | canceled`, and `parked` while its endpoint is not
/// active. Parked is never written on a delivery: it follows from the state of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waits for its turn.
    Pending,
    /// A worker holds a lease on it.
    InFlight,
    /// Waits for the time of its next attempt.
    Retrying,
    /// Waits because its endpoint is not active.
    Parked,
    /// A receiver answered 2xx in time. Final.
    Succeeded,
    /// Its last attempt failed, or it was given up visibly. Final.
    Exhausted,
    /// Its owner removed or discarded it. Final.
    Canceled,
}

/// What can happen to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A worker fetched it.
    Fetched,
    /// Its attempt succeeded.
    Succeeded,
    /// Its attempt failed, and another will be made.
    FailedForNow,
    /// Its attempt failed, and it was the last.
    FailedForGood,
    /// The worker gave it back without an attempt, or its lease was lost.
    GivenBack,
    /// The time of its next attempt has come.
    Due,
    /// Its endpoint stopped being active.
    EndpointDisabled,
    /// Its endpoint became active again.
    EndpointReleased,
    /// Its owner discarded it, or removed its endpoint.
    Discarded,
    /// It waited longer, or took more space, than a parked delivery may.
    Overflowed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::InFlight,
        Self::Retrying,
        Self::Parked,
        Self::Succeeded,
        Self::Exhausted,
        Self::Canceled,
    ];

    /// The stable name, the same in Redis, logs and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Retrying => "retrying",
            Self::Parked => "parked",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing happens to it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Exhausted | Self::Canceled)
    }

    /// The state after `step`, or `None` when that step can't happen in this state.
    ///
    /// A delivery in flight when its endpoint is disabled finishes its attempt; what it then becomes is parked at
    /// once if it isn't final.
    #[must_use]
    pub const fn after(self, step: Step) -> Option<Self> {
        match (self, step) {
            (Self::Pending, Step::Fetched) => Some(Self::InFlight),
            (Self::InFlight, Step::Succeeded) => Some(Self::Succeeded),
            (Self::InFlight, Step::FailedForNow) => Some(Self::Retrying),
            (Self::InFlight, Step::FailedForGood) => Some(Self::Exhausted),
            (Self::InFlight, Step::GivenBack) => Some(Self::Pending),
            (Self::InFlight, Step::EndpointDisabled | Step::EndpointReleased) => Some(Self::InFlight),
            (Self::Retrying, Step::Due) => Some(Self::Pending),
            (Self::Pending | Self::Retrying | Self::Parked, Step::EndpointDisabled) => Some(Self::Parked),
            (Self::Parked, Step::EndpointReleased) => Some(Self::Pending),
            (Self::Parked, Step::Overflowed) => Some(Self::Exhausted),
            (Self::Pending | Self::Retrying | Self::Parked | Self::InFlight, Step::Discarded) => {
                Some(Self::Canceled)
            }
            _ => None,
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

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

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Succeeded,
    /// It is tried again after this wait.
    RetryIn(Duration),
    /// That was its last attempt.
    Exhausted,
}

impl Verdict {
    /// Judges attempt number `attempt` (from 1): see [`RetrySchedule::next_delay`].
    #[must_use]
    pub fn of(
        failure: Option<Failure>,
        attempt: u32,
        schedule: &RetrySchedule,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Self {
        match failure {
            None => Self::Succeeded,
            Some(_) => schedule
                .next_delay(attempt, retry_after, jitter)
                .map_or(Self::Exhausted, Self::RetryIn),
        }
    }

    /// The step that this is in the life of the delivery.
    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Succeeded => Step::Succeeded,
            Self::RetryIn(_) => Step::FailedForNow,
            Self::Exhausted => Step::FailedForGood,
        }
    }
}

#[cfg(test)]
mod tests;
