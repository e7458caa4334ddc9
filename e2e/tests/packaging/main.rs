//! What a user starts with: the scripts, the compose file, the documentation page, the operator's tool.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod access_list;

mod compose;

mod docs_page;

mod lua;

mod scripts;

mod supply;

mod webhooksctl;
