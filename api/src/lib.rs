//! The HTTP API of the webhook system.
//!
//! [`run`] puts the parts together ([`app`]) as [`config`] says, waits for the store, and serves. A request passes [`server`]
//! (routing, errors, metrics), is let in by [`caller`] (whose tokens and keys [`auth`] verifies) as [`access`] says, counted by [`rate_limit`],
//! read by [`json`] and answered by one of the calls in [`routes`]. Whatever goes wrong leaves as a [`problem`]. [`openapi`]
//! describes it all. No two modules import each other, directly or by way of others.

mod run;

pub use run::{bind, run};

pub mod config;

pub mod server;

pub mod openapi;

pub mod routes;

pub mod caller;

pub mod access;

pub mod json;

pub mod app;

pub mod store_slot;

pub mod stopping;

pub mod event_types;

mod agreement;

pub mod allowance;

pub mod rate_limit;

pub mod refusals;

pub mod auth;

pub mod streams;

pub mod cursor;

pub mod health;

pub mod problem;

pub mod metrics;

pub mod body;

pub mod cors;

pub mod query;

mod parameter;

mod headers;

mod request_id;

mod reload;
