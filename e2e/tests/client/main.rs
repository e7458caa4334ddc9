//! What others make of the OpenAPI document: linters have nothing to say, and with the client of each generator, compiled as
//! strictly as its own code allows, the life of an endpoint runs (`e2e/client`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod story;

mod workshop;

mod linters;

mod typescript;

mod python;

mod long;

mod callbacks;

mod streams;
