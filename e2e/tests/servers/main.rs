//! Receivers as they are: real servers with their defaults, near and far, reloaded and overloaded. None of what they do here is
//! the receiver's fault, so none of it may switch an endpoint off.
//!
//! [`real`] starts them, [`scene`] watches what becomes of their deliveries.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod real;

mod scene;

mod kept;

mod one_host;

mod holds;

mod few_workers;

mod restarts;

mod tls;

mod doors;

mod rolling;

mod long;
