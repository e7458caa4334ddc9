//! What a worker reports of its leases.

use std::time::Duration;

use domain::id::DeliveryId;

use super::LeaseToken;
pub use crate::log::Phases;

/// What became of a lease.
#[derive(Debug, Clone)]
pub struct Report {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The token of the lease.
    pub token: LeaseToken,
    /// The name of the event's type, for the log.
    pub event: String,
    /// What the attempt came to.
    pub outcome: Outcome,
}

/// What an attempt came to, as far as the queue cares.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// 2xx in time.
    Succeeded(AttemptRecord),
    /// A strike. `retry_in` is `None` when it was the last attempt.
    Failed {
        /// What to log.
        attempt: AttemptRecord,
        /// When to try again.
        retry_in: Option<Duration>,
        /// Whether the receiver said `410 Gone`.
        gone: bool,
        /// How long its endpoint rests, since what follows could only fail alike: its name was not found, and isn't asked for meanwhile.
        rest: Option<Duration>,
    },
    /// The receiver asked for a pause (429, or 503 with `Retry-After`), which holds its endpoint. It is one strike for all that was
    /// in flight together, and none of the delivery's attempts, unless the delivery has been held too often.
    Held {
        /// What to log.
        attempt: AttemptRecord,
        /// How long a pause it asked for; `None`: it named no time, and our own backoff says.
        wait: Option<Duration>,
        /// When to try again if this hold counts as an attempt; `None`: it was the last.
        retry_in: Option<Duration>,
        /// Between 0 and 1: how much of a tenth is added to the pause, so that endpoints don't come back together.
        jitter: f64,
    },
    /// No attempt was made (shutdown, too late for the lease, our own trouble): as if it had not been fetched. With a wait it
    /// stands among the retries until that has passed, where any worker finds it; none of its attempts is used up.
    GivenBack {
        /// How long it waits; zero: it goes back to the front of its list at once.
        wait: Duration,
    },
    /// No attempt was made, since too many of the account's are in flight at the same address: the delivery is as if it had not been
    /// fetched, and its endpoint waits until another of them is over.
    Crowded,
    /// The attempt ended without an outcome (a panic): counts as a lost lease.
    Crashed,
}

/// What the log keeps of an attempt.
#[derive(Debug, Clone, Default)]
pub struct AttemptRecord {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
    /// Where that time went.
    pub phases: Phases,
    /// The stable code of the failure (see [`domain::delivery::Failure::code`]); `None` on success.
    pub error: Option<&'static str>,
    /// The failure in words, bounded by the caller; empty on success.
    pub detail: String,
    /// The head of the answer, a line `name: value` for each field, bounded by the caller; empty on success.
    pub response_headers: String,
    /// The start of the response body, bounded by the caller; empty on success.
    pub snippet: String,
}

/// What the store answers to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Recorded.
    Recorded,
    /// Recorded, and it was the strike that disabled the endpoint.
    DisabledEndpoint,
    /// The lease was lost or already completed: nothing was changed.
    Stale,
}
