use super::*;
use crate::egress::Site;
use crate::tests::{SECRET, leased};
use crate::transport::{Fields, Recipient};
use domain::header_names::HeaderPrefix;
use domain::signing::SigningSecret;
use std::sync::Arc;
use store::queue::LeasedEvent;

fn target() -> Target {
    Target {
        recipient: Recipient::new("https://a.example/hook?x=1".parse().unwrap(), &Fields::none()),
        masks: Arc::default(),
        site: Site::of("a.example"),
        secret: SigningSecret::parse(SECRET).unwrap(),
        previous: None,
        legacy_uses_previous: false,
    }
}

#[test]
fn the_headers_are_the_documented_ones_and_the_body_is_the_stored_one() {
    let lease = leased("https://a.example/", br#"{"test": 2432232314}"#);
    let request = Message::from(&lease)
        .signed_at(&target(), &names(), 1_614_265_330)
        .unwrap();
    let expected_signature =
        target()
            .secret
            .standard_signature(lease.event.id.as_str(), 1_614_265_330, &lease.event.body);
    assert_eq!(
        request.fields.lines(),
        [
            ("Content-Type", "application/json"),
            (
                "X-RKT-Signature",
                "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
            ),
            ("webhook-id", lease.event.id.as_str()),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", expected_signature.as_str()),
            ("X-RKT-Event", "lead.captured"),
            ("X-RKT-Delivery", lease.delivery.as_str()),
            ("X-RKT-Attempt", "1"),
        ]
    );
    assert_eq!(request.body, lease.event.body);
    assert_eq!(request.recipient.url().as_str(), "https://a.example/hook?x=1");
}

fn names() -> HeaderNames {
    (&HeaderPrefix::default()).into()
}

#[test]
fn our_headers_begin_with_the_configured_prefix() {
    let mut lease = leased("https://a.example/", b"{}");
    lease.delivery = format!("{}_0123abcd", lease.delivery).parse().unwrap();
    let acme = HeaderNames::from(&"X-Acme".parse::<HeaderPrefix>().unwrap());
    let request = Message::from(&lease).signed_at(&target(), &acme, 1).unwrap();
    let names: Vec<_> = request.fields.lines().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "Content-Type",
            "X-Acme-Signature",
            "webhook-id",
            "webhook-timestamp",
            "webhook-signature",
            "X-Acme-Event",
            "X-Acme-Delivery",
            "X-Acme-Attempt",
            "X-Acme-Replay",
        ]
    );
}

#[test]
fn a_replay_says_so() {
    let mut lease = leased("https://a.example/", b"{}");
    lease.delivery = format!("{}_0123abcd", lease.delivery).parse().unwrap();
    let request = Message::from(&lease).signed_at(&target(), &names(), 1).unwrap();
    assert_eq!(request.fields.lines().last(), Some(&("X-RKT-Replay", "true")));
}

#[test]
fn a_test_event_says_so() {
    let lease = leased("https://a.example/", b"{}");
    let message = Message {
        is_test: true,
        ..Message::from(&lease)
    };
    let request = message.signed_at(&target(), &names(), 1).unwrap();
    assert_eq!(request.fields.lines().last(), Some(&("X-RKT-Test", "true")));
}

#[test]
fn the_trace_is_told_if_there_is_one() {
    let lease = leased("https://a.example/", b"{}");
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let message = Message {
        trace: TraceContext::parse(header),
        ..Message::from(&lease)
    };
    let request = message.signed_at(&target(), &names(), 1).unwrap();
    assert_eq!(request.fields.lines().last(), Some(&("traceparent", header)));
}

#[test]
fn a_record_that_is_not_ours_makes_no_request() {
    for (kind, is_sendable) in [
        ("lead.captured", true),
        ("lead\r\nx-evil: 1", false),
        ("lead\n", false),
        ("lead\0", false),
        ("lead\u{7f}", false),
        ("leäd", false),
    ] {
        let mut lease = leased("https://a.example/", b"{}");
        let event = LeasedEvent {
            event: kind.to_owned(),
            ..(*lease.event).clone()
        };
        lease.event = Arc::new(event);
        let signed = Message::from(&lease).signed_at(&target(), &names(), 1);
        assert_eq!(signed.is_ok(), is_sendable, "{kind:?}");
    }
}
