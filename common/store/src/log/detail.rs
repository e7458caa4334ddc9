//! One delivery with its payload and its attempts.

use super::{DeliverySummary, EndpointStanding, LogEntry, LoggedAttempt, RawEntry, Record};
use crate::scripts::{answered, script};
use crate::{Store, StoreError};
use bytes::Bytes;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};

/// What receivers get.
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
    /// The delivery at a glance.
    pub summary: DeliverySummary,
    /// What receivers get; `None` when its retention has ended.
    pub payload: Option<Payload>,
    /// Its entries in the log, oldest first, as far as the log still has them.
    pub attempts: Vec<LoggedAttempt>,
}

script! {
    /// One delivery, as far as anything but the log knows of it; `None` when the account has no such endpoint.
    "delivery_get": AllowOom, Reads, needs [OWNER, VIEW];
    struct DeliveryGet<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        delivery: &'a DeliveryId
    } -> Option<Found>
}

pub(crate) struct Found {
    endpoint: EndpointStanding,
    record: Record,
    /// The type of its event; empty if that is not kept.
    event: String,
    /// Empty if it is not kept.
    body: Bytes,
    /// Whether it waits for its turn.
    waits: bool,
    /// The log entries that its record points to, oldest first, as far as they are kept.
    entries: Vec<RawEntry>,
}

answered! { Found { endpoint, record, event, body, waits, entries } }

impl Store {
    /// One delivery. The outer `None`: the account has no such endpoint. The inner `None`: nothing in Redis knows of this
    /// delivery any more.
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
        let delivery_get = DeliveryGet {
            endpoint,
            account,
            delivery: id,
        };
        let Some(found) = self.call(&delivery_get).await? else {
            return Ok(None);
        };
        if id.endpoint() != *endpoint {
            return Ok(Some(None));
        }
        let entries = found.entries.into_iter().filter_map(RawEntry::known);
        let mut attempts: Vec<_> = entries.filter_map(LogEntry::into_attempt).collect();
        let is_unfinished = found.waits || found.record.in_flight;
        if attempts.is_empty() && !is_unfinished {
            // One attempt that succeeded leaves no record, and test events have none.
            attempts = self.find_in_log(endpoint, id).await?.into_iter().collect();
        }
        if attempts.is_empty() && !is_unfinished && !found.record.exists() {
            return Ok(Some(None));
        }
        let mut summary = found
            .record
            .summary(id.clone(), attempts.last().cloned(), &found.endpoint);
        if summary.event.is_empty() {
            summary.event.clone_from(&found.event);
        }
        let payload = (!found.body.is_empty()).then_some(Payload {
            event: found.event,
            body: found.body,
        });
        Ok(Some(Some(DeliveryDetail {
            summary,
            payload,
            attempts,
        })))
    }

    /// The payload of an event of this account, if Redis still has it.
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
