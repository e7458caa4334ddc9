//! Packing finished events.

use std::time::Duration;

use ::history::{BlockId, Class, FinishedEvent, pack_events};
use bytes::Bytes;
use domain::id::{AccountId, EventId};

use super::{LEAST, NewBlock, Source, WORTH, fitting};
use crate::decode::{parse, unexpected};
use crate::scripts::{Rest, script};
use crate::{Store, StoreError};

/// How many events are read at a time, and at most. A block of three times as many takes 3 % less for each (payloads of 600
/// bytes), and Redis writes it for three times as long.
const STEP: usize = 256;
const MOST: usize = 512;

/// The most bytes of payloads in a block, but for the last ones.
const MOST_BYTES: usize = 512 << 10;

/// Events have been finished for so long.
const AGE: Duration = Duration::from_secs(60);

/// The same while memory is short. Until then the call that accepted an event may be repeated, and needs it.
const LEAST_AGE: Duration = Duration::from_secs(11);

script! {
    /// A piece of an account's list of finished events, with the events.
    "history_read_events": AllowOom, Reads, needs [BASE];
    struct HistoryReadEvents<'a> {
        account: &'a AccountId,
        class: &'a str,
        skip: usize,
        most: usize,
        age: Duration
    } -> (String, Vec<(String, Rest<Bytes>)>)
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
    newest: u64,
    entries: usize,
    first: String,
    last: String,
    again: String,
    charged: u64,
    events: Vec<EventId>,
}

impl Store {
    pub(super) async fn read_events_to_pack(
        &self,
        account: &AccountId,
        class: Class,
        takes_little: bool,
    ) -> Result<Option<UnpackedEvents>, StoreError> {
        let mut read = UnpackedEvents {
            account: account.clone(),
            class,
            entries: Vec::new(),
            events: Vec::new(),
            again: String::new(),
        };
        let (mut size, mut charged) = (0, 0);
        let age = if takes_little { LEAST_AGE } else { AGE };
        let mut is_full = false;
        while !is_full {
            let piece = HistoryReadEvents {
                account,
                class: class.as_str(),
                skip: read.entries.len(),
                most: STEP,
                age,
            };
            let (again, piece) = self.call(&piece).await?;
            if read.entries.is_empty() {
                read.again = again;
            }
            if piece.is_empty() {
                break;
            }
            for (text, fields) in piece {
                let event = finished_event(&text, fields.0)?;
                if let Some(event) = &event {
                    size += event.body.len();
                    charged += event.charge;
                }
                read.entries.push((text, event.is_some()));
                read.events.extend(event);
            }
            is_full = size >= MOST_BYTES || read.entries.len() >= MOST;
        }
        let is_enough = is_full || charged >= if takes_little { LEAST } else { WORTH };
        Ok(is_enough.then_some(read))
    }
}

/// An event as the script answers it; `None` if its entry doesn't count.
fn finished_event(entry: &str, fields: Vec<Bytes>) -> Result<Option<FinishedEvent>, StoreError> {
    let Ok::<[Bytes; 6], _>([_, kind, body, accepted_at, deliveries, charge]) = fields.try_into() else {
        return Ok(None);
    };
    let mut words = entry.split(' ');
    let mut word = || {
        words
            .next()
            .ok_or_else(|| unexpected("an entry of finished events"))
    };
    let (finished_at, id) = (parse(word()?)?, word()?);
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    Ok(Some(FinishedEvent {
        id: parse(&format!("evt_{id}"))?,
        finished_at,
        again: words.next().map_or(Ok(0), parse)?,
        kind: text(&kind),
        accepted_at: text(&accepted_at).parse().unwrap_or(0),
        deliveries: text(&deliveries).parse().unwrap_or(0),
        charge: text(&charge).parse().unwrap_or(0),
        body: body.to_vec(),
    }))
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
