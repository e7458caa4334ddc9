//! One delivery with its payload and its attempts.

use super::range::Order;
use super::search::Sought;
use super::{DeliverySummary, EndpointStanding, EntryId, LogEntry, LoggedAttempt, RawEntry, Record};
use crate::history::PackedEvent;
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
    "delivery_get": AllowOom, Reads, needs [OWNER, VIEW, HERE];
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
    /// When it was accepted, by Redis's clock (ms).
    accepted_at: Option<u64>,
    /// Whether it waits for its turn.
    waits: bool,
    /// The log entries that its record points to, oldest first, as far as they are kept.
    entries: Vec<RawEntry>,
}

answered! { Found { endpoint, record, event, body, accepted_at, waits, entries } }

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
        let packed = if found.body.is_empty() {
            self.packed_event(account, &id.event()).await?
        } else {
            None
        };
        let is_unfinished = found.waits || found.record.in_flight;
        let mut attempts = self
            .pointed_to(endpoint, &found.record.entries, found.entries)
            .await?;
        if attempts.is_empty() && !is_unfinished {
            // One attempt that succeeded leaves no record, and test events have none.
            let sought = Sought {
                accepted_at: packed
                    .as_ref()
                    .map(|packed| packed.event.accepted_at)
                    .or(found.accepted_at),
                finished_by: packed.as_ref().map(PackedEvent::finished_by),
            };
            attempts = self.attempts_in_log(endpoint, id, sought).await?;
        }
        if attempts.is_empty() && !is_unfinished && !found.record.exists() {
            return Ok(Some(None));
        }
        let payload = match packed {
            Some(PackedEvent { event, .. }) => Some(Payload {
                event: event.kind,
                body: event.body.into(),
            }),
            None => (!found.body.is_empty()).then_some(Payload {
                event: found.event.clone(),
                body: found.body,
            }),
        };
        let mut summary = found
            .record
            .summary(id.clone(), attempts.last().cloned(), &found.endpoint);
        if summary.event.is_empty() {
            let known = payload.as_ref().map(|payload| &payload.event);
            summary.event.clone_from(known.unwrap_or(&found.event));
        }
        Ok(Some(Some(DeliveryDetail {
            summary,
            payload,
            attempts,
        })))
    }

    /// The attempts that a record points to, as far as they are kept, oldest first. `found` are those that are in the stream.
    async fn pointed_to(
        &self,
        endpoint: &EndpointId,
        ids: &[EntryId],
        found: Vec<RawEntry>,
    ) -> Result<Vec<LoggedAttempt>, StoreError> {
        let is_found = |id: &&EntryId| found.iter().any(|entry| entry.id == **id);
        let missing: Vec<EntryId> = ids.iter().filter(|id| !is_found(id)).copied().collect();
        let mut entries = self.packed_entries(endpoint, &missing).await?;
        entries.extend(found);
        entries.sort_by_key(|entry| entry.id);
        let known = entries.into_iter().filter_map(RawEntry::known);
        Ok(known.filter_map(LogEntry::into_attempt).collect())
    }

    /// The attempts that a record points to, as far as they are kept, oldest first.
    pub(super) async fn attempts_of_record(
        &self,
        endpoint: &EndpointId,
        ids: &[EntryId],
    ) -> Result<Vec<LoggedAttempt>, StoreError> {
        let mut found = Vec::new();
        for id in ids {
            let start = id.to_string();
            let entries = self.read_log(endpoint, Order::OldestFirst, &start, 1).await?;
            found.extend(entries.into_iter().filter(|entry| entry.id == *id));
        }
        self.pointed_to(endpoint, ids, found).await
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
        match (owner, body) {
            (Some(owner), Some(body)) => Ok((owner == account.as_str()).then(|| body.into())),
            _ => {
                let packed = self.packed_event(account, event).await?;
                Ok(packed.map(|packed| packed.event.body.into()))
            }
        }
    }
}
