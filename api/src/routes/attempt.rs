//! The JSON of an attempt, the same wherever one is shown.

use std::time::Duration;

use domain::delivery::DeliveryState;
use poem_openapi::{Enum, Object};
use serde::Serialize;
use store::log::LoggedAttempt;

use super::schema::DateTime;

/// An attempt, or the end of a delivery that was given up without another one.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Attempt", rename_all = "camelCase")]
pub(crate) struct AttemptView {
    /// When it ended.
    at: DateTime,
    /// The attempt's number, from 1; where `durationMs` is `null`, how many were made before the delivery was given up.
    attempt: u32,
    /// What the delivery became by it.
    outcome: Outcome,
    /// How long it took in all, in milliseconds; `null` when no attempt was made.
    #[oai(nullable)]
    duration_ms: Option<u64>,
    /// Where that time went.
    timing: Timing,
    /// The HTTP status; `null` if there was no answer.
    #[oai(nullable)]
    http_status: Option<u16>,
    /// What went wrong, as a stable code; `null` on success.
    #[oai(nullable)]
    error: Option<String>,
    /// What went wrong, in words; `null` on success.
    #[oai(nullable)]
    detail: Option<String>,
    /// The headers of the answer, up to 2 KiB; kept of failures and of test events.
    #[oai(nullable)]
    response_headers: Option<Vec<ResponseHeader>>,
    /// The start of the answer's body, up to 1 KiB; kept of failures and of test events.
    #[oai(nullable)]
    response_snippet: Option<String>,
}

/// Where the time of an attempt went, in milliseconds. What did not happen is `null`: no name is looked up and no connection
/// is made when an open one is used again.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct Timing {
    /// Looking the host name up.
    #[oai(nullable)]
    dns_ms: Option<f64>,
    /// Making the TCP connection.
    #[oai(nullable)]
    connect_ms: Option<f64>,
    /// The TLS handshake.
    #[oai(nullable)]
    tls_ms: Option<f64>,
    /// From the start of the attempt to the head of the answer.
    #[oai(nullable)]
    first_byte_ms: Option<f64>,
}

/// A header of an answer. Values that may be secrets of the receiver, such as cookies, are left out.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ResponseHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// What a delivery becomes by an attempt.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "AttemptOutcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The receiver answered 2xx in time.
    Succeeded,
    /// It failed, and another attempt will be made.
    Retrying,
    /// It failed, and it was the last; or the delivery was given up.
    Exhausted,
}

impl From<LoggedAttempt> for AttemptView {
    fn from(attempt: LoggedAttempt) -> Self {
        Self {
            at: DateTime(attempt.at.to_string()),
            attempt: attempt.attempt,
            outcome: match attempt.outcome {
                DeliveryState::Succeeded => Outcome::Succeeded,
                DeliveryState::Exhausted => Outcome::Exhausted,
                // The log has only these three.
                _ => Outcome::Retrying,
            },
            duration_ms: attempt.duration.map(whole_millis),
            timing: Timing {
                dns_ms: attempt.phases.dns.map(millis),
                connect_ms: attempt.phases.connect.map(millis),
                tls_ms: attempt.phases.tls.map(millis),
                first_byte_ms: attempt.phases.first_byte.map(millis),
            },
            http_status: attempt.status,
            error: attempt.error,
            detail: attempt.detail,
            response_headers: attempt.response_headers.as_deref().map(headers),
            response_snippet: attempt.snippet,
        }
    }
}

/// A span in whole milliseconds.
pub(super) fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// A span in milliseconds, to a tenth, as it is kept.
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
