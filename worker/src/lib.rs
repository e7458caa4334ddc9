//! The worker: takes deliveries from the queue, sends them, and records what came of it.
//!
//! - [`config`]: every variable.
//! - `backend`: the queue as an apalis backend: fetching, slots, leases, reports.
//! - `deliver`: one attempt: sign, send, judge.
//! - `test_events`: test events, past the queue.
//! - `transport`: the guarded HTTP client.
//! - `upkeep`: finished payloads, expired leases, sweeps; `gauge`: how much memory Redis has left.
//! - `health`, [`metrics`]: what an operator sees.
//! - `ready`, `start`, `supervise`: from the configuration to running tasks, and to a bounded stop.

pub mod config;

mod backend;

mod deliver;

mod test_events;

mod transport;

mod upkeep;

mod gauge;

mod health;

pub mod metrics;

mod outage;

mod stop;

mod ready;

mod error;

mod fault;

mod tasks;

mod start;

mod parts;

mod supervise;

pub use error::RunError;
pub use start::run;

#[cfg(test)]
mod tests;
