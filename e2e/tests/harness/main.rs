//! The harness itself: what the other tests stand on.

mod receiver;
