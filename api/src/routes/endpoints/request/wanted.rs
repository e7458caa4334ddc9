//! What requests that create or change an endpoint ask for, once it is known to be right.

use domain::custom_headers::{CustomName, CustomValue};
use domain::endpoint::{EndpointPatch, EndpointUrl, NewEndpoint, RateLimit};
use domain::event::Subscription;
use domain::id::EndpointId;
use domain::sealing::{SealedHeaders, SealedSecret};
use domain::signing::SigningSecret;

use super::super::headers::HeaderChanges;
use crate::caller::Caller;

/// What the owner of a new endpoint wants of it.
#[derive(Debug)]
pub(in super::super) struct Wanted {
    pub(in super::super) url: EndpointUrl,
    pub(in super::super) events: Vec<Subscription>,
    pub(in super::super) chatbot_id: Option<String>,
    pub(super) description: Option<String>,
    pub(in super::super) headers: Vec<(CustomName, CustomValue)>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) auto_resume: bool,
    pub(in super::super) active: bool,
    /// The one that the receiver has already.
    pub(in super::super) secret: Option<SigningSecret>,
}

/// What the owner of an endpoint wants to change. Its headers can be sealed once it is known where its URL leads.
#[derive(Debug)]
pub(in super::super) struct Change {
    pub(in super::super) patch: EndpointPatch,
    pub(in super::super) headers: Option<HeaderChanges>,
}

impl Change {
    /// Whether it changes nothing, whatever the endpoint is.
    pub(in super::super) const fn is_empty(&self) -> bool {
        self.patch.is_empty() && self.headers.is_none()
    }
}

impl Wanted {
    /// The endpoint to make, with what is sealed for it.
    pub(in super::super) fn into_new(
        self,
        id: EndpointId,
        caller: &Caller,
        sealed: SealedSecret,
        headers: SealedHeaders,
    ) -> NewEndpoint {
        NewEndpoint {
            id,
            account: caller.account.clone(),
            url: self.url,
            events: self.events,
            chatbot_id: self.chatbot_id,
            description: self.description,
            headers,
            rate_limit: self.rate_limit,
            auto_resume: self.auto_resume,
            active: self.active,
            by: Some(caller.by.clone()),
            secret: sealed,
        }
    }
}
