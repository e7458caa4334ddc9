//! Blocks of finished events with their payloads.

use domain::id::{AccountId, EventId};

use crate::block::{Packed, open, seal};
use crate::columns::{Dictionary, read_dictionary};
use crate::descriptor::{EventsDescriptor, named};
use crate::filter::filter_of;
use crate::ids::{event_of, event_parts};
use crate::limits::{Corrupt, MOST_COUNT, MOST_UNPACKED, Oversized};
use crate::names::{BlockId, Class};
use crate::wire::{Reader, put_distance, put_number, put_text};

/// A finished event, as the hash `event:<v>` and the entry in the list of its class have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedEvent {
    /// Its id.
    pub id: EventId,
    /// When its last delivery finished (s, rounded up).
    pub finished_at: u64,
    /// How often it was sent again after it had finished.
    pub again: u32,
    /// The name of its type.
    pub kind: String,
    /// When it was accepted, by Redis's clock (ms).
    pub accepted_at: u64,
    /// How many deliveries it was accepted with.
    pub deliveries: u32,
    /// What it is charged while it is unfinished.
    pub charge: u64,
    /// The payload, byte by byte as it was sent.
    pub body: Vec<u8>,
}

/// An unpacked block of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsBlock {
    /// Whose events these are.
    pub account: AccountId,
    /// What became of them.
    pub class: Class,
    /// The events, in the order in which they finished.
    pub events: Vec<FinishedEvent>,
}

const KIND: u8 = b'E';

/// What is usually charged beside the payload.
const SURROUNDINGS: u64 = 256;

const COLUMNS: usize = 10;

/// Packs finished events of one account and class, in the order in which they finished.
///
/// # Errors
///
/// [`Oversized`]: take fewer.
pub fn pack_events(
    id: &BlockId,
    account: &AccountId,
    class: Class,
    events: &[FinishedEvent],
) -> Result<Packed<EventsDescriptor>, Oversized> {
    let size: usize = events
        .iter()
        .map(|event| event.kind.len() + event.body.len())
        .sum();
    if events.len() > MOST_COUNT || size > MOST_UNPACKED {
        return Err(Oversized);
    }
    let mut head = Vec::new();
    put_text(&mut head, account.as_str().as_bytes());
    put_text(&mut head, class.as_str().as_bytes());
    put_number(&mut head, events.len() as u64);
    let mut kinds = Dictionary::default();
    let [
        mut times,
        mut random,
        mut ends,
        mut numbers,
        mut types,
        mut charges,
        mut sizes,
        mut bodies,
    ] = [const { Vec::new() }; 8];
    bodies.reserve(size);
    let (mut time_before, mut end_before) = (0, 0);
    let (mut accepted, mut finished) = ((u64::MAX, 0), (u64::MAX, 0));
    for event in events {
        let (time, bits) = event_parts(&event.id);
        put_distance(&mut times, time_before, time);
        put_distance(&mut times, time, event.accepted_at);
        random.extend_from_slice(&bits);
        put_distance(&mut ends, end_before, event.finished_at);
        put_number(&mut numbers, event.again.into());
        put_number(&mut numbers, event.deliveries.into());
        put_number(&mut types, kinds.number_of(event.kind.as_bytes()));
        let size = event.body.len() as u64;
        put_distance(&mut charges, size + SURROUNDINGS, event.charge);
        put_number(&mut sizes, size);
        bodies.extend_from_slice(&event.body);
        (time_before, end_before) = (time, event.finished_at);
        accepted = (accepted.0.min(time), accepted.1.max(time));
        finished = (finished.0.min(end_before), finished.1.max(end_before));
    }
    let columns: [Vec<u8>; COLUMNS] = [
        head,
        kinds.column(),
        times,
        random,
        ends,
        numbers,
        types,
        charges,
        sizes,
        bodies,
    ];
    let (filter, filter_bits) = filter_of(events.iter().map(|event| &event.id));
    let bytes = seal(KIND, &filter, &columns)?;
    let descriptor = EventsDescriptor {
        block: id.clone(),
        accepted: (accepted.0.min(accepted.1), accepted.1),
        finished: (finished.0.min(finished.1), finished.1),
        count: u32::try_from(events.len()).map_err(|_| Oversized)?,
        bytes: u32::try_from(bytes.len()).map_err(|_| Oversized)?,
        charge: events.iter().map(|event| event.charge).sum(),
        filter_bits,
        kinds: named(events.iter().map(|event| event.kind.as_str())),
    };
    Ok(Packed { bytes, descriptor })
}

/// Reads a block of events.
///
/// # Errors
///
/// [`Corrupt`] if the bytes are no such block.
pub fn unpack_events(bytes: &[u8]) -> Result<EventsBlock, Corrupt> {
    let columns: [Vec<u8>; COLUMNS] = open(KIND, bytes)?;
    let [
        mut head,
        kinds,
        mut times,
        mut random,
        mut ends,
        mut numbers,
        mut types,
        mut charges,
        mut sizes,
        mut bodies,
    ] = columns.each_ref().map(|column| Reader::new(column));
    let account = head
        .string()?
        .parse()
        .map_err(|_| Corrupt("its account is none"))?;
    let class = head.string()?.parse().map_err(|_| Corrupt("its class is none"))?;
    let count = head.count(MOST_COUNT)?;
    let kinds = read_dictionary(kinds.rest())?;
    let (mut time, mut end, mut left) = (0, 0, MOST_UNPACKED);
    let mut events = Vec::new();
    for _ in 0..count {
        time = times.distance(time)? & ((1 << 50) - 1);
        end = ends.distance(end)?;
        let kind = kinds
            .get(types.small::<usize>()?)
            .and_then(|kind| str::from_utf8(kind).ok())
            .ok_or(Corrupt("an event has no type"))?;
        left = left
            .checked_sub(kind.len())
            .ok_or(Corrupt("there is too much in it"))?;
        let size = sizes.number()?;
        events.push(FinishedEvent {
            id: event_of(time, random.array()?)?,
            finished_at: end,
            again: numbers.small()?,
            kind: kind.to_owned(),
            accepted_at: times.distance(time)?,
            deliveries: numbers.small()?,
            charge: charges.distance(size.saturating_add(SURROUNDINGS))?,
            body: bodies
                .bytes(usize::try_from(size).map_err(|_| Corrupt("a payload is too large"))?)?
                .to_vec(),
        });
    }
    Ok(EventsBlock {
        account,
        class,
        events,
    })
}
