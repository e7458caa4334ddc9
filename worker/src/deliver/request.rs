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
mod tests;
