//! Packing finished events.

use std::time::Duration;

use ::history::{BlockId, Class, FinishedEvent, pack_events};
use domain::id::{AccountId, EventId};

use super::{LEAST, NewBlock, Source, WORTH, fitting};
use crate::scripts::script;
use crate::{Store, StoreError};

/// How many events are read at first, and at a time, so that others are served in between, and at most in all. A block of twice as
/// many takes 5 % less for each (payloads of 600 bytes), and Redis writes it for twice as long.
const FIRST_STEP: usize = 8;
const STEP: usize = 64;
pub(super) const MOST: usize = 512;

/// The most bytes of payloads in a block, but for the last ones.
const MOST_BYTES: usize = 512 << 10;

/// Events have been finished for so long before they are packed, unless memory is short.
pub const AGE: Duration = Duration::from_secs(60);

/// The same while memory is short. Until then the call that accepted an event may be repeated, and needs it.
pub(super) const LEAST_AGE: Duration = Duration::from_secs(11);

script! {
    /// The head of an account's list of finished events, and how often something of the account was sent again.
    "history_read_events": AllowOom, Reads, needs [BASE];
    struct HistoryReadEvents<'a> {
        account: &'a AccountId,
        class: &'a str,
        most: usize,
        age: Duration
    } -> (String, Vec<String>)
}

script! {
    /// Puts a block in the place of finished events.
    "history_write_events": AllowOom, Writes, needs [FINISHED, BLOCKS];
    struct HistoryWriteEvents<'a> {
        account: &'a AccountId,
        class: &'a str,
        block: String,
        content: &'a [u8],
        descriptor: &'a str,
        /// When its newest event finished (ms).
        newest: u64,
        entries: usize,
        first: &'a str,
        last: &'a str,
        again: &'a str,
        charged: u64;
        each event: &'a [EventId]
    } -> super::Written
}

/// Finished events, as they were read.
#[derive(Debug, Clone)]
pub struct UnpackedEvents {
    account: AccountId,
    class: Class,
    /// The entries of the list, and which of them count.
    entries: Vec<(String, bool)>,
    events: Vec<FinishedEvent>,
    /// How often something of the account had been sent again before.
    again: String,
}

/// The entries that a block takes the place of.
#[derive(Debug, Clone)]
pub(super) struct EventsSource {
    account: AccountId,
    class: Class,
    pub(super) newest: u64,
    entries: usize,
    first: String,
    last: String,
    again: String,
    pub(super) charged: u64,
    events: Vec<EventId>,
}

impl Store {
    pub(super) async fn read_events_to_pack(
        &self,
        account: &AccountId,
        class: Class,
        takes_little: bool,
    ) -> Result<Option<UnpackedEvents>, StoreError> {
        let head = HistoryReadEvents {
            account,
            class: class.as_str(),
            most: MOST,
            age: if takes_little { LEAST_AGE } else { AGE },
        };
        // What is sent again from here on is seen when the block is written.
        let (again, head) = self.call(&head).await?;
        let mut read = UnpackedEvents {
            account: account.clone(),
            class,
            entries: Vec::new(),
            events: Vec::new(),
            again,
        };
        let (mut size, mut charged) = (0, 0);
        let mut step = FIRST_STEP;
        while let Some(rest) = head.get(read.entries.len()..).filter(|rest| !rest.is_empty()) {
            let piece = rest.get(..step).unwrap_or(rest);
            for (text, event) in piece.iter().zip(self.read_piece(account, piece).await?) {
                if let Some(event) = &event {
                    size += event.body.len();
                    charged += event.charge;
                }
                read.entries.push((text.clone(), event.is_some()));
                read.events.extend(event);
            }
            if size >= MOST_BYTES {
                break;
            }
            // About as many as still go into the block, by what the others were like.
            let wanted = (MOST_BYTES - size) * read.entries.len() / size.max(1);
            step = wanted.clamp(1, STEP);
        }
        let is_full = size >= MOST_BYTES || read.entries.len() >= MOST;
        let is_enough = is_full || charged >= if takes_little { LEAST } else { WORTH };
        Ok(is_enough.then_some(read))
    }
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
    /// The events of these entries; `None` for an entry that doesn't count.
    async fn read_piece(
        &self,
        account: &AccountId,
        entries: &[String],
    ) -> Result<Vec<Option<FinishedEvent>>, StoreError> {
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
        Ok(entries.iter().zip(found).map(event).collect())
    }
}

/// The event of an entry; `None` if it is not the one that counts for it (see `finished.lua`).
fn finished_event(account: &AccountId, entry: &str, fields: Vec<Option<Vec<u8>>>) -> Option<FinishedEvent> {
    let [owner, refs, again, kind, accepted_at, deliveries, charge, body] = fields.try_into().ok()?;
    let mut words = entry.split(' ');
    let (finished_at, id) = (words.next()?.parse().ok()?, words.next()?);
    let text = |field: Option<Vec<u8>>| field.and_then(|field| String::from_utf8(field).ok());
    let again = text(again).unwrap_or_default();
    let counts =
        text(owner)? == account.as_str() && text(refs)? == "0" && words.next().unwrap_or_default() == again;
    let number = |field: Option<Vec<u8>>| text(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    counts.then_some(FinishedEvent {
        id: format!("evt_{id}").parse().ok()?,
        finished_at,
        again: again.parse().unwrap_or(0),
        kind: text(kind).unwrap_or_default(),
        accepted_at: number(accepted_at),
        deliveries: u32::try_from(number(deliveries)).unwrap_or(0),
        charge: number(charge),
        body: body?,
    })
}

impl UnpackedEvents {
    pub(super) fn pack(&self) -> Result<NewBlock, StoreError> {
        let id = BlockId::random();
        let (number, packed) = fitting(self.events.len(), |number| {
            let events = self.events.get(..number).unwrap_or(&self.events);
            pack_events(&id, &self.account, self.class, events)
        })?;
        // What doesn't count goes as well, up to the next event that stays.
        let mut left = number;
        let goes = self.entries.iter().take_while(|(_, counts)| {
            let goes = !counts || left > 0;
            left -= usize::from(*counts && goes);
            goes
        });
        let goes: Vec<&String> = goes.map(|(text, _)| text).collect();
        let text = |entry: Option<&&String>| entry.map(|text| (*text).clone()).unwrap_or_default();
        let events = self.events.get(..number).unwrap_or(&self.events);
        Ok(NewBlock {
            id: id.clone(),
            content: packed.bytes,
            source: Source::Events(EventsSource {
                account: self.account.clone(),
                class: self.class,
                newest: packed.descriptor.finished.1 * 1000,
                entries: goes.len(),
                first: text(goes.first()),
                last: text(goes.last()),
                again: self.again.clone(),
                charged: packed.descriptor.charge,
                events: events.iter().map(|event| event.id.clone()).collect(),
            }),
            descriptor: packed.descriptor.to_string(),
        })
    }
}

impl EventsSource {
    pub(super) fn write<'a>(&'a self, block: &'a NewBlock) -> HistoryWriteEvents<'a> {
        HistoryWriteEvents {
            account: &self.account,
            class: self.class.as_str(),
            block: block.id.to_string(),
            content: &block.content,
            descriptor: &block.descriptor,
            newest: self.newest,
            entries: self.entries,
            first: &self.first,
            last: &self.last,
            again: &self.again,
            charged: self.charged,
            event: &self.events,
        }
    }
}
