//! An attempt, the same wherever an answer shows one.

use std::time::Duration;

use domain::delivery::DeliveryState;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use store::log::LoggedAttempt;

use super::schema::{DateTime, ErrorName};

/// An attempt, or the end of a delivery that was given up without another attempt.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Attempt", rename_all = "camelCase")]
pub(crate) struct AttemptView {
    /// When the attempt ended, or the delivery was given up.
    at: DateTime,
    /// Which attempt of the delivery it was, counted from 1. One that is held, or a probe that fails, doesn't count, and the next has
    /// its number. If `durationMs` is `null`: how many attempts were made before the delivery was given up.
    attempt: u32,
    /// What became of the delivery.
    outcome: Outcome,
    /// Whether the endpoint was disabled, and this attempt was made to see whether its receiver works again (`autoResume`).
    probe: bool,
    /// If the receiver asked us to wait: until when its endpoint, or this delivery alone, does; `null` otherwise.
    #[oai(nullable)]
    held_until: Option<DateTime>,
    /// How long the attempt took in all, in milliseconds; `null` if none was made.
    #[oai(nullable)]
    duration_ms: Option<u64>,
    /// How that time was spent.
    timing: Timing,
    /// How often the request was sent again within this attempt, because its connection ended before any of an answer came. The
    /// receiver may have got it each time.
    sent_again: u32,
    /// The HTTP status of the receiver's answer; `null` if there was none.
    #[oai(nullable)]
    http_status: Option<u16>,
    /// What went wrong, as a stable code; `null` on success.
    #[oai(nullable)]
    error: Option<ErrorName>,
    /// What went wrong, in words; `null` on success.
    #[oai(nullable)]
    detail: Option<String>,
    /// The headers of the receiver's answer, up to 2 KiB. They are kept for failures and for test events.
    #[oai(nullable)]
    response_headers: Option<Vec<ResponseHeader>>,
    /// The beginning of the body of the receiver's answer, up to 1 KiB. It is kept for failures and for test events.
    #[oai(nullable)]
    response_snippet: Option<String>,
    /// Whether what the receiver answered (`detail`, `responseHeaders`, `responseSnippet`) was taken away, since the event was erased.
    erased: bool,
}

/// How the time of an attempt was spent, in milliseconds. A step that was not taken is `null`: an attempt over a connection that
/// was already open neither looks up a name nor connects.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct Timing {
    /// Looking up the host name.
    #[oai(nullable)]
    dns_ms: Option<f64>,
    /// Making the TCP connection.
    #[oai(nullable)]
    connect_ms: Option<f64>,
    /// The TLS handshake.
    #[oai(nullable)]
    tls_ms: Option<f64>,
    /// From the start of the attempt until the head of the answer arrived.
    #[oai(nullable)]
    first_byte_ms: Option<f64>,
}

/// A header of a receiver's answer. Values that may be secrets of the receiver, such as cookies, are left out.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ResponseHeader {
    /// The header's name.
    name: String,
    /// The header's value.
    value: String,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "AttemptOutcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The receiver answered with a 2xx status in time.
    Succeeded,
    /// The attempt failed, and another one will be made.
    Retrying,
    /// The last attempt failed, or the delivery was given up.
    Exhausted,
    /// The receiver asked us to wait (429, or 503 with `Retry-After`): this attempt doesn't count, and the delivery waits.
    Held,
    /// The event was erased before the delivery had ended.
    Canceled,
}

impl From<LoggedAttempt> for AttemptView {
    fn from(attempt: LoggedAttempt) -> Self {
        Self {
            at: DateTime(attempt.at.to_string()),
            attempt: attempt.attempt,
            outcome: match attempt.outcome {
                DeliveryState::Succeeded => Outcome::Succeeded,
                DeliveryState::Exhausted => Outcome::Exhausted,
                DeliveryState::Pending => Outcome::Held,
                DeliveryState::Canceled => Outcome::Canceled,
                // The log has only these five.
                _ => Outcome::Retrying,
            },
            probe: attempt.is_probe,
            held_until: attempt.held_until.map(|until| DateTime(until.to_string())),
            duration_ms: attempt.duration.map(whole_millis),
            timing: Timing {
                dns_ms: attempt.phases.dns.map(millis),
                connect_ms: attempt.phases.connect.map(millis),
                tls_ms: attempt.phases.tls.map(millis),
                first_byte_ms: attempt.phases.first_byte.map(millis),
            },
            sent_again: attempt.phases.sent_again,
            http_status: attempt.status,
            error: attempt.error.map(ErrorName),
            detail: attempt.detail,
            response_headers: attempt.response_headers.as_deref().map(headers),
            response_snippet: attempt.snippet,
            erased: attempt.is_erased,
        }
    }
}

/// A duration in whole milliseconds.
pub(super) fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A duration in milliseconds, to a tenth: the log is no more precise.
fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Headers from their lines `name: value`. The last line may have been cut in its name.
fn headers(lines: &str) -> Vec<ResponseHeader> {
    lines
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| ResponseHeader {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
