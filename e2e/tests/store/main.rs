//! The store against a real server: each script's whole effect, its limits, and that it can be repeated.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod accept;
mod account_erasing;
mod account_events;
mod account_limits;
mod account_log;
mod budget;
mod carries;
mod check;
mod clocks;
mod creations;
mod egress;
mod enable;
mod endpoints;
mod erased;
mod erasing;
mod event_types;
mod fairness;
mod filters;
mod finished;
mod fixture;
mod forms;
mod forward;
mod functions;
mod gaps;
mod growing;
mod handing;
mod headers;
mod history;
mod holds;
mod keys;
mod listing;
mod marks;
mod mending;
mod model;
mod moving;
mod operator_events;
mod outcomes;
mod overwritten;
mod pacing;
mod packed;
mod packing;
mod paging;
mod parked;
mod parked_scene;
mod pauses;
mod places;
mod portal_sessions;
mod purge;
mod quarantine;
mod recent;
mod recovery;
mod releases;
mod remembered_keys;
mod repair;
mod replays;
mod rests;
mod resume;
mod rounds;
mod service_keys;
mod shares;
mod spellings;
mod streaks;
mod tags;
mod test_events;
mod together;
mod undelivered;
mod upkeep;
mod workers;
