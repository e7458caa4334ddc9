//! Signatures that are written in another way, or stand in another header.

use super::scene::{BODY, EVENT, SENT_AT, Scene, base64, decoded, hmac};
use super::{FindingCode, Mistake};

pub(super) fn mistakes() -> Vec<Mistake> {
    [
        x_rkt_signature(),
        webhook_signature(),
        other_headers(),
        no_signatures(),
    ]
    .concat()
}

fn only_legacy(scene: &Scene, value: &str) -> Scene {
    scene
        .clone()
        .without("webhook-signature")
        .header("X-RKT-Signature", value)
}

fn only_standard(scene: &Scene, value: &str) -> Scene {
    scene
        .clone()
        .without("X-RKT-Signature")
        .header("webhook-signature", value)
}

fn x_rkt_signature() -> Vec<Mistake> {
    let sent = Scene::new();
    let legacy = sent.get("X-RKT-Signature");
    let bytes = hmac(sent.secret.expose(), BODY);
    vec![
        (
            "base64 in X-RKT-Signature",
            only_legacy(&sent, &base64(bytes)),
            vec![FindingCode::Base64InsteadOfHex],
        ),
        (
            "the base64 of the hex digits in X-RKT-Signature",
            only_legacy(&sent, &base64(legacy)),
            vec![FindingCode::Base64OfHex],
        ),
        (
            "upper-case hex digits",
            only_legacy(&sent, &legacy.to_uppercase()),
            vec![FindingCode::UpperCaseHex],
        ),
        (
            "a label as GitHub has it",
            only_legacy(&sent, &format!("sha256={legacy}")),
            vec![FindingCode::UnexpectedLabel],
        ),
        (
            "a version in front of X-RKT-Signature",
            only_legacy(&sent, &format!("v1,{legacy}")),
            vec![FindingCode::UnexpectedLabel],
        ),
    ]
}

fn webhook_signature() -> Vec<Mistake> {
    let sent = Scene::new();
    let standard = sent.get("webhook-signature");
    let message = format!("{EVENT}.{SENT_AT}.{BODY}");
    let digits = hex::encode(hmac(decoded(&sent.secret), message));
    vec![
        (
            "hex in webhook-signature",
            only_standard(&sent, &format!("v1,{digits}")),
            vec![FindingCode::HexInsteadOfBase64],
        ),
        (
            "the base64 of hex digits in webhook-signature",
            only_standard(&sent, &format!("v1,{}", base64(&digits))),
            vec![FindingCode::Base64OfHex],
        ),
        (
            "no padding in webhook-signature",
            only_standard(&sent, standard.trim_end_matches('=')),
            vec![FindingCode::Base64Variant],
        ),
        (
            "no version in webhook-signature",
            only_standard(&sent, &standard[3..]),
            vec![FindingCode::MissingVersion],
        ),
        (
            "hex without a version in webhook-signature",
            only_standard(&sent, &digits),
            vec![FindingCode::HexInsteadOfBase64, FindingCode::MissingVersion],
        ),
    ]
}

fn other_headers() -> Vec<Mistake> {
    let sent = Scene::new();
    let (legacy, standard) = (sent.get("X-RKT-Signature"), sent.get("webhook-signature"));
    let foreign = |name: &str, value: &str| {
        sent.clone()
            .without("X-RKT-Signature")
            .without("webhook-signature")
            .header(name, value)
    };
    vec![
        (
            "the value of X-RKT-Signature in webhook-signature",
            only_standard(&sent, legacy),
            vec![FindingCode::WrongHeader],
        ),
        (
            "the value of webhook-signature in X-RKT-Signature",
            only_legacy(&sent, standard),
            vec![FindingCode::WrongHeader],
        ),
        (
            "a header as GitHub has it, with our signature",
            foreign("X-Hub-Signature-256", &format!("sha256={legacy}")),
            vec![
                FindingCode::ForeignHeader,
                FindingCode::WrongHeader,
                FindingCode::UnexpectedLabel,
            ],
        ),
        (
            "a header as Stripe has it",
            foreign("Stripe-Signature", "t=1774539000,v1=00aa"),
            vec![FindingCode::ForeignHeader],
        ),
        (
            "the headers of Svix",
            foreign("svix-signature", standard).rename(|name| name.replace("webhook-", "svix-")),
            vec![FindingCode::ForeignHeader, FindingCode::WrongHeader],
        ),
    ]
}

fn no_signatures() -> Vec<Mistake> {
    let sent = Scene::new();
    let legacy = sent.get("X-RKT-Signature");
    vec![
        (
            "a signature that is cut off",
            only_legacy(&sent, &legacy[..50]),
            vec![FindingCode::MalformedSignature],
        ),
        (
            "an empty signature",
            only_legacy(&sent, ""),
            vec![FindingCode::MalformedSignature],
        ),
        (
            "SHA-1",
            only_legacy(&sent, &"ab".repeat(20)),
            vec![FindingCode::WrongHash],
        ),
        (
            "SHA-512, in webhook-signature",
            only_standard(&sent, &format!("v1,{}", base64([1; 64]))),
            vec![FindingCode::WrongHash],
        ),
    ]
}
