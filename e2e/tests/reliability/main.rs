//! The public documentation's Reliability section, sentence by sentence, on the whole system; and what stands behind
//! it: retries, several workers, stops and crashes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

/// "Timeout: 10 seconds per delivery".
mod timeout;

/// "Auto-disable: After 10 consecutive failures, the endpoint is deactivated", "Reset: Successful delivery resets the
/// fail counter", "Re-enable: Toggle the endpoint back on from the dashboard after fixing issues".
mod disabling;

/// What receivers answer, and what comes of it.
mod outcomes;

/// Certificates.
mod tls;

/// Both signatures, verified by the documentation's own code and by the Standard Webhooks libraries.
mod signatures;

/// A new secret, and the one before until its grace ends.
mod rotation;

/// Where the time of an attempt went, and how it was answered, as the log keeps it.
mod phases;

/// The way out through a proxy.
mod proxy;

/// Several workers, and workers that end.
mod workers;

/// What takes long.
mod slow;
