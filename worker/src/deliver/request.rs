//! The request that a receiver gets: the stored bytes as they are, and the headers that say what they are.

use domain::clock::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderValue};
use reqwest::{Body, Method, Request};

use super::sender::Message;
use super::targets::Target;

const LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-rkt-signature");
const EVENT: HeaderName = HeaderName::from_static("x-rkt-event");
const DELIVERY: HeaderName = HeaderName::from_static("x-rkt-delivery");
const ATTEMPT: HeaderName = HeaderName::from_static("x-rkt-attempt");
const REPLAY: HeaderName = HeaderName::from_static("x-rkt-replay");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Builds the request of this attempt, signed now.
///
/// # Errors
///
/// When the stored event type can't be written into a header: such a record is not ours.
pub(super) fn build(message: Message<'_>, target: &Target) -> Result<Request, InvalidHeaderValue> {
    signed_at(message, target, Timestamp::now().as_seconds())
}

fn signed_at(message: Message<'_>, target: &Target, seconds: i64) -> Result<Request, InvalidHeaderValue> {
    let event = message.event;
    let mut request = Request::new(Method::POST, target.url.as_url().clone());
    let headers = request.headers_mut();
    headers.reserve(10);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(LEGACY_SIGNATURE, target.legacy_signature(&event.body).try_into()?);
    headers.insert(WEBHOOK_ID, event.id.as_str().try_into()?);
    headers.insert(WEBHOOK_TIMESTAMP, seconds.into());
    let signatures = target.standard_signatures(event.id.as_str(), seconds, &event.body);
    headers.insert(WEBHOOK_SIGNATURE, signatures.try_into()?);
    headers.insert(EVENT, event.event.as_str().try_into()?);
    headers.insert(DELIVERY, message.delivery.as_str().try_into()?);
    headers.insert(ATTEMPT, message.attempt.into());
    if message.delivery.is_replay() {
        headers.insert(REPLAY, HeaderValue::from_static("true"));
    }
    *request.body_mut() = Some(Body::from(event.body.clone()));
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{SECRET, leased};
    use domain::endpoint::{EndpointUrl, UrlPolicy};
    use domain::signing::SigningSecret;
    use std::sync::Arc;
    use store::queue::LeasedEvent;

    fn target() -> Target {
        Target {
            url: EndpointUrl::parse("https://a.example/hook?x=1", &UrlPolicy::default()).unwrap(),
            secret: SigningSecret::parse(SECRET).unwrap(),
            previous: None,
            legacy_uses_previous: false,
        }
    }

    #[test]
    fn the_headers_are_the_documented_ones_and_the_body_is_the_stored_one() {
        let lease = leased("https://a.example/", br#"{"test": 2432232314}"#);
        let request = signed_at((&lease).into(), &target(), 1_614_265_330).unwrap();
        let expected_signature =
            target()
                .secret
                .standard_signature(lease.event.id.as_str(), 1_614_265_330, &lease.event.body);
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            headers,
            [
                ("content-type", "application/json"),
                (
                    "x-rkt-signature",
                    "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
                ),
                ("webhook-id", lease.event.id.as_str()),
                ("webhook-timestamp", "1614265330"),
                ("webhook-signature", expected_signature.as_str()),
                ("x-rkt-event", "lead.captured"),
                ("x-rkt-delivery", lease.delivery.as_str()),
                ("x-rkt-attempt", "1"),
            ]
        );
        assert_eq!(
            request.body().and_then(Body::as_bytes),
            Some(&lease.event.body[..])
        );
        assert_eq!(request.url().as_str(), "https://a.example/hook?x=1");
    }

    #[test]
    fn a_replay_says_so() {
        let mut lease = leased("https://a.example/", b"{}");
        lease.delivery = format!("{}_0123abcd", lease.delivery).parse().unwrap();
        let request = signed_at((&lease).into(), &target(), 1).unwrap();
        assert_eq!(request.headers()["x-rkt-replay"], "true");
    }

    #[test]
    fn a_record_that_is_not_ours_makes_no_request() {
        let mut lease = leased("https://a.example/", b"{}");
        let event = LeasedEvent {
            event: "lead\r\nx-evil: 1".to_owned(),
            ..(*lease.event).clone()
        };
        lease.event = Arc::new(event);
        assert!(signed_at((&lease).into(), &target(), 1).is_err());
    }
}
