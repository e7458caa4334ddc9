//! Test events: the API asks for one, a worker sends it at once, and the API gets the answer. They go past the queue.

mod ask;
mod send;

use std::time::Duration;

pub(crate) use ask::{TestEventAsk, TestEventWithdraw};
pub use ask::{TestEventOutcome, TestEventRequest};
pub use send::TestEvent;
pub(crate) use send::{TestEventBegin, TestEventFinish};

/// How long a request waits for a worker. One that is older is not sent any more: whoever asked has been told that no worker
/// answered.
pub const WAITED_FOR: Duration = Duration::from_secs(5);
