//! Blocks of an endpoint's log.

use domain::id::{AccountId, DeliveryId, EndpointId};

use crate::attempt::{Deliveries, DeliveriesReader, NUMBERS, fill, pattern_of};
use crate::block::{Packed, open, seal};
use crate::columns::{Dictionary, read_dictionary};
use crate::descriptor::LogDescriptor;
use crate::limits::{Corrupt, MOST_COUNT, MOST_UNPACKED, Oversized};
use crate::names::{BlockId, Place};
use crate::wire::{Reader, put_number, put_text};

mod summary;

use summary::summary;

/// An entry of a log, as the stream has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub place: Place,
    /// Its fields with their values, in order.
    pub fields: Vec<(String, String)>,
}

/// An unpacked block of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBlock {
    /// Whose log it is.
    pub endpoint: EndpointId,
    /// The entries, the oldest first.
    pub entries: Vec<Entry>,
}

pub(crate) const KIND: u8 = b'L';

pub(crate) const COLUMNS: usize = 12 + NUMBERS;

/// The field that has an attempt in one text. In a shape it stands for one that was taken apart.
const ATTEMPT: &str = "attempt";

/// In a shape: such a field that was not.
const PLAIN: &str = "attempt ";

/// Packs entries of an endpoint's log, the oldest first.
///
/// # Errors
///
/// [`Oversized`]: take fewer. Also when they are not in order.
pub fn pack_log(
    id: &BlockId,
    account: &AccountId,
    endpoint: &EndpointId,
    entries: &[Entry],
) -> Result<Packed<LogDescriptor>, Oversized> {
    let (first, last) = (entries.first(), entries.last());
    let (first, last) = first
        .zip(last)
        .map_or_else(Default::default, |(first, last)| (first.place, last.place));
    if entries.len() > MOST_COUNT || size_of(entries) > MOST_UNPACKED {
        return Err(Oversized);
    }
    let mut head = Vec::new();
    put_text(&mut head, endpoint.as_str().as_bytes());
    put_number(&mut head, entries.len() as u64);
    let (mut shapes, mut patterns) = (Dictionary::default(), Dictionary::default());
    let [mut places, mut shaped, mut patterned, mut sizes, mut texts] = [const { Vec::new() }; 5];
    let mut deliveries = Deliveries::default();
    let mut columns: [Vec<u8>; NUMBERS] = [const { Vec::new() }; NUMBERS];
    let mut before = Place::default();
    for Entry { place, fields } in entries {
        put_number(&mut places, place.ms.checked_sub(before.ms).ok_or(Oversized)?);
        let base = if place.ms == before.ms { before.number } else { 0 };
        put_number(&mut places, place.number.checked_sub(base).ok_or(Oversized)?);
        before = *place;
        let mut shape = Vec::new();
        for (name, value) in fields {
            if name == ATTEMPT
                && let Some((delivery, pattern, numbers)) = taken_apart(value)
            {
                put_text(&mut shape, ATTEMPT.as_bytes());
                deliveries.put(&delivery, place.ms, endpoint);
                put_number(&mut patterned, patterns.number_of(pattern));
                for (column, number) in columns.iter_mut().zip(numbers) {
                    put_number(column, number);
                }
                continue;
            }
            let name = if name == ATTEMPT { PLAIN } else { name };
            put_text(&mut shape, name.as_bytes());
            put_number(&mut sizes, value.len() as u64);
            texts.extend_from_slice(value.as_bytes());
        }
        put_number(&mut shaped, shapes.number_of(shape));
    }
    let Deliveries {
        times,
        random,
        beside,
        rest,
    } = deliveries;
    let mut all = vec![
        head,
        shapes.column(),
        patterns.column(),
        places,
        shaped,
        patterned,
        times,
        random,
        beside,
        rest,
        sizes,
        texts,
    ];
    all.extend(columns);
    let bytes = seal(KIND, &[], &all)?;
    let (outcomes, kinds) = summary(entries);
    let descriptor = LogDescriptor {
        block: id.clone(),
        account: account.clone(),
        first,
        last,
        count: u32::try_from(entries.len()).map_err(|_| Oversized)?,
        bytes: u32::try_from(bytes.len()).map_err(|_| Oversized)?,
        outcomes,
        kinds,
    };
    Ok(Packed { bytes, descriptor })
}

/// The bytes of all texts.
fn size_of(entries: &[Entry]) -> usize {
    let fields = entries.iter().flat_map(|entry| &entry.fields);
    fields.map(|(name, value)| name.len() + value.len()).sum()
}

/// An attempt's delivery, and the rest as a pattern with its numbers; `None` if it isn't as we write it.
fn taken_apart(attempt: &str) -> Option<(DeliveryId, Vec<u8>, Vec<u64>)> {
    let (delivery, rest) = attempt.split_once(' ')?;
    let delivery = delivery.parse().ok()?;
    let (pattern, numbers) = pattern_of(rest)?;
    Some((delivery, pattern, numbers))
}

/// What may be made of a block, at most.
struct Allowance(usize);

impl Allowance {
    fn take(&mut self, bytes: usize) -> Result<(), Corrupt> {
        let left = self.0.checked_sub(bytes);
        self.0 = left.ok_or(Corrupt("there is too much in it"))?;
        Ok(())
    }
}

/// Reads a block of a log.
///
/// # Errors
///
/// [`Corrupt`] if the bytes are no such block.
pub fn unpack_log(bytes: &[u8]) -> Result<LogBlock, Corrupt> {
    let columns: [Vec<u8>; COLUMNS] = open(KIND, bytes)?;
    let [
        mut head,
        shapes,
        patterns,
        mut places,
        mut shaped,
        mut patterned,
        times,
        random,
        beside,
        rest,
        mut sizes,
        mut texts,
        mut numbers @ ..,
    ] = columns.each_ref().map(|column| Reader::new(column));
    let mut deliveries = DeliveriesReader {
        times,
        random,
        beside,
        rest,
    };
    let endpoint = head
        .string()?
        .parse()
        .map_err(|_| Corrupt("its endpoint is none"))?;
    let count = head.count(MOST_COUNT)?;
    let shapes: Vec<Vec<&str>> = read_dictionary(shapes.rest())?
        .into_iter()
        .map(names_in)
        .collect::<Result<_, _>>()?;
    let patterns = read_dictionary(patterns.rest())?;
    let mut allowance = Allowance(2 * MOST_UNPACKED);
    let (mut entries, mut before) = (Vec::new(), Place::default());
    for _ in 0..count {
        let passed = places.number()?;
        let base = if passed == 0 { before.number } else { 0 };
        let place = Place {
            ms: before.ms.saturating_add(passed),
            number: base.saturating_add(places.number()?),
        };
        before = place;
        let shape = shapes
            .get(shaped.small::<usize>()?)
            .ok_or(Corrupt("an entry has no shape"))?;
        let mut fields = Vec::new();
        for name in shape {
            let value = if *name == ATTEMPT {
                let mut value = format!("{} ", deliveries.next(place.ms, &endpoint)?);
                let pattern = patterns
                    .get(patterned.small::<usize>()?)
                    .ok_or(Corrupt("an attempt has no pattern"))?;
                allowance.take(pattern.len())?;
                fill(pattern, &mut numbers, &mut value)?;
                value
            } else {
                let size = sizes.small()?;
                let text = str::from_utf8(texts.bytes(size)?);
                text.map_err(|_| Corrupt("a text is not UTF-8"))?.to_owned()
            };
            let name = if *name == PLAIN { ATTEMPT } else { name };
            allowance.take(name.len() + value.len())?;
            fields.push((name.to_owned(), value));
        }
        entries.push(Entry { place, fields });
    }
    Ok(LogBlock { endpoint, entries })
}

/// The names of a shape's fields.
fn names_in(shape: &[u8]) -> Result<Vec<&str>, Corrupt> {
    let (mut reader, mut names) = (Reader::new(shape), Vec::new());
    while !reader.is_empty() {
        names.push(reader.string()?);
    }
    Ok(names)
}
