//! Packing finished events.

use std::time::Duration;

use ::history::{BlockId, Class, FinishedEvent, pack_events};
use domain::id::{AccountId, EventId};

use super::entries::Read;
use super::{Enough, NewBlock, Source, fitting};
use crate::keys::Keys;
use crate::scripts::script;
use crate::{Store, StoreError};

/// How many events are read at first, and at a time, so that others are served in between, and at most in all. A block of twice as
/// many takes 5 % less for each (payloads of 600 bytes), and Redis writes it for twice as long.
const FIRST_STEP: usize = 8;
const STEP: usize = 128;
pub(super) const MOST: usize = 512;

/// The most bytes of payloads in a block, but for the last ones.
const MOST_BYTES: usize = 512 << 10;

script! {
    /// The time (ms), how often something of the account was sent again, and the head of its list of finished events.
    "history_read_events": AllowOom, Reads, needs [BASE, HERE];
    struct HistoryReadEvents<'a> {
        account: &'a AccountId,
        class: &'a str,
        most: usize,
        age: Duration
    } -> (u64, String, Vec<String>)
}

script! {
    /// Puts a block in the place of finished events.
    "history_write_events": AllowOom, Writes, needs [FINISHED, BLOCKS, HERE];
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
        read_at: u64,
        charged: u64;
        each key: &'a [&'a str]
    } -> super::Written
}

/// Finished events, as they were read.
#[derive(Debug, Clone)]
pub struct UnpackedEvents {
    account: AccountId,
    class: Class,
    /// The entries of the list, and what they stand for.
    entries: Vec<(String, Stands)>,
    events: Vec<FinishedEvent>,
    /// How often something of the account had been sent again before, and when that was asked for (ms).
    again: String,
    read_at: u64,
}

/// What an entry stands for.
#[derive(Debug, Clone)]
enum Stands {
    /// Nothing any more: the event was sent again, or has gone.
    No,
    /// An event without a payload, and what it is charged: there is nothing to pack of it.
    Bare(EventId, u64),
    /// The next of the events.
    Event,
}

/// The entries that a block takes the place of.
#[derive(Debug, Clone)]
pub(super) struct EventsSource {
    account: AccountId,
    class: Class,
    /// When the first and the last of its events finished (ms); `None` if there is no event to pack.
    pub(super) finished: Option<(u64, u64)>,
    entries: usize,
    first: String,
    last: String,
    again: String,
    read_at: u64,
    pub(super) charged: u64,
    events: Vec<EventId>,
}

impl Store {
    pub(super) async fn read_events_to_pack(
        &self,
        account: &AccountId,
        class: Class,
        enough: &Enough,
    ) -> Result<Option<UnpackedEvents>, StoreError> {
        let head = HistoryReadEvents {
            account,
            class: class.as_str(),
            most: MOST,
            age: enough.age,
        };
        // What is sent again from here on is seen when the block is written.
        let (read_at, again, head) = self.call(&head).await?;
        let mut read = UnpackedEvents {
            account: account.clone(),
            class,
            entries: Vec::new(),
            events: Vec::new(),
            again,
            read_at,
        };
        let (mut size, mut charged) = (0, 0);
        let mut step = FIRST_STEP;
        while let Some(rest) = head.get(read.entries.len()..).filter(|rest| !rest.is_empty()) {
            let piece = rest.get(..step).unwrap_or(rest);
            for (text, found) in piece.iter().zip(self.read_piece(piece).await?) {
                let stands = match found {
                    Read::Nothing => Stands::No,
                    Read::Bare(id, charge) => {
                        charged += charge;
                        Stands::Bare(id, charge)
                    }
                    Read::Event(event) => {
                        size += event.body.len();
                        charged += event.charge;
                        read.events.push(event);
                        Stands::Event
                    }
                };
                read.entries.push((text.clone(), stands));
            }
            if size >= MOST_BYTES {
                break;
            }
            // About as many as still go into the block, by what the others were like.
            let wanted = (MOST_BYTES - size) * read.entries.len() / size.max(1);
            step = wanted.clamp(1, STEP);
        }
        let is_full = size >= MOST_BYTES || read.entries.len() >= MOST;
        let is_enough = is_full || charged >= enough.charged;
        Ok(is_enough.then_some(read))
    }
}

impl UnpackedEvents {
    pub(super) fn pack(&self) -> Result<NewBlock, StoreError> {
        let id = BlockId::random();
        let (number, packed) = fitting(self.events.len(), |number| {
            let events = self.events.get(..number).unwrap_or(&self.events);
            pack_events(&id, &self.account, self.class, events)
        })?;
        // What doesn't count, or has no payload, goes as well, up to the next event that stays.
        let (mut left, mut goes) = (number, Vec::new());
        let events = self.events.get(..number).unwrap_or(&self.events);
        let mut gone: Vec<EventId> = events.iter().map(|event| event.id.clone()).collect();
        let mut charged = packed.descriptor.charge;
        for (text, stands) in &self.entries {
            match stands {
                Stands::Event if left == 0 => break,
                Stands::Event => left -= 1,
                Stands::Bare(event, charge) => {
                    gone.push(event.clone());
                    charged += charge;
                }
                Stands::No => {}
            }
            goes.push(text);
        }
        let text = |entry: Option<&&String>| entry.map(|text| (*text).clone()).unwrap_or_default();
        Ok(NewBlock {
            id: id.clone(),
            content: if number == 0 { Vec::new() } else { packed.bytes },
            source: Source::Events(EventsSource {
                account: self.account.clone(),
                class: self.class,
                finished: (number > 0).then(|| {
                    let (first, last) = packed.descriptor.finished;
                    (first * 1000, last * 1000)
                }),
                entries: goes.len(),
                first: text(goes.first()),
                last: text(goes.last()),
                again: self.again.clone(),
                read_at: self.read_at,
                charged,
                events: gone,
            }),
            descriptor: packed.descriptor.to_string(),
        })
    }
}

impl EventsSource {
    /// The keys of the events that go. (Redis takes a key as it comes in a third less time than it makes one of an id.)
    pub(super) fn keys(&self, keys: &Keys) -> Vec<String> {
        let events = self.events.iter();
        events.map(|event| keys.key(&format!("event:{event}"))).collect()
    }

    pub(super) fn write<'a>(&'a self, block: &'a NewBlock, keys: &'a [&'a str]) -> HistoryWriteEvents<'a> {
        HistoryWriteEvents {
            account: &self.account,
            class: self.class.as_str(),
            block: block.id.to_string(),
            content: &block.content,
            descriptor: &block.descriptor,
            newest: self.finished.map_or(0, |(_, last)| last),
            entries: self.entries,
            first: &self.first,
            last: &self.last,
            again: &self.again,
            read_at: self.read_at,
            charged: self.charged,
            key: keys,
        }
    }
}
