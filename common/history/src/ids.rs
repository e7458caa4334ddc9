//! Ids as numbers: the time in them, and what is random.

use domain::id::{DeliveryId, EndpointId, EventId};

use crate::limits::Corrupt;

/// The characters of ids: five bits each.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many characters of an event's id are its time; 16 more are random.
const TIME: usize = 10;

/// What each character is worth, which is looked up for all of an id.
const WORTH: [u8; 256] = {
    let (mut worth, mut digit) = ([0; 256], 0);
    while digit < ALPHABET.len() {
        worth[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
};

/// What the characters are worth.
fn value(text: &str) -> u128 {
    let worth = |byte: u8| WORTH[usize::from(byte)];
    text.bytes()
        .fold(0, |value, byte| value << 5 | u128::from(worth(byte)))
}

/// The characters of a value.
fn characters(value: u128, number: usize) -> String {
    (0..number)
        .rev()
        .map(|at| {
            let digit = (value >> (5 * at)) & 0x1f;
            char::from(ALPHABET.get(digit as usize).copied().unwrap_or(b'0'))
        })
        .collect()
}

/// The last 10 bytes of a value.
fn ten(value: u128) -> [u8; 10] {
    let [.., a, b, c, d, e, f, g, h, i, j] = value.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j]
}

fn from_ten(bytes: [u8; 10]) -> u128 {
    bytes.iter().fold(0, |value, byte| value << 8 | u128::from(*byte))
}

/// An event's id: its time (ms; 50 bits), and what is random.
pub(crate) fn event_parts(event: &EventId) -> (u64, [u8; 10]) {
    let text = event.as_str().trim_start_matches("evt_");
    let (time, random) = text.split_at_checked(TIME).unwrap_or((text, ""));
    (u64::try_from(value(time)).unwrap_or(0), ten(value(random)))
}

/// The same event.
pub(crate) fn event_of(time: u64, random: [u8; 10]) -> Result<EventId, Corrupt> {
    let (time, random) = (characters(time.into(), TIME), characters(from_ten(random), 16));
    format!("evt_{time}{random}")
        .parse()
        .map_err(|_| Corrupt("an event's id is none"))
}

/// An endpoint's id.
pub(crate) fn endpoint_part(endpoint: &EndpointId) -> [u8; 10] {
    ten(value(endpoint.as_str().trim_start_matches("ep_")))
}

/// The same endpoint.
pub(crate) fn endpoint_of(part: [u8; 10]) -> Result<EndpointId, Corrupt> {
    format!("ep_{}", characters(from_ten(part), 16))
        .parse()
        .map_err(|_| Corrupt("an endpoint's id is none"))
}

/// What a replay has behind the id of the first delivery.
pub(crate) fn replay_part(delivery: &DeliveryId) -> Option<[u8; 5]> {
    let (_, last) = delivery.as_str().rsplit_once('_')?;
    let [.., a, b, c, d, e] = value(last).to_be_bytes();
    delivery.is_replay().then_some([a, b, c, d, e])
}

/// The delivery of an event to an endpoint, or a replay of it.
pub(crate) fn delivery_of(
    event: &EventId,
    endpoint: &EndpointId,
    replay: Option<[u8; 5]>,
) -> Result<DeliveryId, Corrupt> {
    let first = DeliveryId::of(event, endpoint);
    let Some(replay) = replay else { return Ok(first) };
    let replay = replay
        .iter()
        .fold(0, |value, byte| value << 8 | u128::from(*byte));
    format!("{first}_{}", characters(replay, 8))
        .parse()
        .map_err(|_| Corrupt("a delivery's id is none"))
}
