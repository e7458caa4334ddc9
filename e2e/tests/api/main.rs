//! The API over HTTP, as a real process on a real Redis: what the documents promise, and every kind of bad input.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod fixture;

mod endpoints;

mod health;

mod holds;

mod pauses;
mod portal_sessions;

mod retry;

mod rotation;

mod test_event;

mod summary;

mod doctor;

mod event_types;

mod other_types;

mod log_scene;

mod deliveries;

mod account_deliveries;

mod account_erasures;
mod account_limits;
mod account_pauses;
mod account_stream;

mod erasing;

mod event_traces;

mod replays;
mod replicas;

mod replays_of_many;

mod undelivered;

mod gaps;

mod strangers;

mod tenancy;

mod listener;

mod stream;

mod events;

mod prefix;

mod dashboard;

mod auth;

mod oidc;

mod api_keys;

mod named_accounts;

mod integrations;

mod roles;

mod bad_input;

mod all_at_once;

mod guesses;

/// Headers of an endpoint's own.
mod headers;

/// Several chatbots, and filters.
mod filters;

mod conditions;

mod idempotency;

mod bulk;
mod check;

mod documented;

mod operator_events;
mod outages;

mod start;

mod rate_limits;

mod fuzzing;

mod limits;

mod kept;

mod life;

mod doors;
