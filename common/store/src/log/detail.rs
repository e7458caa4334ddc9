//! One delivery with its payload and its attempts.

use bytes::Bytes;
use redis::Value;

use super::entry::entries;
use super::{DeliverySummary, EntryId, LoggedAttempt, Record};
use crate::decode::{array, bytes, integer, next, text};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};

/// Entries that one command reads while a delivery is looked for.
const STEP: usize = 100;

/// Clocks of the API and of Redis may differ: a log is searched from this much before a delivery's acceptance.
const CLOCKS_DIFFER_MS: u64 = 60_000;

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The name of the event's type.
    pub event: String,
    /// The body, byte by byte.
    pub body: Bytes,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryDetail {
    /// At a glance.
    pub summary: DeliverySummary,
    /// What is sent; `None` when its retention has ended.
    pub payload: Option<Payload>,
    /// Its entries in the log, oldest first, as far as they are kept.
    pub attempts: Vec<LoggedAttempt>,
}

impl Store {
    /// One delivery; the outer `None` when the account has no such endpoint, the inner one when nothing that is kept
    /// knows of this delivery.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn get_delivery(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        id: &DeliveryId,
    ) -> Result<Option<Option<DeliveryDetail>>, StoreError> {
        let arguments = [endpoint.as_str(), account.as_str(), id.as_str()];
        let mut answer = array(self.run(&self.scripts().delivery_get, &arguments).await?)?.into_iter();
        let Some(state) = answer.next() else {
            return Ok(None);
        };
        let is_active = text(state)? == "active";
        if id.endpoint() != *endpoint {
            return Ok(Some(None));
        }
        let record = Record::read(next(&mut answer)?)?;
        let (event, body) = (text(next(&mut answer)?)?, bytes(next(&mut answer)?)?);
        let waits = integer(next(&mut answer)?)? == 1;
        let mut attempts: Vec<_> = entries(Value::Array(answer.collect()))?
            .into_iter()
            .filter_map(super::LogEntry::into_attempt)
            .collect();
        let is_unfinished = waits || record.in_flight;
        if attempts.is_empty() && !is_unfinished {
            // One attempt that succeeded leaves no record, and test events have none.
            attempts = self.find_in_log(endpoint, id).await?.into_iter().collect();
        }
        if attempts.is_empty() && !is_unfinished && !record.exists() {
            return Ok(Some(None));
        }
        let mut summary = record.summary(id.clone(), attempts.last().cloned(), is_active);
        if summary.event.is_empty() {
            summary.event.clone_from(&event);
        }
        let payload = (!body.is_empty()).then(|| Payload {
            event,
            body: Bytes::from(body),
        });
        Ok(Some(Some(DeliveryDetail {
            summary,
            payload,
            attempts,
        })))
    }

    /// The entry of a delivery that has only one. Reads on from its acceptance, where it most likely is; then what is
    /// older, in case that clocks differ. Bounded by the log's length.
    async fn find_in_log(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let accepted = id.event().time().as_millis().saturating_sub(CLOCKS_DIFFER_MS);
        let hint = i64::try_from(accepted)
            .ok()
            .and_then(Timestamp::from_millis)
            .unwrap_or_default();
        let later = self.search(endpoint, id, "XRANGE", EntryId::at(hint).to_string(), "+");
        if let Some(found) = later.await? {
            return Ok(Some(found));
        }
        self.search(endpoint, id, "XREVRANGE", EntryId::at(hint).before(), "-")
            .await
    }

    async fn search(
        &self,
        endpoint: &EndpointId,
        id: &DeliveryId,
        command: &str,
        mut from: String,
        to: &str,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let log = self.keys().key(&format!("log:{endpoint}"));
        loop {
            let mut range = redis::cmd(command);
            range.arg(&log).arg(&from).arg(to).arg("COUNT").arg(STEP);
            let found: Value = self
                .query(&range)
                .await
                .or_else(|error| error.unless_overwritten(Value::Array(Vec::new())))?;
            let read = array(found)?;
            let is_last = read.len() < STEP;
            let last = read.last().cloned();
            for logged in entries(Value::Array(read))? {
                if let Some(attempt) = logged.into_attempt().filter(|attempt| attempt.delivery == *id) {
                    return Ok(Some(attempt));
                }
            }
            let Some(last) = last.filter(|_| !is_last) else {
                return Ok(None);
            };
            let place = next(&mut array(last)?.into_iter())?;
            from = format!("({}", text(place)?);
        }
    }

    /// The payload of an event of this account, if it is still kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn event_body(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<Bytes>, StoreError> {
        let key = self.keys().key(&format!("event:{event}"));
        let mut read = redis::cmd("HMGET");
        read.arg(key).arg("account").arg("body");
        let (owner, body): (Option<String>, Option<Vec<u8>>) = self
            .query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None, None)))?;
        Ok(body
            .filter(|_| owner.as_deref() == Some(account.as_str()))
            .map(Bytes::from))
    }
}
