//! The Reliability section of the public documentation, sentence by sentence, on the whole system; and what it rests on: retries,
//! several workers, stops and crashes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod timeout;

mod disabling;

mod growing;
mod holds;
mod neighbours;
mod outcomes;
mod resumes;

mod backed_up;

mod budget;

mod tls;

mod signatures;

mod rotation;

mod snippets;

mod phases;

mod traces;

mod logs;

mod reload;

mod service_keys;

mod reused;

mod proxy;

mod workers;

mod few_workers;

mod slow;

mod idle;
mod moving;

mod shards;
