//! What a receiver gets: the stored bytes as they are, and the headers that say what they are and who sent them.

use std::sync::Arc;

use domain::clock::Timestamp;
use domain::header_names::HeaderNames;
use domain::id::DeliveryId;
use domain::trace::{self, TraceContext};
use store::queue::{Leased, LeasedEndpoint, LeasedEvent};

use super::targets::Target;
use crate::fault::{Fault, NotAttempted};
use crate::transport::{Fields, Request, Unsendable};

/// What to send, and to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) delivery: &'a DeliveryId,
    pub(crate) attempt: u32,
    pub(crate) event: &'a LeasedEvent,
    pub(crate) endpoint: &'a LeasedEndpoint,
    /// Whether it is a test event.
    pub(crate) is_test: bool,
    /// The attempt's own place in the trace that the receiver is told of, if it is told of one.
    pub(crate) trace: Option<TraceContext>,
}

impl<'a> From<&'a Leased> for Message<'a> {
    fn from(leased: &'a Leased) -> Self {
        Self {
            delivery: &leased.delivery,
            attempt: leased.attempt,
            event: &leased.event,
            endpoint: &leased.endpoint,
            is_test: false,
            trace: None,
        }
    }
}

impl Message<'_> {
    /// The request that carries it to `target`, signed at this time.
    ///
    /// # Errors
    ///
    /// When the stored event type can't be written into a header: such a record is not ours.
    pub(super) fn request(
        self,
        target: &Target,
        names: &HeaderNames,
        now: Timestamp,
    ) -> Result<Request, Fault> {
        self.signed_at(target, names, now.as_seconds())
            .map_err(|error| NotAttempted::Unsendable(error.to_string()).into())
    }

    fn signed_at(self, target: &Target, names: &HeaderNames, seconds: i64) -> Result<Request, Unsendable> {
        let event = self.event;
        let signatures = target.standard_signatures(event.id.as_str(), seconds, &event.body);
        let mut fields = Fields::new();
        fields.add("Content-Type", "application/json")?;
        fields.add(&names.signature, &target.legacy_signature(&event.body))?;
        fields.add("webhook-id", event.id.as_str())?;
        fields.add("webhook-timestamp", &seconds.to_string())?;
        fields.add("webhook-signature", &signatures)?;
        fields.add(&names.event, &event.event)?;
        fields.add(&names.delivery, self.delivery.as_str())?;
        fields.add(&names.attempt, &self.attempt.to_string())?;
        if self.delivery.is_replay() {
            fields.add(&names.replay, "true")?;
        }
        if self.is_test {
            fields.add(&names.test, "true")?;
        }
        if let Some(told) = self.trace {
            fields.add(trace::HEADER, &told.to_string())?;
        }
        Ok(Request {
            recipient: Arc::clone(&target.recipient),
            fields,
            body: event.body.clone(),
            asker: Some(self.endpoint.account.clone()),
        })
    }
}

#[cfg(test)]
mod tests;
