//! Wrong secrets and wrong keys.

use super::scene::{BODY, EVENT, SENT_AT, Scene, base64, decoded, hmac};
use super::{FindingCode, Mistake, SigningSecret};

pub(super) fn mistakes() -> Vec<Mistake> {
    let sent = Scene::new();
    let legacy = |make: fn(&SigningSecret) -> Vec<u8>| {
        let value = hex::encode(hmac(make(&sent.secret), BODY));
        sent.clone()
            .without("webhook-signature")
            .header("X-RKT-Signature", &value)
    };
    let message = format!("{EVENT}.{SENT_AT}.{BODY}");
    let standard = |make: fn(&SigningSecret) -> Vec<u8>| {
        let value = format!("v1,{}", base64(hmac(make(&sent.secret), &message)));
        sent.clone()
            .without("X-RKT-Signature")
            .header("webhook-signature", &value)
    };
    let text = |secret: &SigningSecret| secret.expose().as_bytes().to_vec();
    let encoded = |secret: &SigningSecret| secret.expose().as_bytes()[6..].to_vec();
    let with_line_feed = |secret: &SigningSecret| format!("{}\n", secret.expose()).into_bytes();

    let previous = &sent.previous.secret;
    let by_previous = sent
        .clone()
        .header("X-RKT-Signature", &previous.legacy_signature(BODY.as_bytes()))
        .header(
            "webhook-signature",
            &previous.standard_signature(EVENT, SENT_AT, BODY.as_bytes()),
        );
    let of_another = sent.clone().without("webhook-signature").header(
        "X-RKT-Signature",
        &SigningSecret::generate().legacy_signature(BODY.as_bytes()),
    );
    let other_delivery = format!("dlv_{}_0000000000000000", &EVENT[4..]);
    vec![
        (
            "the decoded secret for X-RKT-Signature",
            legacy(decoded),
            vec![FindingCode::SecretDecoded],
        ),
        (
            "X-RKT-Signature without whsec_",
            legacy(encoded),
            vec![FindingCode::SecretWithoutPrefix],
        ),
        (
            "a line feed at the end of the secret",
            legacy(with_line_feed),
            vec![FindingCode::SecretWithLineFeed],
        ),
        (
            "the whole secret for webhook-signature",
            standard(text),
            vec![FindingCode::SecretNotDecoded],
        ),
        (
            "webhook-signature without whsec_, not decoded",
            standard(encoded),
            vec![FindingCode::SecretNotDecoded],
        ),
        (
            "the previous secret for webhook-signature, in its grace",
            by_previous.clone().without("X-RKT-Signature"),
            vec![FindingCode::PreviousSecretInGrace],
        ),
        (
            "the previous secret for webhook-signature, after its grace",
            by_previous.clone().without("X-RKT-Signature").later(3600),
            vec![FindingCode::PreviousSecret, FindingCode::StaleTimestamp],
        ),
        (
            "the previous secret for X-RKT-Signature, which the new one makes",
            by_previous.clone().without("webhook-signature"),
            vec![FindingCode::PreviousSecret],
        ),
        (
            "the previous secret, which makes both",
            by_previous.clone().previous_signs_legacy(),
            vec![FindingCode::PreviousSecretInGrace],
        ),
        (
            "the new secret for X-RKT-Signature, which the previous one makes",
            sent.clone().previous_signs_legacy(),
            vec![FindingCode::NewSecretTooEarly],
        ),
        (
            "a secret that nobody knows",
            of_another.clone(),
            vec![FindingCode::SignatureMismatch],
        ),
        (
            "another endpoint's delivery",
            of_another.header("X-RKT-Delivery", &other_delivery),
            vec![FindingCode::AnotherEndpoint],
        ),
    ]
}
