//! The words of the product as types that can't be wrong, its decisions and its cryptography as pure functions. Every other
//! crate builds on this one. Nothing here does I/O; it asks the operating system for the time and for random numbers only.
//!
//! - [`id`]: the ids of accounts, endpoints, events, deliveries and replays.
//! - [`api_key`]: the keys that an account's own programs call with, and what each may do. [`portal_session`]: the tokens of the embedded
//!   dashboard. `account_token`: what both have in common.
//! - [`event`], [`catalog`]: what happens at the chatbots, and what an event of each type carries.
//! - [`endpoint`]: where an account wants its events, and which URLs it may give.
//! - [`delivery`], [`retry`]: an event on its way to an endpoint: its states, its attempts, and when we make the next one.
//! - [`signing`], [`sealing`]: the signatures that receivers verify, and how Redis keeps their secrets.
//! - [`header_names`]: what the headers of a delivery are called. [`custom_headers`]: those that an endpoint's owner adds.
//! - [`trace`]: the request that a delivery goes back to.
//! - [`address`]: the addresses that deliveries may not go to.
//! - [`clock`]: points in time, as we store and show them.
//! - [`seldom`]: how often the log repeats a message about what keeps happening.

pub mod id;

mod account_token;

pub mod api_key;

pub mod portal_session;

pub mod event;

pub mod catalog;

pub mod endpoint;

pub mod delivery;

pub mod retry;

pub mod signing;

pub mod sealing;

pub mod header_names;

pub mod custom_headers;

pub mod trace;

pub mod address;

pub mod clock;

pub mod seldom;
