//! One delivery with its payload and its attempts.

use bytes::Bytes;
use redis::Value;

use super::entry::entries;
use super::{DeliverySummary, LoggedAttempt, Record};
use crate::decode::{array, bytes, integer, next, text};
use crate::{Store, StoreError};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};

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
