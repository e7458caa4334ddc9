//! The dashboard in a real browser, against the real system: what people do there, each story a file in `e2e/browser/cases`; and
//! that what the API embeds is what the sources make.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod stage;

mod built;

mod sessions;

mod stories;
