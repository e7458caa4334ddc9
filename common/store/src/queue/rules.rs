//! What of a worker's policy goes to the scripts.

use std::time::Duration;

use redis::Cmd;

use crate::policy::Policy;
use crate::scripts::Argument;

/// What of a worker's policy its calls follow: numbers, in the order in which work/start.lua reads them. They are the same in each call,
/// so they are one argument, which Redis takes apart once.
pub(crate) struct Rules<'a>(pub(super) &'a Policy);

impl Argument for Rules<'_> {
    fn write(&self, command: &mut Cmd) {
        let Self(policy) = self;
        let ms = Duration::as_millis;
        format!(
            "{} {} {} {} {} {} {} {} {} {} {}",
            ms(&policy.lease()),
            ms(&policy.delivery_timeout),
            policy.endpoint_concurrency,
            policy.destination_concurrency,
            policy.disable_after,
            ms(&policy.disable_min_span),
            ms(&kept_for(policy.retention_succeeded)),
            ms(&kept_for(policy.retention_failed)),
            policy.log_length,
            u8::from(policy.operator_events),
            policy.max_attempts,
        )
        .write(command);
    }
}

/// What was finished is kept for a minute at least, so that a call whose answer was lost still finds it.
pub(crate) fn kept_for(retention: Duration) -> Duration {
    retention.max(Duration::from_secs(60))
}
