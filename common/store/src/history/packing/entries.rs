//! Reading what the entries of a list of finished events stand for.

use ::history::FinishedEvent;
use domain::event::kind_of;
use domain::id::EventId;
use redis::{RedisResult, Value};

use crate::{Store, StoreError};

/// What was read for an entry.
pub(super) enum Read {
    /// The event was sent again, or has gone.
    Nothing,
    /// It has no payload, and is charged so much.
    Bare(EventId, u64),
    /// All of it.
    Event(FinishedEvent),
}

/// The fields that are read of an event, no more than are needed: each costs a ninth of reading it. An event in the list of an account is
/// that account's, and finished if it was sent again as often as its entry says. Its payload says its type.
const FIELDS: [&str; 5] = ["again", "acceptedAt", "deliveries", "charge", "body"];

impl Store {
    /// The events of these entries.
    pub(super) async fn read_piece(&self, entries: &[String]) -> Result<Vec<Read>, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors(); // a key that something else has overwritten is no event
        for entry in entries {
            pipeline.cmd("HMGET").arg(self.event_of(entry)).arg(&FIELDS);
        }
        let found: Vec<RedisResult<Value>> = self.query(&pipeline).await?;
        let mut read = Vec::with_capacity(entries.len());
        for (entry, fields) in entries.iter().zip(found) {
            let mut found = fields.ok().and_then(|fields| finished_event(entry, fields));
            if let Some(Read::Event(event)) = &mut found
                && event.kind.is_empty()
            {
                event.kind = self.stored_kind(entry).await?;
            }
            read.push(found.unwrap_or(Read::Nothing));
        }
        Ok(read)
    }

    /// The type of an event whose payload doesn't say it.
    async fn stored_kind(&self, entry: &str) -> Result<String, StoreError> {
        let mut read = redis::cmd("HMGET");
        let (kind,): (Option<String>,) = self.query(read.arg(self.event_of(entry)).arg("event")).await?;
        Ok(kind.unwrap_or_default())
    }

    fn event_of(&self, entry: &str) -> String {
        let id = entry.split(' ').nth(1).unwrap_or_default();
        self.keys().key(&format!("event:evt_{id}"))
    }
}

/// The event of an entry; `None` if it is not the one that counts for it (see `finished.lua`).
fn finished_event(entry: &str, fields: Value) -> Option<Read> {
    let Value::Array(fields) = fields else { return None };
    let [again, accepted_at, deliveries, charge, body]: [Value; 5] = fields.try_into().ok()?;
    let mut words = entry.split(' ');
    let (finished_at, id) = (words.next()?.parse().ok()?, words.next()?);
    if text(&again).unwrap_or_default() != words.next().unwrap_or_default() {
        return None;
    }
    let (id, charge) = (format!("evt_{id}").parse().ok()?, number(&charge));
    let Value::BulkString(body) = body else {
        return charge.map(|charge| Read::Bare(id, charge));
    };
    Some(Read::Event(FinishedEvent {
        id,
        finished_at,
        again: number(&again)
            .and_then(|again| u32::try_from(again).ok())
            .unwrap_or(0),
        kind: kind_of(&body).unwrap_or_default().to_owned(),
        accepted_at: number(&accepted_at).unwrap_or(0),
        deliveries: number(&deliveries)
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(0),
        charge: charge.unwrap_or(0),
        body,
    }))
}

fn text(field: &Value) -> Option<&str> {
    match field {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn number(field: &Value) -> Option<u64> {
    text(field)?.parse().ok()
}
