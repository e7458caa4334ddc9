//! How many deliveries a replay of many would take.

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};

use super::{ReplayCount, ReplaySpan, ReplayStatus};
use crate::scripts::script;
use crate::{Store, StoreError};

/// The most exhausted deliveries that a count looks at.
const COUNTED_EXHAUSTED: usize = 5000;

/// The entries of a log that a count looks at in one step, and the most steps: together as many as a log has by default.
const COUNTED_ENTRIES: usize = 250;
const COUNT_STEPS: usize = 5;

script! {
    /// Counts what a replay of many would take: how many, and where the next step begins. `None` when the account has no
    /// such endpoint.
    "replay_count": AllowOom, Reads, needs [OWNER, CORE, LOGGED];
    struct ReplayCounting<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        status: ReplayStatus,
        /// A time (ms), or where the last step ended.
        since: &'a str,
        until: Timestamp,
        most: usize
    } -> Option<(u64, Option<String>)>
}

impl Store {
    /// Counts what a replay of many would take, up to a bound; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn count_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        span: &ReplaySpan,
    ) -> Result<Option<ReplayCount>, StoreError> {
        let (most, steps) = match span.status {
            ReplayStatus::Exhausted => (COUNTED_EXHAUSTED, 1),
            ReplayStatus::Succeeded => (COUNTED_ENTRIES, COUNT_STEPS),
        };
        let (mut matching, mut from) = (0, Some(span.since.as_millis().to_string()));
        for _ in 0..steps {
            let Some(since) = &from else { break };
            let counting = ReplayCounting {
                endpoint,
                account,
                status: span.status,
                since,
                until: span.until,
                most,
            };
            let Some((found, next)) = self.call(&counting).await? else {
                return Ok(None);
            };
            matching += found;
            from = next;
        }
        Ok(Some(ReplayCount {
            matching,
            is_lower_bound: from.is_some(),
        }))
    }
}
