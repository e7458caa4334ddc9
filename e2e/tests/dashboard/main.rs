//! The dashboard in a real browser, against the real system: what people do there, each story a file in `e2e/browser/cases`; and
//! that what the API embeds is what the sources make.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by a panic, and shows what a case has said"
)]

mod stage;

mod built;

mod stories;

mod account;

mod log;

mod sessions;
