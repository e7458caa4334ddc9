//! How many deliveries a replay of many would take.

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};

use super::step::{is_succeeded, place};
use super::{ReplayCount, ReplaySpan, ReplayStatus};
use crate::log::{EntryId, LoggedAttempt, RawEntry, Within};
use crate::scripts::script;
use crate::{Store, StoreError};

/// The deliveries and the entries of a log that a count looks at in one step, and the most steps.
const COUNTED_DELIVERIES: usize = 1000;
const COUNTED_ENTRIES: usize = 250;
const COUNT_STEPS: usize = 5;

/// The most blocks of a log that a count looks at.
const COUNTED_BLOCKS: usize = 8;

script! {
    /// Counts what a replay of many would take: how many, where the next step begins, and the first place that was looked at.
    /// `None` when the account has no such endpoint.
    "replay_count": AllowOom, Reads, needs [OWNER, PENDING, REPLAYS, HERE];
    struct ReplayCounting<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        status: ReplayStatus,
        events: &'a str,
        since: Timestamp,
        until: Timestamp,
        /// The beginning of the span (ms), or where the last step ended.
        position: &'a str,
        most: usize
    } -> Option<(u64, Option<String>, Option<String>)>
}

impl Store {
    /// Counts what a replay of many would take, up to a bound; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; [`StoreError::UpgradePending`] where a replay would be refused with that.
    pub async fn count_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        span: &ReplaySpan,
    ) -> Result<Option<ReplayCount>, StoreError> {
        let most = match span.status {
            ReplayStatus::Exhausted | ReplayStatus::Undelivered => COUNTED_DELIVERIES,
            ReplayStatus::Succeeded => COUNTED_ENTRIES,
        };
        let (mut matching, mut from) = (0, Some(span.since.as_millis().to_string()));
        let mut stream_from = None;
        for _ in 0..COUNT_STEPS {
            let Some(position) = &from else { break };
            let counting = ReplayCounting {
                endpoint,
                account,
                status: span.status,
                events: &span.events_text(),
                since: span.since,
                until: span.until,
                position,
                most,
            };
            let Some((found, next, first)) = self.call(&counting).await? else {
                return Ok(None);
            };
            matching += found;
            from = next;
            stream_from = stream_from.or(first);
        }
        let mut count = ReplayCount {
            matching,
            is_lower_bound: from.is_some(),
        };
        if span.status == ReplayStatus::Succeeded && !count.is_lower_bound {
            // What the span has of the stream was read first, so all that is older was in blocks already.
            let first = stream_from.as_deref().and_then(place);
            let before = first.unwrap_or_else(|| EntryId::behind(span.until));
            self.count_blocks(endpoint, span, before, &mut count).await?;
        }
        Ok(Some(count))
    }

    /// Adds what blocks have of a span, newest first.
    async fn count_blocks(
        &self,
        endpoint: &EndpointId,
        span: &ReplaySpan,
        before: EntryId,
        count: &mut ReplayCount,
    ) -> Result<(), StoreError> {
        let (since, until) = (span.since.as_millis(), span.until.as_millis());
        let mut blocks = self
            .log_blocks_before(endpoint, before.into(), since, COUNTED_BLOCKS + 1)
            .await?;
        if blocks.len() > COUNTED_BLOCKS {
            blocks.truncate(COUNTED_BLOCKS);
            count.is_lower_bound = true;
        }
        for block in blocks {
            let events = span.events.clone();
            let is_counted = move |entry: &RawEntry| {
                let at = entry.id.time().as_millis();
                (since..=until).contains(&at) && is_taken(entry, &events)
            };
            let older = Within {
                before,
                ..Within::ALL
            };
            let found = self.entries_of_block(&block, older, is_counted).await?;
            count.matching += found.map_or(0, |found| found.len() as u64);
        }
        Ok(())
    }
}

/// Whether a replay of what succeeded with events of these types takes it.
fn is_taken(entry: &RawEntry, events: &[String]) -> bool {
    let is_taken = |attempt: &LoggedAttempt| is_succeeded(attempt, events) && !attempt.delivery.is_replay();
    entry.attempt().is_some_and(is_taken)
}
