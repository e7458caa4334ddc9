//! A Bloom filter at the head of each block of events: whether the block may have an event. Redis looks into it by itself
//! (`GETBIT`), so a script finds the block of one event among hundreds without reading any.

use domain::id::EventId;

use crate::ids::event_parts;

/// How many bits of a filter each event sets.
pub const PROBES: u32 = 7;

/// How many bits a filter has for each event: about 1 of 120 other events is taken for one that is there.
const BITS_EACH: usize = 10;

/// Which bits an event sets: `(first + n * second) % bits` for each `n` below [`PROBES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The first bit, before the remainder is taken.
    pub first: u32,
    /// How far the next one is.
    pub second: u32,
}

impl Probe {
    /// The bits of an event. They are taken from its id, which is random.
    #[must_use]
    pub fn of(event: &EventId) -> Self {
        let (_, random) = event_parts(event);
        let [_, _, a, b, c, d, e, f, g, h] = random;
        Self {
            first: u32::from_be_bytes([a, b, c, d]),
            second: u32::from_be_bytes([e, f, g, h]) | 1,
        }
    }

    fn bits(self, bits: u32) -> impl Iterator<Item = usize> {
        (0..u64::from(PROBES)).filter_map(move |n| {
            let bit = (u64::from(self.first) + n * u64::from(self.second)).checked_rem(bits.into())?;
            usize::try_from(bit).ok()
        })
    }

    /// Whether a filter may have the event. Redis numbers bits from the highest of each byte on.
    #[cfg(test)]
    pub(crate) fn is_in(self, filter: &[u8], bits: u32) -> bool {
        self.bits(bits).all(|bit| {
            filter
                .get(bit / 8)
                .is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
        })
    }
}

/// The filter of events, and how many bits it has.
pub(crate) fn filter_of<'a>(events: impl ExactSizeIterator<Item = &'a EventId>) -> (Vec<u8>, u32) {
    let mut filter = vec![0_u8; (events.len() * BITS_EACH).div_ceil(8)];
    let bits = u32::try_from(filter.len() * 8).unwrap_or(0);
    for event in events {
        for bit in Probe::of(event).bits(bits) {
            if let Some(byte) = filter.get_mut(bit / 8) {
                *byte |= 0x80 >> (bit % 8);
            }
        }
    }
    (filter, bits)
}
