//! Since when the past is complete, so that nobody takes its end for the beginning of time.

use std::collections::HashMap;

use redis::Value;

use super::EntryId;
use super::range::Order;
use crate::decode::{integer, unexpected};
use crate::scripts::Answer as _;
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};

/// What part of the past somebody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// An endpoint's log.
    Log,
    /// What a replay takes of deliveries that succeeded: the endpoint's log, and the payloads that go with it.
    Succeeded,
    /// The payloads of what was exhausted. (The deliveries themselves are all there.)
    Exhausted,
    /// The payloads of what was exhausted or canceled.
    Undelivered,
}

impl Store {
    /// The time from which on nothing is missing; `None` if nothing ever went. Ask after reading: it only rises, so what was read is
    /// at least as complete.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn complete_since(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        past: Past,
    ) -> Result<Option<Timestamp>, StoreError> {
        let payloads = match past {
            Past::Log => None,
            Past::Succeeded => self.payloads_since(account, "delivered").await?,
            Past::Exhausted => return self.payloads_since(account, "exhausted").await,
            Past::Undelivered => {
                let exhausted = self.payloads_since(account, "exhausted").await?;
                return Ok(exhausted.max(self.payloads_since(account, "delivered").await?));
            }
        };
        let log = self.log_complete_since(endpoint).await?;
        Ok(payloads.max(log.map(EntryId::complete_from)))
    }

    /// The place from which on nothing is missing in an endpoint's log; `None` if nothing ever left it for good.
    pub(super) async fn log_complete_since(
        &self,
        endpoint: &EndpointId,
    ) -> Result<Option<EntryId>, StoreError> {
        // The stream first: what is packed between the two looks then counts as packed, not as lost.
        let (oldest, left) = self.stream_of(endpoint).await?;
        let mut read = redis::cmd("HMGET");
        read.arg(self.keys().key(&format!("endpoint:{endpoint}")))
            .arg("completeSince")
            .arg("logGone");
        let (since, packed): (Option<String>, Option<String>) = self
            .query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None, None)))?;
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        if left > number(packed).unwrap_or(0) {
            // The stream dropped entries of its own, at its bound: those before its first one.
            return Ok(oldest);
        }
        Ok(number(since).and_then(after))
    }

    /// The first entry of an endpoint's stream, and how many were in it and are no longer; none and 0 if it is empty.
    async fn stream_of(&self, endpoint: &EndpointId) -> Result<(Option<EntryId>, u64), StoreError> {
        let oldest = self.end_of_log(endpoint, Order::OldestFirst, "-").await?;
        if oldest.is_none() {
            return Ok((None, 0));
        }
        let Some(mut known) = self.stream_facts(endpoint).await? else {
            return Ok((None, 0));
        };
        let mut count = |name| integer(known.remove(name).ok_or_else(|| unexpected(name))?);
        let left = count("entries-added")? - count("length")?;
        Ok((oldest, u64::try_from(left).unwrap_or(0)))
    }

    /// The last entry that an endpoint's stream ever got, and how many it got in all; `None` if there is no stream.
    pub(crate) async fn end_and_count(
        &self,
        endpoint: &EndpointId,
    ) -> Result<Option<(EntryId, u64)>, StoreError> {
        let Some(mut known) = self.stream_facts(endpoint).await? else {
            return Ok(None);
        };
        let mut fact = |name| known.remove(name).ok_or_else(|| unexpected(name));
        let added = integer(fact("entries-added")?)?;
        let end = EntryId::read(fact("last-generated-id")?)?;
        Ok(Some((end, u64::try_from(added).unwrap_or(0))))
    }

    /// What Redis says of an endpoint's stream; `None` if there is none.
    async fn stream_facts(
        &self,
        endpoint: &EndpointId,
    ) -> Result<Option<HashMap<String, Value>>, StoreError> {
        let known = self
            .query(redis::cmd("XINFO").arg("STREAM").arg(self.log_key(endpoint)))
            .await;
        match known {
            // It was removed, or was never there.
            Err(StoreError::Unexpected(text)) if text.contains("no such key") => Ok(None),
            known => known.map(Some),
        }
    }

    /// The time from which on an account's finished payloads of a class are all there.
    async fn payloads_since(
        &self,
        account: &AccountId,
        class: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.keys().key(&format!("account:{account}:since")))
            .arg(class);
        let (since,): (Option<u64>,) = self
            .query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None,)))?;
        Ok(since.and_then(after).map(EntryId::complete_from))
    }
}

/// The place behind all that was written at this time (ms).
fn after(time: u64) -> Option<EntryId> {
    let next = i64::try_from(time.checked_add(1)?).ok()?;
    Timestamp::from_millis(next).map(EntryId::at)
}

impl EntryId {
    /// The earliest time all of whose entries stand at this place or behind it.
    pub(super) fn complete_from(self) -> Timestamp {
        if self == Self::at(self.time()) {
            return self.time();
        }
        let next = i64::try_from(self.time().as_millis() + 1).ok();
        next.and_then(Timestamp::from_millis)
            .unwrap_or_else(|| self.time())
    }
}

#[cfg(test)]
mod tests;
