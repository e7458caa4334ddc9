//! The floor that everything stands on: the words of the product as types that can't be wrong, its decisions and its
//! cryptography as pure functions. Nothing here does I/O; of the system it asks the time and random numbers only.
//!
//! - [`id`]: accounts, endpoints, events, deliveries, replays.
//! - [`event`], [`catalog`]: what happens, and what each type of event carries.
//! - [`endpoint`]: where events go, and which URLs are allowed there.
//! - [`delivery`], [`retry`]: an event on its way to an endpoint: its states, its attempts, when the next one is made.
//! - [`signing`], [`sealing`]: what receivers verify, and how secrets are kept.
//! - [`address`]: which addresses receivers may not have.
//! - [`clock`]: points in time, as they are stored and shown.
//! - [`seldom`]: how often to repeat a message about what keeps happening.

pub mod id;

pub mod event;

pub mod catalog;

pub mod endpoint;

pub mod delivery;

pub mod retry;

pub mod signing;

pub mod sealing;

pub mod address;

pub mod clock;

pub mod seldom;
