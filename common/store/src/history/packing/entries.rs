//! Reading what the entries of a list of finished events stand for.

use ::history::FinishedEvent;
use domain::id::{AccountId, EventId};

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

/// The fields that are read of an event.
const FIELDS: [&str; 8] = [
    "account",
    "refs",
    "again",
    "event",
    "acceptedAt",
    "deliveries",
    "charge",
    "body",
];

impl Store {
    /// The events of these entries.
    pub(super) async fn read_piece(
        &self,
        account: &AccountId,
        entries: &[String],
    ) -> Result<Vec<Read>, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors(); // a key that something else has overwritten is no event
        for entry in entries {
            let id = entry.split(' ').nth(1).unwrap_or_default();
            let key = self.keys().key(&format!("event:evt_{id}"));
            pipeline.add_command(redis::cmd("HMGET").arg(key).arg(&FIELDS).take());
        }
        let found: Vec<redis::RedisResult<redis::Value>> = self.query(&pipeline).await?;
        let event = |(entry, fields): (&String, redis::RedisResult<redis::Value>)| {
            let fields: Vec<Option<Vec<u8>>> = redis::from_redis_value(fields.ok()?).ok()?;
            finished_event(account, entry, fields)
        };
        let read = entries.iter().zip(found).map(event);
        Ok(read.map(|found| found.unwrap_or(Read::Nothing)).collect())
    }
}

/// The event of an entry; `None` if it is not the one that counts for it (see `finished.lua`).
fn finished_event(account: &AccountId, entry: &str, fields: Vec<Option<Vec<u8>>>) -> Option<Read> {
    let [owner, refs, again, kind, accepted_at, deliveries, charge, body] = fields.try_into().ok()?;
    let mut words = entry.split(' ');
    let (finished_at, id) = (words.next()?.parse().ok()?, words.next()?);
    let text = |field: Option<Vec<u8>>| field.and_then(|field| String::from_utf8(field).ok());
    let again = text(again).unwrap_or_default();
    let counts =
        text(owner)? == account.as_str() && text(refs)? == "0" && words.next().unwrap_or_default() == again;
    let number = |field: Option<Vec<u8>>| text(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let (id, charge) = (format!("evt_{id}").parse().ok()?, number(charge));
    let Some(body) = body else {
        return counts.then_some(Read::Bare(id, charge));
    };
    let event = FinishedEvent {
        id,
        finished_at,
        again: again.parse().unwrap_or(0),
        kind: text(kind).unwrap_or_default(),
        accepted_at: number(accepted_at),
        deliveries: u32::try_from(number(deliveries)).unwrap_or(0),
        charge,
        body,
    };
    counts.then_some(Read::Event(event))
}
