//! The most frequent entry of a log, an attempt in one text, taken apart into what changes and what doesn't.
//!
//! `<delivery> <event type> <attempt> <outcome> <ms> <status> <timing>`: the delivery's id is known but for its random part and
//! how long before the entry it was made. In the rest only numbers change, so it is a *pattern*, with the numbers apart.

use domain::id::{DeliveryId, EndpointId};

use crate::ids::{delivery_of, endpoint_of, endpoint_part, event_of, event_parts, replay_part};
use crate::limits::Corrupt;
use crate::wire::{Reader, put_distance};

/// Stands for a number in a pattern.
const NUMBER: u8 = 1;

/// The most numbers in a pattern; each has a column.
pub(crate) const NUMBERS: usize = 12;

/// The most digits of a number that is taken out.
const DIGITS: usize = 18;

/// The columns of deliveries: how far their events' times are from the entries, what is random in the ids, what each has beside
/// (1: another endpoint, 2: it is a replay), and that.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    pub(crate) times: Vec<u8>,
    pub(crate) random: Vec<u8>,
    pub(crate) beside: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

impl Deliveries {
    /// Adds the delivery of an entry of that time in the log of `endpoint`.
    pub(crate) fn put(&mut self, delivery: &DeliveryId, at: u64, endpoint: &EndpointId) {
        let (time, random) = event_parts(&delivery.event());
        put_distance(&mut self.times, time, at);
        self.random.extend_from_slice(&random);
        let (to, replay) = (delivery.endpoint(), replay_part(delivery));
        self.beside
            .push(u8::from(to != *endpoint) | u8::from(replay.is_some()) << 1);
        if to != *endpoint {
            self.rest.extend_from_slice(&endpoint_part(&to));
        }
        self.rest
            .extend_from_slice(replay.as_ref().map_or(&[], |replay| &replay[..]));
    }
}

/// The same columns, being read.
#[derive(Debug)]
pub(crate) struct DeliveriesReader<'a> {
    pub(crate) times: Reader<'a>,
    pub(crate) random: Reader<'a>,
    pub(crate) beside: Reader<'a>,
    pub(crate) rest: Reader<'a>,
}

impl DeliveriesReader<'_> {
    pub(crate) fn next(&mut self, at: u64, endpoint: &EndpointId) -> Result<DeliveryId, Corrupt> {
        let distance = self.times.distance(0)?;
        let event = event_of(at.wrapping_sub(distance) & ((1 << 50) - 1), self.random.array()?)?;
        let [beside] = self.beside.array()?;
        let to = match beside & 1 {
            0 => endpoint.clone(),
            _ => endpoint_of(self.rest.array()?)?,
        };
        let replay = match beside & 2 {
            0 => None,
            _ => Some(self.rest.array()?),
        };
        delivery_of(&event, &to, replay)
    }
}

/// A text as a pattern and its numbers; `None` if it isn't worth it.
pub(crate) fn pattern_of(text: &str) -> Option<(Vec<u8>, Vec<u64>)> {
    let (mut pattern, mut numbers) = (Vec::with_capacity(text.len()), Vec::new());
    for run in text
        .as_bytes()
        .chunk_by(|one, next| one.is_ascii_digit() == next.is_ascii_digit())
    {
        let is_plain =
            matches!(run, [b'0'] | [b'1'..=b'9', ..]) && run.len() <= DIGITS && run[0].is_ascii_digit();
        if is_plain && numbers.len() < NUMBERS {
            pattern.push(NUMBER);
            numbers.push(
                run.iter()
                    .fold(0, |number, digit| number * 10 + u64::from(digit - b'0')),
            );
        } else if run.contains(&NUMBER) {
            return None;
        } else {
            pattern.extend_from_slice(run);
        }
    }
    Some((pattern, numbers))
}

/// The text of a pattern, the numbers of which come from the columns in order.
pub(crate) fn fill(
    pattern: &[u8],
    numbers: &mut [Reader<'_>; NUMBERS],
    into: &mut String,
) -> Result<(), Corrupt> {
    let mut columns = numbers.iter_mut();
    for (at, piece) in pattern.split(|byte| *byte == NUMBER).enumerate() {
        if at > 0 {
            let column = columns.next().ok_or(Corrupt("a pattern has too many numbers"))?;
            into.push_str(&column.number()?.to_string());
        }
        into.push_str(str::from_utf8(piece).map_err(|_| Corrupt("a pattern is not UTF-8"))?);
    }
    Ok(())
}
