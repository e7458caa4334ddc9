//! What a user starts with: the scripts, the compose file, the documentation page, the operator's tool. And what the
//! code keeps to: the house rules, its dependencies, its rights in Redis, the proof of each promise.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod access_list;

mod alerts;

mod books;

mod chart;

mod commands;

mod compose;

mod docs_page;

mod house;

mod levers;

mod levers_all;

mod lua;

mod moving_in;

mod operator;

mod package;

mod promises;

mod purging;

mod redis_cli;

mod scaling;

mod scripts;

mod supply;

mod tail;

mod webhooksctl;

mod workers;
