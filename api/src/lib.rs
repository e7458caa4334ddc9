//! The HTTP API of the webhook system.
//!
//! A request passes [`server`] (routing, errors, metrics), is let in by [`caller`] ([`auth`] verifies), counted by [`rate_limit`], read by [`json`] and answered by
//! one of the calls in [`routes`]. Whatever goes wrong leaves as a [`problem`]. [`openapi`] describes it all.

pub mod config;

pub mod health;

pub mod allowance;

pub mod app;

pub mod server;

pub mod body;

pub mod cors;

mod headers;

mod request_id;

pub mod auth;

pub mod caller;

pub mod rate_limit;

pub mod json;

pub mod cursor;

pub mod streams;

pub mod routes;

pub mod problem;

pub mod openapi;

pub mod metrics;

pub mod connect;
