//! What the operator's Prometheus sees of real systems: the metrics have their names, each alert fires for what it is for, and the dashboard
//! has something to show.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod prometheus;

mod names;

mod alerts;

mod dashboard;
