//! Deliveries that are leased to a worker.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use domain::sealing::{SealedHeaders, SealedSecret};
use domain::trace::CarriedTrace;

use super::{LeaseToken, Outcome};

/// A delivery that is leased to this worker.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The lease's token.
    pub token: LeaseToken,
    /// The number of the attempt to make, from 1.
    pub attempt: u32,
    /// The event, shared by all its deliveries in this reply.
    pub event: Arc<LeasedEvent>,
    /// The endpoint, shared by all its deliveries in this reply.
    pub endpoint: Arc<LeasedEndpoint>,
}

impl Leased {
    /// Whether an attempt that came out so was the first that counts. A receiver that asks for a pause gets the same attempt again.
    #[must_use]
    pub const fn is_first(&self, outcome: &Outcome) -> bool {
        self.attempt == 1 && !matches!(outcome, Outcome::Held { .. })
    }
}

/// What an attempt needs of its event.
#[derive(Clone)]
pub struct LeasedEvent {
    /// The event's id.
    pub id: EventId,
    /// Its type's name.
    pub event: String,
    /// The bytes to sign and send.
    pub body: Bytes,
    /// The trace that its push was part of, if it is known.
    pub trace: Option<CarriedTrace>,
}

impl fmt::Debug for LeasedEvent {
    /// Leaves the payload out: it is for the receiver alone.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, event, body, .. } = self;
        write!(formatter, "LeasedEvent({id}, {event}, {} bytes)", body.len())
    }
}

/// What an attempt needs of its endpoint.
#[derive(Debug, Clone)]
pub struct LeasedEndpoint {
    /// The endpoint's id.
    pub id: EndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// Where to send.
    pub url: String,
    /// The headers of its own, sealed.
    pub headers: SealedHeaders,
    /// The signing secret, sealed.
    pub secret: SealedSecret,
    /// The secret before the last rotation, while its grace lasts.
    pub previous_secret: Option<SealedSecret>,
    /// During a grace, `X-RKT-Signature` is made with the previous secret.
    pub legacy_uses_previous: bool,
    /// Whether it counts as slow: its last attempt took over a second, or one is open for longer.
    pub slow: bool,
}
