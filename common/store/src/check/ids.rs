//! Ids as numbers: a store has millions of them, and texts would take three times the memory.

use std::fmt;
use std::str::FromStr;

use domain::id::{DeliveryId, EventId, InvalidId};

/// The digits of ids, Crockford's base 32 in lower case.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The value of each byte as a digit; 255 for a byte that is none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut digit = 0;
    while digit < DIGITS.len() {
        values[DIGITS[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// How many digits there are in a ULID, in an endpoint's id, and in what a replay's id adds.
const EVENT: usize = 26;
const ENDPOINT: usize = 16;
const REPLAY: usize = 8;

/// An event's id, in 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey([u64; 2]);

/// An endpoint's id, in 10 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey([u8; 10]);

/// A delivery's id, in 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey {
    event: EventKey,
    endpoint: EndpointKey,
    /// The digits of a replay, after a 1; all zero for a first delivery.
    replay: [u8; 6],
}

/// The number that digits spell; `None` when one is no digit, or when it doesn't fit.
fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, byte| {
        let digit = VALUES[usize::from(*byte)];
        let digit = (digit != u8::MAX).then(|| u128::from(digit))?;
        Some(number.checked_mul(32)? | digit)
    })
}

fn write_digits(formatter: &mut fmt::Formatter<'_>, number: u128, count: usize) -> fmt::Result {
    for place in (0..count).rev() {
        let digit = number >> (5 * place) & 31;
        write!(formatter, "{}", char::from(DIGITS[digit as usize]))?;
    }
    Ok(())
}

/// The lowest `N` bytes of a number, the highest first.
fn bytes<const N: usize>(number: u128) -> [u8; N] {
    let all = number.to_be_bytes();
    std::array::from_fn(|place| all[all.len() - N + place])
}

fn number_of(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u128::from(*byte))
}

impl EventKey {
    fn read(digits: &[u8]) -> Option<Self> {
        let number = (digits.len() == EVENT).then(|| number(digits))??;
        Some(Self([(number >> 64) as u64, number as u64]))
    }

    fn number(self) -> u128 {
        u128::from(self.0[0]) << 64 | u128::from(self.0[1])
    }
}

impl EndpointKey {
    fn read(digits: &[u8]) -> Option<Self> {
        (digits.len() == ENDPOINT)
            .then(|| number(digits))?
            .map(|number| Self(bytes(number)))
    }
}

impl DeliveryKey {
    /// The event that it delivers.
    #[must_use]
    pub const fn event(&self) -> EventKey {
        self.event
    }

    /// The endpoint that it goes to.
    #[must_use]
    pub const fn endpoint(&self) -> EndpointKey {
        self.endpoint
    }

    /// Whether it is a replay.
    #[must_use]
    pub const fn is_replay(&self) -> bool {
        self.replay[0] == 1
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("dlv_")?.as_bytes().split(|byte| *byte == b'_');
        let (event, endpoint) = (EventKey::read(parts.next()?)?, EndpointKey::read(parts.next()?)?);
        let mut replay = [0; 6];
        if let Some(digits) = parts.next() {
            let number = (digits.len() == REPLAY).then(|| number(digits))??;
            replay = bytes(1 << 40 | number);
        }
        parts.next().is_none().then_some(Self {
            event,
            endpoint,
            replay,
        })
    }
}

macro_rules! readable {
    ($name:ident, $id:ty, $read:expr) => {
        impl FromStr for $name {
            type Err = InvalidId;

            /// Fails for what is no id, and for a ULID that is too large to be one.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let read: fn(&str) -> Option<Self> = $read;
                read(text).ok_or_else(<$id>::invalid)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }
    };
}

readable!(EventKey, EventId, |text| Self::read(
    text.strip_prefix("evt_")?.as_bytes()
));
readable!(EndpointKey, domain::id::EndpointId, |text| Self::read(
    text.strip_prefix("ep_")?.as_bytes()
));
readable!(DeliveryKey, DeliveryId, |text| Self::read(text));

impl fmt::Display for EventKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("evt_")?;
        write_digits(formatter, self.number(), EVENT)
    }
}

impl fmt::Display for EndpointKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ep_")?;
        write_digits(formatter, number_of(&self.0), ENDPOINT)
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("dlv_")?;
        write_digits(formatter, self.event.number(), EVENT)?;
        formatter.write_str("_")?;
        write_digits(formatter, number_of(&self.endpoint.0), ENDPOINT)?;
        if self.is_replay() {
            formatter.write_str("_")?;
            write_digits(formatter, number_of(&self.replay[1..]), REPLAY)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
