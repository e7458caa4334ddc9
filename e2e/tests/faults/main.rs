//! Nothing is lost: each fault of the list, against the real programs and a real Redis. What takes long is in `long`.
//!
//! Every test ends with the account ([`e2e::account`]): what was answered with 202 is delivered, exhausted, parked or
//! canceled, and the stored state, the counters and the logs agree.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod f06_redis_killed;
