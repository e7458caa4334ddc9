//! What a receiver gets: the stored bytes as they are, and the headers that say what they are and who sent them.

use domain::clock::Timestamp;
use domain::id::DeliveryId;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use store::queue::{Leased, LeasedEndpoint, LeasedEvent};

use super::targets::{Target, Targets};
use crate::fault::{Fault, NotAttempted};
use crate::transport::Request;

const LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-rkt-signature");
const EVENT: HeaderName = HeaderName::from_static("x-rkt-event");
const DELIVERY: HeaderName = HeaderName::from_static("x-rkt-delivery");
const ATTEMPT: HeaderName = HeaderName::from_static("x-rkt-attempt");
const REPLAY: HeaderName = HeaderName::from_static("x-rkt-replay");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What to send, and to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) delivery: &'a DeliveryId,
    pub(crate) attempt: u32,
    pub(crate) event: &'a LeasedEvent,
    pub(crate) endpoint: &'a LeasedEndpoint,
}

impl<'a> From<&'a Leased> for Message<'a> {
    fn from(leased: &'a Leased) -> Self {
        Self {
            delivery: &leased.delivery,
            attempt: leased.attempt,
            event: &leased.event,
            endpoint: &leased.endpoint,
        }
    }
}

impl Message<'_> {
    /// The request that carries it, signed at this time.
    ///
    /// # Errors
    ///
    /// When its endpoint's URL is no longer allowed or its secret doesn't open, or when the stored event type can't be
    /// written into a header: such a record is not ours.
    pub(super) fn request(self, targets: &Targets, now: Timestamp) -> Result<Request, Fault> {
        let target = targets.find(self.endpoint)?;
        self.signed_at(&target, now.as_seconds())
            .map_err(|error| NotAttempted::Unsendable(error.to_string()).into())
    }

    fn signed_at(self, target: &Target, seconds: i64) -> Result<Request, InvalidHeaderValue> {
        let event = self.event;
        let mut headers = HeaderMap::with_capacity(10);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(LEGACY_SIGNATURE, target.legacy_signature(&event.body).try_into()?);
        headers.insert(WEBHOOK_ID, event.id.as_str().try_into()?);
        headers.insert(WEBHOOK_TIMESTAMP, seconds.into());
        let signatures = target.standard_signatures(event.id.as_str(), seconds, &event.body);
        headers.insert(WEBHOOK_SIGNATURE, signatures.try_into()?);
        headers.insert(EVENT, event.event.as_str().try_into()?);
        headers.insert(DELIVERY, self.delivery.as_str().try_into()?);
        headers.insert(ATTEMPT, self.attempt.into());
        if self.delivery.is_replay() {
            headers.insert(REPLAY, HeaderValue::from_static("true"));
        }
        Ok(Request {
            url: target.url.as_url().clone(),
            headers,
            body: event.body.clone(),
            asker: Some(self.endpoint.account.clone()),
        })
    }
}

#[cfg(test)]
mod tests;
