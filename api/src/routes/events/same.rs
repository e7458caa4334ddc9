//! What makes two requests with one idempotency key the same.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::clock::Timestamp;
use domain::event::{EventType, Payload};
use sha2::{Digest, Sha256};

/// What stands for a request: four characters for all of it, then two each for its event type, its chatbot, its time and its data, by
/// which a conflict says what differs. Another spelling of the same instant is the same time.
///
/// It is kept with the key for a day, so it has to stay the same from one release to the next.
pub(super) fn parts(
    event: EventType,
    chatbot_id: &str,
    time: Option<Timestamp>,
    payload: &Payload,
) -> String {
    let time = time.map_or_else(|| "-".to_owned(), |time| time.as_millis().to_string());
    let each = [
        Sha256::digest(event.as_str()),
        Sha256::digest(chatbot_id),
        Sha256::digest(time),
        Sha256::digest(payload.data()),
    ];
    let start = |digest: &[u8], length: usize| {
        let mut text = URL_SAFE_NO_PAD.encode(digest);
        text.truncate(length);
        text
    };
    let whole = start(&Sha256::digest(each.concat()), 4);
    each.iter().fold(whole, |text, digest| text + &start(digest, 2))
}

/// A hash of what the caller sent, by which the previous release compares: the time that we fill in when there is none is no part of it.
///
/// It is kept with the key for a day, so it has to stay the same from one release to the next.
pub(super) fn fingerprint(
    event: EventType,
    chatbot_id: &str,
    time: Option<&str>,
    payload: &Payload,
) -> String {
    let mut hash = Sha256::new();
    for part in [event.as_str(), chatbot_id, time.unwrap_or("-")] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(b",\"data\":");
    hash.update(payload.data());
    hash.update(b"}");
    hex::encode(&hash.finalize()[..16])
}
