//! Wrong ids, times and messages, and headers that are missing.

use super::scene::{BODY, EVENT, OTHER_BODY, OTHER_EVENT, SENT_AT, Scene, base64, decoded, hmac};
use super::{FindingCode, Mistake};

pub(super) fn mistakes() -> Vec<Mistake> {
    [covering_something_else(), changed_or_missing()].concat()
}

/// Made by the receiver's code.
fn covering_something_else() -> Vec<Mistake> {
    let sent = Scene::new();
    let standard_of = |message: &str| {
        let value = format!("v1,{}", base64(hmac(decoded(&sent.secret), message)));
        sent.clone()
            .without("X-RKT-Signature")
            .header("webhook-signature", &value)
    };
    let legacy_of = |message: &str| {
        let value = hex::encode(hmac(sent.secret.expose(), message));
        sent.clone()
            .without("webhook-signature")
            .header("X-RKT-Signature", &value)
    };
    vec![
        (
            "webhook-signature of the body alone",
            standard_of(BODY),
            vec![FindingCode::IdAndTimestampNotSigned],
        ),
        (
            "webhook-signature of timestamp and body",
            standard_of(&format!("{SENT_AT}.{BODY}")),
            vec![FindingCode::IdAndTimestampNotSigned],
        ),
        (
            "X-RKT-Signature of id, timestamp and body",
            legacy_of(&format!("{EVENT}.{SENT_AT}.{BODY}")),
            vec![FindingCode::IdAndTimestampSigned],
        ),
        (
            "milliseconds that the receiver's code signed, too",
            standard_of(&format!("{EVENT}.{}.{BODY}", SENT_AT * 1000))
                .header("webhook-timestamp", &(SENT_AT * 1000).to_string()),
            vec![FindingCode::MillisecondTimestamp],
        ),
    ]
}

fn changed_or_missing() -> Vec<Mistake> {
    let sent = Scene::new();
    let only_standard = sent.clone().without("X-RKT-Signature");
    vec![
        (
            "another webhook-id",
            only_standard.clone().header("webhook-id", OTHER_EVENT),
            vec![FindingCode::IdChanged],
        ),
        (
            "another webhook-timestamp",
            sent.clone()
                .header("webhook-timestamp", &(SENT_AT + 1).to_string()),
            vec![FindingCode::IdOrTimestampChanged],
        ),
        (
            "another webhook-timestamp, and no X-RKT-Signature to compare with",
            only_standard
                .clone()
                .header("webhook-timestamp", &(SENT_AT + 1).to_string()),
            vec![FindingCode::SignatureMismatch],
        ),
        (
            "milliseconds in webhook-timestamp",
            sent.clone()
                .header("webhook-timestamp", &(SENT_AT * 1000 + 7).to_string()),
            vec![FindingCode::MillisecondTimestamp],
        ),
        (
            "a date in webhook-timestamp",
            sent.clone()
                .header("webhook-timestamp", "2026-03-26T15:30:00.000Z"),
            vec![FindingCode::MalformedTimestamp, FindingCode::IdOrTimestampChanged],
        ),
        (
            "an old request",
            sent.clone().later(400),
            vec![FindingCode::StaleTimestamp],
        ),
        (
            "a request from the future",
            sent.clone().later(-400),
            vec![FindingCode::FutureTimestamp],
        ),
        (
            "no webhook-id",
            only_standard
                .clone()
                .without("webhook-id")
                .without("X-RKT-Delivery")
                .forget(),
            vec![FindingCode::MissingHeader],
        ),
        (
            "no webhook-timestamp",
            sent.clone().without("webhook-timestamp"),
            vec![FindingCode::MissingHeader],
        ),
        (
            "the headers of one delivery with the body of another",
            sent.clone()
                .without("webhook-signature")
                .header(
                    "X-RKT-Signature",
                    &sent.secret.legacy_signature(OTHER_BODY.as_bytes()),
                )
                .body(OTHER_BODY),
            vec![FindingCode::AnotherEvent],
        ),
        (
            "no signature",
            sent.clone()
                .without("X-RKT-Signature")
                .without("webhook-signature"),
            vec![FindingCode::NoSignatureHeader],
        ),
    ]
}
