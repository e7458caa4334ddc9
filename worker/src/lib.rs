//! The worker: takes deliveries from the queue, sends them, and reports what came of it.
//!
//! - [`config`]: every variable.
//! - `backend`: the queue as an apalis backend: fetching, slots, leases, reports.
//! - `deliver`: one attempt, from the lease to the report; `fault`: whose fault it is that one failed;
//!   `fitness`: whether this worker can make any; `egress`: whether it is our own network that is down.
//! - `test_events`: test events, past the queue. `operator_events`: what the operator is told of all accounts.
//! - `clock`: the time that receivers are told.
//! - `transport`: the guarded HTTP client.
//! - `shares`: how accounts share places for what may take seconds.
//! - `upkeep`: finished payloads, expired leases, sweeps; `packing`: blocks of history; `gauge`: how much memory Redis has left.
//! - `presence`: tells that this worker runs; `drain`: whether an operator wants it to take nothing new.
//! - `observer`: what waits in the store, for the metrics.
//! - `probes`, [`metrics`]: what an operator sees.
//! - `start`, `ready`, `parts`: from the configuration to running tasks; `supervise`, `tasks`, `stop`: to a bounded stop.
//! - `outage`: what the worker does and says while Redis doesn't answer.

pub mod config;

mod backend;

mod clock;

mod deliver;

mod egress;

mod test_events;

mod operator_events;

mod transport;

mod shares;

mod shards;

mod upkeep;

mod packing;

mod gauge;

mod drain;

mod presence;

mod observer;

mod probes;

pub mod metrics;

mod outage;

mod stop;

mod ready;

mod error;

mod fault;

mod fitness;

mod tasks;

mod reload;

mod start;

mod parts;

mod supervise;

pub use error::RunError;
pub use start::run;

#[cfg(test)]
mod tests;
