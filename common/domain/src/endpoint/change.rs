//! What an endpoint's owner can do to it: make it, and change it.

use super::{Chatbots, EndpointUrl, Filters, RateLimit, StateChange};
use crate::custom_headers::CustomName;
use crate::event::Subscription;
use crate::id::{AccountId, EndpointId};
use crate::sealing::{SealedHeader, SealedHeaders, SealedSecret};

/// A new endpoint. Its id and its secret are made before the call of the store, so that the call can be repeated.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// A fresh id.
    pub id: EndpointId,
    /// Its owner.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: EndpointUrl,
    /// What it subscribes to; not empty.
    pub events: Vec<Subscription>,
    /// Whose events it gets.
    pub chatbots: Chatbots,
    /// Which of their events it gets, by their data.
    pub filters: Filters,
    /// The owner's own words.
    pub description: Option<String>,
    /// The headers of its own, sealed for this endpoint and the origin of its URL.
    pub headers: SealedHeaders,
    /// The most deliveries in a second; `None`: as many as it carries.
    pub rate_limit: Option<RateLimit>,
    /// Whether it is tried again by itself after failures disabled it.
    pub auto_resume: bool,
    /// Whether it gets deliveries from the start.
    pub active: bool,
    /// Who makes it.
    pub by: Option<String>,
    /// The signing secret, sealed for this endpoint.
    pub secret: SealedSecret,
}

/// What becomes of an endpoint's parked deliveries when it is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ParkedAction {
    /// We deliver them at once.
    #[default]
    Deliver,
    /// We cancel them.
    Discard,
}

/// A change of an endpoint's own headers, sealed for the endpoint with a URL of one origin: any other endpoint refuses it. Another origin
/// than the endpoint had ends all headers that it had.
#[derive(Debug, Clone, Default)]
pub struct HeadersPatch {
    /// The origin that they are sealed for.
    pub origin: String,
    /// Whether all that there were go first.
    pub clears: bool,
    /// Each name with its new value; `None` removes it.
    pub headers: Vec<(CustomName, Option<SealedHeader>)>,
}

/// A change of an endpoint, in absolute values, so that repeating it changes nothing. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// The state that it gets.
    pub state: Option<StateChange>,
    /// A new URL. It starts a new generation: results of attempts at the old URL no longer count, and a hold ends. Another origin also ends
    /// the headers that there were.
    pub url: Option<EndpointUrl>,
    /// A new subscription; not empty.
    pub events: Option<Vec<Subscription>>,
    /// Whose events it gets from now on.
    pub chatbots: Option<Chatbots>,
    /// Which of their events it gets from now on, by their data.
    pub filters: Option<Filters>,
    /// A new description; `Some(None)` removes it.
    pub description: Option<Option<String>>,
    /// New headers.
    pub headers: Option<HeadersPatch>,
    /// A new rate limit; `Some(None)` removes it.
    pub rate_limit: Option<Option<RateLimit>>,
    /// Whether it is tried again by itself after failures disabled it.
    pub auto_resume: Option<bool>,
    /// What becomes of the parked deliveries if this switches the endpoint on.
    pub parked: ParkedAction,
    /// Who makes the change.
    pub by: Option<String>,
}

impl EndpointPatch {
    /// Whether it changes nothing, whatever the endpoint is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Self {
            state,
            url,
            events,
            chatbots,
            filters,
            description,
            headers,
            rate_limit,
            auto_resume,
            parked: _,
            by: _,
        } = self;
        state.is_none()
            && url.is_none()
            && events.is_none()
            && chatbots.is_none()
            && filters.is_none()
            && description.is_none()
            && headers.is_none()
            && rate_limit.is_none()
            && auto_resume.is_none()
    }
}
